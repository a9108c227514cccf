//! Where the texts of a large run wait for its end.

use std::fmt::Debug;
use std::io;

/// Keeps texts out of memory until they are written. Nothing of a run may be written before its end,
/// because its last Workspace may have an error.
pub trait Spool: Debug + Send + Sync {
    /// Takes a text, and gives where it is; none if there is no room for it.
    fn put(&self, text: &str) -> Option<u64>;

    /// A text of so many bytes, by where it is.
    ///
    /// # Errors
    ///
    /// If it can't be read again.
    fn get(&self, place: u64, length: u32) -> io::Result<String>;
}

/// No room at all: every text is held in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSpool;

impl Spool for NoSpool {
    fn put(&self, _: &str) -> Option<u64> {
        None
    }

    fn get(&self, _: u64, _: u32) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}
