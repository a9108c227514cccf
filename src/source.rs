//! The first stage: reads files, folders and standard input into documents with spans.

mod disk;
mod files;
mod scalar;
mod text;
mod tree;
mod yaml;

pub(crate) use disk::STDIN;
pub use disk::{LoadError, find_upward, lay_library, load, name, read_file};
pub use files::{FileId, Position, Sources, Span};
pub use text::{Document, Text, documents, keep, matters};
pub use tree::{INDEX_FILE, Reach, select};
pub use yaml::parse;
