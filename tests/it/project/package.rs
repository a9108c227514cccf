//! What would be published: the list of files of the crate. That the crate builds is shown by tools/package.

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::program::root;

/// The files of the published crate.
fn files() -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(root());
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_crate_holds_what_builds_it_and_its_documents() {
    let files = files();
    let top: BTreeSet<_> = files
        .iter()
        .filter_map(|file| file.split('/').next())
        .collect();
    let expected = [
        // Made by cargo.
        ".cargo_vcs_info.json",
        "Cargo.toml.orig",
        // Code and data.
        "Cargo.lock",
        "Cargo.toml",
        "build",
        "build.rs",
        "presets",
        "rules",
        "schemas",
        "src",
        "templates",
        // For people.
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "docs",
        "examples",
    ];
    assert_eq!(top, BTreeSet::from(expected), "see `exclude` in Cargo.toml");
    assert!(
        !files.iter().any(|file| file.contains("tests/")),
        "{files:?}"
    );
}
