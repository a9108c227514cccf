//! Repositories whose configuration, layout or history is made by an attacker.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::inputs::{self, LARGE, SMALL, git, workspace, write};
use crate::support::program::{Run, kaito_render, run};

/// A repository with a Workspace under `workspaces/`, committed, and enlarged in the working tree.
fn repository() -> TempDir {
    let directory = inputs::repository(&[("workspaces/a.yaml", &workspace("a", SMALL))]);
    git(
        directory.path(),
        &["update-ref", "refs/remotes/origin/main", "HEAD"],
    );
    let path = directory.path().join("workspaces/a.yaml");
    write(&path, &workspace("a", LARGE));
    directory
}

/// A configuration by which Git runs `touch` as soon as it lacks an object.
fn promisor(marker: &Path, remote: &str) -> String {
    format!(
        "[core]\n\trepositoryformatversion = 1\n\tbare = false\n\tworktree = .\n\
         [extensions]\n\tpartialClone = evil\n\
         [remote \"evil\"]\n\tpromisor = true\n\t{remote}\n\
         [protocol \"ext\"]\n\tallow = always\n\
         [core]\n\tfsmonitor = touch {marker}\n\tsshCommand = touch {marker}\n\tpager = touch {marker}\n",
        marker = marker.display()
    )
}

fn remotes(marker: &Path) -> [String; 3] {
    let marker = marker.display();
    [
        format!("url = \"ext::sh -c touch% {marker}\""),
        format!("url = .\n\tuploadpack = \"touch {marker}; false\""),
        format!("url = \"ssh://localhost/x\"\n\tuploadpack = \"touch {marker}; false\""),
    ]
}

/// What each command that reads a revision says.
fn commands(directory: &Path, revision: &str) -> [Run; 3] {
    [
        &["check", "workspaces", "--against", revision][..],
        &["diff", "--against", revision, "workspaces"],
        &[
            "diff",
            "--against",
            revision,
            "--to",
            revision,
            "workspaces",
        ],
    ]
    .map(|args| run(kaito_render(args).current_dir(directory), ""))
}

/// A directory that looks like a bare repository is what a pull request can add anywhere.
/// The instance type that differs from the revision's, which both commands say.
fn assert_change_is_seen(check: &Run, diff: &Run) {
    assert!(check.stderr.contains("error[KR603]"), "{}", check.stderr);
    let said = format!("{}{}", diff.stdout, diff.stderr);
    assert!(diff.stdout.contains("1 changed"), "{said}");
}

#[test]
fn an_embedded_repository_runs_nothing_and_forges_no_history() {
    let marker = tempfile::tempdir().unwrap();
    let marker = marker.path().join("ran");
    for remote in remotes(&marker) {
        let directory = repository();
        let embedded = directory.path().join("workspaces");
        write(&embedded.join("HEAD"), "ref: refs/heads/main\n");
        write(&embedded.join("objects/keep"), "");
        for name in ["refs/heads/main", "refs/remotes/origin/main"] {
            write(&embedded.join(name), &format!("{}\n", "1".repeat(40)));
        }
        write(&embedded.join("config"), &promisor(&marker, &remote));
        let [check, diff, _] = commands(directory.path(), "origin/main");
        assert!(!marker.exists(), "{remote}");
        assert_change_is_seen(&check, &diff);
    }
}

#[test]
fn an_embedded_repository_with_real_objects_forges_no_history() {
    let directory = repository();
    let forged = tempfile::tempdir().unwrap();
    git(
        forged.path(),
        &["init", "--quiet", "--bare", "--initial-branch=main"],
    );
    let alternates = forged.path().join("objects/info/alternates");
    write(
        &alternates,
        &format!("{}\n", directory.path().join(".git/objects").display()),
    );
    git(directory.path(), &["add", "--all"]);
    let tree = git(directory.path(), &["write-tree"]);
    let commit = git(directory.path(), &["commit-tree", &tree, "-m", "forged"]);
    git(
        directory.path(),
        &[
            "push",
            "--quiet",
            forged.path().to_str().unwrap(),
            &format!("{commit}:refs/heads/main"),
        ],
    );
    git(
        forged.path(),
        &["update-ref", "refs/remotes/origin/main", &commit],
    );
    let copied = Command::new("cp")
        .arg("-rT")
        .arg(forged.path())
        .arg(directory.path().join("workspaces"))
        .status();
    assert!(copied.unwrap().success());
    let [check, diff, _] = commands(directory.path(), "origin/main");
    assert_change_is_seen(&check, &diff);
}

/// As in an archive or on a volume that somebody else wrote.
#[test]
fn the_configuration_of_the_repository_itself_runs_nothing() {
    let marker = tempfile::tempdir().unwrap();
    let marker = marker.path().join("ran");
    for remote in remotes(&marker) {
        let directory = repository();
        let config = promisor(&marker, &remote).replace("worktree = .", "");
        fs::write(directory.path().join(".git/config"), &config).unwrap();
        let [check, diff, _] = commands(directory.path(), "origin/main");
        assert_change_is_seen(&check, &diff);
        let object = object_name(&workspace("a", SMALL));
        let object = Path::new(&object[..2]).join(&object[2..]);
        fs::remove_file(directory.path().join(".git/objects").join(object)).unwrap();
        for run in commands(directory.path(), "origin/main") {
            assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
            assert!(
                run.stderr.contains("the Git repository lacks"),
                "{}",
                run.stderr
            );
        }
        for run in commands(directory.path(), &"1".repeat(40)) {
            assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
        }
        assert!(!marker.exists(), "{remote}");
    }
}

/// The name of a content. The lookup goes through a clean repository: another's configuration is
/// hostile.
fn object_name(text: &str) -> String {
    let clean = tempfile::tempdir().unwrap();
    git(clean.path(), &["init", "--quiet"]);
    let path = clean.path().join("a.yaml");
    write(&path, text);
    git(clean.path(), &["hash-object", path.to_str().unwrap()])
}

#[test]
fn variables_of_the_environment_choose_no_repository_and_no_configuration() {
    let marker = tempfile::tempdir().unwrap();
    let marker = marker.path().join("ran");
    let directory = repository();
    let config = directory.path().join("hostile");
    write(&config, &promisor(&marker, &remotes(&marker)[0]));
    let mut command = kaito_render(&["check", "workspaces", "--against", &"1".repeat(40)]);
    command
        .current_dir(directory.path())
        .env("GIT_CONFIG_GLOBAL", &config)
        .env("GIT_CONFIG", &config);
    command
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "extensions.partialclone");
    command
        .env("GIT_CONFIG_VALUE_0", "evil")
        .env("GIT_ALLOW_PROTOCOL", "ext:file:ssh");
    assert_eq!(run(&mut command, "").code, 2);
    assert!(!marker.exists());
}

/// Objects that `git replace` put in the place of others are one more way to forge a history.
#[test]
fn replaced_objects_do_not_count() {
    let directory = repository();
    git(directory.path(), &["add", "--all"]);
    git(
        directory.path(),
        &["commit", "--quiet", "--message", "larger"],
    );
    git(
        directory.path(),
        &["replace", "refs/remotes/origin/main", "HEAD"],
    );
    let [check, ..] = commands(directory.path(), "origin/main");
    assert!(check.stderr.contains("error[KR603]"), "{}", check.stderr);
}

#[test]
fn a_directory_of_a_revisions_name_is_not_read_for_it() {
    let directory = repository();
    write(
        &directory.path().join("origin/main/a.yaml"),
        &workspace("a", LARGE),
    );
    let [check, diff, _] = commands(directory.path(), "origin/main");
    assert_change_is_seen(&check, &diff);
}

/// What people have besides a plain clone goes on working.
#[test]
fn working_trees_and_other_hashes_can_be_read() {
    let directory = repository();
    let tree = tempfile::tempdir().unwrap();
    let tree = tree.path().join("tree");
    git(
        directory.path(),
        &["worktree", "add", "--quiet", tree.to_str().unwrap()],
    );
    write(&tree.join("workspaces/a.yaml"), &workspace("a", LARGE));
    let sha256 = tempfile::tempdir().unwrap();
    git(
        sha256.path(),
        &[
            "init",
            "--quiet",
            "--object-format=sha256",
            "--initial-branch=main",
        ],
    );
    write(
        &sha256.path().join("workspaces/a.yaml"),
        &workspace("a", SMALL),
    );
    git(sha256.path(), &["add", "--all"]);
    git(
        sha256.path(),
        &["commit", "--quiet", "--message", "a Workspace"],
    );
    write(
        &sha256.path().join("workspaces/a.yaml"),
        &workspace("a", LARGE),
    );
    for directory in [tree.as_path(), sha256.path()] {
        let [check, diff, _] = commands(directory, "HEAD");
        assert_change_is_seen(&check, &diff);
    }
}
