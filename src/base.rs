//! Values that know nothing of KAITO: JSON, YAML nodes, texts with places, objects, quantities, words.
//!
//! Uses nothing else of this crate; every stage uses it.

pub(crate) mod hex;
pub mod json;
pub mod node;
pub mod object;
pub mod pointer;
pub mod quantity;
pub mod sources;
pub mod wording;
