//! What Flux does about a training that changes: Kubernetes refuses to change the pods of a Job.

use std::fs;

use serde_json::json;

use super::rig::Scene;
use crate::support::inputs::{SMALL, profile, workspace};
use crate::support::program::root;

/// A training in the namespace of the scene, whose result is an image with this tag.
fn training(tag: &str) -> String {
    let path = "examples/v1beta1/kaito_workspace_tuning_phi_4_mini.yaml";
    let text = fs::read_to_string(root().join(path)).unwrap();
    let image = "phi-4-mini-dolly:";
    assert!(text.contains(&format!("{image}0.0.1")), "{text}");
    text.replace("  namespace: tuning\n", "")
        .replace(&format!("{image}0.0.1"), &format!("{image}{tag}"))
}

#[test]
fn a_changed_job_stops_its_kustomization() {
    let scene = Scene::new("kept-jobs");
    scene.write("models/tuning.yaml", &training("1"));
    scene.render();
    scene.sync("sync.yaml", "./rendered", &json!({"wait": false}));
    let head = scene.push();
    assert_eq!(scene.settled(&head).status, "True");
    let jobs = scene.names("job");

    scene.write("models/tuning.yaml", &training("2"));
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside, namespace: kept-jobs}\ndata: {a: b}\n";
    scene.write("models/beside.yaml", config);
    scene.render();
    let head = scene.push();
    let outcome = scene.settled(&head);
    assert_eq!(
        (outcome.status.as_str(), outcome.reason.as_str()),
        ("False", "ReconciliationFailed")
    );
    let words = "Job/kept-jobs/workspace-tuning-phi-4-mini dry-run failed (Invalid): Job.batch \
                 \"workspace-tuning-phi-4-mini\" is invalid: spec.template: Invalid value: ";
    assert!(outcome.message.starts_with(words), "{}", outcome.message);
    assert!(
        outcome.message.contains("field is immutable"),
        "{}",
        outcome.message
    );
    // Nothing of the commit is applied, whatever else is in it.
    assert!(
        !scene
            .names("configmap")
            .contains(&"ConfigMap/beside".to_owned())
    );
    assert_eq!(scene.names("job"), jobs);
    let page = fs::read_to_string(root().join("docs/flux.md")).unwrap();
    assert!(
        page.contains(&words.replace("kept-jobs", "tuning")),
        "{page}"
    );
}

#[test]
fn without_the_namespace_nothing_is_applied() {
    let scene = Scene::new("beside");
    let elsewhere =
        workspace("phi", SMALL).replace("  name: phi\n", "  name: phi\n  namespace: missing\n");
    scene.write("models/phi.yaml", &elsewhere);
    scene.write("models/here.yaml", &workspace("here", SMALL));
    scene.render();
    scene.sync("sync.yaml", "./rendered", &json!({"wait": false}));
    let head = scene.push();
    let outcome = scene.settled(&head);
    assert_eq!(outcome.status, "False");
    assert!(
        outcome.message.contains("namespaces \"missing\" not found"),
        "{}",
        outcome.message
    );
    assert!(scene.names("workspace,service").is_empty() && scene.claims().is_empty());
}

#[test]
fn a_job_that_is_named_by_its_content_is_made_anew_and_the_old_one_goes() {
    let scene = Scene::new("named-jobs");
    scene.write(
        "kaito-render.yaml",
        &profile("delivery: {host: flux, jobs: named}\n"),
    );
    scene.write("models/tuning.yaml", &training("1"));
    scene.render();
    scene.sync("sync.yaml", "./rendered", &json!({"wait": false}));
    let head = scene.push();
    assert_eq!(scene.settled(&head).status, "True");
    let [old] = &scene.names("job")[..] else {
        panic!("{:?}", scene.names("job"));
    };

    scene.write("models/tuning.yaml", &training("2"));
    scene.render();
    let head = scene.push();
    assert_eq!(scene.settled(&head).status, "True");
    scene.until("the old Job is gone", || {
        let jobs = scene.names("job");
        (jobs.len() == 1 && jobs[0] != *old).then_some(())
    });
    // What has not changed is not made again.
    let job = scene.get("job").remove(0);
    assert_eq!(scene.reconcile().status, "True");
    assert_eq!(
        scene.get("job")[0]["metadata"]["uid"],
        job["metadata"]["uid"]
    );
}
