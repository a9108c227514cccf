//! docs/kubectl.md, followed: the plugin by the real kubectl, and what it applies and prunes.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::project::readme_commands;
use crate::support::cluster::{Cluster, Kubectl, items};
use crate::support::flavour::Flavour;
use crate::support::inputs::{SMALL, workspace};
use crate::support::program::{Run, root, run};
use crate::support::tools::{directory, succeed};

/// A shell in a directory of its own, with kubectl, the program and the plugin on its path.
pub(crate) struct Shell {
    pub(crate) directory: TempDir,
    kubectl: Option<Kubectl>,
}

impl Shell {
    pub(crate) fn new(kubectl: Option<Kubectl>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let plugin = directory.path().join("kubectl-kaito_render");
        symlink(env!("CARGO_BIN_EXE_kaito-render"), plugin).unwrap();
        let script = format!("#!/bin/sh\nexec {} kubectl \"$@\"\n", tool("bin/kube"));
        let path = directory.path().join("kubectl");
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        Self { directory, kubectl }
    }

    pub(crate) fn run(&self, line: &str) -> Run {
        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("set -o pipefail; {line}")]);
        let path = self.directory.path();
        bash.current_dir(path).env("KUBECONFIG", "/dev/null");
        bash.env(
            "PATH",
            format!("{}:{}", path.display(), readme_commands::path()),
        );
        if let Some(kubectl) = &self.kubectl {
            kubectl.equip(&mut bash);
        }
        run(&mut bash, "")
    }

    pub(crate) fn succeed(&self, line: &str) -> String {
        let run = self.run(line);
        assert_eq!(run.code, 0, "{line}: {}", run.stderr);
        run.stdout
    }
}

fn tool(name: &str) -> String {
    directory().join(name).to_str().unwrap().to_owned()
}

/// The command of docs/kubectl.md that has some words.
fn documented(words: &str) -> String {
    documented_in("kubectl", words)
}

/// The command of a page under `docs/` that has some words.
pub(crate) fn documented_in(page: &str, words: &str) -> String {
    let page = fs::read_to_string(root().join(format!("docs/{page}.md"))).unwrap();
    let page = page.replace("\\\n", " ");
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let command = blocks
        .flat_map(str::lines)
        .find(|line| line.contains(words));
    command
        .unwrap_or_else(|| panic!("{words}"))
        .trim()
        .to_owned()
}

#[test]
fn kubectl_finds_the_plugin() {
    let shell = Shell::new(None);
    let help = shell.succeed(&documented("--help"));
    assert!(
        help.contains("Usage: kubectl kaito-render render "),
        "{help}"
    );
    let wrong = shell.run("kubectl kaito-render no-such-command");
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(
        wrong.stderr.contains("Usage: kubectl kaito-render "),
        "{}",
        wrong.stderr
    );
    let other = shell.run("kubectl kaito render --help");
    assert!(!other.stdout.contains("kaito-render"), "{}", other.stdout);
}

/// The objects that kubectl applied, as kind and name.
fn applied(shell: &Shell, kinds: &str) -> BTreeSet<String> {
    let found = shell.succeed(&format!(
        "kubectl get {kinds} -A -l applyset.kubernetes.io/part-of -o json"
    ));
    let found: Value = serde_json::from_str(&found).unwrap();
    let name = |object: &Value| {
        let text = |field: &Value| field.as_str().unwrap().to_owned();
        format!(
            "{} {}",
            text(&object["kind"]),
            text(&object["metadata"]["name"])
        )
    };
    items(&found).iter().map(name).collect()
}

#[test]
fn what_is_no_longer_rendered_is_pruned_and_nothing_else() {
    let mut cluster = Cluster::of_storage();
    for crds in Flavour::Azure.crds() {
        cluster.apply_crds(&crds);
    }
    let shell = Shell::new(Some(cluster.admin()));
    let workspaces = shell.directory.path().join("workspaces");
    fs::create_dir(&workspaces).unwrap();
    for name in ["first", "second"] {
        let file = workspaces.join(format!("{name}.yaml"));
        fs::write(file, workspace(name, SMALL)).unwrap();
    }
    shell.succeed("kubectl create namespace models");
    shell.succeed("kubectl create configmap mine -n models");
    let apply = documented("kubectl apply -n models");
    assert!(
        shell
            .succeed(&apply)
            .contains("workspace.kaito.sh/first created")
    );
    let again = shell.succeed(&apply);
    assert!(
        again.lines().all(|line| line.ends_with(" unchanged")),
        "{again}"
    );

    let prune = documented("--prune");
    let kinds = "workspaces,nodeclaims,services,statefulsets,deployments,configmaps";
    shell.succeed(&prune);
    let both = applied(&shell, kinds);
    assert!(
        both.contains("Workspace first") && both.contains("Workspace second"),
        "{both:?}"
    );

    fs::remove_file(workspaces.join("second.yaml")).unwrap();
    let pruned = shell.succeed(&prune);
    assert!(
        pruned.contains("workspace.kaito.sh/second pruned"),
        "{pruned}"
    );
    let one = applied(&shell, kinds);
    let claims = |objects: &BTreeSet<String>| {
        let is_claim = |object: &&String| object.starts_with("NodeClaim ");
        objects.iter().filter(is_claim).count()
    };
    assert_eq!((claims(&both), claims(&one)), (2, 1), "{both:?} {one:?}");
    assert!(
        one.contains("Workspace first") && !one.contains("Workspace second"),
        "{one:?}"
    );
    shell.succeed("kubectl get configmap mine -n models");

    // An error, and an empty input, prune nothing.
    fs::write(workspaces.join("first.yaml"), "kind: Workspace\n").unwrap();
    assert_ne!(shell.run(&prune).code, 0);
    fs::remove_file(workspaces.join("first.yaml")).unwrap();
    assert_ne!(shell.run(&prune).code, 0);
    assert_eq!(applied(&shell, kinds), one);
}

#[test]
fn the_manifest_for_krew_has_the_archives_of_a_release() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("kaito-render"), "#!/bin/sh\n").unwrap();
    let name = "kaito-render-linux-amd64.tar.gz";
    let mut tar = Command::new("tar");
    tar.args(["-czf", name, "kaito-render", "-C"])
        .arg(root())
        .arg("LICENSE");
    succeed(tar.current_dir(directory.path()));
    let krew = |args: &[&str]| {
        let mut krew = Command::new(root().join("tools/krew-manifest"));
        run(krew.args(args).current_dir(directory.path()), "")
    };

    let made = krew(&["v1.2.3", name]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let manifest: Value = serde_yaml::from_str(&made.stdout).unwrap();
    assert_eq!(
        manifest["apiVersion"],
        "krew.googlecontainertools.github.com/v1alpha2"
    );
    assert_eq!(manifest["metadata"]["name"], "kaito-render");
    let spec = manifest["spec"].as_object().unwrap();
    let fields: BTreeSet<_> = spec.keys().map(String::as_str).collect();
    let expected = [
        "description",
        "homepage",
        "platforms",
        "shortDescription",
        "version",
    ];
    assert_eq!(fields, BTreeSet::from(expected));
    let bytes = fs::read(directory.path().join(name)).unwrap();
    let platform = &spec["platforms"][0];
    let digest = Sha256::digest(bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(platform["sha256"], digest);
    assert!(
        platform["uri"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/v1.2.3/{name}"))
    );
    assert_eq!(platform["bin"], "kaito-render");

    fs::rename(
        directory.path().join(name),
        directory.path().join("a.tar.gz"),
    )
    .unwrap();
    for args in [&["1.2.3", name][..], &["v1.2.3", "a.tar.gz"], &["v1.2.3"]] {
        assert_ne!(krew(args).code, 0, "{args:?}");
    }
}
