//! Says what writing would do, and writes nothing: it finds it as [`super::disk`] does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::comparison::{Comparison, Target, read_index, refuse_linked_directory, target};
use super::disk::lock;
use super::present::Present;
use super::write_error::WriteError;
use super::{Content, INDEX_FILE};

/// What writing would do to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is not there, and would be written.
    New,
    /// It has another text, and would be written.
    Changed,
    /// It is no longer wanted, and would be removed.
    Removed,
}

impl Action {
    /// The word for what would happen to the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// How output differs from what would be written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// The files that writing would touch, by their paths, the index among them. Nothing differs if
    /// there are none.
    pub files: BTreeMap<PathBuf, Action>,
    /// Files below the directory that were no longer wanted, but have another text than was written to
    /// them. Writing would leave them as they are.
    pub kept: Vec<String>,
}

/// What [`super::disk::write_file`] would do.
///
/// # Errors
///
/// As [`super::disk::write_file`], and if the path is that of a device or pipe, which can't be
/// compared.
pub fn check_file(path: &Path, text: &(impl Content + ?Sized)) -> Result<Differences, WriteError> {
    let action = match target(path, text)? {
        Target::Nothing => Some(Action::New),
        Target::File { has_text: true, .. } => None,
        Target::File { .. } => Some(Action::Changed),
        Target::Device => {
            let path = path.to_path_buf();
            return Err(WriteError::Device { path });
        }
    };
    Ok(Differences {
        files: action
            .map(|it| (path.to_path_buf(), it))
            .into_iter()
            .collect(),
        kept: Vec::new(),
    })
}

/// What [`super::disk::write_directory`] would do. It waits for runs that write into the directory.
///
/// # Errors
///
/// As [`super::disk::write_directory`].
pub fn check_directory<T: Content>(
    root: &Path,
    files: &BTreeMap<&str, T>,
) -> Result<Differences, WriteError> {
    refuse_linked_directory(root)?;
    let _lock = lock(root);
    let mut present = Present::new(root);
    let listed = read_index(root, &mut present)?;
    let todo = Comparison::new(root, files, &listed, &mut present)?;

    let all = |paths: &[&str], action| paths.iter().map(|path| (root.join(path), action)).collect();
    let mut files: BTreeMap<_, _> = all(&todo.new, Action::New);
    files.append(&mut all(&todo.changed, Action::Changed));
    files.append(&mut all(&todo.removed, Action::Removed));
    files.extend(
        todo.leftovers
            .into_iter()
            .map(|path| (path, Action::Removed)),
    );
    if !todo.has_index {
        files.insert(root.join(INDEX_FILE), Action::New);
    } else if listed != todo.wanted {
        files.insert(root.join(INDEX_FILE), Action::Changed);
    }
    Ok(Differences {
        files,
        kept: todo.kept.into_iter().map(str::to_owned).collect(),
    })
}
