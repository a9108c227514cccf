//! `cargo test` on a fresh clone needs Rust and Git only.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::support::program::root;

/// The programs that may be started without the feature `e2e`: Git, and what POSIX has.
const PROGRAMS: [&str; 4] = ["git", "cp", "mkfifo", "sh"];

/// The modules that are left out without the feature, as paths in `tests/it`.
fn left_out() -> Vec<PathBuf> {
    let mut left_out = Vec::new();
    let lists = [
        "main.rs",
        "cli/mod.rs",
        "delivery/mod.rs",
        "golden/mod.rs",
        "project/mod.rs",
        "rules/mod.rs",
        "support/mod.rs",
    ];
    for list in lists {
        let directory = list.rsplit_once('/').map_or("", |(directory, _)| directory);
        let list = root().join("tests/it").join(list);
        let mut is_left_out = false;
        for line in fs::read_to_string(list).unwrap().lines() {
            is_left_out |= line.starts_with("#[cfg(") && line.contains("feature = \"e2e\"");
            if let Some((_, name)) = line.trim_end_matches(';').split_once("mod ") {
                if is_left_out {
                    left_out.push(Path::new(directory).join(name));
                }
                is_left_out = false;
            }
        }
    }
    left_out
}

#[test]
fn other_programs_are_started_behind_the_feature_alone() {
    let left_out = left_out();
    assert!(left_out.len() >= 15, "{left_out:?}");
    let directory = root().join("tests/it");
    let is_left_out = |path: &Path| {
        let path = path.strip_prefix(&directory).unwrap().with_extension("");
        left_out.iter().any(|module| path.starts_with(module))
    };
    let mut count = 0;
    for entry in WalkDir::new(&directory) {
        let path = entry.unwrap().into_path();
        let is_code = path.extension().is_some_and(|extension| extension == "rs");
        if !is_code || is_left_out(&path) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for after in text.split("Command::new(").skip(1) {
            let program = after.split(')').next().unwrap();
            let is_ours = program.starts_with("env!(");
            let is_known = PROGRAMS.iter().any(|name| program == format!("\"{name}\""));
            // The line of this test that splits the text.
            let is_here = path.ends_with("project/hermetic.rs");
            assert!(
                is_ours || is_known || is_here,
                "{}: {program}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count >= 3, "only {count} programs are started");
}
