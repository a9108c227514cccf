//! What is known before a Workspace is read: releases with their presets and templates, and the profile of a cluster.
//!
//! Uses [`input`](crate::input); `workspace`, `plan` and `expand` use it.

mod elsewhere;
pub mod import;
pub mod library;
pub mod preset;
pub mod profile;
pub mod release;
