//! kaito-render as the real programs of Argo CD run it, and what becomes of its objects there.

#[cfg(feature = "controller")]
mod from_git;
mod health;
mod plugins;
mod seen;
