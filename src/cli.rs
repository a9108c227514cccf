//! Commands, their options and their exit codes.

mod against;
mod args;
mod catalogue;
mod compile;
mod diff;
mod explain;
mod fix;
mod git;
mod load;
mod output;
mod page;
mod repository;
mod run;

use std::process::ExitCode;

use clap::Parser;
use kaito_render::report::Report;

use args::{Cli, Command};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All went well.
    Done,
    /// The input has errors; nothing was written.
    Refused,
    /// The two sides of a comparison differ.
    Different,
}

impl Outcome {
    fn of(report: &Report) -> Self {
        if report.has_errors() {
            Self::Refused
        } else {
            Self::Done
        }
    }
}

/// Runs the command that the process was started with.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Render(render) => compile::render(&render, cli.color),
        Command::Check(check) => compile::check(&check, cli.color),
        Command::Rule { rule } => page::rule(rule),
        Command::Diff(diff) => diff::diff(&diff, cli.color),
        Command::Explain(explain) => explain::explain(&explain, cli.color),
        Command::Presets(command) => catalogue::presets(&command, cli.color),
        Command::InstanceTypes(command) => catalogue::instance_types(&command, cli.color),
        Command::Crds { release } => catalogue::crds(release.as_deref()),
        Command::Schema(command) => catalogue::schema(&command, cli.color),
        Command::Completions { shell } => page::completions(shell),
        Command::Man { command } => page::man(command.as_deref()),
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused | Outcome::Different) => ExitCode::from(1),
        Err(error) => output::failure(&error),
    }
}
