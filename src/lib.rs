//! Compiles KAITO `Workspace` specs into every Kubernetes object they stand for, offline and deterministically.
//!
//! The data flows one way, and each stage knows only the value of the stage before it:
//!
//! 1. [`source`] reads files into documents whose every key and value has a byte-exact span;
//!
//! Every stage reports [`diagnostic::Diagnostic`]s: plain data, collected over all files in one run.

pub mod diagnostic;
pub mod emit;
pub mod library;
pub mod node;
pub mod preset;
pub mod profile;
pub mod rule;
pub mod schema;
pub mod source;
pub mod text;
pub mod workspace;
