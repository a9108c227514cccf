//! Values that every stage uses: JSON, YAML nodes, sources with places, objects, images, quantities,
//! near names, wording; all cores, and how far they have come.
//!
//! Uses `vocab`; the modules above it use it.

pub(crate) mod hex;
pub mod images;
pub mod json;
pub mod node;
pub(crate) mod nulls;
pub mod object;
pub(crate) mod parallel;
pub mod path;
pub mod pointer;
pub mod progress;
pub mod quantity;
pub(crate) mod shell;
pub mod shown;
pub mod similar;
pub mod sources;
pub mod wording;
