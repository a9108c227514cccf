//! The fifth stage: objects are completed, and held against each other.

mod rendered;
mod together;

pub use rendered::workspace;
pub use together::{Part, together};
