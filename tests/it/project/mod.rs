//! The project itself: its documentation, its schemas, its dependencies, its scripts.

mod readme;
#[cfg(feature = "e2e")]
pub(crate) mod readme_commands;
mod schemas;
#[cfg(feature = "e2e")]
mod tooling;
