//! Documents and directories that many tests start from.

use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::program::run;

/// An instance type with one GPU, which phi-4 fits.
pub(crate) const SMALL: &str = "Standard_NC24ads_A100_v4";

/// The same with two.
pub(crate) const LARGE: &str = "Standard_NC48ads_A100_v4";

/// A Workspace of `kaito.sh/v1beta1` that serves phi-4.
pub(crate) fn workspace(name: &str, instance_type: &str) -> String {
    workspace_of("v1beta1", name, instance_type, "phi-4")
}

/// A Workspace that serves a model. Lines 6 and 11 have the instance type and the model.
pub(crate) fn workspace_of(version: &str, name: &str, instance_type: &str, preset: &str) -> String {
    format!(
        "apiVersion: kaito.sh/{version}\nkind: Workspace\nmetadata:\n  name: {name}\nresource:\n  \
         instanceType: {instance_type}\n  labelSelector:\n    matchLabels: {{apps: {name}}}\n\
         inference:\n  preset:\n    name: {preset}\n"
    )
}

/// An InferenceSet `set` of so many replicas, which serve phi-4.
pub(crate) fn inference_set(replicas: usize) -> String {
    format!(
        "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata:\n  name: set\nspec:\n  \
         replicas: {replicas}\n  labelSelector:\n    matchLabels:\n      apps: set\n  template:\n    \
         resource:\n      instanceType: {SMALL}\n    inference:\n      preset:\n        name: phi-4\n"
    )
}

/// A profile of some fields.
pub(crate) fn profile(fields: &str) -> String {
    format!("apiVersion: render.kaito.sh/v1alpha1\nkind: Profile\n{fields}")
}

/// A directory with files, by path and text.
pub(crate) fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(&directory.path().join(path), text);
    }
    directory
}

/// Writes a file, and the directories above it.
pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Runs Git in a directory, with nothing of the user's settings, and gives what it prints.
pub(crate) fn git(directory: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args(["-c", "init.defaultBranch=main"]);
    let run = run(command.args(args), "");
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    run.stdout.trim().to_owned()
}

/// A value of the annotation `render.kaito.sh/rendered`, as output has it.
pub(crate) const RENDERED: &str =
    r#"{"version":"0.1.0","release":"0.12","provisioner":"nodeclaim","nodes":1,"objects":[]}"#;

/// The fingerprint of a text in the index of an output directory.
pub(crate) fn fingerprint(text: &str) -> String {
    let bytes = Sha256::digest(text).into_iter().take(8);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Commits all files of a working tree.
pub(crate) fn commit(directory: &Path) {
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "--message", "a change"]);
}

/// A repository in which files are committed.
pub(crate) fn repository(files: &[(&str, &str)]) -> TempDir {
    let directory = directory(files);
    git(directory.path(), &["init", "--quiet"]);
    commit(directory.path());
    directory
}
