//! The files around the code: those for GitHub, Git, editors and readers. Needs only Git.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_yaml::Value;

use crate::support::program::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of a file that are neither empty nor comments.
fn lines(path: &str) -> Vec<String> {
    let is_content = |line: &&str| !line.is_empty() && !line.starts_with('#');
    read(path)
        .lines()
        .filter(is_content)
        .map(str::to_owned)
        .collect()
}

/// The names of the files in a directory.
fn names(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(directory)).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn git(args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn attributes_are_about_files_that_exist() {
    let lines = lines(".gitattributes");
    assert!(lines.len() > 5);
    for line in lines {
        let pattern = line.split(' ').next().unwrap();
        let files = git(&[
            "ls-files",
            "--",
            &format!(":(top,glob){}", pattern.trim_start_matches('/')),
        ]);
        assert!(!files.is_empty(), "{pattern}");
    }
}

#[test]
fn text_files_have_the_line_ends_of_unix() {
    // Index, working tree, attributes, path. What is marked `-text` may have any.
    for line in git(&["ls-files", "--eol"]).lines() {
        let is_text = line.contains("attr/text");
        let is_unix = ["i/lf", "i/none", "i/-text"]
            .iter()
            .any(|kind| line.starts_with(kind));
        assert!(!is_text || is_unix, "{line}");
    }
}

#[test]
fn commits_that_blame_skips_are_named_in_full() {
    for line in lines(".git-blame-ignore-revs") {
        let is_hash = line.len() == 40 && line.chars().all(|char| char.is_ascii_hexdigit());
        assert!(is_hash, "{line}");
    }
}

/// One list of changes of each kind for each release, in the order of <https://keepachangelog.com>.
#[test]
fn the_changelog_has_the_headings_of_keep_a_changelog() {
    let kinds = [
        "### Added",
        "### Changed",
        "### Deprecated",
        "### Removed",
        "### Fixed",
        "### Security",
    ];
    let text = read("CHANGELOG.md");
    let releases: Vec<_> = text.split("\n## ").skip(1).collect();
    assert!(releases[0].starts_with("[Unreleased]\n"));
    for release in releases {
        let headings = release.lines().filter(|line| line.starts_with("###"));
        let order: Option<Vec<_>> = headings
            .map(|heading| kinds.iter().position(|kind| *kind == heading))
            .collect();
        assert!(
            order.is_some_and(|order| order.is_sorted_by(|a, b| a < b)),
            "{release}"
        );
    }
}

#[test]
fn every_page_of_the_documentation_is_on_the_site() {
    let summary = read("book/SUMMARY.md");
    for name in names("docs") {
        assert!(
            summary.contains(&format!("](docs/{name})")),
            "{name} is not in book/SUMMARY.md"
        );
    }
}

#[test]
fn the_toolchain_is_pinned_and_no_older_than_the_oldest_that_will_do() {
    let version = |path, key| {
        let text = read(path);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .unwrap()
            .to_owned();
        line.trim_matches(['"', ' ', '='])
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect()
    };
    let pinned: Vec<u32> = version("rust-toolchain.toml", "channel");
    let oldest: Vec<u32> = version("Cargo.toml", "rust-version");
    assert_eq!(pinned.len(), 3, "{pinned:?}");
    assert!(pinned >= oldest, "{pinned:?} {oldest:?}");
}

fn workflows() -> impl Iterator<Item = (String, Value)> {
    let names = names(".github/workflows");
    assert!(names.len() >= 3, "{names:?}");
    names.into_iter().map(|name| {
        let workflow = serde_yaml::from_str(&read(&format!(".github/workflows/{name}"))).unwrap();
        (name, workflow)
    })
}

/// The steps of all jobs.
fn steps(workflow: &Value) -> Vec<&Value> {
    let jobs = workflow["jobs"].as_mapping().unwrap().values();
    jobs.flat_map(|job| job["steps"].as_sequence().unwrap())
        .collect()
}

/// A tag such as `v5` moves, and what it runs with it.
#[test]
fn workflows_pin_actions_by_their_full_version() {
    for (name, workflow) in workflows() {
        for action in steps(&workflow)
            .iter()
            .filter_map(|step| step["uses"].as_str())
        {
            let version = action.split_once("@v").map_or("", |(_, version)| version);
            let parts: Vec<_> = version.split('.').map(str::parse::<u32>).collect();
            assert!(
                parts.len() == 3 && parts.iter().all(Result::is_ok),
                "{name}: {action}"
            );
        }
    }
}

#[test]
fn workflows_get_no_secrets_and_write_nothing_by_default() {
    for (name, workflow) in workflows() {
        let permissions = &workflow["permissions"];
        assert_eq!(permissions["contents"], "read", "{name}");
        assert_eq!(permissions.as_mapping().unwrap().len(), 1, "{name}");
        assert!(
            !read(&format!(".github/workflows/{name}")).contains("secrets."),
            "{name}"
        );
    }
}

/// What is run there can be run here: a script of the project, cargo or rustup.
#[test]
fn workflows_run_scripts_of_the_project() {
    for (name, workflow) in workflows() {
        let commands: Vec<_> = steps(&workflow)
            .iter()
            .filter_map(|step| step["run"].as_str())
            .collect();
        for command in commands {
            assert!(is_ours(command), "{name}: {command}");
        }
    }
}

/// Whether a command line begins with cargo, rustup or an executable of this repository.
fn is_ours(command: &str) -> bool {
    let program = command.split(' ').next().unwrap();
    ["cargo", "rustup"].contains(&program) || is_executable(&root().join(program))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// GitHub shows a form with a mistake to nobody, and says so only where the file is viewed.
#[test]
fn issue_forms_are_well_formed() {
    for name in names(".github/ISSUE_TEMPLATE") {
        let text = read(&format!(".github/ISSUE_TEMPLATE/{name}"));
        let form: Value = serde_yaml::from_str(&text).unwrap();
        if name == "config.yml" {
            let links = form["contact_links"].as_sequence().unwrap();
            let is_complete = |link: &Value| {
                ["name", "url", "about"]
                    .iter()
                    .all(|key| link[*key].is_string())
            };
            assert!(links.iter().all(is_complete));
            continue;
        }
        assert!(
            form["name"].is_string() && form["description"].is_string(),
            "{name}"
        );
        let mut ids = Vec::new();
        for element in form["body"].as_sequence().unwrap() {
            let attributes = &element["attributes"];
            match element["type"].as_str() {
                Some("markdown") => assert!(attributes["value"].is_string(), "{name}"),
                Some("input" | "textarea") => {
                    assert!(attributes["label"].is_string(), "{name}");
                    ids.push(element["id"].as_str().unwrap());
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert!(count > 0 && ids.len() == count, "{name}: {ids:?}");
    }
}
