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

#[cfg(feature = "e2e")]
mod argocd;
mod cli;
mod delivery;
#[cfg(all(feature = "e2e", feature = "controller"))]
mod flux;
mod golden;
mod project;
mod rules;
mod support;
