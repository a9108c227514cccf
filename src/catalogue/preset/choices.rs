//! The choices that `release.yaml` makes among what the code can do, and the numbers that each of
//! them works with.
//!
//! The numbers are KAITO's. Its source has them as constants; those of v0.12.0 are quoted with each
//! field, because a later version may have others.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ReleaseFile;

/// The sources of models, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModelsName {
    /// Each model has an image, which holds its weights.
    Image,
    /// Weights are downloaded from Hugging Face when a pod starts; one image serves all models.
    Hub,
}

/// The sizing rules, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SizingName {
    /// The Workspace sets the number of nodes; a preset may set how many GPUs they need to have.
    PresetCount,
    /// The number of nodes follows from the memory that the model is estimated to need.
    Estimator,
}

/// Where the models of a release come from, with the numbers that go with it.
#[derive(Clone, Debug)]
pub enum Models {
    /// Each model has an image ([`ModelsName::Image`]).
    Image,
    /// Weights are downloaded ([`ModelsName::Hub`]), by these numbers.
    Hub(HubNumbers),
}

/// How a release counts nodes, with the numbers that go with it.
#[derive(Clone, Copy, Debug)]
pub enum Sizing {
    /// The Workspace sets the number ([`SizingName::PresetCount`]).
    PresetCount,
    /// The number is estimated ([`SizingName::Estimator`]), by these numbers.
    Estimator(EstimatorNumbers),
}

/// What the estimator reckons with, in doubles. v0.12.0 has 1.02, 0.84, 2.3, 1.05 and 2048.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EstimatorNumbers {
    /// The memory of loaded weights, as a multiple of the size of their files.
    #[schemars(range(min = 0.0))]
    pub loaded_weights_factor: f64,
    /// The part of a GPU's memory that the server may use, from 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub gpu_memory_utilization: f64,
    /// The memory that each GPU needs beside weights and KV cache, in GiB.
    #[serde(rename = "overheadGiB")]
    #[schemars(range(min = 0.0))]
    pub overhead_gib: f64,
    /// The memory that a GPU keeps free for its weights, as a multiple of what they take: at least
    /// 1.
    #[schemars(range(min = 1.0))]
    pub weights_room_factor: f64,
    /// The tokens that the KV cache is sized for where no ConfigMap sets `max-model-len`.
    pub default_context_tokens: u64,
}

/// What follows from the size of a model's weights, and from its GPUs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HubNumbers {
    /// The disk of a node.
    pub disk: DiskNumbers,
    /// How long a pod may take to start.
    pub startup: StartupNumbers,
    /// vLLM's flag `gpu-memory-utilization`: the part of a GPU's memory that the server takes.
    pub gpu_memory_utilization: Utilization,
}

/// The disk of a node. v0.12.0 has 80 GiB and 1024 GiB.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiskNumbers {
    /// What a node's disk has beside the weights, in GiB.
    #[serde(rename = "besideWeightsGiB")]
    pub beside_weights_gib: u32,
    /// The disk where no model is served by preset, as a Kubernetes quantity.
    pub unknown: String,
}

/// How long a pod may take to start: a time for every model and one for each GiB of its weights,
/// within limits. v0.12.0 has 15 minutes and 18 seconds, at least half an hour and at most three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartupNumbers {
    /// The time for every model, in seconds.
    pub base_seconds: u32,
    /// The time for each GiB of weights, in seconds.
    #[serde(rename = "secondsPerGiB")]
    pub seconds_per_gib: u32,
    /// The least time, in seconds.
    pub min_seconds: u32,
    /// The longest time, in seconds.
    pub max_seconds: u32,
    /// The interval of the startup probe, in seconds, as the template of the pods has it.
    #[schemars(range(min = 1))]
    pub probe_period_seconds: u32,
}

/// vLLM's flag `gpu-memory-utilization`, as it is written. v0.12.0 has 0.82 for NVIDIA A10 and 0.84
/// for all others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Utilization {
    /// The value for GPUs that `gpus` does not list.
    pub default: String,
    /// Other values, by the exact name that a table of instance types gives to the GPUs.
    #[serde(default)]
    pub gpus: IndexMap<String, String>,
}

impl Utilization {
    /// The value for GPUs of this name.
    #[must_use]
    pub fn of(&self, gpu: &str) -> &str {
        self.gpus.get(gpu).unwrap_or(&self.default)
    }
}

/// Why the choices of a release can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The choice, as a JSON Pointer.
    pub pointer: &'static str,
    /// What is wrong with it.
    pub message: &'static str,
}

impl ReleaseFile {
    /// The choices of the release with their numbers.
    ///
    /// # Errors
    ///
    /// If the numbers of a choice are missing, or two choices do not go together.
    pub fn choices(&self) -> Result<(Models, Sizing), Unfit> {
        let unfit = |pointer, message| Unfit { pointer, message };
        let models = match self.models {
            ModelsName::Image => Models::Image,
            ModelsName::Hub => Models::Hub(
                self.hub
                    .clone()
                    .ok_or(unfit("/models", "`models: hub` needs the section `hub`"))?,
            ),
        };
        let sizing = match (self.sizing, self.estimator) {
            (SizingName::PresetCount, _) => Sizing::PresetCount,
            (SizingName::Estimator, None) => {
                let message = "`sizing: estimator` needs the section `estimator`";
                return Err(unfit("/sizing", message));
            }
            // Only the preset of a Hugging Face model has the size of its weights.
            (SizingName::Estimator, _) if self.models == ModelsName::Image => {
                return Err(unfit("/sizing", "`sizing: estimator` needs `models: hub`"));
            }
            (SizingName::Estimator, Some(numbers)) => Sizing::Estimator(numbers),
        };
        Ok((models, sizing))
    }

    /// Whether the release compiles Workspaces of an apiVersion.
    #[must_use]
    pub fn compiles(&self, version: &str) -> bool {
        self.api_versions.iter().any(|known| known == version)
    }

    /// The repository of the model that a Workspace calls by its alias or by the repository, in any
    /// case.
    #[must_use]
    pub fn repository(&self, name: &str) -> String {
        let name = name.to_lowercase();
        self.aliases.get(&name).cloned().unwrap_or(name)
    }

    /// How the file of a model is called that a Workspace calls by this name.
    #[must_use]
    pub fn model_file(&self, name: &str) -> String {
        match self.models {
            ModelsName::Image => name.to_owned(),
            ModelsName::Hub => self.repository(name),
        }
    }

    /// The names by which a Workspace can call one of the models, with the aliases.
    pub fn model_calls<'a>(
        &'a self,
        models: impl IntoIterator<Item = &'a str>,
    ) -> impl Iterator<Item = &'a str> {
        let is_hub = self.models == ModelsName::Hub;
        let aliases = is_hub.then(|| self.aliases.keys().map(String::as_str));
        models.into_iter().chain(aliases.into_iter().flatten())
    }
}
