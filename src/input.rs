//! The first stage: reads files into documents whose every key and value has a byte-exact span.
//!
//! Uses `vocab`, `base` and `diagnostic`; the modules above it use it.

pub mod config_map;
#[cfg(feature = "fs")]
mod disk;
mod documents;
pub mod embedded;
mod links;
mod scalar;
pub mod schema;
mod tree;
mod walk;
mod yaml;

#[cfg(feature = "fs")]
pub use disk::{Disk, find_upward};
pub(crate) use documents::STDIN;
pub use documents::{Document, LoadError, MAX_FILE, load, matters, read_file, read_found};
pub use links::stays_inside;
pub use tree::{Entry, FileTree, Kind, MemoryTree, kind_among, list_among};
pub use walk::{DocumentFilter, INDEX_FILE, find_between};
pub use yaml::parse;
