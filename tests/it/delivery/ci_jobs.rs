//! The jobs of `examples/ci/` that write: their scripts are run here, with a repository, a registry and
//! the interface of GitHub or GitLab on this machine.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::comments::Comments;
use super::hooks::{RIGHT, add_mistake, check_script, git, repository, shell, text, yaml};
use crate::support::container::Registry;
use crate::support::program::{Run, stdout};
use crate::support::tools::{directory, succeed, tool};

/// Whose jobs they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forge {
    GitHub,
    GitLab,
}

const FORGES: [Forge; 2] = [Forge::GitHub, Forge::GitLab];

impl Forge {
    /// The scripts of the one job of a file, and what the file sets for them.
    fn job(self, name: &str) -> (String, Vec<(String, String)>) {
        let (job, scripts) = match self {
            Self::GitHub => {
                let job = first(&yaml(&format!("examples/ci/github/{name}.yml"))["jobs"]);
                let steps = job["steps"].as_array().unwrap().clone();
                (job, steps)
            }
            Self::GitLab => {
                let file = yaml(&format!("examples/ci/gitlab/{name}.gitlab-ci.yml"));
                (first(&file), Vec::new())
            }
        };
        let lines = job["script"].as_array().into_iter().flatten().map(text);
        let steps = scripts.iter().filter_map(|step| step["run"].as_str());
        // Ours is on the path already.
        let script: String = lines
            .chain(steps)
            .filter(|script| !script.starts_with("cargo install"))
            .collect();
        check_script(&format!("set -e\n{script}"));
        let settings = scripts.iter().map(|step| &step["env"]);
        let settings = settings.chain([&job["variables"]]);
        let settings = settings.filter_map(Value::as_object).flatten();
        let settings = settings.map(|(name, value)| {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), value)
        });
        (script, settings.collect())
    }

    /// Runs the job of a file in a checkout. What it sets is overridden by `variables`, in the place of
    /// expressions of the forge.
    fn run(self, name: &str, checkout: &Path, variables: &[(&str, &str)]) -> Run {
        let (script, settings) = self.job(name);
        let settings = settings.iter().map(|(name, value)| (&**name, &**value));
        let all: Vec<_> = settings.chain(variables.iter().copied()).collect();
        shell(checkout, &script, &all)
    }
}

fn first(jobs: &Value) -> Value {
    let mut jobs = jobs.as_object().unwrap().values();
    let job = jobs.next().unwrap().clone();
    assert_eq!(jobs.next(), None, "one job a file");
    job
}

fn printed(directory: &Path, args: &[&str]) -> String {
    let output = succeed(&mut git(directory, args));
    String::from_utf8(output.stdout).unwrap()
}

/// A repository that others push to, and a checkout of it with a Workspace.
struct Project {
    origin: TempDir,
    checkout: TempDir,
}

impl Project {
    fn new() -> Self {
        let (origin, checkout) = (tempfile::tempdir().unwrap(), repository());
        succeed(&mut git(
            origin.path(),
            &["init", "-q", "--bare", "-b", "main"],
        ));
        succeed(&mut git(
            origin.path(),
            &["config", "receive.advertisePushOptions", "true"],
        ));
        succeed(&mut git(checkout.path(), &["init", "-q", "-b", "main"]));
        let url = origin.path().to_str().unwrap();
        succeed(&mut git(checkout.path(), &["remote", "add", "origin", url]));
        let project = Self { origin, checkout };
        project.commit("first");
        project
    }

    fn path(&self) -> &Path {
        self.checkout.path()
    }

    fn commit(&self, message: &str) {
        succeed(&mut git(self.path(), &["add", "."]));
        succeed(&mut git(self.path(), &["commit", "-qm", message]));
        succeed(&mut git(self.path(), &["push", "-q", "origin", "main"]));
    }

    /// Replaces a part of the Workspace, and commits.
    fn change(&self, from: &str, to: &str) {
        let path = self.path().join(RIGHT);
        let before = fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "{before}");
        fs::write(&path, before.replace(from, to)).unwrap();
        self.commit(to);
    }

    /// What a branch of the origin has in a file.
    fn of_branch(&self, path: &str) -> String {
        printed(self.origin.path(), &["show", &format!("rendered:{path}")])
    }
}

#[test]
fn a_branch_has_what_is_rendered_and_keeps_it_when_there_is_a_mistake() {
    for forge in FORGES {
        let project = Project::new();
        let url = project.origin.path().to_str().unwrap();
        let run = || {
            // Each job has a checkout of its own.
            let checkout = tempfile::tempdir().unwrap();
            succeed(&mut git(checkout.path(), &["clone", "-q", url, "."]));
            let variables = [
                ("REPOSITORY", url),
                ("GITHUB_SHA", "0123"),
                ("CI_COMMIT_SHA", "0123"),
                ("CI_SERVER_HOST", "example.com"),
            ];
            forge.run("rendered-branch", checkout.path(), &variables)
        };
        let head = || printed(project.origin.path(), &["rev-parse", "rendered"]);

        let made = run();
        assert_eq!(made.code, 0, "{forge:?} {made:?}");
        let files = printed(
            project.origin.path(),
            &["ls-tree", "-r", "--name-only", "rendered"],
        );
        let service = files.lines().find(|file| file.contains("service")).unwrap();
        let all = stdout(
            &[
                "render",
                project.path().join("workspaces").to_str().unwrap(),
            ],
            "",
        );
        assert!(
            all.contains(project.of_branch(service).trim_start_matches("---\n")),
            "{files}"
        );
        assert!(!files.contains("chart.yaml"), "{files}");

        let before = head();
        assert_eq!(run().code, 0);
        assert_eq!(head(), before, "{forge:?}: nothing has changed");

        project.change("name: workspace-phi-4", "name: renamed");
        assert_eq!(run().code, 0);
        let files = printed(
            project.origin.path(),
            &["ls-tree", "-r", "--name-only", "rendered"],
        );
        assert!(
            files.contains("renamed") && !files.contains("workspace-phi-4"),
            "{files}"
        );

        let before = head();
        add_mistake(project.path());
        project.commit("a mistake");
        let refused = run();
        assert_eq!(refused.code, 1, "{forge:?} {refused:?}");
        assert!(
            refused.stderr.contains("workspaces/wrong.yaml:5:1"),
            "{refused:?}"
        );
        assert_eq!(head(), before, "{forge:?}");
    }
}

#[test]
fn one_comment_says_what_a_pull_request_changes() {
    for forge in FORGES {
        let project = Project::new();
        project.change("apps: phi-4", "apps: renamed");
        let comments = Comments::serve();
        let run = || {
            let mark = "<!-- kaito-render diff -->";
            let temporary = tempfile::tempdir().unwrap();
            let summary = temporary.path().join("summary");
            let base = printed(project.path(), &["rev-parse", "HEAD^1"]);
            let variables = [
                ("GITHUB_API_URL", comments.url.as_str()),
                ("GITHUB_REPOSITORY", "team/models"),
                ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
                ("GITHUB_TOKEN", Comments::TOKEN),
                ("RUNNER_TEMP", temporary.path().to_str().unwrap()),
                ("NUMBER", "7"),
                ("CI_API_V4_URL", comments.url.as_str()),
                ("CI_PROJECT_ID", "team"),
                ("CI_MERGE_REQUEST_IID", "7"),
                ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.trim()),
                ("KAITO_RENDER_TOKEN", Comments::TOKEN),
            ];
            let run = forge.run("diff-comment", project.path(), &variables);
            if forge == Forge::GitHub && run.code == 0 {
                assert!(fs::read_to_string(summary).unwrap().starts_with(mark));
            }
            run
        };
        let is_made = run();
        assert_eq!(is_made.code, 0, "{forge:?} {is_made:?}");
        let [same] = comments.ours().try_into().unwrap();
        assert!(same.starts_with("<!-- kaito-render diff -->"), "{same}");
        project.change("NC24ads", "NC48ads");
        assert_eq!(run().code, 0, "{forge:?}");
        let [changed] = comments.ours().try_into().unwrap();
        assert!(
            changed.contains("NC48ads") && !same.contains("NC48ads"),
            "{changed}"
        );

        add_mistake(project.path());
        let refused = run();
        assert_eq!(refused.code, 1, "{forge:?} {refused:?}");
        assert!(
            refused.stderr.contains("workspaces/wrong.yaml:5:1"),
            "{refused:?}"
        );
        assert_eq!(comments.ours(), [changed], "{forge:?}");
    }
}

#[test]
fn a_registry_has_what_is_rendered_by_a_digest_that_the_commit_decides() {
    for forge in FORGES {
        let project = Project::new();
        let registry = Registry::serve();
        let artifact = format!("oci://{}/workspaces", registry.address);
        let ours = Path::new(env!("CARGO_BIN_EXE_kaito-render"))
            .parent()
            .unwrap();
        let path = [ours.to_owned(), directory().join("flux")].into_iter();
        let others = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(path.chain(std::env::split_paths(&others))).unwrap();
        let run = || {
            let commit = printed(project.path(), &["rev-parse", "HEAD"]);
            let variables = [
                ("PATH", path.to_str().unwrap()),
                ("ARTIFACT", artifact.as_str()),
                ("GITHUB_SHA", commit.trim()),
                ("GITHUB_REF_NAME", "main"),
                ("GITHUB_REPOSITORY", "team/models"),
                ("GITHUB_SERVER_URL", "https://github.com"),
                ("CI_COMMIT_SHA", commit.trim()),
                ("CI_COMMIT_BRANCH", "main"),
                ("CI_PROJECT_URL", "https://gitlab.com/team/models"),
                ("CI_REGISTRY_USER", "user"),
                ("CI_REGISTRY_PASSWORD", "password"),
            ];
            forge.run("flux-artifact", project.path(), &variables)
        };
        let manifest = || {
            let mut crane = tool("bin/crane");
            let name = format!("{}/workspaces:main", registry.address);
            let output = succeed(crane.args(["manifest", "--insecure", &name]));
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        let pushed = run();
        assert_eq!(pushed.code, 0, "{forge:?} {pushed:?}");
        let first = manifest();
        assert_eq!(run().code, 0);
        assert_eq!(manifest(), first, "{forge:?}: the same commit");

        fs::write(project.path().join("README"), "no input").unwrap();
        project.commit("another commit");
        assert_eq!(run().code, 0);
        let second = manifest();
        assert_eq!(
            second["layers"], first["layers"],
            "{forge:?}: the same objects"
        );
        assert_ne!(second, first, "{forge:?}: the annotations name the commit");

        add_mistake(project.path());
        project.commit("a mistake");
        let refused = run();
        assert_eq!(refused.code, 1, "{forge:?} {refused:?}");
        assert_eq!(manifest(), second, "{forge:?}");
    }
}
