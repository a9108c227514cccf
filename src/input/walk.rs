//! The one walk through a tree of files: which of them are input.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::index::INDEX_FILE;
use super::links::{self, Boundary};
use super::tree::{FileTree, Kind};
use crate::base::sources::{Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics, rule};

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
    /// Whether a symbolic link led to it.
    pub(super) linked: bool,
}

/// The files that paths lead to, each once, in order: first what is there without links.
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
        entered: BTreeMap::new(),
        links: VecDeque::new(),
        sources,
        diagnostics,
    };
    for path in paths {
        walk.named(path, filter);
    }
    while let Some(link) = walk.links.pop_front() {
        walk.link(link);
    }
    walk.files
}

struct Walk<'a> {
    tree: &'a dyn FileTree,
    files: Vec<Found>,
    /// The index of each file by its identity.
    seen: BTreeMap<PathBuf, usize>,
    /// The identities of the directories that were entered, and whether only a link led there. Each
    /// is entered once that way and once the other, however many links there are.
    entered: BTreeMap<PathBuf, bool>,
    /// The links that were found. They are followed when all else was visited, so that what is
    /// there without them has its own path.
    links: VecDeque<Link>,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
}

/// A symbolic link that was found in a directory.
struct Link {
    path: PathBuf,
    place: PathBuf,
    boundary: Rc<Boundary>,
}

/// How a walk came to a directory.
struct Way {
    boundary: Rc<Boundary>,
    linked: bool,
}

impl Walk<'_> {
    fn named(&mut self, path: &Path, filter: DocumentFilter) {
        let (identity, boundary) = (self.tree.identity(path), Boundary::of(self.tree, path));
        if !boundary.holds(path, &identity) {
            return self.leads_out(path);
        }
        let way = Way {
            boundary: Rc::new(boundary),
            linked: self.tree.is_link(path),
        };
        if !matches!(self.tree.kind(path), Ok(Kind::Directory)) {
            let found = Found {
                path: path.to_owned(),
                place: place(self.tree, path),
                named: true,
                linked: way.linked,
            };
            self.add(found, identity);
            return;
        }
        // Output is no input even where it is named: its Workspaces are rendered already. Only
        // `diff` compares it.
        let is_output = self.is_file(&path.join(INDEX_FILE));
        let is_wanted = filter == DocumentFilter::Everything && is_output;
        if is_wanted || self.holds_input(path) {
            self.directory(path, identity, &way);
        } else {
            self.passed_over(path, is_output);
        }
    }

    fn directory(&mut self, path: &Path, identity: PathBuf, way: &Way) {
        match self.entered.get(&identity) {
            Some(was_linked) if way.linked || !was_linked => return,
            _ => {}
        }
        let entries = match self.tree.list(path) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(path, &error),
        };
        for entry in entries.into_iter().filter(|entry| !is_hidden(&entry.name)) {
            let (path, place) = (path.join(&entry.name), identity.join(&entry.name));
            match entry.kind {
                Some(kind) => self.entry(path, place.clone(), place, kind, way),
                None => self.links.push_back(Link {
                    path,
                    place,
                    boundary: Rc::clone(&way.boundary),
                }),
            }
        }
        self.entered.insert(identity, way.linked);
    }

    fn entry(&mut self, path: PathBuf, place: PathBuf, identity: PathBuf, kind: Kind, way: &Way) {
        match kind {
            Kind::Directory if self.holds_input(&path) => self.directory(&path, identity, way),
            Kind::File | Kind::Special if is_named_like_input(&path) => {
                let found = Found {
                    path,
                    place,
                    named: false,
                    linked: way.linked,
                };
                self.add(found, identity);
            }
            _ => {}
        }
    }

    fn link(&mut self, link: Link) {
        let Link {
            path,
            place,
            boundary,
        } = link;
        let (identity, kind) = (self.tree.identity(&path), self.tree.kind(&path));
        let is_directory = matches!(kind, Ok(Kind::Directory));
        let is_wanted = is_directory || is_named_like_input(&path);
        if is_wanted && !boundary.holds(&path, &identity) {
            return self.leads_out(&path);
        }
        if is_directory && place.starts_with(&identity) {
            return self.is_loop(&path);
        }
        let linked = true;
        match kind {
            Ok(kind) => self.entry(path, place, identity, kind, &Way { boundary, linked }),
            // Nothing that would have been read anyway, such as an editor's lock.
            Err(error) if is_missing(&error) && !is_wanted => {}
            Err(error) => self.unreadable(&path, &error),
        }
    }

    fn add(&mut self, found: Found, identity: PathBuf) {
        if let Some(index) = self.seen.get(&identity) {
            let seen = &mut self.files[*index];
            let named = seen.named || found.named;
            if seen.linked && !found.linked {
                *seen = found;
            }
            seen.named = named;
            return;
        }
        self.seen.insert(identity, self.files.len());
        self.files.push(found);
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

    fn leads_out(&mut self, path: &Path) {
        let diagnostic = links::leads_out(self.tree, path, self.sources);
        self.diagnostics.report(diagnostic);
    }

    fn is_loop(&mut self, path: &Path) {
        let message = "a loop: this symbolic link leads back to a directory that it is in";
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

/// Whether a name has an ending of input. Case does not count, nor do blanks behind it: who named
/// the file meant the same.
pub(super) fn is_named_like_input(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).map(str::trim);
    ending.is_some_and(|ending| ENDINGS.iter().any(|it| ending.eq_ignore_ascii_case(it)))
}

/// The nearest file of a name, or link of that name, from a directory upward to another one that
/// holds it.
#[must_use]
pub fn find_between(tree: &dyn FileTree, start: &Path, root: &Path, name: &str) -> Option<PathBuf> {
    let directories = start.ancestors().take_while(|path| path.starts_with(root));
    let mut candidates = directories.map(|directory| directory.join(name));
    candidates.find(|path| match tree.kind(path) {
        Ok(kind) => kind != Kind::Directory,
        Err(_) => tree.is_link(path),
    })
}
