//! What `add` of overlays makes for the golden cases: the selectors and ports of these objects, held
//! against the pods and Services of all cases.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kaito_render::base::object::Object;
use serde_json::{Map, Value};

use super::{entries, render_with};
use crate::support::program::{root, sample};

/// A pod with the labels that its controller gives it.
struct Pod {
    namespace: String,
    workspace: String,
    /// Its number in its StatefulSet.
    index: u64,
    labels: Map<String, Value>,
    spec: Value,
}

/// The objects of a case.
struct Case {
    name: String,
    objects: Vec<Value>,
}

impl Case {
    fn of(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |it| it["kind"] == kind)
    }

    fn pods(&self) -> Vec<Pod> {
        let mut pods = Vec::new();
        for kind in ["StatefulSet", "Deployment", "Job"] {
            for workload in self.of(kind) {
                let template = &workload["spec"]["template"];
                for index in 0..workload["spec"]["replicas"].as_u64().unwrap_or(1) {
                    let mut labels = template["metadata"]["labels"].as_object().unwrap().clone();
                    if kind == "StatefulSet" {
                        let name = format!("{}-{index}", text(&workload["metadata"]["name"]));
                        labels.insert("statefulset.kubernetes.io/pod-name".into(), name.into());
                        let index = index.to_string();
                        labels.insert("apps.kubernetes.io/pod-index".into(), index.into());
                    }
                    pods.push(Pod {
                        namespace: text(&workload["metadata"]["namespace"]),
                        workspace: text(&workload["metadata"]["name"]),
                        index,
                        labels,
                        spec: template["spec"].clone(),
                    });
                }
            }
        }
        pods
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Whether a selector, which has nothing but `matchLabels`, selects labels.
fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    assert_eq!(selector.as_object().unwrap().len(), 1, "{selector}");
    let wanted = selector["matchLabels"].as_object().unwrap();
    assert!(!wanted.is_empty());
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
}

/// The cases that can have what an overlay adds.
fn cases(add: &str) -> Vec<Case> {
    let fields = format!("\noverlays:\n- name: beside\n  add: {{{add}}}\n");
    let releases = ["0.3", "0.12"].map(|release| root().join("tests/golden").join(release));
    let all: Vec<_> = releases
        .iter()
        .flat_map(|directory| entries(directory))
        .collect();
    // Roles are rare, and always looked at.
    let step = all.len() / sample(all.len());
    let is_wanted = |(index, case): &(usize, &PathBuf)| {
        index % step == 0 || case.to_string_lossy().contains("role")
    };
    let cases = all
        .iter()
        .enumerate()
        .filter(is_wanted)
        .map(|(_, case)| case);
    let objects = |objects: Vec<Object>| objects.iter().map(|it| Value::from(&it.value)).collect();
    let rendered = cases.filter_map(|case| {
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let all = render_with(&fields, "default", case, true).ok()?;
        Some(Case {
            name,
            objects: objects(all),
        })
    });
    rendered.collect()
}

/// Holds that the objects of a kind each select the pods of their Workspace, or the first of these,
/// and no pod of another one. Gives how many objects there are, and how many select only the first.
fn check_pods(cases: &[Case], kind: &str, selector: &str) -> (usize, usize) {
    let pods: Vec<_> = cases.iter().flat_map(Case::pods).collect();
    let (mut count, mut only_first) = (0, 0);
    for case in cases {
        for object in case.of(kind) {
            let metadata = &object["metadata"];
            let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
            let selector = object.pointer(selector).unwrap();
            let selected: Vec<_> = pods
                .iter()
                .filter(|pod| pod.namespace == namespace && selects(selector, &pod.labels))
                .collect();
            assert!(
                selected.iter().all(|pod| pod.workspace == name),
                "{}",
                case.name
            );
            let own = case.pods();
            let own: Vec<_> = own
                .iter()
                .filter(|pod| selects(selector, &pod.labels))
                .collect();
            if own.len() < case.pods().len() {
                assert_eq!(
                    own.iter().map(|pod| pod.index).collect::<Vec<_>>(),
                    [0],
                    "{}",
                    case.name
                );
                only_first += 1;
            }
            assert!(!own.is_empty(), "{}", case.name);
            count += 1;
        }
    }
    (count, only_first)
}

#[test]
fn budgets_and_network_policies_select_the_pods_of_their_workspace() {
    let cases = cases("disruption: {}, network: {}");
    for (kind, selector) in [
        ("PodDisruptionBudget", "/spec/selector"),
        ("NetworkPolicy", "/spec/podSelector"),
    ] {
        let (count, only_first) = check_pods(&cases, kind, selector);
        assert!(
            count > sample(60) && only_first == 0,
            "{count} {only_first}"
        );
    }
    let job = cases
        .iter()
        .find(|case| case.of("Job").count() == 1)
        .unwrap();
    let budget = &job.of("PodDisruptionBudget").next().unwrap()["spec"];
    assert!(
        budget["minAvailable"] == 1 && budget["maxUnavailable"].is_null(),
        "{budget}"
    );
}

#[test]
fn named_peers_reach_the_ports_behind_the_service_and_of_the_server() {
    let mut roles = 0;
    for case in cases("network: {ingress: [{namespace: gateways}]}") {
        let policy = case.of("NetworkPolicy").next().unwrap();
        let [own, named] = policy["spec"]["ingress"].as_array().unwrap().as_slice() else {
            panic!("{policy}");
        };
        assert!(own.get("ports").is_none());
        let Some(ports) = named["ports"].as_array() else {
            // Pods of roles reach each other at ports that they choose, and a Job serves nothing.
            let labels = case.pods()[0].labels.clone();
            let has_role = labels.contains_key("kaito.sh/inference-role");
            let has_service = case.of("Service").count() > 0;
            assert!(has_role || !has_service, "{}: {policy}", case.name);
            roles += usize::from(has_role);
            continue;
        };
        let ports: Vec<_> = ports
            .iter()
            .map(|port| port["port"].as_u64().unwrap())
            .collect();
        for service in case.of("Service") {
            let behind = service["spec"]["ports"].as_array();
            let http = behind.and_then(|ports| ports.iter().find(|port| port["name"] == "http"));
            let target = http.map(|port| port["targetPort"].as_u64().unwrap());
            assert!(
                target.is_none_or(|target| ports.contains(&target)),
                "{}",
                case.name
            );
        }
        let containers = case.pods()[0].spec["containers"].clone();
        let of_containers = containers.as_array().unwrap().iter();
        let of_containers =
            of_containers.flat_map(|it| it["ports"].as_array().into_iter().flatten());
        let named: Vec<_> = of_containers.filter(|it| it["name"] == "http").collect();
        let is_known =
            |port: &u64| *port == 5000 || named.iter().any(|it| it["containerPort"] == *port);
        assert!(ports.iter().all(is_known), "{}: {ports:?}", case.name);
    }
    assert!(roles > 0);
}

#[test]
fn monitors_select_the_pods_that_serve_at_a_port_that_they_have() {
    let cases = cases("monitoring: {}");
    let (count, only_first) = check_pods(&cases, "PodMonitor", "/spec/selector");
    assert!(count > sample(36) && only_first > 0, "{count} {only_first}");
    for case in &cases {
        let port = &case.of("PodMonitor").next().unwrap()["spec"]["podMetricsEndpoints"][0]["port"];
        for pod in case.pods() {
            let containers = pod.spec["containers"].as_array().unwrap().iter();
            let ports = containers.flat_map(|it| it["ports"].as_array().unwrap());
            assert_eq!(
                ports.filter(|it| it["name"] == *port).count(),
                1,
                "{}",
                case.name
            );
            let command = pod.spec["containers"][0]["command"].to_string();
            assert!(
                command.contains("/workspace/vllm/inference_api.py"),
                "{command}"
            );
        }
    }
}

#[test]
fn service_monitors_and_routes_lead_to_one_port_of_one_service() {
    let mut counts = BTreeMap::new();
    for add in [
        "monitoring: {kind: ServiceMonitor}",
        "route: {gateway: {name: public}, hostnames: [$name.example.com]}",
    ] {
        for case in cases(add) {
            let services: Vec<_> = case.of("Service").collect();
            let with_port = |named: &dyn Fn(&Value, &Value) -> bool| {
                let has = |service: &&&Value| {
                    let ports = service["spec"]["ports"].as_array();
                    ports.is_some_and(|ports| ports.iter().any(|port| named(service, port)))
                };
                services.iter().filter(has).count()
            };
            for monitor in case.of("ServiceMonitor") {
                let spec = &monitor["spec"];
                let found = with_port(&|service, port| {
                    let labels = service["metadata"]["labels"].as_object().unwrap();
                    selects(&spec["selector"], labels)
                        && port["name"] == spec["endpoints"][0]["port"]
                });
                assert_eq!(found, 1, "{}", case.name);
                *counts.entry("ServiceMonitor").or_insert(0) += 1;
            }
            for route in case.of("HTTPRoute") {
                let backend = &route["spec"]["rules"][0]["backendRefs"][0];
                let found = with_port(&|service, port| {
                    service["metadata"]["name"] == backend["name"]
                        && port["port"] == backend["port"]
                });
                assert_eq!(found, 1, "{}", case.name);
                *counts.entry("HTTPRoute").or_insert(0) += 1;
            }
        }
    }
    assert!(
        counts["ServiceMonitor"] > sample(36) && counts["HTTPRoute"] > sample(50),
        "{counts:?}"
    );
}
