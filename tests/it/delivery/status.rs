//! What the status of a Workspace says about clusters in every state: objects as `render` makes
//! them, with what their controllers would write into them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::release;
use kaito_render::status::index::{NamespacedName, ObjectKey};
use kaito_render::status::objects::{Event, Node, NodeObject, Pod, Workload, Workspace};
use kaito_render::status::observed::{ClusterState, Observed};
use kaito_render::status::{self, Tables};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::inputs;
use crate::support::program::stdout;

const OLD: &str = "apiVersion: kaito.sh/v1alpha1\nkind: Workspace\nmetadata: {name: w}\nresource: {instanceType: \
                   Standard_NC12s_v3, labelSelector: {matchLabels: {apps: w}}}\n";
const NEW: &str = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: w}\nresource: {instanceType: \
                   Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: w}}}\n";
const OLD_SERVES: &str = "inference: {preset: {name: falcon-7b}}\n";
const NEW_SERVES: &str = "inference: {preset: {name: phi-4}}\n";
const TRAINS: &str = "tuning:\n  preset: {name: phi-3-mini-4k-instruct}\n  method: qlora\n  input: {urls: ['https://a.example/b']}\n  \
                      output: {image: a.example/b:1, imagePushSecret: s}\n";

/// When everything was made, and a minute and a quarter of an hour later.
const MADE: &str = "2026-01-01T00:00:00Z";
const SOON: &str = "2026-01-01T00:01:00Z";
const LATE: &str = "2026-01-01T00:15:00Z";

/// A cluster of one Workspace.
struct Cluster {
    workspace: Value,
    node_objects: Vec<Value>,
    nodes: Vec<Value>,
    workload: Option<Value>,
    pods: Vec<Value>,
    events: Vec<Value>,
}

/// What was decided: each condition as `Status reason`, and its message.
struct Told {
    conditions: BTreeMap<String, (String, String)>,
    status: Value,
}

impl Cluster {
    /// What was rendered, just delivered.
    fn new(workspace: &str, args: &[&str]) -> Self {
        let list = stdout(
            &[&["render", "-", "--format", "json"], args].concat(),
            workspace,
        );
        let list: Value = serde_json::from_str(&list).unwrap();
        let items = list["items"].as_array().unwrap();
        let of = |kinds: &[&str]| {
            let found = items
                .iter()
                .filter(|item| kinds.contains(&item["kind"].as_str().unwrap()));
            let made = found.cloned().map(|mut item| {
                item["metadata"]["creationTimestamp"] = json!(MADE);
                item["metadata"]["generation"] = json!(3);
                item
            });
            made.collect::<Vec<_>>()
        };
        Self {
            workspace: of(&["Workspace"]).remove(0),
            node_objects: of(&["Machine", "NodeClaim", "NodePool"]),
            nodes: Vec::new(),
            workload: of(&["Deployment", "StatefulSet", "Job"]).pop(),
            pods: Vec::new(),
            events: Vec::new(),
        }
    }

    /// With all nodes ready, and pods that wait on them.
    fn with_nodes(mut self) -> Self {
        for (number, object) in self.node_objects.iter_mut().enumerate() {
            let name = format!("node-{number}");
            object["status"] =
                json!({"nodeName": name, "conditions": [condition("Ready", "True", "", "")]});
            self.nodes.push(node(&name, "True", "1"));
        }
        let workload = self.workload.as_mut().unwrap();
        workload["spec"]["selector"] = json!({"matchLabels": {"kaito.sh/workspace": "w"}});
        workload["status"] = json!({"observedGeneration": 3});
        self.pods = vec![json!({
            "metadata": {"name": "w-0", "namespace": "default", "labels": {"kaito.sh/workspace": "w"}, "creationTimestamp": MADE},
            "spec": {"nodeName": "node-0"},
        })];
        self
    }

    /// With everything in order.
    fn serving(self) -> Self {
        let mut cluster = self.with_nodes();
        cluster.work()["readyReplicas"] = json!(1);
        cluster
    }

    fn work(&mut self) -> &mut Value {
        &mut self.workload.as_mut().unwrap()["status"]
    }

    fn pod(&mut self, status: Value) {
        self.pods[0]["status"] = status;
    }

    fn state_of_cluster(&self) -> ClusterState {
        let name = |value: &Value| value["metadata"]["name"].as_str().unwrap().to_owned();
        let key = |value: &Value| {
            let namespace = value["metadata"]["namespace"].as_str().unwrap_or_default();
            ObjectKey::new(value["kind"].as_str().unwrap(), namespace, &name(value))
        };
        ClusterState {
            node_objects: self
                .node_objects
                .iter()
                .map(|value| (key(value), read::<NodeObject>(value)))
                .collect(),
            nodes: self
                .nodes
                .iter()
                .map(|value| (name(value), read::<Node>(value)))
                .collect(),
            workloads: self
                .workload
                .iter()
                .map(|value| (key(value), read::<Workload>(value)))
                .collect(),
            pods: self
                .pods
                .iter()
                .map(|value| {
                    (
                        NamespacedName::new("default", &name(value)),
                        read::<Pod>(value),
                    )
                })
                .collect(),
            events: self
                .events
                .iter()
                .map(read::<Event>)
                .map(|event| ((event.involved(), event.metadata.name.clone()), event))
                .collect(),
        }
    }

    /// What is decided at a time; none if nothing is to be written.
    fn patch(&self, now: &str) -> Option<Value> {
        let workspace = Workspace::read(&self.workspace).unwrap();
        let (state, now) = (self.state_of_cluster(), now.parse::<Timestamp>().unwrap());
        let status = status::decide(&Observed::of(&workspace, &state, now), &tables());
        status.patch(&workspace.status, workspace.metadata.generation, now)
    }

    fn told(&self, now: &str) -> Told {
        let status = self.patch(now).unwrap()["status"].take();
        let conditions = status["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|condition| {
                let text = |field: &str| condition[field].as_str().unwrap().to_owned();
                (
                    text("type"),
                    (
                        format!("{} {}", text("status"), text("reason")),
                        text("message"),
                    ),
                )
            });
        Told {
            conditions: conditions.collect(),
            status,
        }
    }

    /// Writes what was decided into the Workspace.
    fn apply(&mut self, now: &str) {
        let Some(patch) = self.patch(now) else { return };
        json_patch::merge(&mut self.workspace, &patch);
    }
}

impl Told {
    /// Holds the conditions against a table: a line for each, its type, status and reason.
    fn is(&self, table: &str) -> &Self {
        let told = self
            .conditions
            .iter()
            .map(|(kind, (answer, _))| format!("{kind} {answer}"));
        let mut table: Vec<_> = table
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        table.sort_unstable();
        assert_eq!(told.collect::<Vec<_>>(), table, "{:#?}", self.conditions);
        self
    }

    /// Holds what a message says against words.
    fn says(&self, condition: &str, words: &str) -> &Self {
        let (_, message) = &self.conditions[condition];
        assert!(message.contains(words), "{condition}: {message}");
        self
    }

    fn state(&self, state: &str) -> &Self {
        assert_eq!(self.status["state"], state);
        self
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message})
}

fn node(name: &str, ready: &str, gpus: &str) -> Value {
    json!({
        "metadata": {"name": name, "labels": {"accelerator": "nvidia", "apps": "w"}, "creationTimestamp": MADE},
        "status": {"conditions": [condition("Ready", ready, "Kubelet", "")], "capacity": {"nvidia.com/gpu": gpus}},
    })
}

fn tables() -> Tables {
    release::condition_tables(&Library::embedded())
}

fn old(rest: &str) -> Cluster {
    Cluster::new(&format!("{OLD}{rest}"), &[])
}

fn new(rest: &str) -> Cluster {
    Cluster::new(&format!("{NEW}{rest}"), &[])
}

/// A Workspace on what a profile says.
fn with_profile(workspace: &str, profile: &str) -> Cluster {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kaito-render.yaml");
    std::fs::write(&path, inputs::profile(profile)).unwrap();
    Cluster::new(workspace, &["--profile", path.to_str().unwrap()])
}

/// A Workspace of each release in every state that whoever waits for it has to tell apart.
#[cfg(feature = "e2e")]
pub(crate) fn states() -> Vec<(&'static str, Value)> {
    let releases: [[fn() -> Cluster; 2]; 2] = [
        [|| old(OLD_SERVES), || old(TRAINS)],
        [|| new(NEW_SERVES), || new(TRAINS)],
    ];
    let told = |mut cluster: Cluster, now| {
        cluster.apply(now);
        cluster.workspace
    };
    let states = releases.map(|[serves, trains]| {
        let made = serves().workspace;
        let mut null = made.clone();
        null["status"] = Value::Null;
        let mut of_kaito = made.clone();
        of_kaito["status"] = json!({"conditions": [condition("ResourceReady", "True", "", "")]});
        let mut not_rendered = serves();
        not_rendered.workspace["metadata"]["annotations"] = json!({});
        let trained = |status: Value| {
            let mut cluster = trains().with_nodes();
            *cluster.work() = status;
            told(cluster, SOON)
        };
        let failed = condition("Failed", "True", "BackoffLimitExceeded", "");
        let failed = trained(json!({"failed": 1, "conditions": [failed]}));
        let serving = told(serves().serving(), SOON);
        let changed = |workspace: &Value| {
            let mut workspace = workspace.clone();
            workspace["metadata"]["generation"] = json!(4);
            workspace
        };
        vec![
            ("made", made),
            ("without a status", null),
            ("told by KAITO only", of_kaito),
            ("not rendered", told(not_rendered, SOON)),
            ("waiting", told(serves(), SOON)),
            ("changed while it was failed", changed(&failed)),
            ("changed while it was serving", changed(&serving)),
            ("serving", serving),
            ("training", trained(json!({"active": 1, "ready": 1}))),
            ("trained", trained(json!({"succeeded": 1}))),
            ("failed", failed),
        ]
    });
    states.concat()
}

#[test]
fn a_workspace_that_was_not_rendered_is_unknown() {
    let mut cluster = old(OLD_SERVES);
    cluster.workspace["metadata"]["annotations"] = json!({});
    cluster.told(SOON).is("Ready Unknown NotRendered");
    cluster.workspace["metadata"]["annotations"] = json!({"render.kaito.sh/rendered": "no JSON"});
    cluster.told(SOON).is("Ready Unknown NotRendered");
}

#[test]
fn a_release_that_the_controller_does_not_know_is_unknown() {
    let mut cluster = old(OLD_SERVES);
    let annotation = &mut cluster.workspace["metadata"]["annotations"]["render.kaito.sh/rendered"];
    *annotation = json!(
        annotation
            .as_str()
            .unwrap()
            .replace("\"release\":\"0.3\"", "\"release\":\"9.9\"")
    );
    cluster
        .told(SOON)
        .is("Ready Unknown UnknownRelease")
        .says("Ready", "`9.9`");
}

#[test]
fn release_0_3_waits_for_its_machine() {
    let mut cluster = old(OLD_SERVES);
    let table = "MachineReady Unknown CreateMachinePending
        ResourceReady Unknown workspaceResourceStatusPending
        InferenceReady Unknown WorkspaceInferenceStatusPending
        WorkspaceSucceeded False workspacePending
        Ready False MachineNotReady
        Reconciling True MachineNotReady";
    cluster
        .told(SOON)
        .is(table)
        .says("Ready", "waits for its machine");
    cluster.node_objects.clear();
    cluster
        .told(SOON)
        .is(table)
        .says("Ready", "apply it together with the Workspace");
}

#[test]
fn release_0_3_names_a_machine_that_can_not_be_had() {
    let mut cluster = old(OLD_SERVES);
    let message = "all requested instance types were unavailable during launch";
    cluster.node_objects[0]["status"] =
        json!({"conditions": [condition("MachineLaunched", "False", "LaunchFailed", message)]});
    let table = "MachineReady False machineFailedCreation
        ResourceReady False workspaceResourceStatusFailed
        InferenceReady Unknown WorkspaceInferenceStatusPending
        WorkspaceSucceeded False workspaceFailed
        Ready False LaunchFailed
        Stalled True LaunchFailed";
    cluster
        .told(SOON)
        .is(table)
        .says("Stalled", "choose another instance type or region");
    let message = "Operation could not be completed as it results in exceeding approved Total Regional Cores quota";
    cluster.node_objects[0]["status"]["conditions"][0]["message"] = json!(message);
    cluster
        .told(SOON)
        .is(table)
        .says("MachineReady", "request more quota");
}

#[test]
fn release_0_3_gives_up_on_a_node_after_a_quarter_of_an_hour() {
    let mut cluster = old(OLD_SERVES);
    cluster.node_objects[0]["status"] =
        json!({"conditions": [condition("MachineLaunched", "True", "", "")]});
    cluster
        .told("2026-01-01T00:14:59Z")
        .says("Reconciling", "has not joined the cluster yet");
    cluster
        .told(LATE)
        .is("MachineReady False checkMachineStatusFailed
            ResourceReady False workspaceResourceStatusFailed
            InferenceReady Unknown WorkspaceInferenceStatusPending
            WorkspaceSucceeded False workspaceFailed
            Ready False MachineNotReady
            Stalled True MachineNotReady")
        .says("Ready", "after 15 minutes");
}

#[test]
fn release_0_3_serves() {
    let cluster = old(OLD_SERVES).serving();
    let told = cluster.told(SOON);
    told.is("MachineReady True installNodePluginsSuccess
        ResourceReady True workspaceResourceStatusSuccess
        InferenceReady True WorkspaceInferenceStatusSuccess
        WorkspaceSucceeded True workspaceSucceeded
        Ready True Serving");
    assert_eq!(told.status["workerNodes"], json!(["node-0"]));
    assert_eq!(told.status.get("state"), None);
    assert_eq!(told.status["conditions"][0]["observedGeneration"], 3);
    assert_eq!(told.status["conditions"][0]["lastTransitionTime"], SOON);
}

#[test]
fn release_0_3_with_node_claims_or_nodes_of_ones_own_is_called_so() {
    let serves = format!("{OLD}{OLD_SERVES}");
    let claims = with_profile(&serves, "provisioner: nodeclaim\n");
    assert_eq!(
        claims.told(SOON).conditions["NodeClaimReady"].0,
        "Unknown CreateNodeClaimPending"
    );
    assert_eq!(
        claims.serving().told(SOON).conditions["NodeClaimReady"].0,
        "True installNodePluginsSuccess"
    );

    let mut own = with_profile(&serves, "provisioner: none\n").serving();
    own.told(SOON)
        .says("MachineReady", "0 of 1 nodes are ready: add the labels");
    own.nodes.push(node("mine", "True", "1"));
    let told = own.told(SOON);
    assert_eq!(
        told.conditions["MachineReady"].0,
        "True installNodePluginsSuccess"
    );
    assert_eq!(told.status["workerNodes"], json!(["mine"]));
}

#[test]
fn release_0_3_trains() {
    let mut cluster = old(TRAINS).with_nodes();
    let nodes = "MachineReady True installNodePluginsSuccess\nResourceReady True workspaceResourceStatusSuccess\n";
    let is = |cluster: &Cluster, rest: &str| {
        cluster.told(SOON).is(&format!("{nodes}{rest}"));
    };
    is(
        &cluster,
        "JobStarted Unknown WorkspaceTuningJobStatusPending\nWorkspaceSucceeded False workspacePending
        Ready False Training\nReconciling True Training",
    );
    *cluster.work() = json!({"active": 1, "ready": 1});
    is(
        &cluster,
        "JobStarted True WorkspaceTuningJobStatusStarted\nWorkspaceSucceeded False workspacePending
        Ready False Training\nReconciling True Training",
    );
    *cluster.work() = json!({"succeeded": 1});
    is(
        &cluster,
        "JobStarted True WorkspaceTuningJobStatusStarted\nWorkspaceSucceeded True workspaceSucceeded\nReady True Trained",
    );
    *cluster.work() = json!({"failed": 1, "conditions": [condition("Failed", "True", "BackoffLimitExceeded", "")]});
    is(
        &cluster,
        "JobStarted False WorkspaceTuningJobStatusFailed\nWorkspaceSucceeded False workspaceFailed
        Ready False JobFailed\nStalled True JobFailed",
    );
}

#[test]
fn release_0_12_waits_fails_and_serves() {
    let mut cluster = new(NEW_SERVES);
    let launch = condition("Launched", "Unknown", "AwaitingReconciliation", "");
    cluster.node_objects[0]["status"] = json!({"conditions": [launch]});
    cluster
        .told(SOON)
        .is("NodeClaimReady False AwaitingReconciliation
            NodesReady False NodeNotReady
            ResourceReady False AwaitingReconciliation
            InferenceReady False WorkspaceInferenceStatusPending
            WorkspaceSucceeded False workspacePending
            Ready False AwaitingReconciliation
            Reconciling True AwaitingReconciliation")
        .state("Pending");
    let launch = condition(
        "Launched",
        "Unknown",
        "LaunchFailed",
        "QuotaExceeded: needs 24, has 0",
    );
    cluster.node_objects[0]["status"] = json!({"conditions": [launch]});
    cluster
        .told(SOON)
        .is("NodeClaimReady False LaunchFailed
            NodesReady False NodeNotReady
            ResourceReady False LaunchFailed
            InferenceReady False WorkspaceInferenceStatusPending
            WorkspaceSucceeded False workspacePending
            Ready False LaunchFailed
            Stalled True LaunchFailed")
        .says("ResourceReady", "more quota");
    let mut cluster = cluster.serving();
    cluster
        .told(SOON)
        .is("NodeClaimReady True NodeClaimsReady
            NodesReady True NodesReady
            ResourceReady True workspaceResourceStatusSuccess
            InferenceReady True WorkspaceInferenceStatusSuccess
            WorkspaceSucceeded True workspaceSucceeded
            Ready True Serving")
        .state("Ready");
    cluster.apply(SOON);
    cluster.work()["readyReplicas"] = json!(0);
    cluster.told(SOON).state("NotReady");
    cluster.work()["readyReplicas"] = json!(1);
    cluster.work()["observedGeneration"] = json!(2);
    assert_eq!(
        cluster.told(SOON).conditions["InferenceReady"].0,
        "False WorkspaceInferenceStatusPending"
    );
}

#[test]
fn release_0_12_knows_nodes_that_are_not_ready_or_have_no_plugin() {
    let mut cluster = new(NEW_SERVES).serving();
    cluster.nodes = vec![node("node-0", "Unknown", "1")];
    assert_eq!(
        cluster.told(SOON).conditions["NodesReady"].0,
        "False NodeNotReady"
    );
    cluster.nodes = vec![node("node-0", "True", "0")];
    let told = cluster.told(SOON);
    assert_eq!(told.conditions["NodesReady"].0, "False NodePluginsNotReady");
    told.says("Reconciling", "device plugin");
    cluster.told(LATE).says("Stalled", "device plugin");
}

#[test]
fn release_0_12_on_nodes_of_ones_own_has_no_claims() {
    let profile = "release: '0.12'\nprovisioner: none\nnodes: [{labels: {apps: w, nvidia.com/gpu.product: A100, nvidia.com/gpu.count: \
                   '1', nvidia.com/gpu.memory: '81920'}}]\n";
    let workspace =
        format!("{NEW}{NEW_SERVES}").replace("instanceType: Standard_NC24ads_A100_v4, ", "");
    let mut cluster = with_profile(&workspace, profile).serving();
    cluster.told(SOON).is("NodesReady False NodeNotReady
        ResourceReady False workspaceResourceStatusNotReady
        InferenceReady False WorkspaceInferenceStatusPending
        WorkspaceSucceeded False workspacePending
        Ready False NodeNotReady
        Reconciling True NodeNotReady");
    cluster.nodes.push(node("mine", "True", "1"));
    cluster.told(SOON).state("Ready");
}

#[test]
fn release_0_12_counts_the_claims_of_a_node_pool() {
    let mut cluster = with_profile(&format!("{NEW}{NEW_SERVES}"), "provisioner: nodepool\n");
    cluster
        .told(SOON)
        .says("NodeClaimReady", "has 0 of 1 NodeClaims");
    let pool = cluster.node_objects[0]["metadata"]["name"].clone();
    cluster.node_objects[0]["status"] =
        json!({"conditions": [condition("Ready", "False", "NodeClassNotReady", "")]});
    assert_eq!(
        cluster.told(SOON).conditions["Stalled"].0,
        "True NodeClassNotReady"
    );
    let claim = json!({"kind": "NodeClaim", "metadata": {"name": "pool-x", "labels": {"karpenter.sh/nodepool": pool}}});
    let mut cluster = with_profile(&format!("{NEW}{NEW_SERVES}"), "provisioner: nodepool\n");
    cluster.node_objects.push(claim);
    cluster.serving().told(SOON).state("Ready");
}

#[test]
fn release_0_12_trains() {
    let trains = TRAINS.replace("phi-3-mini-4k-instruct", "phi-4-mini-instruct");
    let mut cluster = new(&trains).with_nodes();
    let answer = |cluster: &Cluster, state: &str| {
        let told = cluster.told(SOON);
        told.state(state);
        [
            &told.conditions["JobStarted"].0,
            &told.conditions["WorkspaceSucceeded"].0,
        ]
        .map(String::clone)
    };
    let pending = [
        "False WorkspaceTuningJobStatusPending",
        "False workspacePending",
    ];
    assert_eq!(answer(&cluster, "Pending"), pending);
    *cluster.work() = json!({"active": 1});
    assert_eq!(
        answer(&cluster, "Running"),
        [
            "True WorkspaceTuningJobStatusStarted",
            "False workspacePending"
        ]
    );
    *cluster.work() = json!({"active": 1, "failed": 1});
    assert_eq!(
        answer(&cluster, "Running")[1],
        "False workspacePending",
        "a second try is no failure"
    );
    *cluster.work() = json!({"failed": 6, "conditions": [condition("Failed", "True", "BackoffLimitExceeded", "")]});
    assert_eq!(
        answer(&cluster, "Failed"),
        [
            "False WorkspaceTuningJobStatusFailed",
            "False workspaceFailed"
        ]
    );
    *cluster.work() = json!({"succeeded": 1, "failed": 1});
    assert_eq!(
        answer(&cluster, "Succeeded"),
        [
            "True WorkspaceTuningJobStatusStarted",
            "True workspaceSucceeded"
        ]
    );
}

/// The statuses of pods that don't run, with the reason and the advice of the Workspace's conditions.
fn troubled_pods() -> [(Value, &'static str, &'static str); 10] {
    let container = |state: Value| json!({"containerStatuses": [{"name": "w", "image": "i:1", "ready": false, "state": state}]});
    let waits = |reason: &str| container(json!({"waiting": {"reason": reason, "message": "m"}}));
    let unschedulable = |message: &str| json!({"conditions": [condition("PodScheduled", "False", "Unschedulable", message)]});
    [
        (
            container(json!({"terminated": {"reason": "OOMKilled"}})),
            "ContainerOOMKilled",
            "shorter context",
        ),
        (
            waits("ImagePullBackOff"),
            "ImagePullError",
            "can't pull `i:1`",
        ),
        (
            waits("CreateContainerConfigError"),
            "ContainerStartError",
            "Secrets",
        ),
        (
            waits("CrashLoopBackOff"),
            "ContainerCrashLoopBackOff",
            "kubectl logs -n default w-0 -c w --previous",
        ),
        (
            json!({"reason": "Evicted", "message": "low on ephemeral-storage"}),
            "NodeDiskPressure",
            "larger disks",
        ),
        (
            json!({"reason": "Evicted", "message": "low on memory"}),
            "NodeMemoryPressure",
            "more memory",
        ),
        (
            json!({"reason": "Evicted", "message": "x"}),
            "PodEvicted",
            "what else runs",
        ),
        (
            unschedulable("0/1: didn't match Pod's node affinity"),
            "Unschedulable",
            "no node has the labels",
        ),
        (
            unschedulable("0/1: 1 Insufficient nvidia.com/gpu"),
            "Unschedulable",
            "free GPUs",
        ),
        (
            unschedulable("0/1: had untolerated taint"),
            "Unschedulable",
            "add a toleration",
        ),
    ]
}

#[test]
fn what_the_pods_say_is_the_cause() {
    let mut cluster = new(NEW_SERVES).with_nodes();
    for (status, reason, advice) in troubled_pods() {
        cluster.pod(status);
        let told = cluster.told(SOON);
        assert_eq!(
            told.conditions["InferenceReady"].0,
            format!("False {reason}")
        );
        told.says("InferenceReady", advice).says("Ready", advice);
    }
    assert!(cluster.told(SOON).conditions.contains_key("Reconciling"));
    assert!(
        cluster.told(LATE).conditions.contains_key("Stalled"),
        "no place for a quarter of an hour"
    );
}

#[test]
fn warnings_speak_where_pods_say_nothing() {
    let mut cluster = old(OLD_SERVES).with_nodes();
    let event = |name: &str, kind: &str, reason: &str, message: &str, time: &str| {
        json!({"metadata": {"name": name}, "involvedObject": {"kind": kind, "namespace": "default", "name":
            if kind == "Pod" { "w-0" } else { "w" }}, "reason": reason, "message": message, "lastTimestamp": time})
    };
    cluster
        .events
        .push(event("z", "Pod", "Unhealthy", "probe", MADE));
    assert_eq!(
        cluster.told(SOON).conditions["Ready"].0,
        "False PodsNotReady"
    );
    cluster.events.push(event(
        "a",
        "Pod",
        "FailedMount",
        "secret \"s\" not found",
        SOON,
    ));
    cluster
        .told(SOON)
        .says("InferenceReady", "secret \"s\" not found");
    cluster.events.push(event(
        "q",
        "Deployment",
        "FailedCreate",
        "exceeded quota: gpus",
        SOON,
    ));
    cluster.told(SOON).says("InferenceReady", "ResourceQuota");
    *cluster.work() = json!({"observedGeneration": 3, "conditions": [condition("Progressing", "False", "x", "late")]});
    cluster.events.clear();
    assert_eq!(
        cluster.told(SOON).conditions["InferenceReady"].0,
        "False WorkspaceInferenceStatusFailed"
    );
}

#[test]
fn nothing_is_written_when_nothing_changed_and_times_move_on_a_flip_alone() {
    let mut cluster = new(NEW_SERVES).serving();
    cluster.workspace["status"] = json!({"conditions": [{
        "type": "BenchmarkCompleted", "status": "True", "reason": "Theirs", "message": "", "lastTransitionTime": MADE
    }]});
    cluster.apply(SOON);
    assert_eq!(cluster.patch(LATE), None);

    cluster.work()["readyReplicas"] = json!(0);
    let later = "2026-01-01T01:00:00Z";
    cluster.apply(later);
    let written = &cluster.workspace["status"]["conditions"];
    let kinds = |written: &Value| {
        let kinds = written
            .as_array()
            .unwrap()
            .iter()
            .map(|condition| condition["type"].as_str().unwrap().to_owned());
        kinds.collect::<Vec<_>>()
    };
    let time = |written: &Value, kind: &str| {
        let found = written
            .as_array()
            .unwrap()
            .iter()
            .find(|condition| condition["type"] == kind);
        found.unwrap()["lastTransitionTime"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        kinds(written)[0],
        "BenchmarkCompleted",
        "another's stays where it is"
    );
    assert_eq!(time(written, "BenchmarkCompleted"), MADE);
    assert_eq!(time(written, "NodesReady"), SOON);
    assert_eq!(time(written, "InferenceReady"), later);
    assert!(kinds(written).contains(&"Reconciling".to_owned()));

    cluster.work()["readyReplicas"] = json!(1);
    cluster.apply(later);
    assert!(!kinds(&cluster.workspace["status"]["conditions"]).contains(&"Reconciling".to_owned()));
    cluster.workspace["metadata"]["generation"] = json!(4);
    assert!(
        cluster.patch(later).is_some(),
        "a new generation has been observed"
    );
}

/// Looked at when it says, nothing that time alone changes is late; before that, nothing changes.
#[test]
fn it_is_known_when_time_alone_will_change_the_answer() {
    let mut cluster = new(NEW_SERVES).with_nodes();
    cluster.workspace["metadata"]["creationTimestamp"] = json!("2025-12-31T00:00:00Z");
    cluster.node_objects[0]["metadata"]["creationTimestamp"] = json!("2025-12-31T23:58:00Z");
    let next = |now: &str| {
        let workspace = Workspace::read(&cluster.workspace).unwrap();
        Observed::of(
            &workspace,
            &cluster.state_of_cluster(),
            now.parse().unwrap(),
        )
        .next()
        .map(|next| next.to_string())
    };
    assert_eq!(
        next("2025-12-31T00:01:00Z").as_deref(),
        Some("2025-12-31T00:15:00Z"),
        "the Workspace"
    );
    assert_eq!(
        next("2025-12-31T00:15:00Z").as_deref(),
        Some("2026-01-01T00:13:00Z"),
        "then the node object"
    );
    assert_eq!(
        next("2026-01-01T00:13:00Z").as_deref(),
        Some(LATE),
        "then the node and the pod"
    );
    assert_eq!(next(LATE), None);
    let stalled =
        |cluster: &Cluster, now: &str| cluster.told(now).conditions.contains_key("Stalled");
    cluster.pod(json!({"conditions": [condition("PodScheduled", "False", "Unschedulable", "")]}));
    assert!(!stalled(&cluster, "2026-01-01T00:14:59Z") && stalled(&cluster, LATE));
}

#[test]
fn a_workspace_that_is_deleted_says_so() {
    let mut cluster = old(OLD_SERVES).serving();
    cluster.workspace["metadata"]["deletionTimestamp"] = json!(SOON);
    assert_eq!(
        cluster.told(SOON).conditions["WorkspaceDeleting"].0,
        "True workspaceDeleted"
    );
}

/// The CRDs want reasons of one word, and no message that is too long.
#[test]
fn the_words_of_others_are_cut_where_a_letter_ends() {
    let mut cluster = new(NEW_SERVES).with_nodes();
    let message = "é".repeat(5000);
    cluster.pod(json!({"containerStatuses": [{"name": "w", "state": {"waiting": {"reason": "ErrImagePull", "message": message}}}]}));
    let told = cluster.told(SOON);
    let (_, said) = &told.conditions["InferenceReady"];
    assert!(said.len() < 600 && said.ends_with("é...)"), "{said}");
}

/// Whoever may write a Workspace may write its annotation.
fn claims(cluster: &mut Cluster, change: impl Fn(&mut Value)) {
    let annotation = &mut cluster.workspace["metadata"]["annotations"]["render.kaito.sh/rendered"];
    let mut rendered: Value = serde_json::from_str(annotation.as_str().unwrap()).unwrap();
    change(&mut rendered);
    *annotation = json!(rendered.to_string());
}

#[test]
fn the_objects_of_others_are_no_concern_of_a_workspace() {
    const SECRET: &str = "only-others-know";
    for (owner, is_own) in [("w", true), ("other", false)] {
        let mut cluster = new(NEW_SERVES).with_nodes();
        let object = &mut cluster.node_objects[0];
        object["metadata"]["labels"]["kaito.sh/workspace"] = json!(owner);
        object["status"] = json!({"nodeName": SECRET, "conditions": [condition("Launched", "False", "LaunchFailed", SECRET)]});
        cluster.nodes = vec![node(SECRET, "True", "1")];
        let status = cluster.told(SOON).status.to_string();
        assert_eq!(status.contains(SECRET), is_own, "{owner}: {status}");
    }
    for (namespace, is_own) in [("default", true), ("other", false)] {
        let mut cluster = new(NEW_SERVES).with_nodes();
        claims(&mut cluster, |rendered| {
            for object in rendered["objects"].as_array_mut().unwrap() {
                if object["kind"] == "StatefulSet" {
                    object["namespace"] = json!(namespace);
                }
            }
        });
        let workload = cluster.workload.as_mut().unwrap();
        workload["metadata"]["namespace"] = json!(namespace);
        let about = json!({"kind": "StatefulSet", "namespace": namespace, "name": "w"});
        cluster.events = vec![json!({
            "metadata": {"name": "e"}, "involvedObject": about, "reason": "FailedCreate", "message": SECRET, "lastTimestamp": SOON,
        })];
        cluster.pods = Vec::new();
        let status = cluster.told(SOON).status.to_string();
        assert_eq!(status.contains(SECRET), is_own, "{namespace}: {status}");
    }
}

#[test]
fn the_node_claims_of_another_workspace_s_node_pool_are_no_concern_of_a_workspace() {
    const SECRET: &str = "only-others-know";
    for (owner, is_own) in [("w", true), ("other", false)] {
        let mut cluster = with_profile(&format!("{NEW}{NEW_SERVES}"), "provisioner: nodepool\n");
        let pool = &mut cluster.node_objects[0]["metadata"];
        pool["labels"]["karpenter.kaito.sh/workspace-name"] = json!(owner);
        let labels = json!({"karpenter.sh/nodepool": pool["name"]});
        cluster
            .node_objects
            .push(json!({"kind": "NodeClaim", "metadata": {"name": SECRET, "labels": labels}}));
        let status = cluster.told(SOON).status.to_string();
        assert_eq!(status.contains(SECRET), is_own, "{owner}: {status}");
    }
}

#[test]
fn nothing_that_is_too_long_or_no_text_gets_into_a_condition() {
    let long = "x".repeat(200_000);
    let controls = "\u{1b}[2J\n::stop-commands::x\u{202e}";
    for key in ["release", "version"] {
        for value in [long.as_str(), controls] {
            let mut cluster = new(NEW_SERVES);
            claims(&mut cluster, |rendered| rendered[key] = json!(value));
            let told = cluster.told(SOON);
            assert_eq!(told.conditions["Ready"].0, "Unknown NotRendered", "{key}");
        }
    }
    let mut cluster = new(NEW_SERVES);
    claims(&mut cluster, |rendered| {
        let objects = rendered["objects"].as_array_mut().unwrap();
        let claim = objects[0].clone();
        objects.extend(std::iter::repeat_n(claim.clone(), 1000));
        for name in [long.as_str(), controls] {
            let mut other = claim.clone();
            other["name"] = json!(name);
            objects.insert(0, other);
        }
    });
    let told = cluster.told(SOON);
    assert!(told.status.to_string().len() < 5_000, "{}", told.status);
    assert!(
        !told.status.to_string().contains("\\u001b"),
        "{}",
        told.status
    );
    // Another controller's reason and message.
    for reason in [long.as_str(), controls, "has blanks", "1digit", ""] {
        let mut cluster = new(NEW_SERVES).with_nodes();
        cluster.node_objects[0]["status"] = json!({"conditions": [condition("Launched", "False", reason, &format!("{controls}{long}"))]});
        let told = cluster.told(SOON);
        let text = told.status.to_string();
        assert!(text.len() < 10_000 && !text.contains("\\u001b"), "{text}");
        for (status, message) in told.conditions.values() {
            let reason = status.split_once(' ').unwrap().1;
            assert!(
                message.len() < 1_100 && !reason.is_empty() && reason.len() <= 128,
                "{status}"
            );
            assert!(
                reason.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "{status}"
            );
        }
    }
}
