//! The command line: [`args`] is what can be typed, [`config`] what was meant, and a file for each
//! command does it.
//!
//! Uses the modules below it; the program uses it. It is no part of the library.

mod argocd;
mod args;
mod catalogue;
mod check;
mod clash;
mod config;
mod console;
mod diff;
mod explain;
mod function;
mod git;
mod images;
mod load;
mod name;
mod paths;
mod profile;
mod progress;
mod reference;
mod render;
mod repository;
mod run;
mod signals;
mod stdout;
mod table;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::FromArgMatches;
use kaito_render::base::shown::one_line;
use kaito_render::report::Report;

use args::{Cli, Color};
use config::Config;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It did what it was asked to.
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
#[expect(
    clippy::disallowed_methods,
    reason = "the command line reads the environment for the library"
)]
pub(crate) fn run() -> ExitCode {
    signals::handle_if_first();
    let args: Vec<_> = std::env::args_os().collect();
    let cli = match parse(&args) {
        Ok(cli) => cli,
        Err(error) => return console::usage(&parse(&escaped(&args)).err().unwrap_or(error)),
    };
    let result = Config::try_from(cli.command).and_then(|config| execute(&config, cli.color));
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused | Outcome::Different) => ExitCode::from(1),
        Err(error) => console::failure(&error),
    }
}

fn parse(args: &[OsString]) -> clap::error::Result<Cli> {
    let mut command = name::command(args.first().map(OsString::as_os_str));
    let mut matches = command.try_get_matches_from_mut(args)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// The arguments once more, as people may see them: for the error that quotes them.
fn escaped(args: &[OsString]) -> Vec<OsString> {
    let escaped = |arg: &OsString| OsString::from(&*one_line(&arg.to_string_lossy()));
    args.iter().map(escaped).collect()
}

fn execute(config: &Config, color: Color) -> Result<Outcome> {
    match config {
        Config::Render(config) => render::render(config, color),
        Config::Check(config) => check::check(config, color),
        Config::Diff(config) => diff::diff(config, color),
        Config::Explain(config) => explain::explain(config, color),
        Config::Images(config) => images::images(config, color),
        Config::Function(config) => function::function(config, color),
        Config::ListPresets(config) => catalogue::presets(config, color),
        Config::ShowPreset(name, config) => catalogue::preset(name, config, color),
        Config::ImportPreset(config) => catalogue::import(config, color),
        Config::ListInstanceTypes(clouds, config) => {
            catalogue::instance_types(clouds, config, color)
        }
        Config::Crds(release) => catalogue::crds(release.as_deref()),
        Config::Schema(kind, config) => catalogue::schema(*kind, config, color),
        Config::ArgocdGenerate(config) => argocd::generate(config, color),
        Config::ArgocdParameters => argocd::parameters(),
        Config::Rule(rule) => reference::rule(rule),
        Config::Completions(shell) => reference::completions(*shell),
        Config::Man(command) => reference::man(command.as_deref()),
    }
}
