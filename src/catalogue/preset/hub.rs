//! Models that are fetched from Hugging Face when they start, and what follows from the facts of
//! one.
//!
//! Numbers such as §3.4 are those of the specification of KAITO 0.12.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DiskNumbers, Flags, StartupNumbers};
use crate::base::quantity::{self, GIB};

/// `models/<organisation>/<model>.yaml`, in lower case: one model of Hugging Face.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HubModel {
    /// The repository, as Hugging Face spells it.
    pub name: String,
    /// The licence of the weights, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Whether Hugging Face gives it only to accounts that have accepted its terms.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gated: bool,
    /// The classes that load the model, as `architectures` of config.json names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub architectures: Vec<String>,
    /// The size of the files that hold the weights, in GiB with at most two decimals, such as
    /// `27.31Gi`.
    #[schemars(regex(pattern = r"^[0-9]{1,6}(\.[0-9]{1,2})?Gi$"))]
    pub weights: String,
    /// The most tokens of a request and its answer that the model was made for.
    pub context_length: u64,
    /// How the weights are quantised; absent if they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantization: Option<WeightsQuantization>,
    /// The numbers of config.json that the memory of a token follows from.
    pub config: ModelConfig,
    /// What the model needs of vLLM.
    #[serde(default, skip_serializing_if = "VllmPreset::is_empty")]
    pub vllm: VllmPreset,
    /// What serving the model by transformers needs; absent if it can't be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transformers: Option<TransformersPreset>,
    /// What fine-tuning the model needs; absent if it can't be tuned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuning: Option<HubTuning>,
}

/// How weights are quantised.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeightsQuantization {
    /// The method, as `quantization_config.quant_method` of config.json names it.
    pub method: String,
    /// The bits of a weight, as `quantization_config.bits` of config.json says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
}

/// Numbers of a model's config.json, under one name each.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelConfig {
    /// The width of a hidden state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_size: Option<u64>,
    /// The number of hidden layers.
    #[serde(default)]
    pub layers: u64,
    /// The number of attention heads.
    #[serde(default)]
    pub attention_heads: u64,
    /// The number of heads that keys and values are kept for; by default all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_value_heads: Option<u64>,
    /// The width of a head; by default the hidden state's, shared among the heads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_dim: Option<u64>,
    /// The width of a compressed key and value, of models with multi-head latent attention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv_lora_rank: Option<u64>,
    /// The width of the part of a key that carries the position, of such models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qk_rope_head_dim: Option<u64>,
}

/// What a model needs of vLLM.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VllmPreset {
    /// Flags beside those that every model gets.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub flags: Flags,
    /// Whether its matrices are multiplied by `DeepGEMM`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deep_gemm: bool,
    /// Whether kernels are compiled on the node, with a CUDA toolkit that the node keeps.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cuda_toolkit: bool,
}

impl VllmPreset {
    fn is_empty(&self) -> bool {
        self.flags.is_empty() && !self.deep_gemm && !self.cuda_toolkit
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// What serving a model by transformers needs.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransformersPreset {
    /// The flags of the inference server.
    pub flags: Flags,
}

/// What fine-tuning a model needs.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HubTuning {
    /// The tag of the image `<registry>/kaito-<model>`, which holds the weights.
    pub tag: String,
    /// Environment of the training where a Workspace names the model by its alias.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub alias_env: IndexMap<String, String>,
}

/// `import.yaml`: what follows from a model's name and architectures.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportRules {
    /// What reads calls of tools out of an answer.
    pub tool_call_parser: Parsers,
    /// What tells reasoning from an answer.
    pub reasoning_parser: Parsers,
    /// For each flag its values, by prefixes of the name.
    pub flags: IndexMap<String, IndexMap<String, Option<String>>>,
    /// Architectures by prefixes of the name, where config.json names none.
    pub architecture_of: IndexMap<String, String>,
    /// Architectures whose matrices are multiplied by `DeepGEMM`.
    pub deep_gemm: Vec<String>,
    /// What needs a CUDA toolkit.
    pub cuda_toolkit: CudaToolkit,
    /// Architectures whose cache can't be kept in the memory of the node.
    pub no_cpu_cache: Vec<String>,
    /// The architectures that vLLM serves.
    pub architectures: Vec<String>,
}

/// Which parser of vLLM a model gets, by its name or architecture.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parsers {
    /// The models that get none although a prefix or an architecture fits.
    #[serde(default)]
    pub except: Vec<String>,
    /// By prefixes of the name.
    pub prefixes: IndexMap<String, String>,
    /// By architecture, where no prefix fits.
    pub architectures: IndexMap<String, String>,
}

/// What needs a CUDA toolkit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CudaToolkit {
    /// The architectures whose models all need it.
    pub architectures: Vec<String>,
    /// The names of single models that need it.
    pub models: Vec<String>,
}

/// How a model keeps what it has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// Keys and values of every head.
    MultiHead,
    /// Keys and values that groups of heads share.
    GroupedQuery,
    /// Keys and values that all heads share.
    MultiQuery,
    /// Keys and values compressed together.
    Latent,
    /// Not known; nothing is reckoned for it.
    Unknown,
}

impl Attention {
    /// The name that papers use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MultiHead => "MHA",
            Self::GroupedQuery => "GQA",
            Self::MultiQuery => "MQA",
            Self::Latent => "MLA",
            Self::Unknown => "unknown attention",
        }
    }
}

impl ModelConfig {
    fn key_value_heads(&self) -> u64 {
        self.key_value_heads
            .filter(|heads| *heads > 0)
            .unwrap_or(self.attention_heads)
    }

    fn head_dim(&self) -> u64 {
        let shared = || {
            self.hidden_size
                .and_then(|size| size.checked_div(self.attention_heads))
        };
        self.head_dim
            .filter(|dim| *dim > 0)
            .or_else(shared)
            .unwrap_or(0)
    }

    /// How the model keeps what it has read.
    #[must_use]
    pub fn attention(&self) -> Attention {
        let (heads, kept) = (self.attention_heads, self.key_value_heads());
        match () {
            () if self.kv_lora_rank.is_some_and(|rank| rank > 0) => Attention::Latent,
            () if heads == 0 || kept == 0 || self.head_dim() == 0 => Attention::Unknown,
            () if heads == kept => Attention::MultiHead,
            () if kept == 1 => Attention::MultiQuery,
            () => Attention::GroupedQuery,
        }
    }

    /// The bytes that one token takes in the key-value cache, over all layers, two for each number
    /// (§3.4).
    #[must_use]
    pub fn bytes_per_token(&self) -> u64 {
        let numbers = match self.attention() {
            Attention::Latent => self
                .kv_lora_rank
                .unwrap_or(0)
                .saturating_add(self.qk_rope_head_dim.unwrap_or(0)),
            Attention::Unknown => 0,
            _ => self
                .key_value_heads()
                .saturating_mul(self.head_dim())
                .saturating_mul(2),
        };
        numbers.saturating_mul(self.layers).saturating_mul(2)
    }
}

impl HubModel {
    /// The repository in lower case, by which the model is found.
    #[must_use]
    pub fn repository(&self) -> String {
        self.name.to_lowercase()
    }

    /// The last part of the repository, in lower case: the name that the server answers to.
    #[must_use]
    pub fn short_name(&self) -> String {
        let repository = self.repository();
        repository.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The size of the weights in hundredths of a GiB.
    fn hundredths(&self) -> u64 {
        let number = self.weights.trim_end_matches("Gi");
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let whole: u64 = whole.parse().unwrap_or(0);
        let part: u64 = format!("{part:0<2}").parse().unwrap_or(0);
        whole.saturating_mul(100).saturating_add(part)
    }

    /// The size of the weights in bytes, begun ones counted (§3.2).
    #[must_use]
    pub fn weights_bytes(&self) -> u64 {
        let bytes = (u128::from(self.hundredths()) * u128::from(GIB)).div_ceil(100);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The disk of a node that serves the model, as a Kubernetes quantity of whole GiB (§3.4).
    #[must_use]
    pub fn disk(&self, numbers: &DiskNumbers) -> String {
        let weights = self.hundredths() / 100;
        let disk = format!("{}Gi", weights + u64::from(numbers.beside_weights_gib));
        quantity::canonical(&disk).unwrap_or(disk)
    }

    /// How often the startup probe of a pod may fail before the start has failed (§3.4).
    #[must_use]
    pub fn startup_failures(&self, numbers: &StartupNumbers) -> u32 {
        let hundredths = |seconds: u32| u128::from(seconds) * 100;
        let time = hundredths(numbers.base_seconds)
            + u128::from(numbers.seconds_per_gib) * u128::from(self.hundredths());
        let limited = time
            .max(hundredths(numbers.min_seconds))
            .min(hundredths(numbers.max_seconds));
        let failures = limited.div_ceil(hundredths(numbers.probe_period_seconds.max(1)));
        u32::try_from(failures).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{Attention, HubModel};
    use crate::catalogue::preset::{DiskNumbers, StartupNumbers};

    const STARTUP: StartupNumbers = StartupNumbers {
        base_seconds: 900,
        seconds_per_gib: 18,
        min_seconds: 1800,
        max_seconds: 10800,
        probe_period_seconds: 10,
    };

    fn disk() -> DiskNumbers {
        DiskNumbers {
            beside_weights_gib: 80,
            unknown: "1Ti".to_owned(),
        }
    }

    fn model(weights: &str, config: &str) -> HubModel {
        let text = format!("{{name: a/B, weights: {weights}, contextLength: 1, config: {config}}}");
        serde_yaml::from_str(&text).unwrap()
    }

    /// Rows of the specification of KAITO 0.12, section 8.
    #[test]
    fn figures_follow_from_the_facts() {
        for (weights, config, attention, bytes, expected, failures) in [
            (
                "27.31Gi",
                "{layers: 40, attentionHeads: 40, keyValueHeads: 10, hiddenSize: 5120}",
                Attention::GroupedQuery,
                204_800,
                "107Gi",
                180,
            ),
            (
                "7.12Gi",
                "{layers: 32, attentionHeads: 32, hiddenSize: 3072}",
                Attention::MultiHead,
                393_216,
                "87Gi",
                180,
            ),
            (
                "641.30Gi",
                "{layers: 61, attentionHeads: 128, kvLoraRank: 512, qkRopeHeadDim: 64}",
                Attention::Latent,
                70_272,
                "721Gi",
                1080,
            ),
            (
                "155.43Gi",
                "{layers: 43, attentionHeads: 64, keyValueHeads: 1, headDim: 512}",
                Attention::MultiQuery,
                88_064,
                "235Gi",
                370,
            ),
            (
                "61.03Gi",
                "{layers: 1}",
                Attention::Unknown,
                0,
                "141Gi",
                200,
            ),
        ] {
            let model = model(weights, config);
            assert_eq!(model.config.attention(), attention, "{weights}");
            assert_eq!(model.config.bytes_per_token(), bytes, "{weights}");
            assert_eq!(
                (
                    model.disk(&disk()).as_str(),
                    model.startup_failures(&STARTUP)
                ),
                (expected, failures),
                "{weights}"
            );
        }
        assert_eq!(model("944Gi", "{}").disk(&disk()), "1Ti");
        assert_eq!(model("0.01Gi", "{}").weights_bytes(), 10_737_419);
    }
}
