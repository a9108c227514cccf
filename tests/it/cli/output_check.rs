//! `render --check`: it says what writing would do, and does nothing.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use kaito_render::emit::INDEX_FILE;
use kaito_render::emit::check::{Action, check_directory};
use kaito_render::emit::disk::write_directory;

use super::output::{Tree, tree};
use crate::support::inputs::{SMALL, workspace};
use crate::support::program::{Run, kaito_render, run};

/// What was written before, and what is wanted: of each kind of file one.
const BEFORE: [(&str, &str); 3] = [
    ("ai/phi/job.yaml", "a\n"),
    ("ai/phi/service.yaml", "b\n"),
    ("ai/old/job.yaml", "c\n"),
];
const WANTED: [(&str, &str); 3] = [
    ("ai/phi/job.yaml", "a\n"),
    ("ai/phi/service.yaml", "new\n"),
    ("ai/x/job.yaml", "d\n"),
];

fn files<'a>(files: &[(&'a str, &'a str)]) -> BTreeMap<&'a str, &'a str> {
    files.iter().copied().collect()
}

/// How two states of a directory differ.
fn difference(before: &Tree, after: &Tree) -> BTreeMap<String, Action> {
    let action = |path: &String| match (before.get(path), after.get(path)) {
        (None, Some(_)) => Some(Action::New),
        (Some(_), None) => Some(Action::Removed),
        (before, after) => (before != after).then_some(Action::Changed),
    };
    let paths = before.keys().chain(after.keys());
    paths
        .filter_map(|path| Some((path.clone(), action(path)?)))
        .collect()
}

/// Brings a directory in which something happened after it was written into shape; before, it is
/// checked, which has to tell exactly what then happens.
fn assert_foretold(name: &str, happen: impl FnOnce(&Path)) {
    let parent = tempfile::tempdir().unwrap();
    let root = &parent.path().join("out");
    write_directory(root, &files(&BEFORE)).unwrap();
    happen(root);
    let before = tree(root);
    let wanted = files(&WANTED);
    let said = check_directory(root, &wanted);
    assert_eq!(tree(root), before, "{name}: a check writes nothing");
    let done = write_directory(root, &wanted);
    let (said, done) = match (said, done) {
        (Ok(said), Ok(done)) => (said, done),
        (said, done) => {
            assert_eq!(said.unwrap_err().to_string(), done.unwrap_err().to_string());
            return;
        }
    };
    let below = |path: &Path| {
        path.strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let files = said.files.iter();
    let files: BTreeMap<_, _> = files.map(|(path, action)| (below(path), *action)).collect();
    assert_eq!(files, difference(&before, &tree(root)), "{name}");
    assert_eq!(said.kept, done.kept, "{name}");
    let again = check_directory(root, &wanted).unwrap();
    assert!(again.files.is_empty(), "{name}: {again:?}");
}

#[test]
fn a_check_foretells_what_a_write_does() {
    assert_foretold("nothing", |_| {});
    assert_foretold("missing", |root| fs::remove_dir_all(root).unwrap());
    assert_foretold("empty", |root| {
        fs::remove_dir_all(root).unwrap();
        fs::create_dir(root).unwrap();
    });
    assert_foretold("up to date", |root| {
        write_directory(root, &files(&WANTED)).unwrap();
    });
    let edits = [
        ("wanted, edited", "ai/phi/job.yaml", "mine\n"),
        ("wanted, line ends", "ai/phi/job.yaml", "a\r\n"),
        ("stale, edited", "ai/old/job.yaml", "mine\n"),
        ("stale, line ends", "ai/old/job.yaml", "c\r\n"),
        ("foreign", "ai/phi/mine.yaml", "mine\n"),
        ("foreign in the way", "ai/x/job.yaml", "mine\n"),
        ("foreign for a directory", "ai/x", "mine\n"),
        ("index, damaged", INDEX_FILE, "{"),
        ("left by a kill", "ai/phi/.job.yaml.kaito-render.tmp", "a"),
        (
            "left of the index",
            "..kaito-render.json.kaito-render.tmp",
            "{",
        ),
    ];
    for (name, path, text) in edits {
        assert_foretold(name, |root| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        });
    }
    for path in [INDEX_FILE, "ai/phi/job.yaml", "ai/old/job.yaml"] {
        assert_foretold(&format!("{path}, deleted"), |root| {
            fs::remove_file(root.join(path)).unwrap();
        });
    }
    assert_foretold("a link for a file", |root| {
        fs::remove_file(root.join("ai/old/job.yaml")).unwrap();
        symlink("/etc/hostname", root.join("ai/old/job.yaml")).unwrap();
    });
    assert_foretold("a link for the directory", |root| {
        fs::rename(root, root.with_file_name("real")).unwrap();
        symlink("real", root).unwrap();
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    check_directory(file.path(), &files(&WANTED)).unwrap_err();
}

/// Runs `render` in a directory that has `in/`.
fn render(directory: &Path, args: &[&str]) -> Run {
    let mut command = kaito_render(&[&["render", "in/"], args].concat());
    run(command.current_dir(directory), "")
}

#[test]
fn the_exit_code_says_whether_a_directory_is_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let source = directory.join("in/a.yaml");
    fs::create_dir(directory.join("in")).unwrap();
    fs::write(&source, workspace("phi", SMALL)).unwrap();
    let check = || render(directory, &["-o", "out/", "--check"]);

    let fresh = check();
    assert_eq!(fresh.code, 1, "{}", fresh.stderr);
    assert!(fresh.stdout.contains("new: out/.kaito-render.json\n"));
    assert!(!directory.join("out").exists());

    assert_eq!(render(directory, &["-o", "out/"]).code, 0);
    let same = check();
    assert_eq!((same.code, same.stdout.as_str()), (0, ""));
    assert!(same.stderr.contains("out/: nothing to write or remove"));

    let lines = |run: &Run| run.stdout.lines().map(str::to_owned).collect::<Vec<_>>();
    let paths = |run: &Run| {
        let path = |line: String| line.split_once(": ").unwrap().1.to_owned();
        lines(run).into_iter().map(path).collect::<Vec<_>>()
    };
    let of_workspace = paths(&fresh)
        .into_iter()
        .find(|path| path.ends_with("/workspace.yaml"));
    let of_workspace = of_workspace.unwrap();
    fs::write(directory.join(&of_workspace), "mine: true\n").unwrap();
    let edited = check();
    assert_eq!(edited.code, 1);
    assert_eq!(lines(&edited), [format!("changed: {of_workspace}")]);
    assert!(edited.stderr.contains("out/: 1 file to write or remove"));

    // Only what is still as it was written would be removed.
    let args = ["-o", "out/", "--check", "--exclude", "Workspace,Service"];
    let fewer = render(directory, &args);
    assert_eq!(fewer.code, 1, "{}", fewer.stderr);
    assert!(!fewer.stdout.contains(&of_workspace), "{}", fewer.stdout);
    assert!(fewer.stdout.contains("removed: out/"), "{}", fewer.stdout);
    assert!(fewer.stderr.contains(&of_workspace), "{}", fewer.stderr);

    fs::write(&source, "kind: Workspace\n").unwrap();
    let bad = check();
    assert_eq!((bad.code, bad.stdout.as_str()), (1, ""), "{}", bad.stderr);
    assert!(bad.stderr.contains("error["));
}

#[test]
fn a_single_file_is_checked_too() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    fs::create_dir(directory.join("in")).unwrap();
    fs::write(directory.join("in/a.yaml"), workspace("phi", SMALL)).unwrap();
    let check = || render(directory, &["--check", "-o", "all.yaml"]);
    assert_eq!((check().code, &*check().stdout), (1, "new: all.yaml\n"));
    assert!(!directory.join("all.yaml").exists());
    assert_eq!(render(directory, &["-o", "all.yaml"]).code, 0);
    assert_eq!((check().code, &*check().stdout), (0, ""));

    let all = fs::read_to_string(directory.join("all.yaml")).unwrap();
    fs::write(directory.join("all.yaml"), format!("{all}# mine\n")).unwrap();
    fs::set_permissions(directory, Permissions::from_mode(0o555)).unwrap();
    assert_eq!((check().code, &*check().stdout), (1, "changed: all.yaml\n"));
    fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();

    let device = render(directory, &["--check", "-o", "/dev/null"]);
    assert_eq!(device.code, 2);
    assert!(
        device.stderr.contains("`/dev/null` is a device"),
        "{}",
        device.stderr
    );
}

#[test]
fn a_check_without_an_output_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let none = render(directory.path(), &["--check"]);
    assert_eq!(none.code, 2);
    assert!(
        none.stderr.contains("--output <FILE|DIR/>"),
        "{}",
        none.stderr
    );
    let stdout = render(directory.path(), &["--check", "-o", "-"]);
    assert_eq!(stdout.code, 2);
    assert!(stdout.stderr.contains("`-o`"), "{}", stdout.stderr);
}
