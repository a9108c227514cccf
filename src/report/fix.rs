//! Repairs that are certain to be right, made in the texts that were read: byte for byte, so that
//! comments, layout, line ends and marks stay as they are.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::sources::{FileId, Sources, Span};
use crate::diagnostic::{Diagnostic, Fix};

/// A file with its repairs.
#[derive(Debug, PartialEq, Eq)]
pub struct Fixed<'a> {
    /// Where it lies.
    pub path: &'a Path,
    /// The text that was read.
    pub before: Cow<'a, str>,
    /// The text to put in its place.
    pub after: String,
    /// How many repairs there are.
    pub count: usize,
}

/// The files that findings have repairs for, by path. Of repairs that touch each other the first is
/// made alone: the next run finds what is left. Standard input and what the program carries stay as
/// they are.
#[must_use]
pub fn fixed<'a>(diagnostics: &'a [Diagnostic], sources: &'a Sources) -> Vec<Fixed<'a>> {
    let mut by_path = BTreeMap::<&Path, (FileId, BTreeSet<(Span, &str)>)>::new();
    for fix in diagnostics
        .iter()
        .filter_map(|finding| finding.fix.as_ref())
    {
        let Some(path) = sources.path(fix.span.file) else {
            continue;
        };
        let (first, fixes) = by_path
            .entry(path)
            .or_insert_with(|| (fix.span.file, BTreeSet::new()));
        // A profile may have been read as part of a folder too.
        if sources.text(*first) == sources.text(fix.span.file) {
            fixes.insert((
                Span {
                    file: *first,
                    ..fix.span
                },
                &fix.replacement,
            ));
        }
    }
    let fixed = by_path
        .into_iter()
        .map(|(path, (file, fixes))| spliced(path, file, &fixes, sources));
    fixed.filter(|fixed| fixed.after != fixed.before).collect()
}

fn spliced<'a>(
    path: &'a Path,
    file: FileId,
    fixes: &BTreeSet<(Span, &str)>,
    sources: &'a Sources,
) -> Fixed<'a> {
    let before = sources.whole_text(file);
    let mut after = String::with_capacity(before.len());
    let (mut behind, mut count) = (0, 0);
    for (span, replacement) in fixes {
        let offset = |at| sources.in_file(file, at) as usize;
        let (start, end) = (offset(span.start), offset(span.end));
        let touches = count > 0 && start <= behind;
        let Some(kept) = before
            .get(behind..start)
            .filter(|_| !touches && before.is_char_boundary(end))
        else {
            continue;
        };
        after.push_str(kept);
        after.push_str(replacement);
        (behind, count) = (end, count + 1);
    }
    after.push_str(before.get(behind..).unwrap_or_default());
    Fixed {
        path,
        before,
        after,
        count,
    }
}

/// Whether a repair changes its place alone: a value that has an anchor, or is an alias, stands for
/// others too.
#[must_use]
pub fn is_certain(fix: &Fix, sources: &Sources) -> bool {
    let text = sources.text(fix.span.file);
    let (start, end) = (fix.span.start as usize, fix.span.end as usize);
    let (Some(before), Some(value)) = (text.get(..start), text.get(start..end)) else {
        return false;
    };
    let line = before
        .rfind(':')
        .or_else(|| before.rfind('\n'))
        .map_or(before, |at| &before[at..]);
    !value.starts_with(['*', '&', '!']) && !line.contains(['&', '!'])
}

impl Diagnostic {
    /// Adds the repair that writes `new` for the value `old` at the finding's place, quoted as it
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
    use std::path::PathBuf;

    use super::{fixed, is_certain};
    use crate::base::sources::{FileId, Sources, Span};
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::rule;

    fn finding(file: FileId, start: u32, end: u32) -> Diagnostic {
        Diagnostic::new(&rule::NAME, Span { file, start, end }, "odd")
    }

    #[test]
    fn texts_are_spliced_at_bytes_and_keep_everything_else() {
        let mut sources = Sources::default();
        let file = sources.add_at(PathBuf::from("/a.yaml"), "\u{feff}é: a # é\r\nb: c\r\n");
        let findings = [
            finding(file, 15, 16).fix(
                Span {
                    file,
                    start: 15,
                    end: 16,
                },
                "long",
            ),
            finding(file, 4, 5).fix(
                Span {
                    file,
                    start: 4,
                    end: 5,
                },
                "",
            ),
        ];
        let [fixed] = fixed(&findings, &sources).try_into().unwrap();
        assert_eq!(
            (fixed.after.as_str(), fixed.count),
            ("\u{feff}é:  # é\r\nb: long\r\n", 2)
        );
        assert_eq!(fixed.before, "\u{feff}é: a # é\r\nb: c\r\n");
    }

    #[test]
    fn repairs_that_touch_each_other_are_made_one_by_one_and_equal_ones_once() {
        let mut sources = Sources::default();
        let file = sources.add_at(PathBuf::from("/a.yaml"), "abcdef");
        let again = sources.add_at(PathBuf::from("/a.yaml"), "abcdef");
        let fix =
            |file, start, end, text: &str| finding(file, 0, 1).fix(Span { file, start, end }, text);
        let findings = [
            fix(file, 1, 3, "X"),
            fix(again, 1, 3, "X"),
            fix(file, 2, 4, "Y"),
            fix(file, 3, 4, "Z"),
            fix(file, 5, 6, "W"),
        ];
        let fixed = fixed(&findings, &sources);
        assert_eq!((fixed[0].after.as_str(), fixed[0].count), ("aXdeW", 2));
    }

    #[test]
    fn what_lies_on_no_disk_is_not_fixed() {
        let mut sources = Sources::default();
        let file = sources.add("<stdin>", "a");
        assert_eq!(
            fixed(
                &[finding(file, 0, 1).fix(
                    Span {
                        file,
                        start: 0,
                        end: 1
                    },
                    "b"
                )],
                &sources
            ),
            []
        );
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
                finding(file, 0, u32::try_from(text.len()).unwrap()).respelt("a", "A", &sources);
            assert_eq!(
                respelt.fix.as_ref().map(|fix| fix.replacement.as_str()),
                expected,
                "{text}"
            );
        }
        let mut sources = Sources::default();
        let file = sources.add("", "true");
        let fix = finding(file, 0, 4)
            .respelt("true", "other", &sources)
            .fix
            .unwrap();
        assert_eq!(fix.replacement, "\"other\"");
    }

    #[test]
    fn a_value_that_others_repeat_is_left_alone() {
        for (text, certain) in [
            ("k: v", true),
            ("k: &a v", false),
            ("k: !!str v", false),
            ("k: &a\n  v", false),
            ("- v", true),
            ("x: &a b\nk: v", true),
        ] {
            let mut sources = Sources::default();
            let file = sources.add("", text);
            let start = u32::try_from(text.len() - 1).unwrap();
            let fix = finding(file, start, start + 1)
                .respelt("v", "V", &sources)
                .fix
                .unwrap();
            assert_eq!(is_certain(&fix, &sources), certain, "{text}");
        }
    }
}
