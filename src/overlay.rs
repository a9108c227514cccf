//! The fifth stage: objects are completed, and held against each other.

mod rendered;
mod select;
mod together;

pub use rendered::{ordinals, workspace};
pub use select::Selection;
pub use together::{Part, together};
