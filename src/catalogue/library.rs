//! The presets, templates and schemas that a run works with: those embedded in the binary, and a
//! directory laid over them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use crate::base::sources::FileId;
use crate::input::{FileTree, Kind, Prepared};
use crate::session::Session;

/// Every file under `presets/`, `schemas/` and `templates/`: its path, its text, and what it was
/// parsed to.
const EMBEDDED: &[(&str, &str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Texts by path, such as `presets/0.3/models/falcon-7b.yaml`.
#[derive(Clone, Debug)]
pub struct Library {
    files: BTreeMap<Cow<'static, str>, Text>,
}

/// Why a directory can't be added to a library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// It holds neither presets nor templates.
    #[error("`{}` has neither `presets/` nor `templates/`", .0.display())]
    NoLibrary(PathBuf),
    /// A file of it can't be read.
    #[error("can't read `{}`", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
}

/// One text of a [`Library`].
#[derive(Clone, Debug)]
pub struct Text {
    /// The name that people are shown.
    pub name: Cow<'static, str>,
    /// The whole text of the file.
    pub text: Cow<'static, str>,
    /// Whether somebody else than this project wrote it, so that its schema has to be checked.
    pub foreign: bool,
    /// What it was parsed to when the program was built; nothing of a text that was not.
    prepared: &'static [u8],
}

impl Text {
    pub(super) fn is_prepared(&self) -> bool {
        !self.prepared.is_empty()
    }

    /// The document that it was parsed to when the program was built, with places of a file; none of
    /// a text that was not.
    pub(super) fn prepared(&self, file: FileId) -> Option<Prepared> {
        let Cow::Borrowed(text) = self.text else {
            return None;
        };
        self.is_prepared().then_some(Prepared {
            bytes: self.prepared,
            text,
            file,
        })
    }
}

impl Library {
    /// What the binary carries.
    #[must_use]
    pub fn embedded() -> Self {
        let files = EMBEDDED.iter().map(|(name, text, prepared)| {
            let text = Text {
                name: Cow::Borrowed(name),
                text: Cow::Borrowed(text),
                foreign: false,
                prepared,
            };
            (Cow::Borrowed(*name), text)
        });
        Self {
            files: files.collect(),
        }
    }

    /// Adds the presets and templates of a directory, each in place of the file of the same path.
    ///
    /// # Errors
    ///
    /// If there are none, or one can't be read.
    pub fn add_layer(&mut self, tree: &dyn FileTree, directory: &Path) -> Result<(), LibraryError> {
        let is_directory = |path: &Path| matches!(tree.kind(path), Ok(Kind::Directory));
        let parts: Vec<_> = ["presets", "templates"]
            .into_iter()
            .filter(|part| is_directory(&directory.join(part)))
            .collect();
        if parts.is_empty() {
            return Err(LibraryError::NoLibrary(directory.to_owned()));
        }
        let mut entered = BTreeSet::new();
        parts.into_iter().try_for_each(|part| {
            self.add_directory(tree, &directory.join(part), part, &mut entered)
        })
    }

    /// Adds the YAML files below a directory, whose path in the library is `inside`. Links can lead
    /// there in more ways than there are files, so a directory that was entered is an error.
    fn add_directory(
        &mut self,
        tree: &dyn FileTree,
        directory: &Path,
        inside: &str,
        entered: &mut BTreeSet<PathBuf>,
    ) -> Result<(), LibraryError> {
        let unreadable = |path: &Path, error| LibraryError::Unreadable(path.to_owned(), error);
        if !entered.insert(tree.identity(directory)) {
            let error = "symbolic links lead to this directory in two ways, or in a loop";
            return Err(unreadable(directory, io::Error::other(error)));
        }
        let entries = tree
            .list(directory)
            .map_err(|error| unreadable(directory, error))?;
        for entry in entries {
            let path = directory.join(&entry.name);
            let kind = entry.kind.map_or_else(|| tree.kind(&path), Ok);
            let kind = kind.map_err(|error| unreadable(&path, error))?;
            let inside = format!("{inside}/{}", entry.name.to_string_lossy());
            match kind {
                Kind::Directory => self.add_directory(tree, &path, &inside, entered)?,
                Kind::File | Kind::Special if path.extension().is_some_and(|it| it == "yaml") => {
                    let text = read(tree, &path).map_err(|error| unreadable(&path, error))?;
                    self.add_file(inside, tree.name(&path), text);
                }
                Kind::File | Kind::Special => {}
            }
        }
        Ok(())
    }

    /// Lays a file over the one of the same path, or adds it. `name` is what people are shown.
    pub fn add_file(&mut self, path: String, name: String, text: String) {
        let text = Text {
            name: Cow::Owned(name),
            text: Cow::Owned(text),
            foreign: true,
            prepared: &[],
        };
        self.files.insert(Cow::Owned(path), text);
    }

    /// The text at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Text> {
        self.files.get(path)
    }

    /// A document that was parsed when the program was built; none of another.
    pub(crate) fn prepared(&self, path: &str, session: &mut Session) -> Option<Prepared> {
        let file = self.get(path)?;
        if !file.is_prepared() {
            return None;
        }
        file.prepared(session.sources.add(&*file.name, &*file.text))
    }

    /// The paths of the texts that were parsed when the program was built.
    #[cfg(test)]
    pub(super) fn prepared_files(&self) -> impl Iterator<Item = &str> {
        let files = self.files.iter();
        let prepared = files.filter(|(_, text)| text.is_prepared());
        prepared.map(|(path, _)| &**path)
    }

    /// The names of the YAML files in a directory and in those below it, without their ending, sorted.
    ///
    /// `directory` ends in a slash.
    #[must_use]
    pub fn names(&self, directory: &str) -> Vec<&str> {
        let behind = self
            .files
            .range::<str, _>((Bound::Included(directory), Bound::Unbounded));
        let inside = behind.map_while(|(path, _)| path.strip_prefix(directory));
        let mut names: Vec<_> = inside
            .filter_map(|name| name.strip_suffix(".yaml"))
            .collect();
        names.sort_unstable();
        names
    }

    /// The releases there are, oldest first.
    #[must_use]
    pub fn releases(&self) -> Vec<&str> {
        let directories = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix("presets/")?.strip_suffix("/release.yaml"));
        let mut names: Vec<_> = directories.collect();
        names.sort_by_key(|name| {
            name.split('.')
                .map(|part| part.parse::<u32>().unwrap_or(0))
                .collect::<Vec<_>>()
        });
        names
    }
}

fn read(tree: &dyn FileTree, path: &Path) -> io::Result<String> {
    String::from_utf8(tree.read(path)?).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::Library;

    #[test]
    fn a_laid_file_replaces_the_embedded_one_and_new_ones_are_listed() {
        let mut library = Library::embedded();
        let directory = "presets/0.3/models/";
        let before = library.names(directory).len();
        library.add_file(
            format!("{directory}falcon-7b.yaml"),
            "lib/falcon-7b.yaml".into(),
            "a".into(),
        );
        library.add_file(
            format!("{directory}our-model.yaml"),
            "lib/our-model.yaml".into(),
            "b".into(),
        );
        assert_eq!(library.names(directory).len(), before + 1);
        let text = library.get("presets/0.3/models/falcon-7b.yaml").unwrap();
        assert!(text.foreign && text.text == "a");
        assert!(!library.get("presets/0.3/release.yaml").unwrap().foreign);
    }

    #[test]
    fn releases_are_sorted_by_number() {
        let mut library = Library::embedded();
        library.add_file(
            "presets/0.12/release.yaml".into(),
            String::new(),
            String::new(),
        );
        library.add_file(
            "presets/0.4/release.yaml".into(),
            String::new(),
            String::new(),
        );
        assert_eq!(library.releases(), ["0.3", "0.4", "0.12"]);
    }
}
