//! Kubernetes' own controllers and scheduler bring rendered Workspaces to the nodes that their node
//! objects ask for.

use serde_json::{Map, Value, json};

use crate::golden::documents;
use crate::support::cluster::Cluster;
use crate::support::flavour::Flavour;
use crate::support::program::stdout;
use crate::support::provisioner::node;

/// The pods of a cluster, with a condition's status of each.
fn pods(cluster: &Cluster, condition: &str) -> Map<String, Value> {
    let pods = cluster.json(&["get", "pods", "--all-namespaces"]);
    let status = |pod: &Value| {
        let conditions = pod["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let found = conditions
            .into_iter()
            .find(|found| found["type"] == condition);
        (
            pod["metadata"]["name"].as_str().unwrap().to_owned(),
            found.map_or(Value::Null, |found| found["status"].clone()),
        )
    };
    pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(status)
        .collect()
}

/// Pods that wait until there are the nodes asked for, and then run on them.
fn assert_runs(flavour: Flavour, workspace: &str, is_done: impl Fn(&Cluster) -> bool) {
    let mut cluster = Cluster::of_actors();
    flavour
        .crds()
        .iter()
        .for_each(|directory| cluster.apply_crds(directory));
    let rendered = stdout(&["render", "--release", flavour.release(), workspace], "");
    cluster.admin().apply(&rendered);
    cluster.wait("pods are found no node for", |cluster| {
        let pods = pods(cluster, "PodScheduled");
        !pods.is_empty() && pods.values().all(|status| status == "False")
    });
    let claims = documents(&rendered)
        .into_iter()
        .filter(|object| object["spec"]["requirements"].is_array());
    let nodes: Vec<_> = claims.map(|claim| node(&claim)).collect();
    assert!(!nodes.is_empty(), "{rendered}");
    cluster
        .admin()
        .apply(&json!({"apiVersion": "v1", "kind": "List", "items": nodes}).to_string());
    cluster.wait("the workload is ready", is_done);
}

/// A number in the status of an object of the namespace `default`.
fn count(cluster: &Cluster, kind: &str, name: &str, field: &str) -> u64 {
    cluster.json(&["get", kind, name])["status"][field]
        .as_u64()
        .unwrap_or_default()
}

#[test]
fn a_model_is_served_on_the_node_of_its_node_claim() {
    let workspace = "examples/v1beta1/kaito_workspace_phi_4.yaml";
    assert_runs(Flavour::Azure, workspace, |cluster| {
        count(cluster, "statefulset", "workspace-phi-4", "readyReplicas") == 1
    });
}

#[test]
fn a_model_is_tuned_on_the_node_of_its_machine() {
    let workspace = "examples/fine-tuning/kaito_workspace_tuning_phi_3.yaml";
    assert_runs(Flavour::Machines, workspace, |cluster| {
        count(cluster, "job", "workspace-tuning-phi-3", "succeeded") == 1
    });
}
