//! Where files are read from: a directory on disk, a revision of Git, or memory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// A tree of files.
///
/// [`load`](super::load) walks every tree by the same rules. What a path means is the tree's own
/// business; two paths of one tree are joined by [`Path::join`].
pub trait FileTree {
    /// What a path leads to, through symbolic links.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] if it leads nowhere.
    fn kind(&self, path: &Path) -> io::Result<Kind>;

    /// The entries of a directory, sorted by name.
    ///
    /// # Errors
    ///
    /// If the directory can't be read.
    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>>;

    /// The bytes of a file, but no more than one above [`MAX_FILE`](super::MAX_FILE).
    ///
    /// # Errors
    ///
    /// If the file can't be read.
    fn read(&self, file: &Path) -> io::Result<Vec<u8>>;

    /// The name that Git gives to the content of a file, where the tree knows it without reading.
    fn content_name(&self, file: &Path) -> Option<String> {
        let _ = file;
        None
    }

    /// The same path without symbolic links: two paths lead to the same file or directory if these
    /// are equal.
    fn identity(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    /// Whether a path ends in a symbolic link, wherever that leads.
    fn is_link(&self, path: &Path) -> bool {
        let _ = path;
        false
    }

    /// Whether a path is no file but a stream, such as standard input.
    fn is_stream(&self, path: &Path) -> bool {
        let _ = path;
        false
    }

    /// Where a file leads that Git wrote in the place of a symbolic link, as it does where
    /// `core.symlinks` is off: the path that is all of its text. None for any other file, and in a
    /// tree that has links wherever Git does.
    fn link_text(&self, file: &Path) -> Option<PathBuf> {
        let _ = file;
        None
    }

    /// The directory that no link may leave on the way from a path that was named, as an
    /// [`identity`](Self::identity): the root of the repository that the path is in, otherwise the
    /// directory that it is or is in.
    fn boundary(&self, path: &Path) -> PathBuf {
        let _ = path;
        PathBuf::new()
    }

    /// The directory that its paths begin in; empty if they are those of the machine, or it lies
    /// nowhere.
    fn top(&self) -> &Path {
        Path::new("")
    }

    /// The name of a file in diagnostics.
    fn name(&self, path: &Path) -> String {
        path.display().to_string()
    }

    /// Where on the disk a file lies; none if it does not lie there. `place` is its directory
    /// without symbolic links, and its name there.
    fn location(&self, path: &Path, place: &Path) -> Option<PathBuf> {
        let _ = (path, place);
        None
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, or a stream that is named as one, such as standard input.
    File,
    /// A directory, whose entries can be listed.
    Directory,
    /// Anything else, such as a device or a named pipe. It is never read.
    Special,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the directory.
    pub name: OsString,
    /// What it is; none for a symbolic link, which [`FileTree::kind`] follows.
    pub kind: Option<Kind>,
}

/// Files in memory, by their paths with slashes: the tree of tests and of programs without a disk.
///
/// ```
/// use kaito_render::base::sources::Sources;
/// use kaito_render::diagnostic::Diagnostics;
/// use kaito_render::input::{self, DocumentFilter, MemoryTree};
///
/// let workspace = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: phi-4}\n";
/// let tree = MemoryTree::new([("team-a/phi-4.yaml", workspace), ("team-a/notes.txt", "hello")]);
/// let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
/// let paths = ["team-a".into()];
/// let filter = DocumentFilter::Input;
/// let documents = input::load(&tree, &paths, filter, &mut sources, &mut diagnostics)?;
/// assert_eq!(documents.len(), 1);
/// # Ok::<(), input::LoadError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl MemoryTree {
    /// A tree of these files.
    pub fn new<P: Into<PathBuf>, B: Into<Vec<u8>>>(
        files: impl IntoIterator<Item = (P, B)>,
    ) -> Self {
        let files = files.into_iter();
        Self {
            files: files
                .map(|(path, bytes)| (path.into(), bytes.into()))
                .collect(),
        }
    }
}

impl FileTree for MemoryTree {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        kind_among(&self.files, path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        Ok(list_among(&self.files, directory))
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.files.get(file);
        bytes.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// [`FileTree::kind`] of a tree that knows all of its files by path. The root is an empty path.
///
/// # Errors
///
/// [`io::ErrorKind::NotFound`] if the path is neither that of a file nor of a directory with one.
pub fn kind_among<T>(files: &BTreeMap<PathBuf, T>, path: &Path) -> io::Result<Kind> {
    if files.contains_key(path) {
        return Ok(Kind::File);
    }
    // Paths are ordered by their steps, so what is below one stands right behind it.
    let next = files
        .range::<Path, _>((Bound::Included(path), Bound::Unbounded))
        .next();
    match next {
        Some((next, _)) if next.starts_with(path) => Ok(Kind::Directory),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

/// [`FileTree::list`] of a tree that knows all of its files by path.
#[must_use]
pub fn list_among<T>(files: &BTreeMap<PathBuf, T>, directory: &Path) -> Vec<Entry> {
    let below = files.range::<Path, _>((Bound::Included(directory), Bound::Unbounded));
    let steps = below.map_while(|(path, _)| Some(path.strip_prefix(directory).ok()?.components()));
    let mut entries = Vec::<Entry>::new();
    for mut steps in steps {
        let Some(name) = steps.next().map(|step| step.as_os_str().to_owned()) else {
            continue;
        };
        let is_file = steps.next().is_none();
        if entries.last().is_none_or(|last| last.name != name) {
            let kind = Some(if is_file { Kind::File } else { Kind::Directory });
            entries.push(Entry { name, kind });
        }
    }
    entries
}
