//! A tree of files that has a root: what is excluded is not in it, and no link leads out of it.

use std::io;
use std::path::{Path, PathBuf};

use super::Excluded;
use crate::input::{Entry, FileTree, Kind};

/// A tree below a root.
pub struct RootedTree<'a> {
    /// The tree with all files.
    pub tree: &'a dyn FileTree,
    /// The directory that no link may leave, without symbolic links; none if only the tree knows.
    pub root: Option<PathBuf>,
    /// What is not listed.
    pub excluded: Excluded,
}

impl<'a> RootedTree<'a> {
    /// A tree whose root only it knows, and of which nothing is excluded.
    #[must_use]
    pub fn of(tree: &'a dyn FileTree) -> Self {
        Self {
            tree,
            root: None,
            excluded: Excluded::default(),
        }
    }
}

impl FileTree for RootedTree<'_> {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        self.tree.kind(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = self.tree.list(directory)?;
        if !self.excluded.is_empty() {
            let place = self.tree.identity(directory);
            entries.retain(|entry| !self.excluded.has(&place.join(&entry.name)));
        }
        Ok(entries)
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        self.tree.read(file)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        self.tree.identity(path)
    }

    fn is_link(&self, path: &Path) -> bool {
        self.tree.is_link(path)
    }

    fn is_stream(&self, path: &Path) -> bool {
        self.tree.is_stream(path)
    }

    fn link_text(&self, file: &Path) -> Option<PathBuf> {
        self.tree.link_text(file)
    }

    fn boundary(&self, path: &Path) -> PathBuf {
        match &self.root {
            // What lies nowhere, such as standard input, has no links either.
            Some(root) if self.tree.location(path, path).is_some() => root.clone(),
            _ => self.tree.boundary(path),
        }
    }

    fn top(&self) -> &Path {
        self.tree.top()
    }

    fn name(&self, path: &Path) -> String {
        self.tree.name(path)
    }

    fn location(&self, path: &Path, place: &Path) -> Option<PathBuf> {
        self.tree.location(path, place)
    }
}
