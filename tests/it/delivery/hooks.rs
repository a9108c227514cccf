//! Hooks and templates for continuous integration: what they run is run here, by the real
//! pre-commit and bash.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::program::{Run, root, run};
use crate::support::tools::{succeed, tool};

pub(super) const RIGHT: &str = "workspaces/right.yaml";
const WRONG: &str = "workspaces/wrong.yaml";

/// A repository with a Workspace in a directory.
pub(super) fn repository() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("workspaces")).unwrap();
    let text =
        fs::read_to_string(root().join("examples/v1beta1/kaito_workspace_phi_4.yaml")).unwrap();
    fs::write(directory.path().join(RIGHT), text).unwrap();
    fs::write(
        directory.path().join("chart.yaml"),
        "no: {{ .Values.yaml }}\n",
    )
    .unwrap();
    directory
}

/// Adds a Workspace with a mistake at its fifth line.
pub(super) fn add_mistake(directory: &Path) {
    let text =
        "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: wrong\nresuorce: {}\n";
    fs::write(directory.join(WRONG), text).unwrap();
}

/// A program in a directory, with ours on the path, and nothing of the user's settings.
fn inside(directory: &Path, mut command: Command) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_kaito-render"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    command
        .current_dir(directory)
        .env_clear()
        .env("PATH", path)
        .env("HOME", directory)
        .env("CI", "true");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "a")
            .env(format!("GIT_{role}_EMAIL"), "a@example.com");
    }
    command
}

pub(super) fn git(directory: &Path, args: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(args);
    inside(directory, git)
}

fn pre_commit(directory: &Path, args: &[&str]) -> Command {
    let mut pre_commit = tool("venv/bin/pre-commit");
    pre_commit.args(args);
    inside(directory, pre_commit)
}

#[test]
fn a_commit_with_a_mistake_is_refused_by_the_hook() {
    let hooks = tempfile::tempdir().unwrap();
    let manifest = ".pre-commit-hooks.yaml";
    fs::copy(root().join(manifest), hooks.path().join(manifest)).unwrap();
    succeed(&mut pre_commit(
        hooks.path(),
        &["validate-manifest", manifest],
    ));
    succeed(&mut git(hooks.path(), &["init", "-q"]));
    succeed(&mut git(hooks.path(), &["add", manifest]));
    succeed(&mut git(hooks.path(), &["commit", "-qm", "hooks"]));
    let revision = succeed(&mut git(hooks.path(), &["rev-parse", "HEAD"])).stdout;

    let repository = repository();
    let directory = repository.path();
    let config = format!(
        "repos:\n- repo: {}\n  rev: {}\n  hooks: [{{id: kaito-render-check-system, args: [workspaces/]}}]\n",
        hooks.path().display(),
        String::from_utf8(revision).unwrap().trim()
    );
    fs::write(directory.join(".pre-commit-config.yaml"), config).unwrap();
    succeed(&mut git(directory, &["init", "-q"]));
    succeed(&mut pre_commit(directory, &["install"]));
    succeed(&mut git(
        directory,
        &["add", ".pre-commit-config.yaml", "chart.yaml", RIGHT],
    ));
    succeed(&mut git(directory, &["commit", "-qm", "right"]));

    add_mistake(directory);
    succeed(&mut git(directory, &["add", WRONG]));
    let refused = run(&mut git(directory, &["commit", "-qm", "wrong"]), "");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.stderr.contains("workspaces/wrong.yaml:5:1"),
        "{refused:?}"
    );
}

#[test]
fn a_hook_without_arguments_checks_the_whole_repository_or_finds_nothing_to_check() {
    let directory = repository();
    let manifest = yaml(".pre-commit-hooks.yaml");
    let [built, system] = manifest.as_array().unwrap().as_slice() else {
        panic!("{manifest}")
    };
    for field in ["entry", "args", "files", "pass_filenames"] {
        assert_eq!(built[field], system[field], "{field}");
    }
    let args = built["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arg| arg.as_str().unwrap());
    let line = format!(
        "{} {}",
        text(&built["entry"]),
        args.collect::<Vec<_>>().join(" ")
    );
    assert_eq!(shell(directory.path(), &line, &[]).code, 0);
    add_mistake(directory.path());
    assert_eq!(shell(directory.path(), &line, &[]).code, 1);
    fs::remove_dir_all(directory.path().join("workspaces")).unwrap();
    assert_eq!(shell(directory.path(), &line, &[]).code, 0);
}

/// Holds what the action's `env` hands to its script, as GitHub fills it in.
fn check_variables(action: &Value) {
    let handed = action["runs"]["steps"][0]["env"].as_object().unwrap();
    assert_eq!(
        handed
            .iter()
            .map(|(name, value)| (&**name, text(value)))
            .collect::<Vec<_>>(),
        [
            ("KAITO_RENDER_PATHS", "${{ inputs.paths }}"),
            ("KAITO_RENDER_SARIF", "${{ inputs.sarif }}")
        ]
    );
}

#[test]
fn the_action_for_github_shows_diagnostics_and_keeps_them_for_code_scanning() {
    let directory = repository();
    let action = yaml("examples/ci/github/action.yml");
    let script = text(&action["runs"]["steps"][0]["run"]);
    check_script(script);
    check_variables(&action);
    let variables = |paths, sarif| {
        let workspace = directory.path().to_str().unwrap();
        let [paths, sarif] = [("KAITO_RENDER_PATHS", paths), ("KAITO_RENDER_SARIF", sarif)];
        [
            paths,
            sarif,
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKSPACE", workspace),
        ]
    };
    let default = |input: &str| text(&action["inputs"][input]["default"]);
    let all = shell(
        directory.path(),
        script,
        &variables(default("paths"), default("sarif")),
    );
    assert_eq!(all.code, 0, "{all:?}");

    add_mistake(directory.path());
    let wrong = shell(
        directory.path(),
        script,
        &variables(
            "workspaces/right.yaml\nworkspaces/wrong.yaml\n",
            "a b.sarif",
        ),
    );
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(
        wrong
            .stdout
            .contains("::error file=workspaces/wrong.yaml,line=5,"),
        "{wrong:?}"
    );
    let sarif = fs::read_to_string(directory.path().join("a b.sarif")).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"], "workspaces/wrong.yaml",
        "{sarif}"
    );

    let missing = shell(
        directory.path(),
        script,
        &variables("nowhere", "none.sarif"),
    );
    assert_ne!(missing.code, 0, "{missing:?}");
    assert!(
        missing.stderr.contains("`nowhere` does not exist"),
        "{missing:?}"
    );
}

/// The workflow calls the action by inputs that it has.
#[test]
fn the_workflow_for_github_calls_the_action() {
    let steps = yaml("examples/ci/github/workflow.yml")["jobs"]["check"]["steps"].take();
    let is_ours = |step: &&Value| {
        step["uses"]
            .as_str()
            .is_some_and(|uses| uses.contains("/examples/ci/github@"))
    };
    let ours = steps.as_array().unwrap().iter().find(is_ours).unwrap();
    let inputs = yaml("examples/ci/github/action.yml")["inputs"].take();
    for (name, _) in ours["with"].as_object().unwrap() {
        assert!(inputs[name].is_object(), "{name}");
    }
    let steps = steps.as_array().unwrap().iter();
    let scripts: Vec<_> = steps.filter_map(|step| step["run"].as_str()).collect();
    assert!(!scripts.is_empty());
    scripts.into_iter().for_each(check_script);
}

#[test]
fn the_template_for_gitlab_fails_of_diagnostics_and_reports_them() {
    let directory = repository();
    let job = yaml("examples/ci/gitlab/kaito-render.gitlab-ci.yml")["kaito-render"].take();
    let lines = |field: &str| {
        let lines = job[field]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| format!("{}\n", text(line)));
        lines.collect::<String>()
    };
    let (script, report) = (lines("script"), text(&job["artifacts"]["reports"]["junit"]));
    check_script(&script);
    check_script(&lines("before_script"));
    let project = directory.path().to_str().unwrap();
    let default = text(&job["variables"]["KAITO_RENDER_PATHS"]);
    let run = |paths| {
        let variables = [
            ("KAITO_RENDER_PATHS", paths),
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_DIR", project),
        ];
        let run = shell(directory.path(), &script, &variables);
        (
            run,
            fs::read_to_string(directory.path().join(report)).unwrap_or_default(),
        )
    };
    let (right, junit) = run(default);
    assert_eq!(right.code, 0, "{right:?}");
    assert!(
        junit.contains("</testsuites>") && !junit.contains("<failure"),
        "{junit}"
    );
    add_mistake(directory.path());
    let (wrong, junit) = run("workspaces/right.yaml workspaces/wrong.yaml");
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(
        wrong.stderr.contains("workspaces/wrong.yaml:5:1"),
        "{wrong:?}"
    );
    assert!(
        junit.contains("</testsuites>") && junit.contains("<failure"),
        "{junit}"
    );
}

/// A file of the project, read by a parser that is not ours.
pub(super) fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

pub(super) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

/// Runs a script as GitHub and GitLab do: a failing command ends it.
pub(super) fn shell(directory: &Path, script: &str, variables: &[(&str, &str)]) -> Run {
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
    run(inside(directory, bash).envs(variables.iter().copied()), "")
}

pub(super) fn check_script(script: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), script).unwrap();
    succeed(
        tool("bin/shellcheck")
            .args(["--shell", "bash"])
            .arg(file.path()),
    );
}
