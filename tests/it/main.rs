//! Tests from the outside: everything that needs the whole program, other programs, or many files.

#![expect(clippy::disallowed_methods, reason = "tests touch the world that the library must not")]

mod cli;
mod golden;
mod program;
mod properties;
mod schemas;
mod scripts;
