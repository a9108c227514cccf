//! Markdown for the comment of a pull request.

use super::ForPeople;
use super::text::{Text, one_line};
use crate::base::sources::Mask;

/// Markdown in which text from input is text: it makes no element, no link and no mention.
#[derive(Clone, Debug, Default)]
pub struct Markdown(Text);

impl Markdown {
    /// Adds markup of the program.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push(markup);
        self
    }

    /// Adds text within a paragraph, a cell of a table or an element of HTML. What stands between
    /// backticks is code.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let text = one_line(text);
        let parts: Vec<_> = text.split('`').collect();
        // A backtick without a second one is text.
        if parts.len() % 2 == 0 {
            self.0.push(&escaped(&text));
            return self;
        }
        for (index, part) in parts.into_iter().enumerate() {
            if index % 2 == 0 {
                self.0.push(&escaped(part));
            } else {
                self.0.push(&format!("<code>{}</code>", escaped(part)));
            }
        }
        self
    }

    /// Adds a block of code of some language, a line each.
    pub fn block<'a>(&mut self, language: &'static str, lines: impl Iterator<Item = &'a str>) {
        let lines: Vec<_> = lines.map(one_line).collect();
        // A longer fence than any in the block: the block must not end early.
        let runs = lines.iter().flat_map(|line| line.split(|char| char != '`'));
        let fence = "`".repeat(runs.map(str::len).max().unwrap_or(0).max(2) + 1);
        self.0.push(&format!("{fence}{language}\n"));
        for line in lines {
            self.0.push(&format!("{line}\n"));
        }
        self.0.push(&format!("{fence}\n\n"));
    }

    /// Adds all of another text.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        self.0.push(other.as_str());
        self
    }

    /// With asterisks in the place of every secret.
    #[must_use]
    pub fn masked(&self, mask: &Mask) -> Self {
        let mut masked = Text::default();
        masked.push(&mask.applied(self.as_str()));
        Self(masked)
    }

    /// Its size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_str().len()
    }

    /// Whether there is nothing to print.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ForPeople for Markdown {
    fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Text that is nothing else: what means something in HTML or Markdown becomes a reference to its
/// character, and an empty comment parts what GitHub makes a mention, an issue or a link of.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' | '#' => {
                out.push(character);
                out.push_str("<!-- -->");
            }
            '/' if out.ends_with(':') => out.push_str("<!-- -->/"),
            '.' if ends_with_www(&out) => out.push_str("&#46;"),
            '"' | '\'' | '`' | '\\' | '*' | '_' | '~' | '[' | ']' | '!' | '|' | '$' => {
                out.push_str(&format!("&#{};", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out
}

fn ends_with_www(text: &str) -> bool {
    let end = text.as_bytes().last_chunk::<3>();
    end.is_some_and(|end| end.eq_ignore_ascii_case(b"www"))
}

#[cfg(test)]
mod tests {
    use super::Markdown;
    use crate::base::shown::ForPeople;

    #[test]
    fn text_is_nothing_but_text() {
        for (text, shown) in [
            ("team/phi-4", "team/phi-4"),
            (
                "run `kubectl delete a_b`",
                "run <code>kubectl delete a&#95;b</code>",
            ),
            ("a`b", "a&#96;b"),
            ("a\n\n# b", "a␊␊#<!-- --> b"),
            ("</b><img src=x>", "&lt;/b&gt;&lt;img src=x&gt;"),
            (
                "@all #1 http://a.b www.a.b",
                "@<!-- -->all #<!-- -->1 http:<!-- -->//a.b www&#46;a.b",
            ),
            (
                "![a](b) **c** | d",
                "&#33;&#91;a&#93;(b) &#42;&#42;c&#42;&#42; &#124; d",
            ),
        ] {
            let mut out = Markdown::default();
            out.text(text);
            assert_eq!(out.as_str(), shown);
        }
    }

    #[test]
    fn a_block_ends_where_it_shall() {
        let mut out = Markdown::default();
        out.block("diff", ["a\n````\n# b", "::error::x"].into_iter());
        assert_eq!(
            out.as_str(),
            "`````diff\na␊````␊# b\n:\\:error::x\n`````\n\n"
        );
    }
}
