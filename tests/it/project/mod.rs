//! The project itself: its documentation, its schemas, its dependencies, its scripts.

pub(crate) mod readme;
mod schemas;
mod tooling;
