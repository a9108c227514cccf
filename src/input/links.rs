//! Which symbolic links are followed: those that stay in the repository they lie in.
//!
//! What a repository holds is written by others, and a link is a path that they chose. One that
//! leads out of it would show files of this machine or of other tenants, and compile them.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::tree::FileTree;
use crate::base::sources::{Sources, Span};
use crate::diagnostic::{Diagnostic, rule};

/// The directory in which the links on the way from a named path have to stay.
#[derive(Clone, Debug)]
pub(super) struct Boundary(PathBuf);

impl Boundary {
    /// That of a path that was named.
    pub(super) fn of(tree: &dyn FileTree, path: &Path) -> Self {
        Self(tree.boundary(path))
    }

    /// Whether a path stays in it that has this identity.
    pub(super) fn holds(&self, path: &Path, identity: &Path) -> bool {
        // What leads to nothing leads to itself.
        path == identity || is_inside(identity, &self.0)
    }
}

/// Whether the links on the way from a named path stay in the repository that they lie in, or in
/// the directory if there is none.
#[must_use]
pub fn stays_inside(tree: &dyn FileTree, path: &Path) -> bool {
    Boundary::of(tree, path).holds(path, &tree.identity(path))
}

/// Whether a path without links leads into a directory without links, and not to the files that Git
/// keeps there: its configuration can hold passwords.
pub(super) fn is_inside(path: &Path, directory: &Path) -> bool {
    let is_plain = |step| matches!(step, Component::Normal(name) if !is_of_git(name));
    let below = path.strip_prefix(directory);
    below.is_ok_and(|below| below.components().all(is_plain))
}

fn is_of_git(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case(".git")
}

/// Reports a path that leads out of its boundary.
pub(super) fn leads_out(tree: &dyn FileTree, path: &Path, sources: &mut Sources) -> Diagnostic {
    let place = Span::whole(sources.add(tree.name(path), ""));
    let message = "a symbolic link that leads out of the repository, or out of the directory if \
                   there is no repository";
    Diagnostic::new(&rule::LEADS_OUT, place, message)
        .hint("put the file or directory itself in the place of the link")
}
