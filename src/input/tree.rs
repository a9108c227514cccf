//! Which files of a tree are input, where all that is known of the tree is its paths.

use std::collections::BTreeSet;

/// The name of the index that a folder of output holds, by which it is known.
pub const INDEX_FILE: &str = ".kaito-render.json";

/// Files by which a folder is known to hold no input: that of a Helm chart and that of our own
/// output.
pub(super) const MARKS: [&str; 2] = ["Chart.yaml", INDEX_FILE];

/// How the names of input files end.
pub(super) const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What is looked for in folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// What can be compiled.
    Input,
    /// Every document, and folders of output too if they are named.
    Everything,
}

pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".")
}

/// The files that paths lead to among all files of a tree, in order, and whether they were named:
/// by the rules by which [`super::load`] walks folders.
///
/// All paths are relative to the root of the tree, with slashes; the root itself is an empty path.
#[must_use]
pub fn select<'a>(paths: &[String], reach: Reach, files: &[&'a str]) -> Vec<(&'a str, bool)> {
    let wanted: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
    let marks = files
        .iter()
        .map(|file| split(file))
        .filter(|(_, name)| MARKS.contains(name));
    let enters = |folder: &str, mark: &str| {
        reach == Reach::Everything && mark == INDEX_FILE && wanted.contains(folder)
    };
    let passed_over: BTreeSet<&str> = marks
        .filter(|(folder, mark)| !enters(folder, mark))
        .map(|(folder, _)| folder)
        .collect();
    let selected = files.iter().filter_map(|file| {
        let named = wanted.contains(file);
        (named || is_found(file, &wanted, &passed_over)).then_some((*file, named))
    });
    let mut selected: Vec<_> = selected.collect();
    selected.sort_unstable();
    selected
}

/// Whether a walk through one of the wanted folders comes to a file.
fn is_found(file: &str, wanted: &BTreeSet<&str>, passed_over: &BTreeSet<&str>) -> bool {
    let (mut folder, mut name) = split(file);
    if !name
        .rsplit_once('.')
        .is_some_and(|(_, ending)| ENDINGS.contains(&ending))
    {
        return false;
    }
    while !is_hidden(name.as_bytes()) && !passed_over.contains(folder) {
        if wanted.contains(folder) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        (folder, name) = split(folder);
    }
    false
}

/// The folder of a file, and its name.
fn split(file: &str) -> (&str, &str) {
    file.rsplit_once('/').unwrap_or(("", file))
}

#[cfg(test)]
mod tests {
    use super::{Reach, select};

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
        select(
            &paths
                .iter()
                .map(|&path| path.to_owned())
                .collect::<Vec<_>>(),
            Reach::Input,
            &FILES,
        )
    }

    #[test]
    fn a_tree_is_walked_as_a_folder_is() {
        assert_eq!(names(&[""]), [("a/b.yml", false), ("ab.yaml", false)]);
        assert_eq!(names(&["a"]), [("a/b.yml", false)]);
        assert_eq!(names(&["a/chart"]), []);
        assert_eq!(
            names(&["a/chart/templates"]),
            [("a/chart/templates/x.yaml", false)]
        );
        assert_eq!(names(&[".github"]), [(".github/x.yaml", false)]);
    }

    #[test]
    fn output_is_walked_where_it_is_named_and_wanted() {
        let select = |path: &str, reach| select(&[path.to_owned()], reach, &FILES);
        assert_eq!(select("a/out", Reach::Input), []);
        assert_eq!(
            select("a/out", Reach::Everything),
            [("a/out/x.yaml", false)]
        );
        assert_eq!(select("a", Reach::Everything), [("a/b.yml", false)]);
    }

    #[test]
    fn what_is_named_is_taken_whatever_it_is_called() {
        assert_eq!(names(&["a/c.txt"]), [("a/c.txt", true)]);
        assert_eq!(names(&["a", "a/b.yml"]), [("a/b.yml", true)]);
        assert_eq!(names(&["no/such"]), []);
    }
}
