//! The one walk through a tree of files: which of them are input.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::tree::{Entry, FileTree, Kind};
use crate::base::sources::{Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics, rule};

/// The name of the index that a directory of output holds, by which it is known.
pub const INDEX_FILE: &str = ".kaito-render.json";

/// Files by which a directory is known to hold no input: that of a Helm chart and that of our own
/// output.
const MARKS: [&str; 2] = ["Chart.yaml", INDEX_FILE];

/// How the names of input files end.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Which documents are kept of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFilter {
    /// What can be compiled.
    Input,
    /// Every document, and a directory of output too if it is named.
    Everything,
}

/// A file that a walk came to.
#[derive(Debug)]
pub(super) struct Found {
    /// The path that led to it.
    pub(super) path: PathBuf,
    /// Its directory without symbolic links, and its name there.
    pub(super) place: PathBuf,
    /// Whether the path was named, rather than found in a directory.
    pub(super) named: bool,
}

/// The files that paths lead to, each once, in order.
pub(super) fn files(
    tree: &dyn FileTree,
    paths: &[PathBuf],
    filter: DocumentFilter,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<Found> {
    let mut walk = Walk {
        tree,
        files: Vec::new(),
        seen: BTreeMap::new(),
        entered: Vec::new(),
        sources,
        diagnostics,
    };
    for path in paths {
        walk.named(path, filter);
    }
    walk.files
}

struct Walk<'a> {
    tree: &'a dyn FileTree,
    files: Vec<Found>,
    /// The index of each file by its identity.
    seen: BTreeMap<PathBuf, usize>,
    /// The identities of the directories that the walk stands in, from the outermost.
    entered: Vec<PathBuf>,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
}

impl Walk<'_> {
    fn named(&mut self, path: &Path, filter: DocumentFilter) {
        let identity = self.tree.identity(path);
        if !matches!(self.tree.kind(path), Ok(Kind::Directory)) {
            self.add(path.to_owned(), place(self.tree, path), identity, true);
            return;
        }
        let is_output = self.is_file(&path.join(INDEX_FILE));
        let is_wanted = filter == DocumentFilter::Everything && is_output;
        if is_wanted || self.holds_input(path) {
            self.directory(path, &identity);
        } else {
            self.passed_over(path, is_output);
        }
    }

    fn directory(&mut self, path: &Path, identity: &Path) {
        if let Some(index) = self.entered.iter().position(|entered| entered == identity) {
            self.is_loop(path, index);
            return;
        }
        let entries = match self.tree.list(path) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(path, &error),
        };
        self.entered.push(identity.to_owned());
        for entry in entries.into_iter().filter(|entry| !is_hidden(&entry.name)) {
            self.entry(path, identity, &entry);
        }
        self.entered.pop();
    }

    fn entry(&mut self, directory: &Path, identity: &Path, entry: &Entry) {
        let path = directory.join(&entry.name);
        let place = identity.join(&entry.name);
        let (kind, identity) = match entry.kind {
            Some(kind) => (kind, place.clone()),
            None => match self.tree.kind(&path) {
                Ok(kind) => (kind, self.tree.identity(&path)),
                // A link to nothing that would not have been read anyway, such as an editor's lock.
                Err(error) if is_missing(&error) && !is_named_like_input(&entry.name) => return,
                Err(error) => return self.unreadable(&path, &error),
            },
        };
        match kind {
            Kind::Directory if self.holds_input(&path) => self.directory(&path, &identity),
            Kind::File if is_named_like_input(&entry.name) => {
                self.add(path, place, identity, false);
            }
            _ => {}
        }
    }

    fn add(&mut self, path: PathBuf, place: PathBuf, identity: PathBuf, named: bool) {
        if let Some(index) = self.seen.get(&identity) {
            self.files[*index].named |= named;
            return;
        }
        self.seen.insert(identity, self.files.len());
        self.files.push(Found { path, place, named });
    }

    fn holds_input(&self, directory: &Path) -> bool {
        MARKS
            .iter()
            .all(|mark| !self.is_file(&directory.join(mark)))
    }

    fn is_file(&self, path: &Path) -> bool {
        matches!(self.tree.kind(path), Ok(Kind::File))
    }

    /// Reports a directory that was named, but holds no input.
    fn passed_over(&mut self, path: &Path, is_output: bool) {
        let what = if is_output {
            "was written by `kaito-render`"
        } else {
            "holds a Helm chart"
        };
        let message = format!("the directory {what} and is passed over");
        let place = self.place(path);
        self.diagnostics.report(
            Diagnostic::new(&rule::EMPTY_DIRECTORY, place, message)
                .hint("name the directory of the sources, or single files"),
        );
    }

    fn is_loop(&mut self, path: &Path, index: usize) {
        // The link leads to a directory on the way to it: that many steps up.
        let steps = self.entered.len() - index;
        let target = path.ancestors().nth(steps).unwrap_or(Path::new(""));
        let message = format!(
            "a loop: this symbolic link leads back to `{}`",
            target.display()
        );
        let place = self.place(path);
        self.diagnostics.report(
            Diagnostic::new(&rule::UNREADABLE, place, message)
                .hint("remove the link, or name the directories that you mean"),
        );
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let place = self.place(path);
        let message = format!("can't be read: {error}");
        self.diagnostics
            .report(Diagnostic::new(&rule::UNREADABLE, place, message));
    }

    fn place(&mut self, path: &Path) -> Span {
        Span::whole(self.sources.add(self.tree.name(path), ""))
    }
}

/// The directory of a file without symbolic links, and its name there.
pub(super) fn place(tree: &dyn FileTree, path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    match (parent, path.file_name()) {
        (Some(parent), Some(name)) => tree.identity(parent).join(name),
        _ => match tree.identity(Path::new(".")) {
            here if here == Path::new(".") => path.to_owned(),
            here => here.join(path),
        },
    }
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn is_named_like_input(name: &OsStr) -> bool {
    let ending = Path::new(name).extension();
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}

/// The nearest file of a name, from a directory upward to another one that holds it.
#[must_use]
pub fn find_between(tree: &dyn FileTree, start: &Path, root: &Path, name: &str) -> Option<PathBuf> {
    let directories = start.ancestors().take_while(|path| path.starts_with(root));
    let mut candidates = directories.map(|directory| directory.join(name));
    candidates.find(|path| matches!(tree.kind(path), Ok(Kind::File)))
}
