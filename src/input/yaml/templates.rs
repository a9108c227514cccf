//! Texts that another program is still to fill in, such as templates of Helm: an unquoted `{{ x }}`
//! is no YAML, and an unquoted `#{x}#` a comment. They are read as if a word stood there, and the
//! word is replaced by what is written.

use std::borrow::Cow;
use std::ops::Range;

/// The first of the characters that stand for what is to be filled in. They are of the area for
/// private use, so that a text hardly ever has them.
const FIRST: char = '\u{E000}';

/// How many characters of that area there are, and so how many marks a text may have.
const MOST: usize = 0x1900;

/// The marks, by how they open and close.
const MARKS: [(&str, &str); 3] = [("{{", "}}"), ("${", "}"), ("#{", "}#")];

/// A text in which words stand for what is to be filled in, as long as that in bytes.
pub(super) struct Masked<'a> {
    pub(super) text: String,
    /// What is to be filled in.
    written: Vec<&'a str>,
    /// The first line that is only an instruction to the program, such as `{{- end }}`.
    pub(super) instruction: Option<Range<usize>>,
}

impl<'a> Masked<'a> {
    /// Masks a text; none if there is nothing to fill in.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        if !MARKS.iter().any(|(open, _)| text.contains(open)) || text.contains(is_mask) {
            return None;
        }
        let mut masked = Self {
            text: String::with_capacity(text.len()),
            written: Vec::new(),
            instruction: None,
        };
        for line in text.split_inclusive('\n') {
            masked.add(line);
        }
        (!masked.written.is_empty()).then_some(masked)
    }

    fn add(&mut self, line: &'a str) {
        let content = line.trim();
        if content.starts_with("{{") && only_instructions(content) {
            let indent = line.len() - line.trim_start().len();
            let start = self.text.len() + indent;
            self.text.push_str(&line[..indent]);
            self.text.push('#');
            self.mask(content, content.len() - 1);
            self.text.push_str(&line[indent + content.len()..]);
            self.instruction.get_or_insert(start..start + content.len());
            return;
        }
        let mut rest = line;
        while let Some((before, written)) = next(rest) {
            self.text.push_str(&rest[..before]);
            rest = &rest[before + written.len()..];
            self.mask(written, written.len());
        }
        self.text.push_str(rest);
    }

    /// Adds a word of a length for what is written.
    fn mask(&mut self, written: &'a str, length: usize) {
        let mask = u32::try_from(self.written.len())
            .ok()
            .filter(|number| (*number as usize) < MOST)
            .and_then(|number| char::from_u32(u32::from(FIRST) + number));
        let Some(mask) = mask else {
            let from = written.len() - length;
            return self.text.push_str(&written[from..]);
        };
        self.text.push(mask);
        let rest = length - mask.len_utf8();
        self.text.extend(std::iter::repeat_n('x', rest));
        self.written.push(written);
    }

    /// A scalar as it is written.
    pub(super) fn restore<'t>(&self, scalar: &'t str) -> Cow<'t, str> {
        if !scalar.contains(is_mask) {
            return Cow::Borrowed(scalar);
        }
        let mut restored = String::new();
        let mut rest = scalar;
        while let Some(at) = rest.find(is_mask) {
            restored.push_str(&rest[..at]);
            rest = &rest[at..];
            let mask = rest.chars().next().unwrap_or(FIRST);
            let number = u32::from(mask) - u32::from(FIRST);
            let written = self.written.get(number as usize).copied();
            let written = written.unwrap_or_default();
            // The line of an instruction is a comment, or a line of a block scalar.
            let is_line = written.starts_with("{{") && restored.ends_with('#');
            let is_line = is_line && only_instructions(written);
            if is_line {
                restored.pop();
            }
            restored.push_str(written);
            let length = written.len() - usize::from(is_line);
            rest = rest.get(length..).unwrap_or_default();
        }
        restored.push_str(rest);
        Cow::Owned(restored)
    }
}

/// Whether a text has an unquoted `#{x}#`, which YAML reads as a comment.
pub(super) fn hides_marks(text: &str) -> bool {
    [": #{", "- #{"].iter().any(|it| text.contains(it)) && text.contains("}#")
}

fn is_mask(character: char) -> bool {
    let number = u32::from(character).wrapping_sub(u32::from(FIRST));
    (number as usize) < MOST
}

/// Whether a line has nothing but `{{ … }}`.
fn only_instructions(line: &str) -> bool {
    let mut rest = line;
    while let Some(inside) = rest.strip_prefix("{{") {
        let Some((_, behind)) = inside.split_once("}}") else {
            return false;
        };
        rest = behind.trim_start();
    }
    rest.is_empty() || rest.starts_with('#')
}

/// Where the next mark of a line begins that stands in no quotes, and the mark.
fn next(line: &str) -> Option<(usize, &str)> {
    let mut quote = None;
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '"' | '\'') if opens(&line[..at]) => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '{' | '$' | '#') => {
                let rest = &line[at..];
                let mut marks = MARKS.iter();
                let found = marks.find_map(|(open, close)| {
                    let inside = rest.strip_prefix(open)?;
                    let end = inside.find(close)?;
                    let is_named = !inside[..end].trim().is_empty();
                    is_named.then(|| open.len() + end + close.len())
                });
                if let Some(length) = found {
                    return Some((at, &rest[..length]));
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a quote behind a text begins a scalar rather than being a letter of one.
fn opens(before: &str) -> bool {
    let before = before.trim_end();
    before.is_empty() || before.ends_with([':', '-', '[', '{', ','])
}

#[cfg(test)]
mod tests {
    use super::Masked;

    #[test]
    fn a_masked_text_is_as_long_and_restored() {
        for text in [
            "a: {{ .Values.x | quote }}\n",
            "a: r.io/{{x}}:{{ .tag }} # {{ c }}\n",
            "{{- if .x }}\na: 1\n{{- end }}\n",
            "a: {b: ${c}, d: [{{ e }}]}\n",
            "a: #{name}#\n",
            "ä: {{ \"ö\" }}\n",
            "it's: {{ x }}\n",
        ] {
            let masked = Masked::of(text).unwrap();
            assert_eq!(masked.text.len(), text.len(), "{text}");
            assert!(!masked.text.contains("{{"), "{}", masked.text);
            assert_eq!(masked.restore(&masked.text), text);
        }
        assert!(Masked::of("a: \"{{ x }}\"\n").is_none());
        assert!(Masked::of("a: $x\n").is_none());
    }
}
