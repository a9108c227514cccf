//! A cluster shows Workspaces with the CRDs of this project as it does with KAITO's own.

use std::fs;

use kaito_render::vocab::api::{V1ALPHA1, V1BETA1};
use serde_json::{Value, json};

use crate::support::cluster::Cluster;
use crate::support::inputs::{SMALL, workspace_of};
use crate::support::program::{run, stdout};

/// Applies what `crds` prints for a release, and waits until it is served.
fn install(cluster: &mut Cluster, release: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("crds.yaml");
    fs::write(&file, stdout(&["crds", "--release", release], "")).unwrap();
    cluster.apply_crds(&file);
}

/// What a cluster has made of a CRD: its versions, each with what it is for, how one becomes
/// another, and in which ones objects may be stored.
fn versions(cluster: &Cluster, name: &str) -> (Vec<String>, Value, Value) {
    let crd = cluster.json(&["get", "crd", name]);
    let title = |version: &Value| {
        let uses = ["served", "storage"]
            .into_iter()
            .filter(|&usage| version[usage] == true);
        format!(
            "{}: {}",
            version["name"].as_str().unwrap(),
            uses.collect::<Vec<_>>().join(", ")
        )
    };
    let versions = crd["spec"]["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(title)
        .collect();
    (
        versions,
        crd["spec"]["conversion"].clone(),
        crd["status"]["storedVersions"].clone(),
    )
}

/// Creates an object in the namespace `default` and says what its controller would have observed.
fn create(cluster: &Cluster, object: &Value, status: &Value) {
    let [kind, name] =
        [&object["kind"], &object["metadata"]["name"]].map(|text| text.as_str().unwrap());
    let created = run(
        &mut cluster.kubectl(&["create", "-f", "-"]),
        &object.to_string(),
    );
    assert_eq!(created.code, 0, "{created:?}");
    cluster.admin().patch_status(&[kind, name], status);
}

fn workspace(version: &str, name: &str) -> Value {
    let version = version.rsplit('/').next().unwrap();
    serde_yaml::from_str(&workspace_of(version, name, SMALL, "phi-4")).unwrap()
}

/// What was observed of a Workspace, by the answers to the questions that are asked of every one.
fn conditions(answers: &[(&str, &str)]) -> Value {
    let condition = |(question, answer): &(&str, &str)| {
        let time = "2026-01-01T00:00:00Z";
        json!({"type": question, "status": answer, "reason": "Seen", "message": "", "lastTransitionTime": time})
    };
    json!({"conditions": answers.iter().map(condition).collect::<Vec<_>>()})
}

/// A cluster of release 0.3 is upgraded to 0.12: its Workspaces stay, and show what those of the
/// newer release show.
#[test]
#[expect(
    clippy::too_many_lines,
    reason = "a cluster is started once for all of it"
)]
fn a_cluster_shows_workspaces_as_it_does_with_kaitos_crds() {
    let none = json!({"strategy": "None"});
    let mut cluster = Cluster::of_storage();
    install(&mut cluster, "0.3");
    let old = (
        vec!["v1alpha1: served, storage".to_owned()],
        none.clone(),
        json!(["v1alpha1"]),
    );
    assert_eq!(versions(&cluster, "workspaces.kaito.sh"), old);

    let ready = [
        ("ResourceReady", "True"),
        ("InferenceReady", "True"),
        ("WorkspaceSucceeded", "True"),
    ];
    create(
        &cluster,
        &workspace(V1ALPHA1, "serving"),
        &conditions(&ready),
    );
    let tuning = [
        ("ResourceReady", "True"),
        ("JobStarted", "True"),
        ("WorkspaceSucceeded", "False"),
    ];
    create(
        &cluster,
        &workspace(V1ALPHA1, "tuning"),
        &conditions(&tuning),
    );
    create(&cluster, &workspace(V1ALPHA1, "waiting"), &json!({}));
    let shown = "\
NAME      INSTANCE                   RESOURCEREADY   INFERENCEREADY   JOBSTARTED   WORKSPACESUCCEEDED
serving   Standard_NC24ads_A100_v4   True            True                          True
tuning    Standard_NC24ads_A100_v4   True                             True         False
waiting   Standard_NC24ads_A100_v4
";
    // By its short names, too.
    for name in ["workspace", "wk", "wks"] {
        assert_eq!(cluster.table(name), shown);
    }

    install(&mut cluster, "0.12");
    let both = vec![
        "v1alpha1: served".to_owned(),
        "v1beta1: served, storage".to_owned(),
    ];
    let new = (both.clone(), none.clone(), json!(["v1alpha1", "v1beta1"]));
    assert_eq!(versions(&cluster, "workspaces.kaito.sh"), new);
    assert_eq!(
        versions(&cluster, "inferencesets.kaito.sh"),
        (both, none, json!(["v1beta1"]))
    );

    let mut status = conditions(&ready[..1]);
    (status["targetNodeCount"], status["state"]) = (json!(2), json!("Pending"));
    create(&cluster, &workspace(V1BETA1, "larger"), &status);
    let upgraded = "\
NAME      INSTANCE                   RESOURCEREADY   INFERENCEREADY   JOBSTARTED   WORKSPACESUCCEEDED   TARGETNODECOUNT   STATE
larger    Standard_NC24ads_A100_v4   True                                                               2                 Pending
serving   Standard_NC24ads_A100_v4   True            True                          True
tuning    Standard_NC24ads_A100_v4   True                             True         False
waiting   Standard_NC24ads_A100_v4
";
    for name in ["workspace", "workspaces.v1beta1.kaito.sh"] {
        assert_eq!(cluster.table(name), upgraded);
    }
    let line = "larger    Standard_NC24ads_A100_v4   True\n";
    let (header, lines) = shown.split_once('\n').unwrap();
    assert_eq!(
        cluster.table("workspaces.v1alpha1.kaito.sh"),
        format!("{header}\n{line}{lines}")
    );

    let set = json!({
        "apiVersion": V1BETA1,
        "kind": "InferenceSet",
        "metadata": {"name": "fleet"},
        "spec": {
            "replicas": 3,
            "labelSelector": {"matchLabels": {"apps": "fleet"}},
            "template": {
                "resource": {"instanceType": "Standard_NC24ads_A100_v4"},
                "inference": {"preset": {"name": "phi-4"}},
            },
        },
    });
    create(&cluster, &set, &json!({"readyReplicas": 2}));
    assert_eq!(
        cluster.table("inferenceset"),
        "NAME    REPLICAS   READYREPLICAS\nfleet   3          2\n"
    );
}
