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
//!
//! A Workspace of a string, without any file:
//!
//! ```
//! use kaito_render::catalogue::library::Library;
//! use kaito_render::compile::{Options, compile};
//! use kaito_render::emit::{self, Format};
//! use kaito_render::input::{self, Document};
//! use kaito_render::report::policy::Policy;
//! use kaito_render::report::{Report, Strictness};
//! use kaito_render::session::Session;
//!
//! let text = "\
//! apiVersion: kaito.sh/v1beta1
//! kind: Workspace
//! metadata:
//!   name: phi
//! resource:
//!   instanceType: Standard_NC24ads_A100_v4
//!   labelSelector:
//!     matchLabels:
//!       apps: phi
//! inference:
//!   preset:
//!     name: phi-4
//! ";
//! let mut session = Session::default();
//! let file = session.sources.add("phi.yaml", text);
//! let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
//! let documents = nodes.into_iter().map(|node| Document { node, named: true });
//! let options = Options::default();
//! let library = Library::embedded();
//! let mut objects = compile(documents.collect(), &options, &library, &mut session);
//!
//! let report = Report::finish(session, &Policy::default(), Strictness::Errors);
//! assert!(!report.has_errors());
//! emit::sort(&mut objects);
//! let stream = Format::Yaml.stream(objects.iter().map(|object| &object.value));
//! assert!(stream.starts_with("apiVersion: kaito.sh/v1beta1\nkind: Workspace\n"));
//! assert!(stream.contains("kind: NodeClaim\n") && stream.contains("kind: StatefulSet\n"));
//! ```

#![forbid(unsafe_code)]

// Values and words that every stage uses.
pub mod base;
pub mod diagnostic;
pub mod session;
pub mod vocab;

// What the stages look up.
pub mod catalogue;

// Stage 1: texts become documents.
pub mod input;

// For a host: what of the documents is handed on.
pub mod delivery;

// Stage 2: documents become Workspaces.
pub mod workspace;

// Stage 3: what is decided for a Workspace.
pub mod plan;

// Stage 4: a plan becomes objects.
pub mod expand;

// What a team changes in them.
pub mod overlay;

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
pub mod function;
pub mod upgrade;

// The cluster's side.
#[cfg(feature = "controller")]
pub mod controller;
pub mod status;
