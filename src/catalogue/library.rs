//! The presets, templates and schemas that a run works with: those embedded in the binary, and a
//! directory laid over them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Every file under `presets/`, `schemas/` and `templates/`, by its path.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Texts by path, such as `presets/0.3/models/falcon-7b.yaml`.
#[derive(Clone, Debug)]
pub struct Library {
    files: BTreeMap<Cow<'static, str>, Text>,
}

/// One text of a [`Library`].
#[derive(Clone, Debug)]
pub struct Text {
    /// The name that people are shown.
    pub name: Cow<'static, str>,
    /// The text itself.
    pub text: Cow<'static, str>,
    /// Whether somebody else than this project wrote it, so that its schema has to be checked.
    pub foreign: bool,
}

impl Library {
    /// What the binary carries.
    #[must_use]
    pub fn embedded() -> Self {
        let embedded = |text: &'static str, name: &'static str| Text {
            name: Cow::Borrowed(name),
            text: Cow::Borrowed(text),
            foreign: false,
        };
        let files = EMBEDDED
            .iter()
            .map(|(name, text)| (Cow::Borrowed(*name), embedded(text, name)));
        Self {
            files: files.collect(),
        }
    }

    /// Lays a file over the one of the same path, or adds it. `name` is what people are shown.
    pub fn lay(&mut self, path: String, name: String, text: String) {
        let text = Text {
            name: Cow::Owned(name),
            text: Cow::Owned(text),
            foreign: true,
        };
        self.files.insert(Cow::Owned(path), text);
    }

    /// The text at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Text> {
        self.files.get(path)
    }

    /// The names of the YAML files in a folder and in those below it, without their ending, sorted.
    ///
    /// `folder` ends in a slash.
    #[must_use]
    pub fn names(&self, folder: &str) -> Vec<&str> {
        let behind = self
            .files
            .range::<str, _>((Bound::Included(folder), Bound::Unbounded));
        let inside = behind.map_while(|(path, _)| path.strip_prefix(folder));
        let mut names: Vec<_> = inside
            .filter_map(|name| name.strip_suffix(".yaml"))
            .collect();
        names.sort_unstable();
        names
    }

    /// The releases there are, oldest first.
    #[must_use]
    pub fn releases(&self) -> Vec<&str> {
        let folders = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix("presets/")?.strip_suffix("/release.yaml"));
        let mut names: Vec<_> = folders.collect();
        names.sort_by_key(|name| {
            name.split('.')
                .map(|part| part.parse::<u32>().unwrap_or(0))
                .collect::<Vec<_>>()
        });
        names
    }
}

#[cfg(test)]
mod tests {
    use super::Library;

    #[test]
    fn a_laid_file_replaces_the_embedded_one_and_new_ones_are_listed() {
        let mut library = Library::embedded();
        let folder = "presets/0.3/models/";
        let before = library.names(folder).len();
        library.lay(
            format!("{folder}falcon-7b.yaml"),
            "lib/falcon-7b.yaml".into(),
            "a".into(),
        );
        library.lay(
            format!("{folder}our-model.yaml"),
            "lib/our-model.yaml".into(),
            "b".into(),
        );
        assert_eq!(library.names(folder).len(), before + 1);
        let text = library.get("presets/0.3/models/falcon-7b.yaml").unwrap();
        assert!(text.foreign && text.text == "a");
        assert!(!library.get("presets/0.3/release.yaml").unwrap().foreign);
    }

    #[test]
    fn releases_are_sorted_by_number() {
        let mut library = Library::embedded();
        library.lay(
            "presets/0.12/release.yaml".into(),
            String::new(),
            String::new(),
        );
        library.lay(
            "presets/0.4/release.yaml".into(),
            String::new(),
            String::new(),
        );
        assert_eq!(library.releases(), ["0.3", "0.4", "0.12"]);
    }
}
