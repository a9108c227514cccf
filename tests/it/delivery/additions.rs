//! A real API server takes what `add` of an overlay makes, with each of its options, and finds
//! nothing to change in it when it comes a second time.

use serde_json::Value;

use crate::golden::documents;
use crate::support::cluster::Cluster;
use crate::support::inputs::{SMALL, directory, profile, workspace};
use crate::support::program::{kaito_render, run};
use crate::support::tools;

/// `add` of an overlay, each in a Workspace of its own.
const ADDITIONS: [(&str, &str); 14] = [
    (
        "all",
        "monitoring: {}, disruption: {}, network: {}, route: {gateway: {name: public}}",
    ),
    ("interval", "monitoring: {interval: 500ms}"),
    ("labels", "monitoring: {labels: {release: prometheus}}"),
    (
        "service",
        "monitoring: {kind: ServiceMonitor, interval: 30s, labels: {release: prometheus}}",
    ),
    ("closed", "network: {egress: []}"),
    (
        "peers",
        "network: {ingress: [{namespace: gateways}, {pods: {app: client}}, \
         {namespace: monitoring, pods: {app: prometheus}}, {cidr: 10.0.0.0/8}, {cidr: 'fd00::/8'}]}",
    ),
    (
        "egress",
        "network: {egress: [{ports: [80, 443]}, {cidr: 10.1.0.0/16, ports: [5000]}, {cidr: 0.0.0.0/0, ports: [65535]}]}",
    ),
    (
        "hosts",
        "route: {gateway: {name: public}, hostnames: [$name.example.com, '*.$name.$namespace.example.com']}",
    ),
    (
        "listener",
        "route: {gateway: {name: public, namespace: gateways, sectionName: https}, path: /$namespace/$name}",
    ),
    (
        "slash",
        "route: {gateway: {name: slash.example}, path: /v1/}",
    ),
    ("drained", "disruption: {}"),
    ("kept", "weights: {}"),
    ("class", "weights: {storageClass: fast, size: 200Gi}"),
    ("claim", "weights: {claim: models}"),
];

const KINDS: [&str; 5] = [
    "HTTPRoute",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PodMonitor",
    "ServiceMonitor",
];

const TUNING: &str = "---\napiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: tuned}\n\
                      resource:\n  instanceType: Standard_NC24ads_A100_v4\n  \
                      labelSelector: {matchLabels: {apps: tuned}}\ntuning:\n  \
                      preset: {name: phi-4}\n  method: qlora\n  \
                      input: {urls: [https://example.com/data.parquet]}\n  \
                      output: {image: example.com/adapter:1, imagePushSecret: push}\n";

/// What profiles make that adds objects, without nodes and Workspaces.
fn rendered() -> Vec<Value> {
    let mut overlays = "overlays:\n".to_owned();
    let mut input = String::new();
    for (name, add) in ADDITIONS {
        overlays +=
            &format!("- name: {name}\n  workspaces: {{names: [{name}]}}\n  add: {{{add}}}\n");
        input += &format!("---\n{}", workspace(name, SMALL));
    }
    let add = "disruption: {}, network: {}, weights: {storageClass: fast}";
    overlays += &format!("- name: tuned\n  workspaces: {{purpose: tuning}}\n  add: {{{add}}}\n");
    input += TUNING;
    let root = directory(&[("kaito-render.yaml", &profile(&overlays))]);
    let mut command = kaito_render(&["render", "-", "--namespace", "models"]);
    let run = run(command.current_dir(root.path()), &input);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mut objects = documents(&run.stdout);
    let is_node = |object: &Value| object["kind"] == "NodeClaim" || object["kind"] == "Workspace";
    objects.retain(|object| !is_node(object));
    objects
}

#[test]
fn a_cluster_takes_all_that_is_added_and_finds_nothing_to_change_the_second_time() {
    let mut cluster = Cluster::of_storage();
    for crds in [
        "prometheus/monitoring.coreos.com_podmonitors.yaml",
        "prometheus/monitoring.coreos.com_servicemonitors.yaml",
        "gateway/gateway.networking.k8s.io_httproutes.yaml",
    ] {
        cluster.apply_crds(&tools::directory().join("crds").join(crds));
    }
    let objects = rendered();
    for kind in KINDS {
        assert!(
            objects.iter().any(|object| object["kind"] == kind),
            "{kind}"
        );
    }
    let claims = |object: &&Value| object.to_string().contains("volumeClaimTemplate");
    assert_eq!(objects.iter().filter(claims).count(), 3);
    tools::succeed(&mut cluster.kubectl(&["create", "namespace", "models"]));
    let stream: String = objects
        .iter()
        .map(|object| format!("{object}\n---\n"))
        .collect();
    assert_eq!(cluster.apply_twice(&stream).len(), objects.len());
}
