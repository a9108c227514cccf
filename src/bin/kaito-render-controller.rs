//! The status controller: [`kaito_render::controller`] as a program.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use kaito_render::controller::{self, Args};

fn main() -> ExitCode {
    controller::run(&Args::parse())
}
