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
pub mod session;
pub mod vocab;

// What the stages look up.
pub mod catalogue;

// Stage 1: texts become documents.
pub mod input;

// Stage 2: documents become Workspaces.
pub mod workspace;

// Stage 3: what is decided for a Workspace.
pub mod plan;

// Stage 4: a plan becomes objects.
pub mod expand;

// Stage 5: the objects of all documents, completed and checked against each other.
pub mod assemble;

// Stage 6: objects become bytes.
pub mod emit;

// The stages, one after the other, and what the diagnostics of a run become.
pub mod compile;
pub mod report;

// Second uses of the stages.
pub mod diff;
pub mod editor;
pub mod explain;
pub mod upgrade;

// The cluster's side.
#[cfg(feature = "controller")]
pub mod controller;
pub mod status;
