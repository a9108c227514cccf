//! The health of Workspaces and node objects by the checks of `deploy/argocd/`, in Argo CD's own
//! interpreter.

use std::fs;

use serde_json::{Map, Value, json};

use crate::delivery::status::states;
use crate::support::argocd::{ask, client};
use crate::support::program::root;

/// The data of the patches for `argocd-cm`, joined.
fn settings(patches: &[&str]) -> Map<String, Value> {
    let mut data = Map::new();
    for patch in patches {
        let path = root().join("deploy/argocd").join(patch);
        let patch: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        data.extend(patch["data"].as_object().unwrap().clone());
    }
    data
}

/// The health of each object and its message; nothing where Argo CD has no check.
fn judge(settings: &Map<String, Value>, objects: &[Value]) -> Vec<[String; 2]> {
    let question = json!({"Settings": settings, "Objects": objects});
    let answer = ask(&mut client("health"), &question).unwrap();
    let text = |health: &Value, field: &str| health[field].as_str().unwrap_or_default().to_owned();
    let answers = answer.as_array().unwrap().iter();
    answers
        .map(|health| ["status", "message"].map(|field| text(health, field)))
        .collect()
}

/// The states of a Workspace, its health in each, and words of its message.
const STATES: [[&str; 3]; 11] = [
    ["made", "Healthy", "no controller watches this Workspace"],
    ["without a status", "Healthy", "no controller watches"],
    ["told by KAITO only", "Healthy", "no controller watches"],
    ["not rendered", "Progressing", "kaito-render"],
    ["waiting", "Progressing", "waits for its machine"],
    [
        "changed while it was failed",
        "Progressing",
        "not seen this generation",
    ],
    [
        "changed while it was serving",
        "Progressing",
        "not seen this generation",
    ],
    ["serving", "Healthy", ""],
    ["training", "Progressing", "Job"],
    ["trained", "Healthy", ""],
    ["failed", "Degraded", "Job"],
];

#[test]
fn a_workspace_is_what_its_conditions_say() {
    let states = states();
    assert_eq!(states.len(), 2 * STATES.len());
    let workspaces: Vec<_> = states
        .iter()
        .map(|(_, workspace)| workspace.clone())
        .collect();
    let judged = judge(&settings(&["argocd-cm.yaml"]), &workspaces);
    for (number, [health, message]) in judged.iter().enumerate() {
        let (state, workspace) = &states[number];
        let [expected, wanted, words] = STATES[number % STATES.len()];
        assert_eq!(*state, expected);
        assert_eq!(health, wanted, "{state}: {message}");
        assert!(message.contains(words), "{state}: {message}");
        let told = message.contains("controller");
        assert!(told || workspace["status"].to_string().contains(message.as_str()));
    }
    // Argo CD knows nothing of Workspaces by itself.
    let unknown = judge(&Map::new(), &workspaces[..1]);
    assert_eq!(unknown, [[String::new(), String::new()]]);
}

/// A node object with these conditions, each as type, status and message.
fn node_object(version: &str, kind: &str, conditions: &[[&str; 3]]) -> Value {
    let condition = |[kind, status, message]: &[&str; 3]| {
        json!({"type": kind, "status": status, "message": message,
            "lastTransitionTime": "2026-01-01T00:00:00Z"})
    };
    let conditions: Vec<_> = conditions.iter().map(condition).collect();
    json!({"apiVersion": format!("karpenter.sh/{version}"), "kind": kind,
        "metadata": {"name": "ws1", "generation": 1}, "status": {"conditions": conditions}})
}

/// What Karpenter before v1 writes, step by step, and the health of that
/// (karpenter-core 0.29 and karpenter 0.36, `lifecycle/*.go`).
fn steps(prefix: &str) -> Vec<(Vec<[String; 3]>, [&'static str; 2])> {
    let step = |name: &str, status: &str, message: &str| {
        let prefix = if name == "Ready" { "" } else { prefix };
        [
            format!("{prefix}{name}"),
            status.to_owned(),
            message.to_owned(),
        ]
    };
    let waits = |registered: &str, initialized: &str| {
        let missing = "Node not registered with cluster";
        let unready = "Node status is NotReady";
        vec![
            step(
                "Initialized",
                initialized,
                if registered == "True" {
                    unready
                } else {
                    missing
                },
            ),
            step("Launched", "True", ""),
            step("Ready", "False", missing),
            step("Registered", registered, missing),
        ]
    };
    let failed = "quota exceeded";
    vec![
        (vec![], ["Progressing", "the node is not ready yet"]),
        (
            vec![
                step("Initialized", "False", "Node not launched"),
                step("Launched", "False", failed),
                step("Ready", "False", failed),
                step("Registered", "False", "Node not launched"),
            ],
            ["Degraded", failed],
        ),
        (
            waits("False", "False"),
            ["Progressing", "Node not registered with cluster"],
        ),
        (
            waits("True", "False"),
            ["Progressing", "Node status is NotReady"],
        ),
        (
            vec![step("Ready", "True", "")],
            ["Healthy", "the node is ready"],
        ),
    ]
}

#[test]
fn only_a_failed_launch_makes_a_node_of_release_0_3_degraded() {
    let settings = settings(&["argocd-cm.yaml", "node-claims-v1beta1/argocd-cm.yaml"]);
    for (version, kind, prefix) in [
        ("v1alpha5", "Machine", "Machine"),
        ("v1beta1", "NodeClaim", ""),
    ] {
        let (mut objects, mut expected): (Vec<_>, Vec<_>) = steps(prefix)
            .into_iter()
            .map(|(conditions, health)| {
                let conditions: Vec<_> = conditions
                    .iter()
                    .map(|condition| condition.each_ref().map(String::as_str))
                    .collect();
                (
                    node_object(version, kind, &conditions),
                    health.map(str::to_owned),
                )
            })
            .unzip();
        // The first second.
        let mut made = objects[0].clone();
        made["status"] = Value::Null;
        objects.push(made);
        expected.push(expected[0].clone());
        assert_eq!(judge(&settings, &objects), expected, "{kind}");
    }
}

/// Why the check for `NodeClaims` of v1beta1 is there, and why there is none for those of v1.
#[test]
fn argo_cd_itself_knows_node_claims_of_v1_and_no_earlier_ones() {
    let message = "Node not registered with cluster";
    let starts = |version: &str, status: &str| {
        let conditions = [["Launched", "True", ""], ["Ready", status, message]];
        node_object(version, "NodeClaim", &conditions)
    };
    let pool = node_object("v1", "NodePool", &[["Ready", "True", ""]]);
    let machine = node_object("v1alpha5", "Machine", &[["Ready", "True", ""]]);
    let objects = [
        starts("v1beta1", "False"),
        starts("v1", "Unknown"),
        pool,
        machine,
    ];
    let shipped = settings(&["argocd-cm.yaml"]);
    for settings in [&Map::new(), &shipped] {
        let judged = judge(settings, &objects);
        let health: Vec<_> = judged.iter().map(|[health, _]| health.as_str()).collect();
        assert_eq!(health[..3], ["Degraded", "Progressing", "Healthy"]);
        assert_eq!(health[3].is_empty(), settings.is_empty(), "Machines");
    }
}

/// Argo CD gives scripts the libraries `base` and `table`; more only if it is told to.
#[test]
fn scripts_need_no_other_library() {
    for (key, script) in settings(&["argocd-cm.yaml", "node-claims-v1beta1/argocd-cm.yaml"]) {
        let script = script.as_str().unwrap();
        for library in [
            "require",
            "string.",
            "math.",
            "os.",
            "io.",
            "coroutine.",
            "debug.",
        ] {
            assert!(!script.contains(library), "{key}: {library}");
        }
    }
}
