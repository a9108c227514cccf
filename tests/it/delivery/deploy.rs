//! The manifests and the chart under `deploy/`: they are the same, an API server takes them without
//! a word, and their pods may run where the strictest of Kubernetes' standards is enforced.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::golden::documents;
use crate::support::cluster::Cluster;
use crate::support::program::{Run, root, run};
use crate::support::tools::{directory, succeed, tool};

const NAME: &str = "kaito-render-controller";
const CHART: &str = "deploy/helm/kaito-render-controller";

/// The objects of some YAML, by kind, namespace and name.
fn objects(yaml: &str) -> BTreeMap<[String; 3], Value> {
    let objects = documents(yaml).into_iter().map(|object| {
        let text = |path: &str| {
            object
                .pointer(path)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        (
            ["/kind", "/metadata/namespace", "/metadata/name"].map(text),
            object,
        )
    });
    objects.collect()
}

fn printed(command: &mut Command) -> String {
    String::from_utf8(succeed(command.current_dir(root())).stdout).unwrap()
}

/// What kustomize makes of a directory.
fn kustomized(directory: &str) -> String {
    printed(tool("bin/kustomize").args(["build", directory]))
}

/// A directory with a kustomization of somebody who has Prometheus' operator, and a copy of ours.
fn with_monitor() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let base = root().join("deploy/controller");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(base)
        .arg(directory.path().join("controller"))
        .status()
        .unwrap();
    assert!(copied.success());
    let text = "resources: [controller]\ncomponents: [controller/pod-monitor]\n";
    std::fs::write(directory.path().join("kustomization.yaml"), text).unwrap();
    directory
}

/// helm, with nothing of the user's settings.
fn helm(args: &[&str]) -> Command {
    let mut helm = tool("bin/helm");
    helm.args(args).current_dir(root());
    for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        helm.env(name, env!("CARGO_TARGET_TMPDIR"));
    }
    helm
}

/// What the chart makes for a release.
fn charted(release: &str, args: &[&str]) -> String {
    printed(helm(&["template", release, CHART, "--namespace=kaito-render"]).args(args))
}

/// Takes out the labels by which Helm tells what is its own, and which release it is of.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let ours = |label: &str| !label.starts_with("helm.sh/") && !OF_HELM.contains(&label);
            fields.retain(|label, _| ours(label));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

const OF_HELM: [&str; 3] = [
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
];

#[test]
fn the_chart_makes_what_the_manifests_do() {
    let monitored = with_monitor();
    let monitored = monitored.path().to_str().unwrap();
    for (directory, args) in [
        ("deploy/controller", &[][..]),
        (monitored, &["--set=podMonitor.enabled=true"]),
    ] {
        let mut manifests = objects(&kustomized(directory));
        // Helm makes a namespace by `--create-namespace`, and it is nobody's release.
        manifests.retain(|[kind, _, _], _| kind != "Namespace");
        let mut chart = objects(&charted(NAME, args));
        for object in chart.values_mut().chain(manifests.values_mut()) {
            strip(object);
            // Everything of Helm's has this one; elsewhere it is only where it is looked for.
            let labels = object["metadata"]["labels"].take();
            assert!(
                labels.is_null() || labels == json!({"app.kubernetes.io/name": NAME}),
                "{labels}"
            );
        }
        assert_eq!(manifests, chart);
        assert_eq!(
            chart.keys().any(|[kind, _, _]| kind == "PodMonitor"),
            !args.is_empty()
        );
    }
}

#[test]
fn the_chart_is_well_formed() {
    succeed(&mut helm(&["lint", "--strict", CHART]));
}

#[test]
fn what_the_values_say_is_in_the_objects() {
    let values = [
        "image.repository=a.example/b",
        "image.tag=c",
        "image.pullPolicy=Always",
        "imagePullSecrets[0].name=d",
        "replicas=3",
        "namespace=e",
        "selector=f=g\\,h in (i)",
        "resources.limits.memory=1Gi",
        "podMonitor.enabled=true",
        "podMonitor.labels.j=k",
    ];
    let args: Vec<_> = values.iter().flat_map(|value| ["--set", value]).collect();
    let objects = objects(&charted("part", &args));
    let find = |kind: &str| {
        let found = objects.iter().find(|([of, _, _], _)| of == kind);
        found.unwrap_or_else(|| panic!("no {kind}")).1
    };
    let deployment = &find("Deployment")["spec"];
    let pod = &deployment["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["image"], "a.example/b:c");
    assert_eq!(container["imagePullPolicy"], "Always");
    assert_eq!(pod["imagePullSecrets"], json!([{"name": "d"}]));
    assert_eq!(deployment["replicas"], 3);
    assert_eq!(
        container["resources"],
        json!({"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "1Gi"}})
    );
    assert_eq!(find("PodMonitor")["metadata"]["labels"]["j"], "k");
    let args = [
        "--listen=0.0.0.0:9440",
        "--leader-elect",
        "--lease-name=part",
        "--namespace=e",
        "--selector=f=g,h in (i)",
    ];
    assert_eq!(container["args"], json!(args));
    assert_eq!(find("Lease")["metadata"]["name"], "part");
    assert_eq!(find("Role")["rules"][0]["resourceNames"], json!(["part"]));
    // Another release's pods are not its own.
    for selector in [
        &deployment["selector"],
        &find("PodDisruptionBudget")["spec"]["selector"],
    ] {
        assert_eq!(
            selector["matchLabels"]["app.kubernetes.io/instance"],
            "part"
        );
    }
}

#[test]
fn the_chart_refuses_values_that_it_does_not_know() {
    for value in [
        "replica=1",
        "replicas=two",
        "image.name=a",
        "podMonitor.enabled=maybe",
        "image.repository=",
    ] {
        let Run { code, stderr, .. } =
            run(&mut helm(&["template", NAME, CHART, "--set", value]), "");
        assert!(
            code == 1 && stderr.contains("values don't meet the specifications"),
            "{value}: {stderr}"
        );
    }
}

#[test]
fn an_api_server_takes_manifests_and_chart_without_a_warning() {
    let mut cluster = Cluster::of_storage();
    let monitors = directory().join("crds/prometheus/monitoring.coreos.com_podmonitors.yaml");
    cluster.apply_crds(&monitors);
    let apply = |objects: &str| {
        let args = ["apply", "--server-side", "--validate=strict", "-f", "-"];
        let run = run(&mut cluster.kubectl(&args), objects);
        assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
    };
    let monitored = with_monitor();
    apply(&kustomized(monitored.path().to_str().unwrap()));
    apply(&charted("part", &["--set=podMonitor.enabled=true"]));

    // The namespace takes their pods, and no pod that may do more.
    let deployment = cluster.json(&["get", "deployment", NAME, "--namespace=kaito-render"]);
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "kaito-render"}});
    pod["spec"] = deployment["spec"]["template"]["spec"].clone();
    apply(&pod.to_string());
    pod["metadata"]["name"] = json!("b");
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
    let refused = run(
        &mut cluster.kubectl(&["create", "-f", "-"]),
        &pod.to_string(),
    );
    assert!(
        refused
            .stderr
            .contains("violates PodSecurity \"restricted:latest\""),
        "{refused:?}"
    );
}
