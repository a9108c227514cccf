//! Reference about the program itself: the pages of rules, manual pages, completion scripts.

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use kaito_render::diagnostic::rule::Rule;

use super::args::Cli;
use super::{Outcome, console};

/// Prints the completion script of a shell.
pub(super) fn completions(shell: Shell) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "kaito-render", &mut script);
    console::print_data(&script)
}

/// Prints the manual page of the program or of one command.
pub(super) fn man(command: Option<&str>) -> Result<Outcome> {
    let mut root = Cli::command();
    root.build();
    let page = match command {
        None => root,
        Some(name) => root
            .find_subcommand(name)
            .cloned()
            .with_context(|| format!("there is no command `{name}`"))?,
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    console::print_data(&text)
}

/// Prints the page of a rule.
pub(super) fn rule(rule: &Rule) -> Result<Outcome> {
    let Rule {
        id,
        severity,
        title,
        page,
    } = rule;
    console::print_data(format!("{}[{id}]: {title}\n\n{page}", severity.name()).as_bytes())
}
