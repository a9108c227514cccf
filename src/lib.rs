//! Compiles KAITO `Workspace` specs into every Kubernetes object they stand for, offline and
//! deterministically.
//!
//! The data flows one way, and each stage knows only the value of the stage before it:
//!
//! 1. [`source`] reads files into documents whose every key and value has a byte-exact span;
//! 2. [`workspace`] makes a typed Workspace of a document;
//! 3. [`plan`] decides what the Workspace stands for: image, GPUs, nodes, flags;
//! 4. [`expand`] lays the plan out as objects, by the [`template`]s of its release;
//! 5. [`overlay`] completes the objects and holds them against each other;
//! 6. [`emit`] writes them.
//!
//! [`compile`] strings the stages together; [`diff`] compares the objects of two runs; [`status`]
//! judges how far they are in a cluster. Every stage reports [`diagnostic::Diagnostic`]s: plain
//! data, collected over all files in one run.

pub mod compile;
pub mod config_map;
pub mod diagnostic;
pub mod diff;
pub mod editor;
pub mod emit;
pub mod expand;
pub mod explain;
pub mod fix;
mod hex;
pub mod import;
pub mod json;
pub mod library;
pub mod node;
pub mod object;
pub mod overlay;
pub mod plan;
pub mod policy;
pub mod preset;
pub mod profile;
pub mod quantity;
pub mod release;
pub mod rule;
pub mod schema;
pub mod session;
pub mod source;
pub mod status;
pub mod target;
pub mod template;
pub mod text;
pub mod workspace;
