//! Flux itself: its CLI, its kustomize-controller and source-controller on a cluster of real programs,
//! and the libraries that they are made of.
//!
//! The programs are built once, by `tests/tools.sh`, and started once: the tests share them.

mod changes;
mod delivered;
mod drift;
mod files;
mod health;
mod kinds;
mod registry;
mod rig;
mod substitution;
