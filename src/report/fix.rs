//! Fixes made in the texts that were read: byte for byte, so that comments, layout, line ends and
//! byte order marks stay as they are.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::sources::{FileId, Sources, Span};
use crate::diagnostic::Fix;

/// A file with its fixes made.
#[derive(Debug, PartialEq, Eq)]
pub struct Fixed<'a> {
    /// Its path on the disk.
    pub path: &'a Path,
    /// The text that was read.
    pub before: Cow<'a, str>,
    /// The text to put in its place.
    pub after: String,
    /// How many fixes were made.
    pub count: usize,
}

/// The files that there are fixes for, sorted by path.
///
/// Of fixes that touch each other only the first is made: the next run finds what is left. Standard
/// input, the files built into the program and what links lead to stay as they are.
pub(super) fn fixed<'a>(fixes: &'a [Fix], sources: &'a Sources) -> Vec<Fixed<'a>> {
    let mut by_path = BTreeMap::<&Path, (FileId, BTreeSet<(Span, &str)>)>::new();
    for fix in fixes {
        let Some(path) = sources.editable(fix.span.file) else {
            continue;
        };
        let (first, fixes) = by_path
            .entry(path)
            .or_insert_with(|| (fix.span.file, BTreeSet::new()));
        // A profile may have been read as part of a directory too.
        if sources.text(*first) == sources.text(fix.span.file) {
            let span = Span {
                file: *first,
                ..fix.span
            };
            fixes.insert((span, &fix.replacement));
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

/// Whether a fix changes only its place: a value that has an anchor, or is an alias, stands for
/// others too.
pub(super) fn is_certain(fix: &Fix, sources: &Sources) -> bool {
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{fixed, is_certain};
    use crate::base::sources::{FileId, Sources, Span};
    use crate::diagnostic::Fix;

    fn fix(file: FileId, start: u32, end: u32, replacement: &str) -> Fix {
        Fix {
            span: Span { file, start, end },
            replacement: replacement.to_owned(),
        }
    }

    #[test]
    fn texts_are_spliced_at_bytes_and_keep_everything_else() {
        let mut sources = Sources::default();
        let file = sources.add_at(PathBuf::from("/a.yaml"), "\u{feff}é: a # é\r\nb: c\r\n");
        let fixes = [fix(file, 15, 16, "long"), fix(file, 4, 5, "")];
        let [fixed] = fixed(&fixes, &sources).try_into().unwrap();
        assert_eq!(
            (fixed.after.as_str(), fixed.count),
            ("\u{feff}é:  # é\r\nb: long\r\n", 2)
        );
        assert_eq!(fixed.before, "\u{feff}é: a # é\r\nb: c\r\n");
    }

    #[test]
    fn fixes_that_touch_each_other_are_made_one_by_one_and_equal_ones_once() {
        let mut sources = Sources::default();
        let file = sources.add_at(PathBuf::from("/a.yaml"), "abcdef");
        let again = sources.add_at(PathBuf::from("/a.yaml"), "abcdef");
        let fixes = [
            fix(file, 1, 3, "X"),
            fix(again, 1, 3, "X"),
            fix(file, 2, 4, "Y"),
            fix(file, 3, 4, "Z"),
            fix(file, 5, 6, "W"),
        ];
        let fixed = fixed(&fixes, &sources);
        assert_eq!((fixed[0].after.as_str(), fixed[0].count), ("aXdeW", 2));
    }

    #[test]
    fn what_is_not_on_a_disk_is_not_fixed() {
        let mut sources = Sources::default();
        let file = sources.add("<stdin>", "a");
        assert_eq!(fixed(&[fix(file, 0, 1, "b")], &sources), []);
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
            let fix = fix(file, start, start + 1, "V");
            assert_eq!(is_certain(&fix, &sources), certain, "{text}");
        }
    }
}
