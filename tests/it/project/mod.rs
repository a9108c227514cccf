//! The project itself: its documentation, its schemas, its dependencies, its scripts.

#[cfg(feature = "e2e")]
mod book;
mod comments;
mod documents;
mod edge;
mod files;
mod guides;
mod hermetic;
mod layers;
mod limits;
mod package;
mod parity;
mod portable;
#[cfg(feature = "e2e")]
mod programs;
mod readme;
#[cfg(feature = "e2e")]
pub(crate) mod readme_commands;
mod schemas;
#[cfg(feature = "e2e")]
mod tooling;
