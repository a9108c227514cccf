//! What every medium escapes.

use std::borrow::Cow;
use std::fmt::Write;

/// A text on one line: a line break is shown as `␊`.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, |character| character == '\n' || is_hidden(character))
}

/// A text whose line breaks are meant.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| character != '\n' && is_hidden(character))
}

/// A text of the same number of bytes, in which `?` stands for the bytes of what is longer than one
/// and must not be shown. Those of one byte are left to who lays out the text.
#[must_use]
pub fn same_length(text: &str) -> Cow<'_, str> {
    let is_long = |character: char| !character.is_ascii() && is_hidden(character);
    if !text.contains(is_long) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_long(character) {
            out.extend(std::iter::repeat_n('?', character.len_utf8()));
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_escaped(character) {
            push_visible(&mut out, character);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// Whether a character is no text: a terminal obeys it, it changes the direction of what follows,
/// or it can't be seen. A tab and a line break are text.
pub(super) fn is_hidden(character: char) -> bool {
    // Nearly all are of these.
    if matches!(character, ' '..='~' | '\n' | '\t') {
        return false;
    }
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Writes a picture of a control character, or the number of another one.
fn push_visible(out: &mut String, character: char) {
    let code = u32::from(character);
    let picture = match character {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + code),
        '\u{7f}' => Some('␡'),
        _ => None,
    };
    match picture {
        Some(picture) => out.push(picture),
        // Writing to a string can't fail.
        None => drop(write!(out, "\\u{{{code:x}}}")),
    }
}

/// Text in which no line begins with a command to GitHub Actions, and none has one to Azure
/// Pipelines or an older GitHub Actions. Both read the lines of stdout and stderr.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    text: String,
    line: Line,
}

/// How the current line begins.
#[derive(Clone, Copy, Debug, Default)]
enum Line {
    /// With blanks, up to here.
    #[default]
    Blank,
    /// With a colon behind them.
    Colon,
    /// With two colons, of which the second stands at this offset.
    Colons(usize),
    /// With anything else than those.
    Other,
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Adds text that is escaped but for commands.
    pub(super) fn push(&mut self, text: &str) {
        if matches!(self.line, Line::Other) && !text.contains(['\n', '[']) {
            self.text.push_str(text);
            return;
        }
        for character in text.chars() {
            self.guard(character);
            self.text.push(character);
        }
    }

    /// Adds what is no text: the code of a colour.
    pub(super) fn push_code(&mut self, code: &str) {
        self.text.push_str(code);
        if !code.is_empty() {
            self.line = Line::Other;
        }
    }

    /// Breaks a command that the next character would make: `::name` at the beginning of a line,
    /// and `##[name]` or `##vso[name]` anywhere.
    fn guard(&mut self, next: char) {
        self.line = match (self.line, next) {
            (_, '\n') => Line::Blank,
            (Line::Blank, blank) if blank.is_whitespace() => Line::Blank,
            (Line::Blank, ':') => Line::Colon,
            (Line::Colon, ':') => Line::Colons(self.text.len()),
            // The name of a command has no colon.
            (Line::Colons(at), other) if other != ':' => {
                self.text.insert(at, '\\');
                Line::Other
            }
            _ => Line::Other,
        };
        if next == '[' {
            let word = |byte: &u8| byte.is_ascii_alphabetic();
            let before = self
                .text
                .as_bytes()
                .iter()
                .rev()
                .skip_while(|byte| word(byte));
            if before.take(2).eq(b"##") {
                self.text.push('\\');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, lines, one_line, same_length};

    #[test]
    fn what_is_no_text_is_made_visible() {
        for (text, shown) in [
            ("a\tb é 🦅", "a\tb é 🦅"),
            ("a\u{1b}[2J\u{7}\r\u{7f}", "a␛[2J␇␍␡"),
            (
                "\u{9b}2J \u{202e}a\u{2066}",
                "\\u{9b}2J \\u{202e}a\\u{2066}",
            ),
            (
                "\u{200e}\u{61c}\u{feff}\u{2028}",
                "\\u{200e}\\u{61c}\\u{feff}\\u{2028}",
            ),
        ] {
            assert_eq!(one_line(text), shown);
            assert_eq!(lines(text), shown);
            assert_eq!(one_line(shown), shown);
        }
        assert_eq!(
            (one_line("a\nb"), lines("a\nb")),
            ("a␊b".into(), "a\nb".into())
        );
        let text = "\u{9b}\u{202e}\u{e0041}\u{1b}é";
        assert_eq!(same_length(text), "?????????\u{1b}é");
        assert_eq!(same_length(text).len(), text.len());
    }

    #[test]
    fn no_line_is_a_command() {
        for (text, shown) in [
            ("::stop-commands::x", ":\\:stop-commands::x"),
            ("a\n \t\u{a0}::error::x", "a\n \t\u{a0}:\\:error::x"),
            ("a ::error::x", "a ::error::x"),
            (" ::: a.yaml", " ::: a.yaml"),
            ("::\n::", "::\n::"),
            (
                "a ##[error]x ##vso[task.x]y",
                "a ##\\[error]x ##vso\\[task.x]y",
            ),
            ("## a [b]", "## a [b]"),
        ] {
            let (mut whole, mut pieces) = (Text::default(), Text::default());
            whole.push(text);
            text.chars().for_each(|part| pieces.push(&part.to_string()));
            assert_eq!((whole.as_str(), pieces.as_str()), (shown, shown));
        }
    }
}
