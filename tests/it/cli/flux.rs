//! Output for Flux: `render --layout flux`, and what is written on the documents of a team.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::output::tree;
use crate::support::inputs::{SMALL, directory, inference_set, workspace};
use crate::support::program::{Run, kaito_render, run};

/// A Workspace, and a claim of the team's.
fn repository() -> TempDir {
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: ai}\n\
                 spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    directory(&[
        ("models/a.yaml", &workspace("a", SMALL)),
        ("models/team/claim.yaml", claim),
    ])
}

fn render(directory: &Path, args: &[&str]) -> Run {
    run(
        kaito_render(&[&["render"], args].concat()).current_dir(directory),
        "",
    )
}

const LAID_OUT: [&str; 7] = [
    "models",
    "--delivery",
    "flux",
    "--layout",
    "flux",
    "-o",
    "models/out/",
];

fn kustomization(resources: &[&str]) -> Value {
    json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    })
}

#[test]
fn every_directory_of_the_output_is_a_kustomization() {
    let directory = repository();
    let made = render(directory.path(), &LAID_OUT);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let out = directory.path().join("models/out");
    let plain = [&LAID_OUT[..3], &["-o", "plain/"]].concat();
    assert_eq!(render(directory.path(), &plain).code, 0);
    let mut files = tree(&out);
    for (path, resources) in [
        ("kustomization.yaml", &["ai", "default"][..]),
        ("ai/kustomization.yaml", &["_shared"]),
        (
            "ai/_shared/kustomization.yaml",
            &["persistentvolumeclaim-data.yaml"],
        ),
        ("default/kustomization.yaml", &["a"]),
        (
            "default/a/kustomization.yaml",
            &[
                "nodeclaim-0.yaml",
                "service-a-headless.yaml",
                "service.yaml",
                "statefulset.yaml",
                "workspace.yaml",
            ],
        ),
    ] {
        let text = files.remove(path).unwrap();
        let found: Value = serde_yaml::from_slice(&text).unwrap();
        assert_eq!(found, kustomization(resources), "{path}");
    }
    // The rest is what it is without them, but for the index.
    let mut plain = tree(&directory.path().join("plain"));
    let index = ".kaito-render.json";
    assert!(files.remove(index) != plain.remove(index));
    assert_eq!(files, plain);
}

#[test]
fn a_second_run_changes_nothing_and_one_without_the_layout_takes_it_away() {
    let directory = repository();
    assert_eq!(render(directory.path(), &LAID_OUT).code, 0);
    let before = tree(directory.path());
    // The output lies in the input, and is none: not even its kustomizations are.
    let again = render(directory.path(), &LAID_OUT);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(
        again.stderr.contains("models/out/: 0 written, 0 removed"),
        "{}",
        again.stderr
    );
    assert_eq!(tree(directory.path()), before);
    let check = |args: &[&str]| render(directory.path(), &[args, &["--check"]].concat());
    assert_eq!(check(&LAID_OUT).code, 0);

    let without = [&LAID_OUT[..3], &LAID_OUT[5..]].concat();
    let checked = check(&without);
    assert_eq!(checked.code, 1);
    let removed = |path: &str| format!("removed: models/out/{path}kustomization.yaml\n");
    let directories = ["", "ai/", "ai/_shared/", "default/", "default/a/"];
    for directory in directories {
        assert!(
            checked.stdout.contains(&removed(directory)),
            "{}",
            checked.stdout
        );
    }
    assert_eq!(render(directory.path(), &without).code, 0);
    let left = tree(&directory.path().join("models/out"));
    assert_eq!(before.len() - 2 - left.len(), directories.len());
}

#[test]
fn a_kustomization_of_somebody_else_is_never_replaced() {
    let directory = repository();
    let theirs = directory.path().join("models/out/kustomization.yaml");
    fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    fs::write(&theirs, "resources: []\n").unwrap();
    let refused = run(
        kaito_render(&["render", "models/a.yaml"])
            .args(&LAID_OUT[3..])
            .current_dir(directory.path()),
        "",
    );
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .contains("`models/out/kustomization.yaml` exists and was not written by kaito-render"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "resources: []\n");
}

#[test]
fn no_kustomization_has_more_objects_than_kustomize_makes_in_a_second() {
    let directory = directory(&[
        ("set.yaml", &inference_set(101)),
        ("a.yaml", &workspace("a", SMALL)),
    ]);
    let made = render(
        directory.path(),
        &["set.yaml", "a.yaml", "--layout", "flux", "-o", "out/"],
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    for path in ["out/", "out/default"] {
        let line = format!(
            "{path} has no kustomization.yaml, because 510 objects are more than 500: apply the directories in \
             it, each on its own\n"
        );
        assert!(made.stderr.contains(&line), "{}", made.stderr);
    }
    let files = tree(&directory.path().join("out"));
    let count = files
        .keys()
        .filter(|path| path.ends_with("kustomization.yaml"))
        .count();
    assert_eq!(count, 102);
}

#[test]
fn a_layout_needs_a_directory() {
    let directory = repository();
    for output in [&["-o", "out.yaml"][..], &["-o", "-"], &[]] {
        let args = [&["models/a.yaml", "--layout", "flux"], output].concat();
        let refused = render(directory.path(), &args);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains("-o"), "{}", refused.stderr);
    }
}

/// What becomes of the metadata of a document of the team for a host.
fn metadata(document: &str, host: &str) -> Value {
    let workspace = workspace("a", SMALL);
    let directory = directory(&[("a.yaml", &workspace), ("team.yaml", document)]);
    let args = ["--delivery", host, "--format", "jsonl", "-n", "models"];
    let made = render(directory.path(), &[&["."], &args[..]].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    let objects = made.stdout.lines().map(serde_json::from_str::<Value>);
    let mut objects = objects.map(Result::unwrap);
    let of_team = objects.find(|it| it["metadata"]["name"] == "team").unwrap();
    of_team["metadata"].clone()
}

#[test]
fn flux_keeps_the_claims_of_the_team() {
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: team}\nspec: {}\n";
    let annotations = |host| metadata(claim, host)["annotations"].clone();
    let kept = json!({"kustomize.toolkit.fluxcd.io/prune": "disabled"});
    assert_eq!(annotations("flux"), kept);
    assert!(annotations("argocd").is_null() && annotations("kubectl").is_null());
}

#[test]
fn documents_without_a_namespace_get_that_of_the_workspaces_from_nobody_else() {
    let document = |kind: &str| format!("{kind}\nmetadata: {{name: team}}\n");
    let secret = document("apiVersion: v1\nkind: Secret");
    assert_eq!(metadata(&secret, "flux")["namespace"], "models");
    // Argo CD and kubectl have one of their own for it.
    assert!(metadata(&secret, "argocd")["namespace"].is_null());
    assert!(metadata(&secret, "kubectl")["namespace"].is_null());
    for kind in [
        "apiVersion: v1\nkind: Namespace",
        "apiVersion: example.com/v1\nkind: Secret",
    ] {
        assert!(
            metadata(&document(kind), "flux")["namespace"].is_null(),
            "{kind}"
        );
    }
}
