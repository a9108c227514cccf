//! kaito-render as the real programs of Argo CD run it, and what becomes of its objects there.

mod app;
mod changes;
mod drift;
#[cfg(feature = "controller")]
mod from_git;
mod health;
mod namespaces;
mod plugins;
mod seen;
