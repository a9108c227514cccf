//! Why output could not be written.

use std::io;
use std::path::{Path, PathBuf};

use super::index::IndexError;

/// Why output could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The operating system refused. What was begun, the next run finishes.
    #[error("can't {action} `{}`: {error}", path.display())]
    Io {
        /// What was tried: a verb.
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// The operating system's answer.
        error: io::Error,
    },
    /// Something that this program did not write is where a file belongs. Nothing was written.
    #[error("`{}` exists and was not written by kaito-render: move it, or choose another directory", path.display())]
    Foreign {
        /// Its path: that of the file, or of one of the directories that lead there.
        path: PathBuf,
    },
    /// A symbolic link is on the way, which somebody else may have put there. Nothing was written.
    #[error("`{}` is a symbolic link, or behind one that leads out of its repository: name the path that it leads to", path.display())]
    Link {
        /// The path as it was named.
        path: PathBuf,
    },
    /// A device or a pipe has nothing that output could be compared with.
    #[error("`{}` is a device or a pipe, which has nothing to compare with: name a file or a directory", path.display())]
    Device {
        /// Its path.
        path: PathBuf,
    },
    /// A file no longer has the content with which it was read. It was not written.
    #[error("`{}` changed while kaito-render ran, and was not written: run again", path.display())]
    Changed {
        /// The path of the file.
        path: PathBuf,
    },
    /// A file has other names, which would keep the old text. It was not written.
    #[error("`{}` has {names} hard links, and was not written, because the other ones would keep the old text: edit it, or give it a copy of its own", path.display())]
    HardLinks {
        /// The path of the file.
        path: PathBuf,
        /// How many names it has.
        names: u64,
    },
    /// A file belongs to somebody else, and would no longer. It was not written.
    #[error("`{}` belongs to another user or group, and was not written, because it would belong to you: edit it, or run as its owner", path.display())]
    Owner {
        /// The path of the file.
        path: PathBuf,
    },
    /// The index can't be used. Nothing was written.
    #[error("can't use the index `{}`: {error}; restore it, or delete it together with the files that kaito-render wrote", path.display())]
    Index {
        /// The path of the index.
        path: PathBuf,
        /// What is wrong with it.
        error: IndexError,
    },
}

/// An error of the operating system, by what was tried on a path.
pub(super) fn cant(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_path_buf();
    move |error| WriteError::Io {
        action,
        path,
        error,
    }
}
