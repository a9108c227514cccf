//! The files that make an output directory, and each directory in it, a kustomization.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{FileText, yaml};

/// The name of these files.
pub const NAME: &str = "kustomization.yaml";

/// The most objects of one. kustomize takes a time that grows with their square, and Flux makes one
/// kustomization after the other: 500 objects take half a second, 5,000 take 40.
pub const MOST_OBJECTS: usize = 500;

/// The kustomizations of an output directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Kustomizations {
    /// The text of each file by its path, both as [`super::directory::layout`] has them.
    pub files: BTreeMap<String, String>,
    /// The directories that have none because they have too many objects, with the number of these. The
    /// output directory itself is the empty path.
    pub too_large: BTreeMap<String, usize>,
}

impl Kustomizations {
    /// The files, as [`super::disk::write_directory`] takes them.
    pub fn texts(&self) -> impl Iterator<Item = (&str, FileText<'_>)> {
        let files = self.files.iter();
        files.map(|(path, text)| (path.as_str(), FileText::Text(text)))
    }
}

/// Makes a kustomization for each directory that leads to some files: of the files in it, and of the
/// directories in it, which are kustomizations themselves.
#[must_use]
pub fn kustomizations<'a>(paths: impl IntoIterator<Item = &'a str>) -> Kustomizations {
    let mut directories: BTreeMap<&str, Directory> = BTreeMap::new();
    for path in paths {
        let mut below = path;
        while !below.is_empty() {
            let (parent, name) = below.rsplit_once('/').unwrap_or(("", below));
            let directory = directories.entry(parent).or_default();
            directory.resources.insert(name);
            directory.objects += 1;
            below = parent;
        }
    }
    let mut made = Kustomizations::default();
    for (path, directory) in directories {
        if directory.objects > MOST_OBJECTS {
            made.too_large.insert(path.to_owned(), directory.objects);
        } else {
            let separator = if path.is_empty() { "" } else { "/" };
            made.files
                .insert(format!("{path}{separator}{NAME}"), directory.text());
        }
    }
    made
}

/// What is in a directory.
#[derive(Default)]
struct Directory<'a> {
    /// The names of its files and directories.
    resources: BTreeSet<&'a str>,
    /// How many objects are in it and below.
    objects: usize,
}

impl Directory<'_> {
    fn text(&self) -> String {
        let kustomization = json!({
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": self.resources,
        });
        yaml::document(&kustomization.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_OBJECTS, kustomizations};

    #[test]
    fn every_directory_lists_what_is_in_it() {
        let made = kustomizations(["_cluster/b.yaml", "ai/phi/b.yaml", "ai/phi/a.yaml"]);
        let head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n";
        let expected = [
            ("_cluster/kustomization.yaml", "- b.yaml\n"),
            ("ai/kustomization.yaml", "- phi\n"),
            ("ai/phi/kustomization.yaml", "- a.yaml\n- b.yaml\n"),
            ("kustomization.yaml", "- \"_cluster\"\n- ai\n"),
        ];
        let expected = expected.map(|(path, list)| (path.to_owned(), format!("{head}{list}")));
        assert_eq!(made.files, expected.into());
        assert!(made.too_large.is_empty());
    }

    #[test]
    fn a_directory_with_too_many_objects_has_none_but_those_in_it_have() {
        let paths: Vec<_> = (0..=MOST_OBJECTS)
            .map(|number| format!("ai/w{}/{number}.yaml", number % 2))
            .collect();
        let made = kustomizations(paths.iter().map(String::as_str));
        let files: Vec<_> = made.files.keys().map(String::as_str).collect();
        assert_eq!(
            files,
            ["ai/w0/kustomization.yaml", "ai/w1/kustomization.yaml"]
        );
        let count = MOST_OBJECTS + 1;
        assert_eq!(
            made.too_large,
            [(String::new(), count), ("ai".to_owned(), count)].into()
        );
        let fewer = kustomizations(paths[1..].iter().map(String::as_str));
        assert!(fewer.too_large.is_empty());
        assert!(kustomizations([]).files.is_empty());
    }
}
