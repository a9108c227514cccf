//! The fifth stage: objects are completed, and checked against each other.
//!
//! Uses `vocab`, `base`, `diagnostic`, `catalogue`, `workspace`, `plan` and `overlay`; `compile` uses it, and `cli` for the
//! choice of kinds.
//!
//! ```
//! # use kaito_render::catalogue::library::Library;
//! # use kaito_render::compile::{self, Keep, Options};
//! # use kaito_render::input::{self, Document};
//! # use kaito_render::session::Session;
//! # let text = "{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: phi}, \
//! #     resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: phi}}}, \
//! #     inference: {preset: {name: phi-4}}}";
//! # let mut session = Session::default();
//! # let file = session.sources.add("phi.yaml", text);
//! # let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
//! # let documents = nodes.into_iter().map(|node| Document { node, named: true }).collect();
//! # let options = Options::default();
//! # let library = Library::embedded();
//! let compilation = compile::run(documents, &options, &library, Keep::Everything, &mut session);
//! let phi = &compilation.workspaces[0];
//! // The name of a node follows from its content, so it is known only here.
//! let node = phi.objects.iter().find(|object| object.ordinal == Some(0)).unwrap();
//! assert!(node.identity().name.starts_with("ws"));
//! ```

mod merge;
mod node_names;
mod nodes;
mod pinned;
pub mod rendered;
mod select;
mod shared;
mod substituted;

pub use merge::{DocumentObjects, Finished, ObjectSet};
pub use node_names::{name_nodes, other_node};
pub use nodes::{check_node, check_static_capacity, is_static_pool};
pub use pinned::check_digests;
pub use rendered::{ordinals, workspace};
pub use select::Selection;
pub use shared::{Selector, Selectors};
pub use substituted::{Variables, keep_from_flux, mark_for_flux};
