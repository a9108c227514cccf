//! The fifth stage: objects are completed, and held against each other.

mod merge;
mod nodes;
pub mod rendered;
mod select;
mod shared;

pub use merge::{DocumentObjects, ObjectSet};
pub use nodes::{check_node, check_static_capacity, is_static_pool};
pub use rendered::{ordinals, workspace};
pub use select::Selection;
pub use shared::{Selector, Selectors};
