//! Tests from the outside: everything that needs the whole program, other programs, or many files.

#![expect(
    clippy::disallowed_methods,
    reason = "tests touch the world that the library must not"
)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod against;
mod apply;
mod book;
mod cli;
#[cfg_attr(
    not(feature = "controller"),
    expect(dead_code, reason = "the tests of the controller use the rest")
)]
mod cluster;
#[cfg(feature = "controller")]
mod controller;
mod crds;
mod delivery;
mod deploy;
mod diff;
mod editors;
mod estimator;
mod explain;
#[cfg(feature = "controller")]
mod faults;
mod fix;
mod flavour;
mod formats;
mod golden;
mod hostile;
mod hostile_git;
mod hub;
mod lints;
mod output;
mod pages;
mod policy;
mod program;
mod project;
mod project_files;
mod project_package;
mod project_tools;
mod properties;
#[cfg_attr(
    not(feature = "controller"),
    expect(dead_code, reason = "the tests of the controller use the rest")
)]
mod provisioner;
#[cfg(feature = "controller")]
mod quick_start;
mod readme;
#[cfg(feature = "controller")]
mod rig;
#[cfg(feature = "controller")]
mod rights;
mod rules;
#[cfg(feature = "controller")]
mod scale;
mod scheduling;
mod schemas;
mod scripts;
mod status;
mod suite;
mod target;
mod tools;
mod validate;
