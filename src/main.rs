//! The command line of kaito-render.

mod cli;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Objects are made of many small parts: with the allocator of the system, making them takes a
/// quarter longer.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
