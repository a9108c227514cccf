//! The examples of overlays, from the profile to objects that a real API server takes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::golden::{documents, entries};
use crate::support::cluster::Cluster;
use crate::support::flavour::Flavour;
use crate::support::program::{kaito_render, root, run};
use crate::support::tools;

/// What each example is for: a kind of object, a field of it, and the JSON that has to be there.
const EFFECTS: [(&str, &str, &str, &str); 18] = [
    (
        "gateway",
        "HTTPRoute",
        "/spec/hostnames/0",
        r#""phi-4-gateway.models.example.com""#,
    ),
    (
        "gateway",
        "NetworkPolicy",
        "/spec/ingress/1/ports/0/port",
        "5000",
    ),
    (
        "labels",
        "StatefulSet",
        "/metadata/labels/kueue.x-k8s.io~1queue-name",
        r#""gpus""#,
    ),
    (
        "labels",
        "Service",
        "/metadata/labels/cost-center",
        r#""4711""#,
    ),
    (
        "monitoring",
        "PodMonitor",
        "/spec/podMetricsEndpoints/0/path",
        r#""/metrics""#,
    ),
    (
        "pods",
        "StatefulSet",
        "/spec/template/spec/containers/0/name",
        r#""log-shipper""#,
    ),
    (
        "pods",
        "StatefulSet",
        "/spec/template/spec/priorityClassName",
        r#""gpu-serving""#,
    ),
    (
        "probes",
        "StatefulSet",
        "/spec/template/spec/containers/0/startupProbe/failureThreshold",
        "720",
    ),
    ("probes", "PodDisruptionBudget", "/spec/maxUnavailable", "0"),
    (
        "recipe",
        "StatefulSet",
        "/spec/template/spec/tolerations/3/key",
        r#""team""#,
    ),
    (
        "registry",
        "StatefulSet",
        "/spec/template/spec/imagePullSecrets/0/name",
        r#""registry""#,
    ),
    (
        "registry",
        "NetworkPolicy",
        "/spec/egress/2/to/0/ipBlock/cidr",
        r#""10.1.2.3/32""#,
    ),
    (
        "rollout",
        "StatefulSet",
        "/spec/updateStrategy/type",
        r#""OnDelete""#,
    ),
    (
        "spot",
        "NodePool",
        "/spec/template/spec/requirements/0/values/0",
        r#""spot""#,
    ),
    (
        "spot",
        "StatefulSet",
        "/spec/template/spec/tolerations/3/value",
        r#""spot""#,
    ),
    (
        "tolerations",
        "StatefulSet",
        "/spec/template/spec/tolerations/3/value",
        r#""research""#,
    ),
    (
        "weights",
        "StatefulSet",
        "/spec/volumeClaimTemplates/0/spec/storageClassName",
        r#""managed-csi-premium""#,
    ),
    (
        "weights",
        "StatefulSet",
        "/spec/volumeClaimTemplates/0/spec/resources/requests/storage",
        r#""200Gi""#,
    ),
];

#[test]
fn a_cluster_takes_what_each_example_makes() {
    let mut cluster = Cluster::of_storage();
    for crds in Flavour::Azure.crds() {
        cluster.apply_crds(&crds);
    }
    for crds in [
        "prometheus/monitoring.coreos.com_podmonitors.yaml",
        "gateway/gateway.networking.k8s.io_httproutes.yaml",
    ] {
        cluster.apply_crds(&tools::directory().join("crds").join(crds));
    }
    let readme = std::fs::read_to_string(root().join("examples/overlays/README.md")).unwrap();
    let mut examples = BTreeSet::new();
    for path in entries(&root().join("examples/overlays")) {
        if !path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(
            readme.contains(&format!("| [{name}]({name}/kaito-render.yaml) |")),
            "{name}"
        );
        let rendered = run(kaito_render(&["render"]).arg(&path), "");
        let summary = "kaito-render: 1 Workspace in 1 file\n";
        assert_eq!((rendered.code, &*rendered.stderr), (0, summary), "{name}");
        let stored = cluster.apply_twice(&rendered.stdout);
        assert_eq!(stored.len(), documents(&rendered.stdout).len(), "{name}");
        for (_, kind, pointer, expected) in EFFECTS.iter().filter(|it| it.0 == name) {
            let object = stored.iter().find(|it| it["kind"] == *kind).unwrap();
            let expected: Value = serde_json::from_str(expected).unwrap();
            assert_eq!(
                object.pointer(pointer),
                Some(&expected),
                "{name}: {object:#}"
            );
        }
        examples.insert(name);
    }
    let known: BTreeSet<_> = EFFECTS
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .collect();
    assert_eq!(examples, known);
}
