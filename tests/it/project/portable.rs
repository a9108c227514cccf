//! A build without features, such as one for a browser, reads no files and parses no command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::layers::bare;
use crate::support::program::root;

/// What a library of values and functions has no use for.
const BANNED: [&str; 10] = [
    "std::env::",
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::os::",
    "std::process",
    "std::thread",
    "clap",
    "tempfile",
    "walkdir",
];

/// The code of a module and of those in it, without tests and what a feature switches on.
fn code(path: &Path, files: &mut Vec<(PathBuf, String)>) {
    let text = bare(&fs::read_to_string(path).unwrap());
    let directory = match path.file_stem().unwrap().to_str().unwrap() {
        "lib" => path.parent().unwrap().to_owned(),
        _ => path.with_extension(""),
    };
    let mut kept = String::new();
    let mut is_left_out = false;
    for line in text.lines() {
        let declared = line.trim_end_matches(';').split_once("mod ");
        if line.starts_with("#[cfg(feature") {
            is_left_out = true;
        } else if let (Some((_, name)), true) = (declared, line.ends_with(';')) {
            if !is_left_out {
                code(&directory.join(name).with_extension("rs"), files);
            }
            is_left_out = false;
        } else if is_left_out {
            is_left_out = !line.ends_with(';') && line != "}";
        } else {
            kept += line;
            kept.push('\n');
        }
    }
    files.push((path.to_owned(), kept));
}

#[test]
fn the_library_without_features_knows_no_files() {
    let mut files = Vec::new();
    code(&root().join("src/lib.rs"), &mut files);
    assert!(files.len() > 120, "{}", files.len());
    for (path, code) in files {
        // Without a second job it starts no thread.
        let may_start_threads = path.ends_with("base/parallel.rs");
        let banned = BANNED
            .iter()
            .filter(|it| **it != "std::thread" || !may_start_threads);
        for banned in banned {
            assert!(!code.contains(banned), "{}: {banned}", path.display());
        }
    }
}

#[test]
fn the_library_without_features_needs_no_command_line() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--no-default-features"])
        .args(["--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<_> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(names.contains(&"jsonschema"), "{tree}");
    for name in ["clap", "tempfile", "walkdir", "ignore", "tokio"] {
        assert!(!names.contains(&name), "{name}");
    }
}
