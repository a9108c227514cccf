//! What differs in an object, as lines.

use similar::{ChangeTag, TextDiff};

use crate::base::json::Json;
use crate::base::shown::one_line;
use crate::base::wording;
use crate::diff::model::{Action, Change};
use crate::emit::yaml;

/// Command lines are broken before each of these.
const FLAG: &str = " --";

/// The most lines that are shown of one value; the rest is only counted.
const LONG: usize = 40;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Something that is on both sides.
    Context,
    /// Something that only the side after has.
    Added,
    /// Something that only the side before has.
    Removed,
    /// Something with another value on each side.
    Changed,
}

impl Mark {
    /// The character before the line.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Context => ' ',
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
        }
    }
}

impl From<Action> for Mark {
    fn from(action: Action) -> Self {
        match action {
            Action::Added => Self::Added,
            Action::Removed => Self::Removed,
            Action::Replaced | Action::Changed => Self::Changed,
        }
    }
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What the line is about.
    pub mark: Mark,
    /// How far it is indented, in steps of two spaces.
    pub depth: usize,
    /// Its text, in one line and escaped for a terminal.
    pub text: String,
}

impl Line {
    fn new(mark: Mark, depth: usize, text: &str) -> Self {
        let text = one_line(text.trim_end()).into_owned();
        Self { mark, depth, text }
    }
}

/// Adds the lines of a change, from which secrets are removed already.
pub(super) fn push(change: &Change, depth: usize, lines: &mut Vec<Line>) {
    let field = &change.field;
    match (&change.before, &change.after) {
        (Some(_), Some(_)) if !change.inside.is_empty() => {
            lines.push(Line::new(Mark::Changed, depth, &format!("{field}:")));
            change
                .inside
                .iter()
                .for_each(|inside| push(inside, depth + 1, lines));
        }
        // They differ in a secret.
        (Some(before), Some(after)) if before == after => {
            let value = if is_short(before) {
                format!("{} → {}, value changed", short(before), short(after))
            } else {
                "(hidden), value changed".to_owned()
            };
            lines.push(Line::new(
                Mark::Changed,
                depth,
                &format!("{field}: {value}"),
            ));
        }
        (Some(Json::String(before)), Some(Json::String(after)))
            if is_long(before) || is_long(after) =>
        {
            lines.push(Line::new(Mark::Changed, depth, &format!("{field}:")));
            texts(before, after, depth + 1, lines);
        }
        (Some(before), Some(after)) if is_short(before) && is_short(after) => {
            let text = format!("{field}: {} → {}", short(before), short(after));
            lines.push(Line::new(Mark::Changed, depth, &text));
        }
        (before, after) => {
            for (mark, value) in [(Mark::Removed, before), (Mark::Added, after)] {
                if let Some(value) = value {
                    whole(mark, field, value, depth, lines);
                }
            }
        }
    }
}

/// Whether a string is easier to compare line by line.
fn is_long(text: &str) -> bool {
    text.contains('\n') || text.len() > 80 && text.contains(FLAG)
}

/// Two strings of several lines, with one line around what differs. A command line is shown with
/// one flag per line.
fn texts(before: &str, after: &str, depth: usize, lines: &mut Vec<Line>) {
    let apart = |text: &str| text.replace(FLAG, "\n  --");
    let (before, after) = (&*apart(before), &*apart(after));
    let diff = TextDiff::from_lines(before, after);
    let mut found = Vec::new();
    for (index, group) in diff.grouped_ops(1).iter().enumerate() {
        if index > 0 {
            found.push(Line::new(Mark::Context, depth, "…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Equal => Mark::Context,
                ChangeTag::Delete => Mark::Removed,
                ChangeTag::Insert => Mark::Added,
            };
            found.push(Line::new(mark, depth, change.value()));
        }
    }
    shortened(found, depth, lines);
}

/// A value that is added or removed as a whole.
fn whole(mark: Mark, field: &str, value: &Json, depth: usize, lines: &mut Vec<Line>) {
    if is_short(value) {
        let text = format!("{field}: {}", short(value));
        lines.push(Line::new(mark, depth, &text));
        return;
    }
    lines.push(Line::new(mark, depth, &format!("{field}:")));
    let found = yaml::document(value)
        .lines()
        .filter(|text| *text != "---")
        .map(|text| Line::new(mark, depth + 1, text))
        .collect();
    shortened(found, depth + 1, lines);
}

fn shortened(mut found: Vec<Line>, depth: usize, lines: &mut Vec<Line>) {
    let more = found.len().saturating_sub(LONG);
    found.truncate(LONG);
    lines.append(&mut found);
    if more > 0 {
        let text = format!("… {}", wording::count(more, "more line"));
        lines.push(Line::new(Mark::Context, depth, &text));
    }
}

fn is_short(value: &Json) -> bool {
    match value {
        Json::String(text) => !text.contains('\n'),
        Json::List(items) => items.is_empty(),
        Json::Map(entries) => entries.is_empty(),
        _ => true,
    }
}

/// A value on one line, a string without quotes.
fn short(value: &Json) -> String {
    match value {
        Json::String(text) => text.to_string(),
        other => serde_json::Value::from(other).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Mark};

    #[test]
    fn control_characters_are_made_visible() {
        let text = |text: &str| Line::new(Mark::Added, 0, text).text;
        assert_eq!(text("a\tb \u{e9}"), "a\tb \u{e9}");
        assert_eq!(text("a\u{1b}[2J"), "a␛[2J");
    }
}
