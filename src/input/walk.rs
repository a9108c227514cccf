//! The one walk through a tree of files: which of them are input.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::index::{self, INDEX_FILE, Listed};
use super::links::{self, Boundary};
use super::tally::Tally;
use super::tree::{Entry, FileTree, Kind};
use crate::base::sources::{Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics, rule};

/// The file by which a directory is known to hold a Helm chart, and the directory beside it whose
/// files are no YAML yet.
const CHART: &str = "Chart.yaml";
const TEMPLATES: &str = "templates";

/// The directory of a repository's own files.
const GIT: &str = ".git";

/// How the names of input files end.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Which documents are kept of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFilter {
    /// What can be compiled.
    Input,
    /// The same, and of Markdown and scripts that are named the YAML in them.
    Blocks,
    /// Every document: a file that can't be read is an error, and so is what another program has
    /// to render first.
    Delivery,
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
    /// What it is taken for.
    pub(super) standing: Standing,
}

/// What a file is taken for by where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Input: nothing says that it is something else.
    Input,
    /// Output, if it still has one of these fingerprints.
    Output(String),
    /// A template of a Helm chart.
    Template,
    /// A file with a name that hides it.
    Hidden,
}

/// What a walk came to.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The files, each once, in order: first what is there without links.
    pub(super) files: Vec<Found>,
    /// What was not visited, or not taken for input.
    pub(super) tally: Tally,
}

/// The files that paths lead to.
pub(super) fn files(
    tree: &dyn FileTree,
    paths: &[PathBuf],
    filter: DocumentFilter,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Walked {
    let mut walk = Walk {
        tree,
        filter,
        walked: Walked::default(),
        seen: BTreeMap::new(),
        entered: BTreeMap::new(),
        links: VecDeque::new(),
        texts: Vec::new(),
        sources,
        diagnostics,
    };
    for path in paths {
        walk.named(path);
    }
    while let Some(link) = walk.links.pop_front() {
        walk.link(link);
    }
    walk.links_as_text();
    walk.walked
}

struct Walk<'a> {
    tree: &'a dyn FileTree,
    filter: DocumentFilter,
    walked: Walked,
    /// The index of each file by its identity.
    seen: BTreeMap<PathBuf, usize>,
    /// The identities of the directories that were entered, and whether only a link led there. Each
    /// is entered once that way and once the other, however many links there are.
    entered: BTreeMap<PathBuf, bool>,
    /// The links that were found. They are followed when all else was visited, so that what is
    /// there without them has its own path.
    links: VecDeque<Link>,
    /// The files that Git may have written in the place of links to directories, with the
    /// identities of these.
    texts: Vec<(PathBuf, PathBuf)>,
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
#[derive(Clone)]
struct Way {
    boundary: Rc<Boundary>,
    linked: bool,
    is_template: bool,
    output: Option<Rc<Output>>,
}

impl Way {
    fn new(boundary: Rc<Boundary>, linked: bool) -> Self {
        Self {
            boundary,
            linked,
            is_template: false,
            output: None,
        }
    }

    /// What a file is taken for to which this leads.
    fn standing(&self, place: &Path) -> Standing {
        if self.is_template {
            return Standing::Template;
        }
        let listed = self.output.as_ref().and_then(|output| output.get(place));
        match listed {
            Some(fingerprints) => Standing::Output(fingerprints.to_owned()),
            None if place.file_name().is_some_and(is_hidden) => Standing::Hidden,
            None => Standing::Input,
        }
    }
}

/// A directory with an index of output.
struct Output {
    root: PathBuf,
    listed: Listed,
}

impl Output {
    fn get(&self, place: &Path) -> Option<&str> {
        let below = place.strip_prefix(&self.root).ok()?;
        let steps: Option<Vec<_>> = below.iter().map(OsStr::to_str).collect();
        self.listed.get(&steps?.join("/")).map(String::as_str)
    }
}

impl Walk<'_> {
    fn named(&mut self, path: &Path) {
        let (identity, boundary) = (self.tree.identity(path), Boundary::of(self.tree, path));
        if !boundary.holds(path, &identity) {
            return self.leads_out(path);
        }
        let way = Way::new(Rc::new(boundary), self.tree.is_link(path));
        if !matches!(self.tree.kind(path), Ok(Kind::Directory)) {
            let found = Found {
                path: path.to_owned(),
                place: place(self.tree, path),
                named: true,
                linked: way.linked,
                standing: Standing::Input,
            };
            return self.add(found, identity);
        }
        self.walked.tally.searched += 1;
        let entries = self.entries(path);
        let output = output(self.tree, path, &identity, &entries);
        // Output is no input even where it is named: its Workspaces are rendered already. Only
        // `diff` compares it.
        if output.is_some()
            && matches!(
                self.filter,
                DocumentFilter::Input | DocumentFilter::Delivery
            )
        {
            self.is_output(path);
        }
        let is_wanted = self.filter == DocumentFilter::Everything;
        let way = Way {
            output: output.filter(|_| !is_wanted),
            ..way
        };
        self.directory(path, identity, entries, &way);
    }

    fn directory(&mut self, path: &Path, identity: PathBuf, entries: Vec<Entry>, way: &Way) {
        match self.entered.get(&identity) {
            Some(was_linked) if way.linked || !was_linked => return,
            _ => {}
        }
        let is_chart = entries.iter().any(|entry| entry.name == CHART);
        for entry in entries {
            let (path, place) = (path.join(&entry.name), identity.join(&entry.name));
            let is_templates = is_chart && entry.name == TEMPLATES;
            match entry.kind {
                // Git never checks a `.git` out, so no input can be in one.
                Some(Kind::Directory) if entry.name == GIT => {}
                Some(Kind::Directory) if is_hidden(&entry.name) => {
                    self.walked.tally.hidden_directories += 1;
                }
                Some(Kind::Directory) if is_templates => {
                    let is_template = true;
                    self.walked.tally.charts += 1;
                    self.chart(path.parent().unwrap_or(&path));
                    let way = Way {
                        is_template,
                        ..way.clone()
                    };
                    self.below(&path, place, &way);
                }
                Some(Kind::Directory) => self.below(&path, place, way),
                Some(_) => self.file(path, place.clone(), place, way),
                None if is_hidden(&entry.name) => self.walked.tally.hidden += 1,
                None if way.is_template => {}
                None => self.links.push_back(Link {
                    path,
                    place,
                    boundary: Rc::clone(&way.boundary),
                }),
            }
        }
        self.entered.insert(identity, way.linked);
    }

    /// Goes on into a directory that was found.
    fn below(&mut self, path: &Path, identity: PathBuf, way: &Way) {
        let entries = self.entries(path);
        match output(self.tree, path, &identity, &entries) {
            Some(output) => {
                let output = Some(output);
                let way = Way {
                    output,
                    ..way.clone()
                };
                self.directory(path, identity, entries, &way);
            }
            None => self.directory(path, identity, entries, way),
        }
    }

    fn file(&mut self, path: PathBuf, place: PathBuf, identity: PathBuf, way: &Way) {
        if path.file_name().is_some_and(|name| name == INDEX_FILE) {
            return;
        }
        if !is_named_like_input(&path) {
            self.texts
                .extend(self.directory_of_text(&path).map(|to| (path, to)));
            return;
        }
        let found = Found {
            path,
            named: false,
            linked: way.linked,
            standing: way.standing(&place),
            place,
        };
        self.add(found, identity);
    }

    fn entries(&mut self, directory: &Path) -> Vec<Entry> {
        self.tree.list(directory).unwrap_or_else(|error| {
            self.unreadable(directory, &error);
            Vec::new()
        })
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
        let way = Way::new(boundary, true);
        match kind {
            Ok(Kind::Directory) if self.is_templates(&identity) => {}
            Ok(Kind::Directory) => self.below(&path, identity, &way),
            Ok(_) => self.file(path, place, identity, &way),
            Err(error) if is_missing(&error) && !is_wanted => self.leads_nowhere(&path),
            Err(error) => self.unreadable(&path, &error),
        }
    }

    /// The directory to which a file leads that Git wrote in the place of a link. As for links that
    /// lead nowhere, what has an ending is not taken for one.
    fn directory_of_text(&self, path: &Path) -> Option<PathBuf> {
        let name = path.file_name()?;
        if is_hidden(name) || path.extension().is_some() {
            return None;
        }
        let target = path.parent()?.join(self.tree.link_text(path)?);
        let is_directory = matches!(self.tree.kind(&target), Ok(Kind::Directory));
        is_directory.then(|| self.tree.identity(&target))
    }

    /// Warns of files that Git wrote in the place of links to directories which were not visited.
    fn links_as_text(&mut self) {
        for (path, directory) in std::mem::take(&mut self.texts) {
            if self.entered.contains_key(&directory) {
                continue;
            }
            let message = "this file holds the path of a directory, which is not read: Git writes such \
                           a file instead of a symbolic link where `core.symlinks` is off";
            let place = self.place(&path);
            self.diagnostics.report(
                Diagnostic::new(&rule::PASSED_OVER, place, message)
                    .hint("name the directory, too, if its Workspaces are input"),
            );
        }
    }

    /// Whether a directory holds the templates of a Helm chart.
    fn is_templates(&self, identity: &Path) -> bool {
        let chart = identity.with_file_name(CHART);
        identity.ends_with(TEMPLATES) && self.tree.kind(&chart).is_ok()
    }

    fn add(&mut self, found: Found, identity: PathBuf) {
        if let Some(index) = self.seen.get(&identity) {
            let seen = &mut self.walked.files[*index];
            let named = seen.named || found.named;
            if seen.linked && !found.linked {
                *seen = found;
            }
            seen.named = named;
            if named {
                seen.standing = Standing::Input;
            }
            return;
        }
        self.seen.insert(identity, self.walked.files.len());
        self.walked.files.push(found);
    }

    /// Reports a Helm chart where every file is to be handed on.
    fn chart(&mut self, directory: &Path) {
        if self.filter != DocumentFilter::Delivery {
            return;
        }
        let name = self.tree.name(directory);
        let place = self.place(&directory.join(CHART));
        self.diagnostics.report(
            Diagnostic::new(&rule::RENDER_FIRST, place, "the templates of a Helm chart are no objects yet")
                .hint(format!("run `helm template {name} | kaito-render render -`, or name the chart in `exclude` of the profile")),
        );
    }

    /// Says of a directory that was named that it holds output.
    fn is_output(&mut self, path: &Path) {
        let message = "the files that `kaito-render` wrote in this directory are passed over";
        let place = self.place(path);
        self.diagnostics.report(
            Diagnostic::new(&rule::EMPTY_DIRECTORY, place, message)
                .hint("name the directory of the sources, or single files"),
        );
    }

    /// Warns of a link to nothing that may have been meant to lead to a directory: what has an ending
    /// is the name of a file that would not have been read.
    fn leads_nowhere(&mut self, path: &Path) {
        if path.extension().is_some() {
            return;
        }
        let message = "a symbolic link that leads nowhere: if it is meant to lead to a directory, that \
                       one is missing";
        let place = self.place(path);
        self.diagnostics.report(
            Diagnostic::new(&rule::PASSED_OVER, place, message).hint("mend the link, or remove it"),
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

/// The index of output that a directory has.
fn output(
    tree: &dyn FileTree,
    directory: &Path,
    identity: &Path,
    entries: &[Entry],
) -> Option<Rc<Output>> {
    let is_index = |entry: &Entry| entry.name == INDEX_FILE && entry.kind == Some(Kind::File);
    if !entries.iter().any(is_index) {
        return None;
    }
    let index = tree.read(&directory.join(INDEX_FILE)).ok()?;
    let listed = index::listed(&String::from_utf8_lossy(&index));
    let root = identity.to_owned();
    (!listed.is_empty()).then(|| Rc::new(Output { root, listed }))
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
