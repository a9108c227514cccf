//! The first stage: reads files, folders and standard input into documents with spans.

mod files;

pub use files::{FileId, Position, Sources, Span};
