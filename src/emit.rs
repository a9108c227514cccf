//! The last stage: puts objects in order and writes them as YAML or JSON, to a file or a directory.

mod escape;
pub mod json;
pub mod yaml;
