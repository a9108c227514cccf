//! The fifth stage: objects are completed, and checked against each other.
//!
//! Uses `vocab`, `base`, `diagnostic`, `catalogue` and `plan`; `compile` uses it, and `cli` for the
//! choice of kinds.

mod merge;
mod node_names;
mod nodes;
pub mod rendered;
mod select;
mod shared;

pub use merge::{DocumentObjects, ObjectSet};
pub use node_names::name_nodes;
pub use nodes::{check_node, check_static_capacity, is_static_pool};
pub use rendered::{ordinals, workspace};
pub use select::Selection;
pub use shared::{Selector, Selectors};
