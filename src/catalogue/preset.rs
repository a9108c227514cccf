//! The data of a release: what `presets/<release>/` holds, one type for each kind of file.

mod choices;
mod hub;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::vocab::{AccessMode, Cloud, Provisioner, WorkspaceApi};

pub use choices::{
    DiskNumbers, EstimatorNumbers, HubNumbers, Models, ModelsName, Sizing, SizingName,
    StartupNumbers, Unfit, Utilization,
};
pub use hub::{
    Attention, HubModel, HubTuning, ImportRules, ModelConfig, Parsers, TransformersPreset,
    VllmPreset, WeightsQuantization,
};

/// Ordered command-line flags: `name: value` is written `--name=value`, `name:` without a value `--name`.
pub type Flags = IndexMap<String, Option<String>>;

/// `release.yaml`: what a release does, by name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseFile {
    /// The apiVersions of Workspaces that the release compiles.
    pub api_versions: Vec<String>,
    /// The version of Workspaces whose rules hold; older ones are read as if they were of it.
    pub workspace_api: WorkspaceApi,
    /// The instance type of Workspaces of `kaito.sh/v1alpha1` that name none.
    pub default_instance_type: String,
    /// Where models come from.
    pub models: ModelsName,
    /// How nodes are counted.
    pub sizing: SizingName,
    /// How the status controller says how far a Workspace is.
    pub conditions: ConditionTable,
    /// The template that makes the node objects, for each provisioner; the first is the default.
    pub node_objects: IndexMap<Provisioner, String>,
    /// The clouds on which node objects need the cluster's name from the profile.
    #[serde(default)]
    pub cluster_name_for: Vec<Cloud>,
    /// Labels that a Workspace can't select nodes by.
    #[serde(default)]
    pub reserved_labels: Vec<String>,
    /// The least compute capability of NVIDIA's GPUs, before the point, that models are served
    /// with.
    pub least_compute_capability: Option<u32>,
    /// The image that serves and tunes every model, if there is one.
    pub base_image: Option<BaseImage>,
    /// The flags that the launcher of a runtime always gets, for each runtime.
    pub runtimes: IndexMap<String, Flags>,
    /// The path at which the server of a runtime answers Prometheus, for each that does.
    #[serde(default)]
    pub metrics: IndexMap<String, String>,
    /// The numbers of `sizing: estimator`.
    pub estimator: Option<EstimatorNumbers>,
    /// The numbers of `models: hub`.
    pub hub: Option<HubNumbers>,
    /// Other names of models, in lower case.
    #[serde(default)]
    pub aliases: IndexMap<String, String>,
    /// What earlier releases had and this one has no more.
    #[serde(default)]
    pub retired: Retired,
    /// Since which version KAITO does otherwise than in earlier releases.
    #[serde(default)]
    pub since: Since,
}

/// What earlier releases had and a release has no more.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retired {
    /// The deprecated apiVersions, which still compile.
    #[serde(default)]
    pub api_versions: IndexMap<String, OldVersion>,
    /// The models, each with the one that comes nearest.
    #[serde(default)]
    pub presets: IndexMap<String, String>,
    /// The instance types that it has no more, by the reason.
    #[serde(default)]
    pub instance_types: Vec<OldTypes>,
}

/// What took the place of an apiVersion.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OldVersion {
    /// The version of KAITO that brought it.
    pub since: String,
    /// The apiVersion to write.
    #[serde(rename = "use")]
    pub instead: String,
}

/// Instance types that are used no more for one reason.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OldTypes {
    /// The reason: lower case, no full stop, about one of them.
    pub why: String,
    /// Their names, in the cloud's exact spelling.
    pub names: Vec<String>,
}

/// The versions of KAITO that brought what a release does.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Since {
    /// The version that brought its node objects, such as NodeClaims in place of Machines.
    pub node_objects: Option<String>,
    /// The version that brought its workloads, such as StatefulSets in place of Deployments.
    pub workload: Option<String>,
    /// What serves models by default.
    pub runtime: Option<String>,
    /// How nodes are counted.
    pub sizing: Option<String>,
}

/// An image of the profile's registry.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaseImage {
    /// The image's name, without registry and tag.
    pub name: String,
    /// The image's tag, such as `0.5.0`.
    pub tag: String,
}

/// The tables of conditions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionTable {
    /// One for each step: nodes, workload, the whole.
    Steps,
    /// What holds at present, with a word for it.
    Summary,
}

/// `models/<name>.yaml`: one model; the file's name is the preset's name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// The family the model belongs to, for people.
    pub family: String,
    /// The image that serves and tunes the model.
    pub image: ModelImage,
    /// What serving the model needs.
    pub inference: InferencePreset,
    /// What fine-tuning the model needs; absent if it can't be tuned.
    pub tuning: Option<TuningPreset>,
}

/// Where the image of a model comes from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelImage {
    /// The tag of `<registry>/kaito-<preset>`; absent if there is no public image.
    pub tag: Option<String>,
    /// Whether everyone may use the public image, or a Workspace has to name its own.
    pub access_mode: AccessMode,
}

/// What serving a model needs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InferencePreset {
    /// What starts the process: a key of `runtimes` in release.yaml.
    pub runtime: String,
    /// The GPUs and memory needed.
    pub needs: Needs,
    /// The disk a node needs, as a Kubernetes quantity.
    pub disk: String,
    /// The processes that share the model, if it can be spread over nodes.
    pub world_size: Option<u32>,
    /// The flags of the inference server.
    #[serde(default)]
    pub flags: Flags,
}

/// What fine-tuning a model needs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TuningPreset {
    /// The GPUs and memory needed.
    pub needs: Needs,
    /// The launcher's flags behind the number of processes.
    #[serde(default)]
    pub flags: Flags,
    /// Environment of the training container.
    #[serde(default)]
    pub env: IndexMap<String, String>,
}

/// GPUs and their memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Needs {
    /// The number of GPUs over all nodes.
    pub gpus: u32,
    /// The memory of all GPUs together, in GiB.
    #[serde(rename = "memoryGiB")]
    pub memory_gib: u32,
    /// The memory of each GPU, in GiB; 0 if it does not matter.
    #[serde(rename = "memoryPerGpuGiB")]
    pub memory_per_gpu_gib: u32,
}

/// `tuning/<method>.yaml`: the default configuration of a tuning method, which becomes a ConfigMap
/// word for word.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TuningConfigFile {
    /// The sections that the training reads.
    pub training_config: TrainingConfigSections,
}

/// The sections of a training's configuration; what stands in them is passed on to the libraries
/// that train.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TrainingConfigSections {
    /// How the model is loaded.
    pub model_config: Option<Map<String, Value>>,
    /// How the model is quantised.
    pub quantization_config: Option<Quantization>,
    /// The adapter to train.
    pub lora_config: Option<Map<String, Value>>,
    /// The arguments of the trainer.
    pub training_arguments: Option<TrainingArguments>,
    /// How the data is batched.
    pub data_collator: Option<Map<String, Value>>,
    /// How the data is read.
    pub dataset_config: Option<Map<String, Value>>,
}

/// How a model is quantised.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Quantization {
    /// Whether the weights are loaded with four bits each.
    pub load_in_4bit: Option<bool>,
    /// Whether the weights are loaded with eight bits each.
    pub load_in_8bit: Option<bool>,
}

/// The arguments of the trainer that this compiler reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TrainingArguments {
    /// The directory that the adapter is written to, below `/mnt`.
    pub output_dir: Option<String>,
}

/// `flags/<runtime>.yaml`: what a server understands.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerFlags {
    /// The version of the server.
    pub version: String,
    /// Its flags by name, with hyphens, and what each takes.
    pub flags: IndexMap<String, ServerFlag>,
    /// What its configuration may hold beside flags.
    pub settings: Vec<String>,
    /// The flags that follow from the plan, with what holds where the plan sets none.
    pub planned: Flags,
}

/// A flag of a server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerFlag {
    /// What stands behind it on the command line.
    pub kind: FlagKind,
    /// The values that it takes, if only these; each a string or a number.
    #[serde(default)]
    pub choices: Vec<Value>,
}

/// What a flag of a server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FlagKind {
    /// No value: `--flag`, or `--no-flag`.
    Boolean,
    /// No value: `--flag`, which nothing turns off again.
    Switch,
    /// A value or none.
    Optional,
    /// A whole number, in digits only.
    Integer,
    /// A number, with or without a fraction.
    Number,
    /// A whole number, such as `4096`, `4k` or `auto`.
    Size,
    /// Any string, as it is written.
    String,
    /// A JSON text, such as a mapping in quotes.
    Json,
    /// A value or more.
    List,
}

/// `instance-types/<cloud>.yaml`: the instance types of a cloud by their exact name.
pub type InstanceTypes = IndexMap<String, InstanceType>;

/// An instance type of a cloud, as far as GPUs and disks matter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstanceType {
    /// The number of GPUs.
    pub gpus: u32,
    /// The memory of all GPUs together, in GiB.
    #[serde(rename = "memoryGiB")]
    pub memory_gib: u32,
    /// The maker and model of the GPUs.
    pub gpu: String,
    /// Whether the machine has a fast disk of its own, on `NVMe`.
    #[serde(default)]
    pub nvme: bool,
    /// The day on which the cloud retired it, such as `2023-09-06`; absent while it can be had.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub retired: Option<String>,
    /// The instance type that comes nearest to a retired one.
    pub successor: Option<String>,
    /// What the cloud calls it, where KAITO has a name that the cloud does not know.
    pub cloud_name: Option<String>,
}

impl InstanceType {
    /// Whether the GPUs are NVIDIA's.
    #[must_use]
    pub fn is_nvidia(&self) -> bool {
        self.gpu.starts_with("NVIDIA")
    }

    /// Whether it has GPUs of NVIDIA, and the cloud has it under this name.
    #[must_use]
    pub fn can_be_had(&self) -> bool {
        self.is_nvidia() && self.retired.is_none() && self.cloud_name.is_none()
    }
}
