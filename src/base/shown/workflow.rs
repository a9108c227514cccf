//! Commands to GitHub Actions, which reads them from the log of a step.

use super::ForPeople;
use super::text::{Text, lines, one_line};

/// Workflow commands, a line each, whose values can't become commands of their own.
#[derive(Clone, Debug, Default)]
pub struct Workflow {
    commands: String,
}

impl Workflow {
    /// Adds a command with its properties and its message, whose line breaks are meant.
    pub fn command(&mut self, name: &str, properties: &[(&str, &str)], message: &str) {
        let properties: Vec<_> = properties
            .iter()
            .map(|(name, value)| format!("{name}={}", property(&lines(value))))
            .collect();
        let mut text = Text::default();
        text.push(&lines(message));
        let message = data(text.as_str());
        self.commands += &format!("::{name} {}::{message}\n", properties.join(","));
    }

    /// Adds a line that is no command.
    pub fn line(&mut self, text: &str) {
        let mut line = Text::default();
        line.push(&one_line(text));
        self.commands += &format!("{}\n", line.as_str());
    }
}

impl ForPeople for Workflow {
    fn as_str(&self) -> &str {
        &self.commands
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
