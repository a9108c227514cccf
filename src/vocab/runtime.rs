//! What serves a model.

use schemars::JsonSchema;
use serde::Deserialize;

/// What serves a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// vLLM, the default since KAITO 0.4.
    Vllm,
    /// Hugging Face's transformers, for models that vLLM does not serve.
    Transformers,
}

impl Runtime {
    /// The name as a profile writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Transformers => "transformers",
        }
    }
}
