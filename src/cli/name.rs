//! The name by which people call the program: as a plugin of kubectl or Flux, it has two words.

use std::ffi::OsStr;
use std::path::Path;

use clap::{Command, CommandFactory};

use super::args::Cli;

/// What people type instead of the name by which the program was started, if that is another one.
fn typed(program: &OsStr) -> Option<&'static str> {
    match Path::new(program).file_stem()?.to_str()? {
        // kubectl looks for `kaito-render` under this name, and under `kubectl-kaito-render` for `kaito`
        // with the argument `render`, which is for the plugin of KAITO.
        "kubectl-kaito_render" => Some("kubectl kaito-render"),
        // Flux takes all that stands behind `flux-` for one word.
        "flux-kaito" => Some("flux kaito"),
        _ => None,
    }
}

/// The grammar, with help and errors that call the program as people do.
pub(super) fn command(program: Option<&OsStr>) -> Command {
    let command = Cli::command();
    match program.and_then(typed) {
        Some(name) => with_examples(command, &format!("{name} ")).bin_name(name),
        None => command,
    }
}

/// Calls the program by a name in what is said about a command and about those in it.
fn with_examples(mut command: Command, name: &str) -> Command {
    let renamed = |text: &clap::builder::StyledStr| text.to_string().replace("kaito-render ", name);
    if let Some(text) = command.get_long_about().map(renamed) {
        command = command.long_about(text);
    }
    if let Some(text) = command.get_after_long_help().map(renamed) {
        command = command.after_long_help(text);
    }
    command.mut_subcommands(|inner| with_examples(inner, name))
}
