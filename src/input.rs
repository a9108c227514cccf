//! The first stage: reads files, folders and standard input into documents with spans.

pub mod config_map;
mod disk;
mod scalar;
pub mod schema;
mod text;
mod tree;
mod yaml;

pub(crate) use disk::STDIN;
pub use disk::{LoadError, find_upward, lay_library, load, name, read_file};
pub use text::{Document, Text, documents, keep, matters};
pub use tree::{INDEX_FILE, Reach, select};
pub use yaml::parse;
