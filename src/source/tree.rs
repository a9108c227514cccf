//! Which files of a tree are input, where all that is known of the tree is its paths.

use std::collections::BTreeSet;

/// The name of the index that a folder of output holds, by which it is known.
pub const INDEX_FILE: &str = ".kaito-render.json";

/// Files by which a folder is known to hold no input: that of a Helm chart and that of our own output.
pub(super) const MARKS: [&str; 2] = ["Chart.yaml", INDEX_FILE];

/// How the names of input files end.
pub(super) const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".")
}

/// The files that paths lead to among all files of a tree, in order, and whether they were named: by the rules by which
/// [`super::load`] walks folders.
///
/// All paths are relative to the root of the tree, with slashes; the root itself is an empty path.
#[must_use]
pub fn select<'a>(paths: &[String], files: &[&'a str]) -> Vec<(&'a str, bool)> {
    let is_mark = |file: &&&str| MARKS.contains(&split(file).1);
    let passed_over: BTreeSet<&str> = files.iter().filter(is_mark).map(|file| split(file).0).collect();
    let is_input = |folder: &str, file: &str| {
        let inside = if folder.is_empty() {
            Some(file)
        } else {
            file.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'))
        };
        let Some(inside) = inside else { return false };
        let is_named_like_input = inside.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending));
        let mut folders = inside.match_indices('/').map(|(at, _)| &file[..file.len() - inside.len() + at]);
        is_named_like_input
            && !inside.split('/').any(|name| is_hidden(name.as_bytes()))
            && !passed_over.contains(folder)
            && !folders.any(|folder| passed_over.contains(folder))
    };
    let mut selected: Vec<_> = files
        .iter()
        .filter_map(|file| {
            let named = paths.iter().any(|path| path == file);
            (named || paths.iter().any(|folder| is_input(folder, file))).then_some((*file, named))
        })
        .collect();
    selected.sort_unstable();
    selected
}

/// The folder of a file, and its name.
fn split(file: &str) -> (&str, &str) {
    file.rsplit_once('/').unwrap_or(("", file))
}

#[cfg(test)]
mod tests {
    use super::select;

    const FILES: [&str; 9] = [
        ".github/x.yaml",
        "a/.hidden/x.yaml",
        "a/b.yml",
        "a/c.txt",
        "a/chart/Chart.yaml",
        "a/chart/templates/x.yaml",
        "a/out/.kaito-render.json",
        "a/out/x.yaml",
        "ab.yaml",
    ];

    fn names(paths: &[&str]) -> Vec<(&'static str, bool)> {
        select(&paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>(), &FILES)
    }

    #[test]
    fn a_tree_is_walked_as_a_folder_is() {
        assert_eq!(names(&[""]), [("a/b.yml", false), ("ab.yaml", false)]);
        assert_eq!(names(&["a"]), [("a/b.yml", false)]);
        assert_eq!(names(&["a/chart"]), []);
        assert_eq!(names(&["a/chart/templates"]), [("a/chart/templates/x.yaml", false)]);
        assert_eq!(names(&[".github"]), [(".github/x.yaml", false)]);
    }

    #[test]
    fn what_is_named_is_taken_whatever_it_is_called() {
        assert_eq!(names(&["a/c.txt"]), [("a/c.txt", true)]);
        assert_eq!(names(&["a", "a/b.yml"]), [("a/b.yml", true)]);
        assert_eq!(names(&["no/such"]), []);
    }
}
