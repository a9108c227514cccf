//! The fifth stage: objects are completed, and held against each other.

mod nodes;
pub mod rendered;
mod select;
mod shared;
mod together;

pub use nodes::{check_node, check_static_capacity, is_static_pool};
pub use rendered::{ordinals, workspace};
pub use select::Selection;
pub use shared::Selectors;
pub use together::{Keep, Part, Together};
