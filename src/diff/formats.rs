//! The formats of a comparison, one file each.

pub mod json_patch;
pub mod markdown;
pub mod terminal;
