//! An artifact in a registry: pushed, signed, verified, applied.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::rig::{Scene, program, ready};
use crate::support::inputs::{SMALL, workspace};
use crate::support::program::run;
use crate::support::tools::succeed;

/// Pushes a directory as the documentation says, and gives the digest.
fn push(scene: &Scene, directory: &Path, tag: &str) -> String {
    let address = format!("oci://{}/models:{tag}", scene.rig.registry.address);
    let mut flux = program("flux");
    flux.args(["push", "artifact", &address, "--path"]);
    flux.arg(directory);
    flux.args([
        "--source",
        "https://example.com/models",
        "--revision",
        "main@sha1:0123",
    ]);
    flux.args(["--reproducible", "--output", "json"]);
    let run = run(&mut flux, "");
    assert_eq!(run.code, 0, "{}", run.stderr);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    answer["digest"].as_str().unwrap().to_owned()
}

#[test]
fn equal_objects_have_an_equal_digest_and_are_applied_if_they_are_signed() {
    let scene = Scene::new("registry");
    scene.write("models/phi.yaml", &workspace("phi", SMALL));
    scene.render();
    let rendered = scene.repository.join("rendered");
    let digest = push(&scene, &rendered, "production");
    // From another checkout, at another time.
    let copy = tempfile::tempdir().unwrap();
    succeed(
        std::process::Command::new("cp")
            .arg("-r")
            .arg(&rendered)
            .arg(copy.path()),
    );
    assert_eq!(push(&scene, &copy.path().join("rendered"), "again"), digest);

    let mut source = scene.copied("oci-repository.yaml");
    source["spec"]["url"] = json!(format!("oci://{}/models", scene.rig.registry.address));
    // The registry of the test has no certificate.
    source["spec"]["insecure"] = json!(true);
    source["spec"]["interval"] = json!("2s");
    let mut sync = scene.copied("sync.yaml");
    sync["spec"]["wait"] = json!(false);
    let secret = |key: &str| {
        let name = &source["spec"]["verify"]["secretRef"]["name"];
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "flux-system"},
            "stringData": {"cosign.pub": key}})
    };
    let sign = |digest: &str| {
        let key = copy.path().join("cosign.pub");
        let image = format!("{}/models@{digest}", scene.rig.registry.address);
        succeed(program("flux-test").args(["sign", &image]).arg(&key));
        fs::read_to_string(&key).unwrap()
    };
    // Only another artifact is signed: nothing is applied.
    let other = push(&scene, &scene.repository.join("models"), "other");
    let key = sign(&other);
    scene.apply(&[secret(&key), source.clone(), sync]);
    let refused = scene.until("the artifact is refused", || {
        let outcome = ready(&scene.flux("ocirepository"));
        (outcome.status == "False").then_some(outcome)
    });
    assert_eq!(refused.reason, "VerificationError", "{}", refused.message);
    assert!(scene.get("workspace").is_empty());

    scene.apply(&[secret(&sign(&digest))]);
    scene.request("ocirepository");
    let found = scene.until("the artifact is there", || {
        let found = scene.flux("ocirepository");
        let is_there = found["status"]["artifact"].is_object();
        (is_there && ready(&found).status == "True").then_some(found)
    });
    let revision = &found["status"]["artifact"]["revision"];
    assert_eq!(*revision, format!("production@{digest}"));
    let outcome = scene.settled(&digest);
    assert_eq!(
        outcome.message,
        format!("Applied revision: production@{digest}")
    );
    assert_eq!(scene.get("workspace").len(), 1);
}
