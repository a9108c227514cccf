//! What an overlay changes in pods, whatever the kind of their workload.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Changes of the pods of a workload. What belongs to a container goes to the main one, which serves
/// or trains.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodOverlay {
    /// The container that env, volumeMounts, resources, containerSecurityContext and probes are for;
    /// by default the main one.
    pub container: Option<String>,
    /// Tolerations that are added.
    #[serde(default)]
    pub tolerations: Vec<Map<String, Value>>,
    /// Constraints on the spread of the pods that are added.
    #[serde(default)]
    pub topology_spread_constraints: Vec<Map<String, Value>>,
    /// Secrets to pull images with that are added.
    #[serde(default)]
    pub image_pull_secrets: Vec<NamedReference>,
    /// Volumes that are added.
    #[serde(default)]
    pub volumes: Vec<Map<String, Value>>,
    /// Mounts that are added to the container.
    #[serde(default)]
    pub volume_mounts: Vec<Map<String, Value>>,
    /// Labels of nodes, beside those that are asked for already.
    #[serde(default)]
    pub node_selector: BTreeMap<String, String>,
    /// Variables of the container, by name.
    #[serde(default)]
    pub env: IndexMap<String, Variable>,
    /// Limits and requests of the container, but for those of GPUs.
    #[serde(default)]
    pub resources: Resources,
    /// An affinity that has to hold beside the one that is there.
    pub affinity: Option<Affinity>,
    /// The service account of the pods.
    pub service_account_name: Option<String>,
    /// The priority class of the pods.
    pub priority_class_name: Option<String>,
    /// The runtime class of the pods.
    pub runtime_class_name: Option<String>,
    /// The scheduler of the pods.
    pub scheduler_name: Option<String>,
    /// The seconds that the pods have to end.
    pub termination_grace_period_seconds: Option<u32>,
    /// The security context of the pods.
    pub security_context: Option<Map<String, Value>>,
    /// The security context of the container.
    pub container_security_context: Option<Map<String, Value>>,
    /// The timings of the probes that the container has.
    #[serde(default)]
    pub probes: Probes,
}

/// A reference by name, such as to a Secret.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedReference {
    /// The name of the object.
    pub name: String,
}

/// The value of a variable.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Variable {
    /// The value itself, a string.
    Value(String),
    /// Where it comes from, with `valueFrom`.
    From(Reference),
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reference {
    /// The source as Kubernetes has it, such as `secretKeyRef`.
    pub value_from: Map<String, Value>,
}

/// Limits and requests of a container, by resource.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resources {
    /// The most that it may use, such as `memory: 64Gi`.
    #[serde(default)]
    pub limits: BTreeMap<String, String>,
    /// What is kept for it.
    #[serde(default)]
    pub requests: BTreeMap<String, String>,
}

/// An affinity as Kubernetes has it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Affinity {
    /// On which nodes; required terms hold beside each of those that are there.
    pub node_affinity: Option<Map<String, Value>>,
    /// Near which other pods.
    pub pod_affinity: Option<Map<String, Value>>,
    /// Away from which pods.
    pub pod_anti_affinity: Option<Map<String, Value>>,
}

/// The timings of probes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probes {
    /// Those of the startup probe.
    pub startup: Option<Timings>,
    /// Those of the liveness probe.
    pub liveness: Option<Timings>,
    /// Those of the readiness probe.
    pub readiness: Option<Timings>,
}

/// When a probe is made, and what it takes to pass or fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timings {
    /// The seconds before the first time.
    pub initial_delay_seconds: Option<u32>,
    /// The seconds from one time to the next.
    #[schemars(range(min = 1))]
    pub period_seconds: Option<u32>,
    /// The seconds after which it has failed.
    #[schemars(range(min = 1))]
    pub timeout_seconds: Option<u32>,
    /// The failures in a row that count.
    #[schemars(range(min = 1))]
    pub failure_threshold: Option<u32>,
    /// The successes in a row that count after a failure.
    #[schemars(range(min = 1))]
    pub success_threshold: Option<u32>,
}
