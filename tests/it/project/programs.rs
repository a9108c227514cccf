//! The project's scripts, recipes and workflows, judged by the programs that are made for it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::program::root;
use crate::support::tools::{succeed, tool};

/// The files of a directory whose content `is_wanted`.
fn files(directory: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(directory)).unwrap();
    let files = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file());
    files
        .filter(|path| is_wanted(&fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn scripts_of_contributors_pass_shellcheck() {
    let scripts = files("tools", |content| {
        content.starts_with("#!/usr/bin/env bash\n")
    });
    assert!(scripts.len() >= 3, "{scripts:?}");
    succeed(tool("bin/shellcheck").args(scripts));
}

#[test]
fn workflows_pass_actionlint() {
    let workflows = files(".github/workflows", |_| true);
    assert!(workflows.len() >= 3, "{workflows:?}");
    let mut actionlint = tool("bin/actionlint");
    actionlint
        .args(["-shellcheck", "shellcheck", "-pyflakes", ""])
        .args(workflows);
    let examples = files("examples/ci/github", |_| true);
    let examples = examples.iter().filter(|file| !file.ends_with("action.yml"));
    succeed(actionlint.args(examples).current_dir(root()));
}

/// Every recipe says what it does, is in the contributor's guide, and runs one command that exists:
/// a script of the project, or a command of cargo.
#[test]
fn recipes_run_commands_that_exist() {
    succeed(
        tool("venv/bin/just")
            .args(["--fmt", "--check"])
            .current_dir(root()),
    );
    let dump = succeed(
        tool("venv/bin/just")
            .args(["--dump", "--dump-format=json"])
            .current_dir(root()),
    );
    let dump: Value = serde_json::from_slice(&dump.stdout).unwrap();
    let recipes = dump["recipes"].as_object().unwrap();
    assert!(recipes.len() >= 10, "{recipes:?}");
    let guide = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let listed = succeed(std::process::Command::new(env!("CARGO")).arg("--list"));
    let listed = String::from_utf8(listed.stdout).unwrap();
    for (name, recipe) in recipes.iter().filter(|(name, _)| *name != "_default") {
        assert!(recipe["doc"].is_string(), "{name}");
        assert!(
            guide.contains(&format!("\n| `{name}")),
            "{name} is not in CONTRIBUTING.md"
        );
        assert!(recipe["attributes"][0]["group"].is_string(), "{name}");
        let [line] = recipe["body"].as_array().unwrap().as_slice() else {
            panic!("{name}")
        };
        let command = line[0].as_str().unwrap();
        let mut words = command
            .split(' ')
            .filter(|word| !word.starts_with("KAITO_RENDER_"));
        match words.next().unwrap() {
            "cargo" => {
                let subcommand = words.next().unwrap();
                let is_known = |line: &str| line.split_whitespace().next() == Some(subcommand);
                assert!(listed.lines().any(is_known), "{name}: {command}");
            }
            script => assert!(root().join(script).is_file(), "{name}: {command}"),
        }
    }
}
