//! From a push to Ready, with KWOK's pods: where the status controller runs, and where it does not.

use std::fs;

use serde_json::{Value, json};

use super::rig::{Scene, WATCHED};
use crate::support::inputs::{LARGE, SMALL, workspace};
use crate::support::program::root;
use crate::support::provisioner;

/// Gives each NodeClaim its node, if it has none.
fn provision(scene: &Scene) {
    for claim in scene.claims() {
        if claim["status"]["nodeName"].is_null() {
            provisioner::launch(&scene.admin, &claim);
        }
    }
}

/// Whether the workload of the one Workspace serves.
fn serves(scene: &Scene) -> bool {
    let [workload] = &scene.get("statefulset")[..] else {
        return false;
    };
    let status = &workload["status"];
    status["readyReplicas"] == 1
        && status["observedGeneration"] == workload["metadata"]["generation"]
        && status["currentRevision"] == status["updateRevision"]
}

#[test]
fn without_the_controller_flux_waits_for_the_workload() {
    let scene = Scene::new("unwatched");
    scene.write("models/phi.yaml", &workspace("phi", SMALL));
    scene.render();
    scene.sync("sync.yaml", "./rendered", &json!({}));
    let head = scene.push();
    scene.waits(&head);
    assert_eq!(
        scene.names("service,statefulset,workspace"),
        [
            "Service/phi",
            "Service/phi-headless",
            "StatefulSet/phi",
            "Workspace/phi"
        ]
    );
    assert!(!serves(&scene));
    provision(&scene);
    let outcome = scene.settled(&head);
    assert_eq!(
        (outcome.status.as_str(), outcome.message),
        ("True", format!("Applied revision: main@sha1:{head}"))
    );
    assert!(serves(&scene));
    assert!(scene.get("workspace")[0].get("status").is_none());
}

#[test]
fn with_the_controller_flux_waits_for_what_it_says() {
    let scene = Scene::new(WATCHED);
    scene.write("models/phi.yaml", &workspace("phi", SMALL));
    scene.render();
    scene.sync("sync-with-controller.yaml", "./rendered", &json!({}));
    let head = scene.push();
    scene.waits(&head);
    provision(&scene);
    assert_eq!(scene.settled(&head).status, "True");
    assert!(serves(&scene) && is_ready(&scene));

    // After a change, the old answer stands until the controller has looked again: here it can't.
    let controller = "kaito-render-controller";
    scene.rig.cluster.signal(controller, "STOP");
    scene.write("models/phi.yaml", &workspace("phi", LARGE));
    scene.render();
    let head = scene.push();
    scene.waits(&head);
    provision(&scene);
    scene.until("all but the Workspace is ready", || {
        serves(&scene).then_some(())
    });
    assert!(is_ready(&scene), "by the answer about what was before");
    scene.waits(&head);
    scene.rig.cluster.signal(controller, "CONT");
    assert_eq!(scene.settled(&head).status, "True");

    // What can't go on is said at once, and not after the time-out.
    scene.write(
        "models/phi.yaml",
        &workspace("phi", "Standard_NC96ads_A100_v4"),
    );
    scene.render();
    let head = scene.push();
    scene.waits(&head);
    let claims = scene.claims();
    let new = claims.iter().find(|it| it["status"]["nodeName"].is_null());
    let quota = "exceeding approved Total Regional Cores quota";
    provisioner::refuse(&scene.admin, new.unwrap(), "LaunchFailed", quota);
    let outcome = scene.settled(&head);
    assert_eq!(
        (outcome.status.as_str(), outcome.reason.as_str()),
        ("False", "HealthCheckFailed")
    );
    let words = "failed early due to stalled resources: [Workspace/watched/phi status: 'Failed']";
    assert!(outcome.message.ends_with(words), "{}", outcome.message);
    let page = fs::read_to_string(root().join("docs/flux.md")).unwrap();
    assert!(page.contains(&words.replace("watched/phi", "models/phi-4")));
}

fn is_ready(scene: &Scene) -> bool {
    let workspaces = scene.get("workspace");
    let conditions = workspaces[0]["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|it: &Value| it["type"] == "Ready" && it["status"] == "True")
}

#[test]
fn a_training_is_waited_for_to_its_end() {
    let scene = Scene::new("training");
    let path = "examples/v1beta1/kaito_workspace_tuning_phi_4_mini.yaml";
    let text = fs::read_to_string(root().join(path)).unwrap();
    scene.write(
        "models/tuning.yaml",
        &text.replace("  namespace: tuning\n", ""),
    );
    scene.render();
    scene.sync("sync.yaml", "./rendered", &json!({}));
    let head = scene.push();
    scene.waits(&head);
    assert!(scene.get("job")[0]["status"]["succeeded"].is_null());
    provision(&scene);
    assert_eq!(scene.settled(&head).status, "True");
    assert_eq!(scene.get("job")[0]["status"]["succeeded"], 1);
}
