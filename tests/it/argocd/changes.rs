//! What becomes of a changed file: what is made and pruned, in which order, and what is refused.

use std::time::Duration;

use serde_json::Value;

use super::app::{App, CLUSTER, Outcome, of_kind};
use crate::support::cluster::{PATIENCE, wait};
use crate::support::inputs::{LARGE, SMALL, profile, workspace};
use crate::support::provisioner;
use crate::support::tools::succeed;

/// A tuning.
fn tuning(image: &str) -> String {
    format!(
        "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {{name: tune}}\nresource:\n  \
         instanceType: {SMALL}\n  labelSelector: {{matchLabels: {{apps: tune}}}}\ntuning:\n  \
         preset: {{name: phi-4-mini-instruct}}\n  method: qlora\n  input: {{image: \"{image}\"}}\n  \
         output: {{image: \"r.example.com/out:1.0\", imagePushSecret: push}}\n"
    )
}

/// What a Workspace that serves is made of, in the order in which it is applied.
const SERVING: [&str; 5] = [
    "Service",
    "Service",
    "StatefulSet",
    "Workspace",
    "NodeClaim",
];

fn synced(kinds: &[&str]) -> Vec<String> {
    kinds.iter().map(|kind| format!("{kind} Synced")).collect()
}

#[test]
fn a_workspace_is_added_moved_and_removed() {
    let cluster = CLUSTER.hold();
    let app = App::new(&cluster, "added");
    let [a, b] = ["a", "b"].map(|name| workspace(name, SMALL));
    let one = app.objects(&[("a.yaml", &a)]);
    let steps = app.syncs(&one);
    assert_eq!(steps[0], "Namespace Synced");
    assert_eq!(steps[1..], synced(&SERVING));
    app.is_synced(&one);

    let two = app.objects(&[("a.yaml", &a), ("b.yaml", &b)]);
    assert_eq!(app.syncs(&two).len(), 10);
    app.is_synced(&two);

    // In another file, it is the same.
    let moved = app.objects(&[("models/all.yaml", &format!("{b}---\n{a}"))]);
    app.is_synced(&moved);

    let steps = app.syncs(&app.objects(&[("b.yaml", &b)]));
    let (pruned, kept): (Vec<_>, Vec<_>) = steps.iter().partition(|it| it.ends_with("Pruned"));
    assert_eq!((pruned.len(), kept.len()), (5, 5), "{steps:?}");
    wait("the objects of the removed Workspace are gone", || {
        app.get("workspaces").len() == 1 && app.get("services").len() == 2
    });
}

#[test]
fn a_second_sync_touches_nothing() {
    let cluster = CLUSTER.hold();
    let app = App::new(&cluster, "twice");
    let files = [
        ("a.yaml", &*workspace("a", SMALL)),
        ("t.yaml", &*tuning("r.example.com/data:1")),
    ];
    let objects = app.objects(&files);
    app.syncs(&objects);
    launch(&app, &objects);
    wait("all pods have run", || {
        let is_done = |it: &Value| it["status"]["succeeded"] == 1;
        let serves = |it: &Value| it["status"]["readyReplicas"] == 1;
        app.get("jobs").iter().any(is_done) && app.get("statefulsets").iter().any(serves)
    });
    app.is_synced(&objects);
    let versions = || {
        let kinds = [
            "services",
            "configmaps",
            "statefulsets",
            "jobs",
            "workspaces",
        ];
        let objects = kinds.iter().flat_map(|kind| app.get(kind));
        objects
            .map(|it| it["metadata"]["resourceVersion"].clone())
            .collect::<Vec<_>>()
    };
    let before = versions();
    assert!(before.len() >= 7);
    app.syncs(&objects);
    assert_eq!(versions(), before);
}

/// Gives node objects their nodes.
fn launch(app: &App, objects: &[Value]) {
    for claim in of_kind(objects, "NodeClaim") {
        provisioner::launch(
            &app.kubectl,
            &app.kubectl.json(&["get", "nodeclaim", name(claim)]),
        );
    }
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap()
}

/// Whether a NodeClaim is there and not about to go.
fn stays(app: &App, objects: &[Value]) -> bool {
    let name = name(of_kind(objects, "NodeClaim")[0]);
    let claims = app.get("nodeclaims");
    let claim = claims.iter().find(|it| it["metadata"]["name"] == name);
    claim.is_some_and(|it| it["metadata"]["deletionTimestamp"].is_null())
}

/// The same Workspace on two instance types, with a profile.
fn before_and_after(app: &App, delivery: &str) -> [Vec<Value>; 2] {
    let profile = profile(&format!("release: \"0.12\"\ndelivery: {{{delivery}}}\n"));
    [SMALL, LARGE].map(|instance_type| {
        let workspace = workspace("a", instance_type);
        app.objects(&[("a.yaml", &workspace), ("kaito-render.yaml", &profile)])
    })
}

fn place(steps: &[String], step: &str) -> usize {
    let place = steps.iter().position(|it| it == step);
    place.unwrap_or_else(|| panic!("{step}: {steps:?}"))
}

#[test]
fn the_old_node_goes_before_the_new_one_is_asked_for() {
    let cluster = CLUSTER.hold();
    let app = App::new(&cluster, "first");
    let [before, after] = before_and_after(&app, "replaceNodes: first");
    app.syncs(&before);
    launch(&app, &before);
    let steps = app.syncs(&after);
    assert!(
        place(&steps, "NodeClaim Pruned") < place(&steps, "NodeClaim Synced"),
        "{steps:?}"
    );
    assert!(!stays(&app, &before) && stays(&app, &after));
}

#[test]
fn with_surge_the_old_node_goes_when_the_new_one_serves() {
    let cluster = CLUSTER.hold();
    let mut app = App::new(&cluster, "surge");
    let [before, after] = before_and_after(&app, "replaceNodes: surge");
    app.syncs(&before);
    launch(&app, &before);
    wait("the model is served", || {
        app.get("statefulsets")[0]["status"]["readyReplicas"] == 1
    });
    app.patience = Duration::from_secs(5);
    assert_eq!(app.sync(&after).phase, "Running");
    assert!(stays(&app, &before) && stays(&app, &after));
    launch(&app, &after);
    app.patience = PATIENCE;
    let steps = app.syncs(&after);
    assert_eq!(steps.last().unwrap(), "NodeClaim Pruned", "{steps:?}");
    assert!(!stays(&app, &before) && stays(&app, &after));
}

#[test]
fn a_person_confirms_that_a_node_goes() {
    let cluster = CLUSTER.hold();
    let mut app = App::new(&cluster, "confirmed");
    let [before, after] = before_and_after(&app, "confirmNodes: true");
    app.syncs(&before);
    app.patience = Duration::from_secs(5);
    let outcome = app.sync(&after);
    let words = "waiting for pruning confirmation of karpenter.sh/NodeClaim/";
    assert_eq!(outcome.phase, "Running", "{}", outcome.message);
    assert!(outcome.message.starts_with(words), "{}", outcome.message);
    assert!(stays(&app, &before));
    app.confirmed = true;
    app.syncs(&after);
    assert!(!stays(&app, &before) && stays(&app, &after));
}

fn refusal(outcome: &Outcome) -> &str {
    assert_eq!(outcome.phase, "Failed", "{:?}", outcome.steps);
    let failed: Vec<_> = outcome
        .steps
        .iter()
        .filter(|(step, _)| step.ends_with("SyncFailed"))
        .collect();
    assert_eq!(failed.len(), 1, "{:?}", outcome.steps);
    &failed[0].1
}

#[test]
fn a_changed_training_is_refused_and_otherwise_a_new_job() {
    let cluster = CLUSTER.hold();
    let app = App::new(&cluster, "trained");
    let [old, new] = [1, 2].map(|it| tuning(&format!("r.example.com/data:{it}")));
    let objects = app.objects(&[("t.yaml", &old)]);
    app.syncs(&objects);
    launch(&app, &objects);
    let outcome = app.sync(&app.objects(&[("t.yaml", &new)]));
    let words = refusal(&outcome);
    assert!(
        words.contains("Job.batch \"tune\" is invalid") && words.contains("field is immutable")
    );

    let named = profile("release: \"0.12\"\ndelivery: {jobs: named}\n");
    let mut jobs = Vec::new();
    for text in [&old, &new] {
        let objects = app.objects(&[("t.yaml", text), ("kaito-render.yaml", &named)]);
        let steps = app.syncs(&objects);
        assert!(
            place(&steps, "Job Pruned") < place(&steps, "Job Synced"),
            "{steps:?}"
        );
        app.is_synced(&objects);
        wait("the old Job is gone", || app.get("jobs").len() == 1);
        jobs.push(name(&app.get("jobs")[0]).to_owned());
    }
    assert_ne!(jobs[0], jobs[1]);
}

#[test]
fn changed_volume_claims_are_refused_until_the_object_is_deleted() {
    let cluster = CLUSTER.hold();
    let app = App::new(&cluster, "claims");
    let text = workspace("a", SMALL);
    let objects = app.objects(&[("a.yaml", &text)]);
    app.syncs(&objects);
    launch(&app, &objects);
    let profile = profile("release: \"0.12\"\nstorage: {localNVMe: true}\n");
    let objects = app.objects(&[("a.yaml", &text), ("kaito-render.yaml", &profile)]);
    let outcome = app.sync(&objects);
    let words = refusal(&outcome);
    assert!(
        words.contains("StatefulSet.apps \"a\" is invalid: spec.volumeClaimTemplates"),
        "{words}"
    );
    assert!(words.ends_with(": field is immutable"), "{words}");
    succeed(
        &mut app
            .kubectl
            .command(&["delete", "statefulset", "a", "--namespace", app.name]),
    );
    app.syncs(&objects);
    app.is_synced(&objects);
}

#[test]
fn other_fields_of_workloads_and_services_are_applied() {
    let cluster = CLUSTER.hold();
    let app = App::new(&cluster, "applied");
    let old = workspace("a", SMALL);
    app.syncs(&app.objects(&[("a.yaml", &old)]));
    let balanced = old.replace(
        "name: a\n",
        "name: a\n  annotations: {kaito.sh/enablelb: \"True\"}\n",
    );
    let adapted =
        format!("{old}  adapters:\n  - source: {{name: one, image: \"r.example.com/one:1\"}}\n");
    for text in [balanced, adapted, old] {
        let objects = app.objects(&[("a.yaml", &text)]);
        app.syncs(&objects);
        app.is_synced(&objects);
    }
}
