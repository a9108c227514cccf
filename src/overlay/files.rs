//! The files that overlays name, read before anything is compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::kustomization;
use crate::base::node::{Data, Node};
use crate::base::sources::{FileId, Sources, Span};
use crate::catalogue::profile::{Profile, is_overlay};
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::input::{self, Document, FileTree, Kind};
use crate::session::Session;
use crate::vocab::limits::INPUT_BYTES;
use crate::workspace;

/// Reads the files that the overlays of a profile name. `directory` is that of the profile in the
/// tree, which no path may leave. What can't be read is reported at the path.
pub fn read_files(profile: &Profile, tree: &dyn FileTree, directory: &Path, session: &mut Session) {
    let Some(overlays) = profile.document.as_ref().and_then(|it| it.get("overlays")) else {
        return;
    };
    let mut files = Files {
        tree,
        root: directory.to_owned(),
        root_name: "the profile's directory",
        read: BTreeMap::new(),
        sources: &mut session.sources,
        diagnostics: &mut session.diagnostics,
    };
    let here = Path::new("");
    for entry in items(overlays) {
        files.read_patches(entry, here);
        if let Some(file) = entry.get("file") {
            files.read_overlay(file, here);
        }
        if let Some(directory) = entry.get("kustomization") {
            files.read_kustomization(directory, here);
        }
    }
}

/// Reads the files that the overlays in an input name, and leaves the documents of these files out
/// of the input: they are parts of overlays. `paths` are those that the input was loaded from.
pub fn read_files_of_input(
    documents: &mut Vec<Document>,
    paths: &[PathBuf],
    tree: &dyn FileTree,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) {
    for Document { node, .. } in documents.iter().filter(|it| is_overlay(&it.node)) {
        let place = sources.place(node.span.file);
        let place = place.and_then(|place| place.strip_prefix(tree.top()).ok());
        let place = place.map(Path::to_owned);
        let roots = paths.iter().map(|path| tree.boundary(path));
        let within = place.and_then(|place| {
            let root = roots.into_iter().find(|root| place.starts_with(root))?;
            let below = place.strip_prefix(&root).ok()?.parent()?.to_owned();
            Some((root, below))
        });
        let Some((root, below)) = within else {
            refuse_paths(node, diagnostics);
            continue;
        };
        let mut files = Files {
            tree,
            root,
            root_name: "the input's directory",
            read: BTreeMap::new(),
            sources,
            diagnostics,
        };
        files.read_patches(node, &below);
    }
    leave_out(documents, sources);
}

/// An overlay that is in no directory has none that a path could begin in.
fn refuse_paths(node: &Node, diagnostics: &mut Diagnostics) {
    for path in paths(node) {
        let message = "a path in an overlay that is in no directory";
        let reporting = diagnostics.add(&rule::OVERLAY_FILE, path.span, message);
        reporting.hint("write the patch itself under `patch`");
    }
}

/// Leaves out the documents of files that overlays name, as far as these are theirs: those of a
/// profile, and for an overlay of the input those in its directory and below.
fn leave_out(documents: &mut Vec<Document>, sources: &Sources) {
    let is_theirs = |(by, file): (FileId, FileId)| {
        let (by, place) = (sources.place(by)?.parent()?, sources.place(file)?);
        place.starts_with(by).then(|| place.to_owned())
    };
    let theirs: BTreeSet<_> = sources.named_files().filter_map(is_theirs).collect();
    if theirs.is_empty() {
        return;
    }
    documents.retain(|Document { node, .. }| {
        let place = sources.place(node.span.file);
        workspace::is_of_kaito(node) || place.is_none_or(|place| !theirs.contains(place))
    });
}

/// What reads files, and where what is wrong with them goes.
struct Files<'a> {
    tree: &'a dyn FileTree,
    /// The directory that no path may leave.
    root: PathBuf,
    /// What people call it.
    root_name: &'static str,
    /// The files that were read, by their paths without links: each is read once.
    read: BTreeMap<PathBuf, FileId>,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
}

impl Files<'_> {
    /// Reads the files of the patches of an overlay. `below` is the directory of the file that it is
    /// in, from the root.
    fn read_patches(&mut self, overlay: &Node, below: &Path) {
        for path in paths(overlay) {
            self.read_named(path, below);
        }
    }

    /// Reads an overlay in a file of its own, and what it names.
    fn read_overlay(&mut self, path: &Node, below: &Path) {
        let Some((file, place)) = self.read_named(path, below) else {
            return;
        };
        // What is wrong with it is reported when it is used.
        let documents = input::parse(self.sources, file, &mut Diagnostics::default());
        for document in &documents {
            self.read_patches(document, place.parent().unwrap_or(below));
        }
    }

    /// Reads a kustomization with its components, and the files that these name. Each is read once, so
    /// that this ends where components name each other.
    fn read_kustomization(&mut self, path: &Node, below: &Path) {
        let mut waiting = vec![(path.clone(), below.to_owned())];
        while let Some((path, below)) = waiting.pop() {
            let count = self.read.len();
            let Some((file, place)) = self.read_directory(&path, &below) else {
                continue;
            };
            if self.read.len() == count {
                continue;
            }
            let here = place.parent().unwrap_or(&below);
            let documents = input::parse(self.sources, file, &mut Diagnostics::default());
            for document in &documents {
                for patch in kustomization::paths(document) {
                    self.read_named(patch, here);
                }
                let components = document.get("components").map_or(&[][..], items);
                let components = components.iter().rev();
                waiting.extend(components.map(|it| (it.clone(), here.to_owned())));
            }
        }
    }

    /// Reads the file that makes a directory a kustomization.
    fn read_directory(&mut self, path: &Node, below: &Path) -> Option<(FileId, PathBuf)> {
        let text = path.as_str()?;
        let names = input::KUSTOMIZATION_FILES.iter();
        let within = names.filter_map(|name| inside(&below.join(text).join(name)));
        let within: Vec<_> = within.collect();
        let found = within.iter().find(|it| self.is_file(&self.root.join(it)));
        if let Some(found) = found {
            let read = self.read(&self.root.join(found), path.span)?;
            self.sources.name_file(path.span.file, text, read);
            return Some((read, found.clone()));
        }
        let text = text.escape_debug();
        let (message, hint) = if within.is_empty() {
            let message = format!("`{text}` leads out of {}", self.root_name);
            (message, "put the directory into that one or below it")
        } else {
            let message = format!("there is no kustomization in `{text}`");
            let hint = "write the path of a directory that has a `kustomization.yaml`";
            (message, hint)
        };
        let reporting = self
            .diagnostics
            .add(&rule::OVERLAY_FILE, path.span, message);
        reporting.hint(hint);
        None
    }

    fn is_file(&self, file: &Path) -> bool {
        !self.tree.is_stream(file)
            && input::stays_inside(self.tree, file)
            && matches!(self.tree.kind(file), Ok(Kind::File))
    }

    /// Reads the file of a path. Gives its place from the root, too.
    fn read_named(&mut self, path: &Node, below: &Path) -> Option<(FileId, PathBuf)> {
        let text = path.as_str()?;
        let found = inside(&below.join(text)).ok_or_else(|| {
            let message = format!("`{}` leads out of {}", text.escape_debug(), self.root_name);
            (message, "put the file into that directory or below it")
        });
        let found = found.and_then(|inside| {
            let file = self.root.join(&inside);
            let message = || format!("there is no file `{}`", text.escape_debug());
            let hint = "write its path from the directory of this file";
            self.is_file(&file)
                .then_some((file, inside))
                .ok_or_else(|| (message(), hint))
        });
        match found {
            Ok((file, inside)) => {
                let read = self.read(&file, path.span)?;
                self.sources.name_file(path.span.file, text, read);
                Some((read, inside))
            }
            Err((message, hint)) => {
                let reporting = self
                    .diagnostics
                    .add(&rule::OVERLAY_FILE, path.span, message);
                reporting.hint(hint);
                None
            }
        }
    }

    /// Reads a file that is named at a place.
    fn read(&mut self, file: &Path, named_at: Span) -> Option<FileId> {
        let identity = self.tree.identity(file);
        if let Some(read) = self.read.get(&identity) {
            return Some(*read);
        }
        if self.sources.bytes_read() > INPUT_BYTES {
            let message = format!(
                "the files before this one have more than {} MiB in all, and no more is read",
                INPUT_BYTES >> 20
            );
            self.diagnostics.add(&rule::TOO_LARGE, named_at, message);
            return None;
        }
        let mut found = Diagnostics::default();
        let read = input::read_found(self.tree, file, self.sources, &mut found);
        let label = |found: Diagnostic| found.also(named_at, "where it is named");
        self.diagnostics.extend(found.into_iter().map(label));
        self.read.insert(identity, read?);
        read
    }
}

/// The items of a list; none of what is no list.
fn items(node: &Node) -> &[Node] {
    match &node.data {
        Data::List(items) => items,
        _ => &[],
    }
}

/// The paths in an overlay.
fn paths(overlay: &Node) -> impl Iterator<Item = &Node> {
    let patches = overlay.get("patches").map_or(&[][..], items);
    patches.iter().filter_map(|patch| patch.get("path"))
}

/// A path that leads to something below a directory, without `.` and `..`, and not to what Git
/// keeps there: its configuration can hold passwords.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for step in path.components() {
        match step {
            Component::Normal(step) if is_of_git(step) => return None,
            Component::Normal(step) => inside.push(step),
            Component::CurDir => {}
            Component::ParentDir if inside.pop() => {}
            _ => return None,
        }
    }
    (inside != Path::new("")).then_some(inside)
}

fn is_of_git(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case(".git")
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::inside;

    #[test]
    fn paths_stay_in_their_directory() {
        for (path, expected) in [
            ("a/b.yaml", Some("a/b.yaml")),
            ("./a/../b.yaml", Some("b.yaml")),
            ("../b.yaml", None),
            ("a/../../b.yaml", None),
            ("/etc/b.yaml", None),
            (".git/config", None),
            ("a/.GIT/config", None),
            (".", None),
            ("", None),
        ] {
            let found = inside(Path::new(path));
            assert_eq!(found, expected.map(PathBuf::from), "{path}");
        }
    }
}
