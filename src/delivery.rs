//! For a host, a program that applies objects: what of the input is handed on to it, up to where
//! files are looked for, and what it reads on objects.
//!
//! Uses `vocab`, `base`, `diagnostic`, `input` and `catalogue`; `compile` and `cli` use it.
//!
//! ```
//! use kaito_render::base::sources::Sources;
//! use kaito_render::delivery;
//! use kaito_render::diagnostic::Diagnostics;
//! use kaito_render::input::{self, DocumentFilter, MemoryTree};
//!
//! let team = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: team}\n---\nreplicas: 2\n";
//! let tree = MemoryTree::new([("a/team.yaml", team)]);
//! let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
//! let filter = DocumentFilter::Delivery;
//! let documents = input::load(&tree, &["a".into()], filter, &mut sources, &mut diagnostics)?;
//!
//! let documents = delivery::handed_on(documents, &mut diagnostics);
//! assert_eq!(documents.len(), 1);
//! assert_eq!(diagnostics.as_slice()[0].rule.id, "KR013");
//! # Ok::<(), input::LoadError>(())
//! ```

pub mod argocd;
mod documents;
mod excluded;
mod flux;
mod jobs;
mod objects;
mod rendered;
mod tree;

pub use documents::handed_on;
pub use excluded::Excluded;
pub use flux::prepare_for_flux;
pub use jobs::{fixed_content, name_jobs};
pub use objects::annotate;
pub use rendered::check_rendered;
pub use tree::RootedTree;
