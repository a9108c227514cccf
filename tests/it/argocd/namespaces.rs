//! What becomes of an Application whose namespace is missing, and of nodes that carry its mark.

use serde_json::json;

use super::app::{App, CLUSTER, of_kind};
use crate::support::cluster::wait;
use crate::support::inputs::{SMALL, workspace};
use crate::support::program::run;
use crate::support::provisioner;

/// A tuning with a ConfigMap of its own: what is made for it, a Job and a NodeClaim, shares a wave.
const OWN: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: own}
data: {training_config.yaml: "training_config: {TrainingArguments: {output_dir: /mnt/out}}"}
---
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: own}
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector: {matchLabels: {apps: own}}
tuning:
  preset: {name: phi-4-mini-instruct}
  method: lora
  config: own
  input: {urls: ["https://example.com/a.parquet"]}
  output: {image: "r.example.com/out:1.0", imagePushSecret: push}
"#;

#[test]
fn no_node_is_made_where_the_namespace_is_missing() {
    let cluster = CLUSTER.hold();
    let mut app = App::new(&cluster, "missing");
    let objects = app.objects(&[("a.yaml", &workspace("a", SMALL))]);
    let node = |app: &App| {
        let name = &of_kind(&objects, "NodeClaim")[0]["metadata"]["name"];
        let claims = app.get("nodeclaims");
        claims.iter().any(|it| it["metadata"]["name"] == *name)
    };
    app.options.clear();
    let outcome = app.sync(&objects);
    assert_eq!(outcome.phase, "Failed");
    let failed = ("Service SyncFailed", "namespaces \"missing\" not found");
    let failed = vec![(failed.0.to_owned(), failed.1.to_owned()); 2];
    assert_eq!(outcome.steps, failed);
    assert!(!node(&app));
    // The Application creates it.
    app.options.push("CreateNamespace=true");
    app.syncs(&objects);
    assert!(node(&app));
}

/// The exception that docs/argocd.md names: of these Workspaces, nothing can come first.
#[test]
fn workspaces_that_have_only_a_job_need_the_namespace_created() {
    let cluster = CLUSTER.hold();
    let mut app = App::new(&cluster, "exception");
    let objects = app.objects(&[("a.yaml", OWN)]);
    app.options.clear();
    let outcome = app.sync(&objects);
    assert_eq!(outcome.phase, "Failed");
    let claim = outcome
        .steps
        .iter()
        .find(|(step, _)| step.starts_with("NodeClaim"));
    assert_eq!(claim.unwrap().0, "NodeClaim Synced");
    app.options.push("CreateNamespace=true");
    assert_eq!(app.syncs(&objects)[0], "Namespace Synced");
    app.is_synced(&objects);
}

/// gpu-provisioner copies the labels of a NodeClaim to its node, and Karpenter the annotations too.
#[test]
fn tracking_by_label_prunes_nodes() {
    let cluster = CLUSTER.hold();
    for (tracking, is_pruned) in [("annotation", false), ("label", true)] {
        let mut app = App::new(
            &cluster,
            if is_pruned {
                "by-label"
            } else {
                "by-annotation"
            },
        );
        app.tracking = tracking;
        let objects = app.objects(&[("a.yaml", &workspace("a", SMALL))]);
        app.syncs(&objects);
        let name = of_kind(&objects, "NodeClaim")[0]["metadata"]["name"]
            .as_str()
            .unwrap()
            .to_owned();
        let claim = app.kubectl.json(&["get", "nodeclaim", &name]);
        let mut node = provisioner::node(&claim);
        let annotations = claim["metadata"]["annotations"].as_object().unwrap();
        let id = "argocd.argoproj.io/tracking-id";
        node["metadata"]["annotations"] = json!({id: annotations.get(id)});
        app.kubectl.apply(&node.to_string());
        let steps = app.syncs(&objects);
        assert_eq!(
            steps.iter().any(|it| it == "Node Pruned"),
            is_pruned,
            "{steps:?}"
        );
        let is_there = || run(&mut app.kubectl.command(&["get", "node", &name]), "").code == 0;
        if is_pruned {
            wait("the node is gone", || !is_there());
        } else {
            assert!(is_there());
        }
    }
}
