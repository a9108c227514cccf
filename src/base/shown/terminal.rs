//! Text for a terminal, with or without colours, or for a log.

use anstyle::Style;

use super::ForPeople;
use super::text::{Text, lines, one_line};
use crate::base::sources::Mask;

/// Text for a terminal: no piece of it is obeyed by one, and none looks like more lines than it is.
#[derive(Clone, Debug, Default)]
pub struct Terminal(Text);

impl Terminal {
    /// Adds a piece of a line.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(&one_line(text));
        self
    }

    /// Adds a piece of a line in a style.
    pub fn styled(&mut self, style: Style, text: &str) -> &mut Self {
        self.0.push_code(&style.render().to_string());
        self.0.push(&one_line(text));
        self.0.push_code(&style.render_reset().to_string());
        self
    }

    /// Adds text whose line breaks are meant, such as that of a file.
    pub fn lines(&mut self, text: &str) -> &mut Self {
        self.0.push(&lines(text));
        self
    }

    /// Ends a line: adds a line break.
    pub fn end(&mut self) {
        self.0.push("\n");
    }

    /// Clears the line that the cursor is on, to be written anew.
    pub fn clear_line(&mut self) -> &mut Self {
        self.0.push_code("\r\u{1b}[K");
        self
    }

    /// Adds what a renderer made of pieces that were escaped before, with its colours.
    pub fn rendered(&mut self, text: &str) -> &mut Self {
        let mut pieces = text.split('\u{1b}');
        self.lines(pieces.next().unwrap_or_default());
        for piece in pieces {
            let end = color_code(piece).unwrap_or(0);
            let (code, behind) = piece.split_at(end);
            if end > 0 {
                self.0.push_code(&format!("\u{1b}{code}"));
            } else {
                self.text("\u{1b}");
            }
            self.lines(behind);
        }
        self
    }

    /// Adds all of another text.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        self.rendered(other.as_str())
    }

    /// With asterisks in the place of every secret.
    #[must_use]
    pub fn masked(&self, mask: &Mask) -> Self {
        let mut masked = Self::default();
        masked.rendered(&mask.applied(self.as_str()));
        masked
    }

    /// Whether there is nothing to print.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }
}

/// The length of the code behind an ESC that sets a colour.
fn color_code(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix('[')?;
    let is_number = |character: char| character.is_ascii_digit() || character == ';';
    let end = numbers.find(|character| !is_number(character))?;
    numbers[end..].starts_with('m').then_some(end + 2)
}

impl ForPeople for Terminal {
    fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use anstyle::AnsiColor;

    use super::Terminal;
    use crate::base::shown::ForPeople;

    #[test]
    fn only_the_styles_of_the_program_are_obeyed() {
        let mut out = Terminal::default();
        out.text("\u{1b}[31ma\nb")
            .styled(AnsiColor::Red.on_default(), "\u{1b}[0m");
        out.end();
        out.lines("::error::x\n\u{1b}]0;x\u{7}\n");
        assert_eq!(
            out.as_str(),
            "␛[31ma␊b\u{1b}[31m␛[0m\u{1b}[0m\n:\\:error::x\n␛]0;x␇\n"
        );
    }

    #[test]
    fn of_what_is_rendered_only_colours_are_kept() {
        let mut out = Terminal::default();
        out.rendered("\u{1b}[1m\u{1b}[38;5;9ma\u{1b}[0m\u{1b}[2J\u{1b}c\u{1b}");
        assert_eq!(out.as_str(), "\u{1b}[1m\u{1b}[38;5;9ma\u{1b}[0m␛[2J␛c␛");
    }
}
