//! The fields of a `Workspace`: there is no `spec`, they are siblings of `metadata`.
//!
//! The types are those of the newest version, `kaito.sh/v1beta1`, which has every field of the
//! older one. What a version lacks is left out of its schema, so that a Workspace of any version is
//! read into the same types.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::input::schema;
use crate::vocab::api::V1ALPHA1;
use crate::vocab::{AccessMode, WorkspaceApi};

/// The JSON Schema of Workspaces of an `apiVersion`, as a release knows it.
#[must_use]
pub fn schema(version: &str, api: WorkspaceApi) -> Value {
    of_version(schema::read_as::<Spec>(), version, api)
}

/// As [`schema`], made of the one that is published.
pub(super) fn published_schema(version: &str, api: WorkspaceApi) -> Value {
    let newest = include_str!("../../schemas/workspace-v1beta1.json");
    of_version(schema::published(newest), version, api)
}

/// The schema of a version, made of the one of the newest.
fn of_version(mut schema: Value, version: &str, api: WorkspaceApi) -> Value {
    schema["properties"]["apiVersion"]["const"] = version.into();
    if version == V1ALPHA1 {
        remove(&mut schema, "resource", "partition");
        remove(
            &mut schema,
            "inference/properties/preset/properties/presetOptions",
            "modelAccessSecret",
        );
        remove(
            &mut schema,
            "tuning/properties/preset/properties/presetOptions",
            "modelAccessSecret",
        );
    }
    if api == WorkspaceApi::V1alpha1 {
        remove(&mut schema, "inference", "config");
    }
    schema
}

fn remove(schema: &mut Value, holder: &str, field: &str) {
    let properties = schema.pointer_mut(&format!("/properties/{holder}/properties"));
    if let Some(properties) = properties.and_then(Value::as_object_mut) {
        properties.shift_remove(field);
    }
}

/// All fields of a Workspace, in the types of `kaito.sh/v1beta1`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Workspace")]
pub struct Spec {
    /// The version of this API.
    pub api_version: String,
    /// The kind of the document: always `Workspace`.
    #[schemars(extend("const" = "Workspace"))]
    pub kind: String,
    /// The name, namespace, labels and annotations of the Workspace.
    pub metadata: ObjectMeta,
    /// The GPU nodes to run on.
    pub resource: Option<Resource>,
    /// What to serve; set either this or `tuning`.
    pub inference: Option<Inference>,
    /// What to fine-tune; set either this or `inference`.
    pub tuning: Option<Tuning>,
    /// What was last observed in the cluster.
    pub status: Option<Value>,
}

/// The metadata of an object (`k8s.io/apimachinery`, `ObjectMeta`); what a cluster fills in is read
/// and left out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectMeta {
    /// The name, unique in its namespace.
    pub name: Option<String>,
    /// Not supported: objects are named after the Workspace.
    pub generate_name: Option<String>,
    /// The namespace; by default the one that the command line names.
    pub namespace: Option<String>,
    /// Labels of the object, each key with its value.
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations of the object, each key with its value.
    pub annotations: Option<BTreeMap<String, String>>,
    /// What has to be done before the object may go.
    pub finalizers: Option<Vec<String>>,
    /// Filled in by the cluster.
    pub uid: Option<String>,
    /// Filled in by the cluster.
    pub resource_version: Option<String>,
    /// Filled in by the cluster.
    pub generation: Option<i64>,
    /// Filled in by the cluster.
    pub creation_timestamp: Option<String>,
    /// Filled in by the cluster.
    pub deletion_timestamp: Option<String>,
    /// Filled in by the cluster.
    pub deletion_grace_period_seconds: Option<i64>,
    /// Filled in by the cluster.
    pub self_link: Option<String>,
    /// The objects that this one belongs to.
    pub owner_references: Option<Vec<Value>>,
    /// Filled in by the cluster.
    pub managed_fields: Option<Vec<Value>>,
}

/// The GPU nodes that a Workspace runs on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resource {
    /// The number of nodes. Where vLLM serves a preset, it is estimated instead.
    #[serde(default = "one")]
    #[schemars(range(min = -2_147_483_648_i64, max = 2_147_483_647))]
    pub count: i64,
    /// The instance type of the nodes, in the cloud's exact spelling; empty where the nodes are
    /// there already.
    #[serde(default)]
    pub instance_type: String,
    /// The labels that the nodes carry.
    pub label_selector: LabelSelector,
    /// Existing nodes to use first; each takes the place of a new one. Only in release 0.3.
    #[serde(default)]
    pub preferred_nodes: Vec<String>,
    /// The part of a node's GPUs to use; only of nodes that are there already.
    pub partition: Option<Partition>,
}

/// A part of a node's GPUs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Partition {
    /// What the GPUs are parted by.
    pub mode: PartitionMode,
    /// The profile of the slices, such as `1g.10gb`; only for `mig`.
    pub profile: Option<String>,
    /// The number of GPUs; only for `accelerator`.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub count: Option<i64>,
}

/// What GPUs are parted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartitionMode {
    /// Slices of a GPU, of one profile.
    Mig,
    /// Some whole GPUs of a node.
    Accelerator,
}

fn one() -> i64 {
    1
}

/// A label selector, of which KAITO uses only the labels.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    /// Labels and their values.
    #[serde(default)]
    pub match_labels: IndexMap<String, String>,
    /// Requirements in long form, on which nothing acts.
    #[serde(default)]
    pub match_expressions: Vec<LabelRequirement>,
}

/// A requirement of a label selector.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelRequirement {
    /// The key of the label to compare.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values compared with.
    #[serde(default)]
    pub values: Vec<String>,
}

/// What is served: a preset or a pod template, and adapters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inference {
    /// The model of the catalogue to serve.
    pub preset: Option<Preset>,
    /// A pod template of one's own instead.
    pub template: Option<Value>,
    /// A ConfigMap with settings of the server, in the Workspace's namespace.
    pub config: Option<String>,
    /// LoRA adapters to load beside the model.
    #[serde(default)]
    pub adapters: Vec<Adapter>,
}

/// A model of the release's catalogue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preset {
    /// The model's name in the catalogue.
    pub name: String,
    /// `private` takes the image from `presetOptions`. Only in release 0.3.
    #[serde(default)]
    pub access_mode: AccessMode,
    /// Where to get the model.
    #[serde(default)]
    pub preset_options: PresetOptions,
}

/// Where to get a model.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PresetOptions {
    /// The image that holds the model.
    pub image: Option<String>,
    /// Secrets, in the Workspace's namespace, to pull it with.
    #[serde(default)]
    pub image_pull_secrets: Vec<String>,
    /// A Secret, in the Workspace's namespace, with the Hugging Face token under the key
    /// `HF_TOKEN`.
    pub model_access_secret: Option<String>,
}

/// A LoRA adapter, which a server loads beside the model.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Adapter {
    /// The image that holds the adapter.
    pub source: Option<DataSource>,
    /// The weight of the adapter, from 0 to 1, written as a string.
    pub strength: Option<String>,
}

/// Where data comes from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataSource {
    /// A name for the data.
    pub name: Option<String>,
    /// Public addresses to download.
    #[serde(default)]
    pub urls: Vec<String>,
    /// A volume, as a pod has it; release 0.3 has none.
    pub volume_source: Option<Value>,
    /// An image that holds the data in `/data`.
    pub image: Option<String>,
    /// Secrets, in the Workspace's namespace, to pull the image with.
    #[serde(default)]
    pub image_pull_secrets: Vec<String>,
}

/// Where the result goes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DataDestination {
    /// A volume, as a pod has it; release 0.3 has none.
    pub volume_source: Option<Value>,
    /// The image to push.
    pub image: Option<String>,
    /// The secret, in the Workspace's namespace, to push it with.
    pub image_push_secret: Option<String>,
}

/// What is trained: a model with data, into an adapter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tuning {
    /// The model to tune.
    pub preset: Option<Preset>,
    /// The method of training: `lora` or `qlora`.
    pub method: Option<String>,
    /// A ConfigMap with the parameters of the run, in the Workspace's namespace; by default one
    /// for the method.
    pub config: Option<String>,
    /// The data to train with.
    pub input: DataSource,
    /// What to do with the adapter.
    pub output: DataDestination,
}
