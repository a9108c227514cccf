//! Compares what is there with what is to be written: what is to be done, for [`super::disk`], which
//! does it, and for [`super::check`], which says it.
#![expect(
    clippy::disallowed_methods,
    reason = "all looking at output is done here, in `has_text` and in `present`"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::has_text::has_text;
use super::index::{self, Listed};
use super::present::{Present, Standing};
use super::write_error::{WriteError, cant};
use super::{Content, INDEX_FILE};
use crate::input::{self, Disk, FileTree};

/// What is to be done in a directory so that it holds exactly some files.
pub(super) struct Comparison<'a> {
    /// Files that are not there.
    pub(super) new: Vec<&'a str>,
    /// Files that have another text.
    pub(super) changed: Vec<&'a str>,
    /// Files that are no longer wanted, and have a text that was written to them.
    pub(super) removed: Vec<&'a str>,
    /// Files that are no longer wanted, and are not there.
    pub(super) gone: Vec<&'a str>,
    /// Files that are no longer wanted, but have another text than was written to them.
    pub(super) kept: Vec<&'a str>,
    /// Temporary files that a killed run left.
    pub(super) leftovers: Vec<PathBuf>,
    /// What the index is to list.
    pub(super) wanted: Listed,
    /// Whether there is an index.
    pub(super) has_index: bool,
}

impl<'a> Comparison<'a> {
    /// Compares a directory, whose index is `listed`, with `files`.
    pub(super) fn new<T: Content>(
        root: &Path,
        files: &BTreeMap<&'a str, T>,
        listed: &'a Listed,
        present: &mut Present<'a>,
    ) -> Result<Self, WriteError> {
        let mut comparison = Self {
            new: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
            gone: Vec::new(),
            kept: Vec::new(),
            leftovers: present.leftover(INDEX_FILE).into_iter().collect(),
            wanted: fingerprints(files)?,
            has_index: matches!(present.standing(INDEX_FILE)?, Standing::File),
        };
        comparison.add_wanted(root, files, listed, present)?;
        for (path, fingerprints) in listed {
            comparison.add_listed(root, path, fingerprints, present)?;
        }
        Ok(comparison)
    }

    fn add_wanted<T: Content>(
        &mut self,
        root: &Path,
        files: &BTreeMap<&'a str, T>,
        listed: &Listed,
        present: &mut Present<'a>,
    ) -> Result<(), WriteError> {
        for (path, text) in files {
            let target = root.join(path);
            match present.standing(path)? {
                Standing::Other(path) => return Err(WriteError::Foreign { path }),
                Standing::File if !listed.contains_key(*path) => {
                    return Err(WriteError::Foreign { path: target });
                }
                Standing::File if has_text(&target, text)? => {}
                Standing::File => self.changed.push(path),
                Standing::Nothing => self.new.push(path),
            }
        }
        Ok(())
    }

    fn add_listed(
        &mut self,
        root: &Path,
        path: &'a str,
        fingerprints: &str,
        present: &mut Present<'a>,
    ) -> Result<(), WriteError> {
        let is_there = match present.standing(path)? {
            // It is not ours any more.
            Standing::Other(_) => return Ok(()),
            Standing::File => true,
            Standing::Nothing => false,
        };
        self.leftovers.extend(present.leftover(path));
        if self.wanted.contains_key(path) {
            return Ok(());
        }
        if !is_there {
            self.gone.push(path);
        } else if is_as_written(&root.join(path), fingerprints)? {
            self.removed.push(path);
        } else {
            self.kept.push(path);
        }
        Ok(())
    }
}

fn fingerprints<T: Content>(files: &BTreeMap<&str, T>) -> Result<Listed, WriteError> {
    let fingerprint = |(path, content): (&&str, &T)| {
        let mut text = String::new();
        let read = content.pieces(&mut |piece| {
            text += piece;
            Ok(())
        });
        read.map_err(cant("make", Path::new(path)))?;
        Ok(((*path).to_owned(), index::fingerprint(&text)))
    };
    files.iter().map(fingerprint).collect()
}

/// Whether a file still has a text that this program wrote, or is gone.
pub(super) fn is_as_written(path: &Path, fingerprints: &str) -> Result<bool, WriteError> {
    match fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            Ok(index::is_known(&text, fingerprints))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(cant("read", path)(error)),
    }
}

/// Reads the index of a directory, which is empty if there is none.
pub(super) fn read_index(root: &Path, present: &mut Present) -> Result<Listed, WriteError> {
    let path = root.join(INDEX_FILE);
    match present.standing(INDEX_FILE)? {
        Standing::Nothing => return Ok(Listed::new()),
        Standing::Other(path) => return Err(WriteError::Foreign { path }),
        Standing::File => {}
    }
    let bytes = fs::read(&path).map_err(cant("read", &path))?;
    index::read(&String::from_utf8_lossy(&bytes)).map_err(|error| WriteError::Index { path, error })
}

/// What stands where one text is to be written.
pub(super) enum Target {
    Nothing,
    /// A regular file, at a path without links.
    File {
        path: PathBuf,
        has_text: bool,
    },
    /// A device or a pipe.
    Device,
}

/// Finds what stands where a text is to be written. A link is followed if it stays in its repository,
/// or in its directory if that is in none.
pub(super) fn target(path: &Path, text: &(impl Content + ?Sized)) -> Result<Target, WriteError> {
    refuse_link(path, leads_out(path))?;
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {
            let path = fs::canonicalize(path).map_err(cant("find", path))?;
            let has_text = has_text(&path, text)?;
            Ok(Target::File { path, has_text })
        }
        Ok(_) => Ok(Target::Device),
        Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {
            Ok(Target::Nothing)
        }
        Err(error) => Err(cant("find", path)(error)),
    }
}

/// Fails if a directory for output is a link, or behind one that leads out of its repository.
pub(super) fn refuse_linked_directory(root: &Path) -> Result<(), WriteError> {
    refuse_link(root, Disk.is_link(root) || leads_out(root))
}

pub(super) fn refuse_link(path: &Path, is_refused: bool) -> Result<(), WriteError> {
    let path = path.to_path_buf();
    if is_refused {
        Err(WriteError::Link { path })
    } else {
        Ok(())
    }
}

/// Whether a link on the way of a path that was named leads out of its repository.
fn leads_out(path: &Path) -> bool {
    // Nobody puts links to the streams of this process there.
    if path.starts_with("/dev") {
        return false;
    }
    let there = path.ancestors().find(|path| path.exists());
    there.is_some_and(|there| !input::stays_inside(&Disk, there))
}
