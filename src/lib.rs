//! Compiles KAITO `Workspace` specs into every Kubernetes object they stand for, offline and
//! deterministically.
//!
//! The data flows one way, and each stage knows only the value of the stage before it:
//!
//! 1. [`input`] reads files into documents whose every key and value has a byte-exact span;
//! 2. [`workspace`] makes a typed Workspace of a document;
//! 3. [`plan`] decides what the Workspace stands for: image, GPUs, nodes, flags;
//! 4. [`expand`] lays the plan out as objects, by the templates of its release;
//! 5. [`assemble`] completes the objects and checks them against each other;
//! 6. [`emit`] writes them.
//!
//! [`compile`] strings the stages together. [`diff`], [`explain`] and [`upgrade`] are second uses
//! of what it gives, and [`status`] judges how far the objects are in a cluster. Every stage
//! reports [`diagnostic::Diagnostic`]s: plain data, collected over all files in one run, which
//! [`report`] makes ready to be shown.

// Values and words that every stage uses.
pub mod base;
pub mod diagnostic;
pub mod vocab;

// The stages, and what they look up.
pub mod assemble;
pub mod catalogue;
pub mod emit;
pub mod expand;
pub mod input;
pub mod plan;
pub mod workspace;

// The stages strung together, and what is made of the result.
pub mod compile;
pub mod diff;
pub mod explain;
pub mod report;
pub mod session;
pub mod upgrade;

// The cluster's side.
#[cfg(feature = "controller")]
pub mod controller;
pub mod status;
