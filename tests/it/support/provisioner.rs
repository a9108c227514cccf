//! What gpu-provisioner and Karpenter do, done by the tests: a Machine or NodeClaim gets its node,
//! and takes it along.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::cluster::{Kubectl, items};
use crate::support::program::run;
use crate::support::tools::succeed;

/// Until its node is gone, a node object stays.
const FINALIZER: &str = "karpenter.sh/termination";

/// A provisioner that is at work until this goes.
pub(crate) struct Provisioner {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Provisioner {
    pub(crate) fn start(kubectl: Kubectl) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&is_over);
        let work = move || {
            while !until.load(Ordering::Relaxed) {
                act(&kubectl, "nodeclaim");
                thread::sleep(Duration::from_millis(200));
            }
        };
        Self {
            is_over,
            thread: Some(thread::spawn(work)),
        }
    }
}

impl Drop for Provisioner {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let ended = self.thread.take().unwrap().join();
        assert!(
            ended.is_ok() || thread::panicking(),
            "the provisioner has failed"
        );
    }
}

/// The node that a provisioner makes of a Machine or NodeClaim.
pub(crate) fn node(claim: &Value) -> Value {
    let mut labels = claim["metadata"]["labels"].as_object().unwrap().clone();
    for requirement in claim["spec"]["requirements"].as_array().unwrap() {
        labels.insert(
            requirement["key"].as_str().unwrap().to_owned(),
            requirement["values"][0].clone(),
        );
    }
    let room = json!({"cpu": "96", "memory": "900Gi", "ephemeral-storage": "900Gi", "pods": "100", "nvidia.com/gpu": "8"});
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": claim["metadata"]["name"], "labels": Value::Object(labels)},
        "spec": {"taints": claim["spec"]["taints"]},
        "status": {"allocatable": room, "capacity": room},
    })
}

/// Gives a Machine or NodeClaim its node, and says so.
pub(crate) fn launch(kubectl: &Kubectl, claim: &Value) {
    let object = name(claim);
    let finalizers = json!({"metadata": {"finalizers": [FINALIZER]}}).to_string();
    succeed(kubectl.command(&["patch"]).args(object).args([
        "--type=merge",
        "--patch",
        &finalizers,
    ]));
    kubectl.apply(&node(claim).to_string());
    say(
        kubectl,
        claim,
        &STEPS.map(|step| (step, "True", "Done", "")),
        Some(object[1]),
    );
}

/// The steps that a provisioner takes.
const STEPS: [&str; 4] = ["Launched", "Registered", "Initialized", "Ready"];

/// Says that there is no machine to be had, and why.
pub(crate) fn refuse(kubectl: &Kubectl, claim: &Value, reason: &str, message: &str) {
    say(
        kubectl,
        claim,
        &[
            ("Launched", "False", reason, message),
            ("Ready", "False", reason, message),
        ],
        None,
    );
}

/// Writes conditions as the kind has them: those of Machines are called so, but for the last.
fn say(
    kubectl: &Kubectl,
    claim: &Value,
    conditions: &[(&str, &str, &str, &str)],
    node: Option<&str>,
) {
    let prefix = if claim["kind"] == "Machine" {
        "Machine"
    } else {
        ""
    };
    let condition = |(kind, status, reason, message): &(&str, &str, &str, &str)| {
        let kind = if *kind == "Ready" {
            (*kind).to_owned()
        } else {
            format!("{prefix}{kind}")
        };
        let time = "2026-01-01T00:00:00Z";
        json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": time})
    };
    let conditions: Vec<_> = conditions.iter().map(condition).collect();
    kubectl.patch_status(
        &name(claim),
        &json!({"nodeName": node, "conditions": conditions}),
    );
}

/// Does what is to be done for all objects of a kind: those without a node get one, those to be
/// deleted lose theirs.
pub(crate) fn act(kubectl: &Kubectl, kind: &str) {
    for claim in items(&kubectl.json(&["get", kind])) {
        if claim["metadata"]["deletionTimestamp"].is_string() {
            retire(kubectl, claim);
        } else if claim["status"]["nodeName"].is_null() {
            launch(kubectl, claim);
        }
    }
}

fn retire(kubectl: &Kubectl, claim: &Value) {
    let object = name(claim);
    succeed(&mut kubectl.command(&["delete", "node", object[1], "--ignore-not-found"]));
    // Another time, the finalizer may be gone already, and the object with it.
    let free = json!({"metadata": {"finalizers": null}}).to_string();
    run(
        kubectl
            .command(&["patch"])
            .args(object)
            .args(["--type=merge", "--patch", &free]),
        "",
    );
}

fn name(claim: &Value) -> [&str; 2] {
    [&claim["kind"], &claim["metadata"]["name"]].map(|text| text.as_str().unwrap())
}
