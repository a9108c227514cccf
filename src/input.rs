//! The first stage: reads files into documents whose every key and value has a byte-exact span.
//!
//! Uses `vocab`, `base` and `diagnostic`; the modules above it use it.
//!
//! ```
//! use kaito_render::input;
//! use kaito_render::session::Session;
//!
//! let mut session = Session::default();
//! let file = session.sources.add("a.yaml", "kind: Workspace\nresource: {count: 2}\n");
//! let documents = input::parse(&session.sources, file, &mut session.diagnostics);
//!
//! let count = documents[0].find("/resource/count").unwrap();
//! let place = session.sources.position(file, count.span.start);
//! assert_eq!((place.line, place.column), (2, 19));
//! ```

pub mod config_map;
#[cfg(feature = "fs")]
mod disk;
mod documents;
pub mod embedded;
mod encoding;
mod fences;
pub(crate) mod index;
mod known;
mod kustomize;
mod lines;
mod links;
mod load;
mod prepared;
mod scalar;
pub mod schema;
mod suspect;
mod tally;
mod tree;
mod walk;
mod yaml;

#[cfg(feature = "fs")]
pub use disk::{Disk, find_above, find_upward, repository_of};
pub(crate) use documents::STDIN;
pub use documents::{Document, MAX_FILE, is_rendered, matters, read_file, read_found};
pub use index::INDEX_FILE;
pub use known::{Known, Naming};
pub use kustomize::{NAMES as KUSTOMIZATION_FILES, refuse as refuse_kustomization};
pub use links::stays_inside;
pub use load::{LoadError, Loaded, Loader, load};
pub(crate) use prepared::Prepared;
pub use suspect::{Suspect, suspect};
pub use tally::Tally;
pub use tree::{Entry, FileTree, Kind, MemoryTree, kind_among, list_among};
pub use walk::{DocumentFilter, find_between};
pub use yaml::parse;
