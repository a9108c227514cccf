//! What stands where the files of an output directory belong.
//!
//! Each directory is listed once, which costs less than to look at each file on its own.
#![expect(
    clippy::disallowed_methods,
    reason = "all looking at output is done here, in `has_text` and in `comparison`"
)]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::write_error::{WriteError, cant};

/// What is found where a file of ours belongs.
pub(super) enum Standing {
    Nothing,
    File,
    /// Something else, at this path: a directory, or a file or link where a directory has to be. Links
    /// are never followed, because they may lead out of the directory.
    Other(PathBuf),
}

/// The directories below a root that were looked at, by their paths below it.
pub(super) struct Present<'a> {
    root: &'a Path,
    directories: BTreeMap<&'a str, Directory>,
}

enum Directory {
    Missing,
    /// Something that is no directory, at this path.
    Other(PathBuf),
    There(Listing),
}

/// The entries of a directory, as far as it can be listed.
type Listing = Option<BTreeMap<OsString, FileType>>;

impl<'a> Present<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        let directories = [("", Directory::There(list(root)))].into();
        Self { root, directories }
    }

    /// What stands at a path below the root.
    pub(super) fn standing(&mut self, path: &'a str) -> Result<Standing, WriteError> {
        let (directory, name) = split(path);
        let at = self.root.join(path);
        Ok(match self.directory(directory)? {
            Directory::Missing => Standing::Nothing,
            Directory::Other(path) => Standing::Other(path.clone()),
            Directory::There(listing) => match kind(&at, name, listing)? {
                None => Standing::Nothing,
                Some(kind) if kind.is_file() => Standing::File,
                Some(_) => Standing::Other(at),
            },
        })
    }

    /// The temporary file beside a path below the root that a killed run left. Its directory has to
    /// have been looked at.
    pub(super) fn leftover(&self, path: &str) -> Option<PathBuf> {
        let leftover = beside(&self.root.join(path));
        let is_there = match self.directories.get(split(path).0) {
            Some(Directory::Missing | Directory::Other(_)) => false,
            Some(Directory::There(Some(listing))) => listing.contains_key(leftover.file_name()?),
            Some(Directory::There(None)) | None => fs::symlink_metadata(&leftover).is_ok(),
        };
        is_there.then_some(leftover)
    }

    fn directory(&mut self, path: &'a str) -> Result<&Directory, WriteError> {
        if !self.directories.contains_key(path) {
            let (parent, name) = split(path);
            let at = self.root.join(path);
            let found = match self.directory(parent)? {
                Directory::Missing => Directory::Missing,
                Directory::Other(path) => Directory::Other(path.clone()),
                Directory::There(listing) => match kind(&at, name, listing)? {
                    None => Directory::Missing,
                    Some(kind) if kind.is_dir() => Directory::There(list(&at)),
                    Some(_) => Directory::Other(at),
                },
            };
            self.directories.insert(path, found);
        }
        Ok(&self.directories[path])
    }
}

/// The temporary file of a target. Its name tells whose it is, and no tool takes it for a manifest.
pub(super) fn beside(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".kaito-render.tmp");
    target.with_file_name(name)
}

/// The directory of a path, empty for the root, and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// What an entry is; none if it is not there. What is not listed is looked at: on some file systems
/// names are equal that are written differently.
fn kind(at: &Path, name: &str, listing: &Listing) -> Result<Option<FileType>, WriteError> {
    let listed = listing
        .as_ref()
        .and_then(|entries| entries.get(OsStr::new(name)));
    if let Some(kind) = listed {
        return Ok(Some(*kind));
    }
    match fs::symlink_metadata(at) {
        Ok(found) => Ok(Some(found.file_type())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cant("find", at)(error)),
    }
}

fn list(directory: &Path) -> Listing {
    let entries = fs::read_dir(directory).ok()?.map(|entry| {
        let entry = entry?;
        Ok((entry.file_name(), entry.file_type()?))
    });
    entries.collect::<io::Result<_>>().ok()
}
