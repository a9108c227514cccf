//! What is known before a Workspace is read: releases with their presets, and the profile of a
//! cluster.
//!
//! Uses the modules below it; the modules above it use it.

mod elsewhere;
pub mod globs;
pub mod import;
pub mod library;
pub mod others;
pub mod preset;
pub mod profile;
pub mod release;
