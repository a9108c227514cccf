//! Lays a comparison out, one file per format.
//!
//! Formats read a [`View`](super::view::View), which has no secrets, and nothing else; the command
//! `diff` uses them.

pub mod json_patch;
pub mod markdown;
pub mod terminal;
