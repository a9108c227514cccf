//! Files on the disk and standard input: all that a run reads of them, it reads here.

#![expect(
    clippy::disallowed_methods,
    reason = "all reading of the compiler is done here"
)]

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::tree::{Entry, FileTree, Kind};
use super::{MAX_FILE, STDIN};

/// The files of this machine, by their paths as a command line has them; `-` is standard input.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileTree for Disk {
    fn kind(&self, path: &Path) -> io::Result<Kind> {
        if is_stdin(path) {
            return Ok(Kind::File);
        }
        let is_directory = fs::metadata(path)?.is_dir();
        Ok(if is_directory {
            Kind::Directory
        } else {
            Kind::File
        })
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let file_type = entry.file_type()?;
            let kind = if file_type.is_dir() {
                Some(Kind::Directory)
            } else {
                (!file_type.is_symlink()).then_some(Kind::File)
            };
            entries.push(Entry {
                name: entry.file_name(),
                kind,
            });
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if is_stdin(file) {
            let stdin = io::stdin().lock();
            stdin.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        } else {
            File::open(file)?
                .take(MAX_FILE + 1)
                .read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    }

    fn name(&self, path: &Path) -> String {
        if is_stdin(path) {
            STDIN.to_owned()
        } else {
            path.display().to_string()
        }
    }

    fn location(&self, path: &Path, place: &Path) -> Option<PathBuf> {
        (!is_stdin(path)).then(|| place.to_owned())
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Looks for a file from a directory upward to the root of the Git repository; outside of one, in
/// that directory only.
#[must_use]
pub fn find_upward(start: &Path, name: &str) -> Option<PathBuf> {
    let start = fs::canonicalize(start).ok()?;
    let is_root = |directory: &&Path| directory.join(".git").exists();
    let root = start.ancestors().find(is_root).unwrap_or(&start);
    let found = super::find_between(&Disk, &start, root, name)?;
    Some(relative(&found))
}

/// A path as people would write it: from the working directory, if it is inside of that.
fn relative(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(fs::canonicalize);
    let inside = here.ok().and_then(|here| path.strip_prefix(here).ok());
    inside.unwrap_or(path).to_owned()
}
