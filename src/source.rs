//! The first stage: reads files, folders and standard input into documents with spans.

mod disk;
mod files;
mod scalar;
mod yaml;

pub(crate) use disk::STDIN;
pub use disk::{Document, INDEX_FILE, LoadError, find_upward, lay_library, load, name, read_file};
pub use files::{FileId, Position, Sources, Span};
pub use yaml::parse;
