//! The command line of kaito-render.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
