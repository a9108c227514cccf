//! Fixes of spelling: a word is replaced by the one that was meant, in the quotes that it has.

use crate::base::sources::{Sources, Span};
use crate::diagnostic::Diagnostic;

impl Diagnostic {
    /// Adds the fix of a key or value that is not at the diagnostic's place. The replacement gets
    /// quotes where the word has them.
    #[must_use]
    pub fn respell(self, span: Span, word: &str, replacement: &str) -> Self {
        let is_bare = (span.end - span.start) as usize == word.len();
        let replacement = if is_bare {
            replacement.to_owned()
        } else {
            format!("\"{replacement}\"")
        };
        self.fix(span, replacement)
    }

    /// Adds the fix that writes `new` for the value `old` at the diagnostic's place, quoted as it
    /// was. None is added where the value is written in some other way.
    #[must_use]
    pub fn respelt(self, old: &str, new: &str, sources: &Sources) -> Self {
        let Some(span) = self.place else { return self };
        let raw = sources
            .text(span.file)
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default();
        let is_simple = new
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
        let replacement = match raw.strip_suffix(['"', '\'']) {
            None if raw == old && new.eq_ignore_ascii_case(old) => new.to_owned(),
            None if raw == old => format!("\"{new}\""),
            Some(rest) if rest.strip_prefix(['"', '\'']) == Some(old) => {
                format!("{0}{new}{0}", &raw[..1])
            }
            _ => return self,
        };
        if is_simple {
            self.fix(span, replacement)
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::sources::{FileId, Sources, Span};
    use crate::diagnostic::{Diagnostic, rule};

    fn diagnostic(file: FileId, start: u32, end: u32) -> Diagnostic {
        Diagnostic::new(&rule::NAME, Span { file, start, end }, "odd")
    }

    #[test]
    fn values_are_respelt_in_their_own_quotes_and_only_where_they_stand_as_they_are() {
        for (text, expected) in [
            ("a", Some("A")),
            ("\"a\"", Some("\"A\"")),
            ("'a'", Some("'A'")),
            ("\"\\x61\"", None),
            ("*a", None),
            ("b", None),
        ] {
            let mut sources = Sources::default();
            let file = sources.add("", text);
            let respelt =
                diagnostic(file, 0, u32::try_from(text.len()).unwrap()).respelt("a", "A", &sources);
            assert_eq!(
                respelt.fix.as_ref().map(|fix| fix.replacement.as_str()),
                expected,
                "{text}"
            );
        }
        let mut sources = Sources::default();
        let file = sources.add("", "true");
        let fix = diagnostic(file, 0, 4)
            .respelt("true", "other", &sources)
            .fix
            .unwrap();
        assert_eq!(fix.replacement, "\"other\"");
    }
}
