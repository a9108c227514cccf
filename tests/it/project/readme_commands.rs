//! The commands that README.md shows print what it shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::readme::{blocks, readme};
use crate::support::program::{root, run};

/// The title of the part whose commands need a cluster.
const IN_A_CLUSTER: &str = "## In a cluster\n";

/// The part whose commands need a cluster, and all others.
pub(crate) fn parts() -> [String; 2] {
    let text = readme();
    let (before, rest) = text.split_once(IN_A_CLUSTER).unwrap();
    let (part, after) = rest.split_once("\n## ").unwrap();
    [part.to_owned(), format!("{before}{after}")]
}

/// A command and the lines that follow it.
pub(crate) struct Shown {
    pub(crate) command: String,
    pub(crate) output: Vec<String>,
}

pub(crate) fn commands(text: &str) -> Vec<Shown> {
    let mut commands = Vec::<Shown>::new();
    for block in blocks(text, "console") {
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push(Shown {
                    command: command.to_owned(),
                    output: Vec::new(),
                }),
                None => commands.last_mut().unwrap().output.push(line.to_owned()),
            }
        }
    }
    commands
}

/// The path on which the program is found.
pub(crate) fn path() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_kaito-render"));
    format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    )
}

/// Runs a command line of README.md with the program on the path; standard error and output come
/// together.
fn shell(command: &str, directory: &Path) -> String {
    let directory = if command.starts_with("cargo ") {
        &root()
    } else {
        directory
    };
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(directory)
        .env("PATH", path());
    run(&mut bash, "").stdout
}

/// A directory with the examples.
pub(crate) fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .args(["-r", "examples"])
        .arg(directory.path())
        .current_dir(root())
        .status()
        .unwrap();
    assert!(copied.success());
    directory
}

#[test]
fn every_command_prints_what_is_shown() {
    let directory = directory();
    let commands = commands(&parts()[1]);
    assert!(
        commands.len() >= 8,
        "only {} commands were found",
        commands.len()
    );
    for Shown { command, output } in commands {
        if command.starts_with("cargo install ") {
            continue;
        }
        let printed = shell(&command, directory.path());
        assert!(matches(&output, &printed), "$ {command}\n{printed}");
    }
}

/// The first way needs the network: its address has to be the one in Cargo.toml. The second is
/// gone, but for the optimized build, which takes minutes.
#[test]
fn both_ways_to_install_lead_to_a_program() {
    let all = commands(&parts()[1]).into_iter().map(|shown| shown.command);
    let ways: Vec<_> = all
        .filter(|command| command.starts_with("cargo install "))
        .collect();
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let repository = manifest
        .lines()
        .find_map(|line| line.strip_prefix("repository = "))
        .unwrap();
    let git = format!(
        "cargo install --locked --git {}",
        repository.trim_matches('"')
    );
    assert_eq!(ways, [git.as_str(), "cargo install --locked --path ."]);

    let directory = tempfile::tempdir().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(ways[1].split(' ').skip(1))
        .args(["--debug", "--offline", "--no-track", "--root"]);
    let installed = run(cargo.arg(directory.path()).current_dir(root()), "");
    assert_eq!(installed.code, 0, "{}", installed.stderr);
    let help = run(
        &mut Command::new(directory.path().join("bin/kaito-render")),
        "",
    );
    assert!(
        help.stderr.contains("Usage: kaito-render"),
        "{}",
        help.stderr
    );
}

/// Whether lines are printed as they are shown, where `…` stands for any number of them.
pub(crate) fn matches(shown: &[String], printed: &str) -> bool {
    let mut rest: Vec<_> = printed.lines().map(str::trim_end).collect();
    let mut anchored = true;
    for part in shown.split(|line| line == "…") {
        let part: Vec<_> = part.iter().map(|line| line.trim_end()).collect();
        let Some(at) =
            (0..=rest.len().saturating_sub(part.len())).find(|at| rest[*at..].starts_with(&part))
        else {
            return false;
        };
        if anchored && at > 0 {
            return false;
        }
        rest.drain(..at + part.len());
        anchored = false;
    }
    rest.is_empty() || shown.last().is_some_and(|line| line == "…")
}
