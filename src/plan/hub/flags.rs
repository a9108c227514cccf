//! The flags of the servers.

use super::super::nodes::gpus::Gpus;
use crate::catalogue::preset::{Flags, HubModel};

/// What vLLM's flags follow from.
pub(super) struct Serving<'a> {
    pub(super) model: &'a HubModel,
    /// The name that the server answers to.
    pub(super) served_name: String,
    pub(super) gpus: &'a Gpus,
    /// The value of the flag `gpu-memory-utilization`.
    pub(super) utilization: &'a str,
    pub(super) nodes: u32,
    /// Where the weights lie on the node; none if they are downloaded.
    pub(super) local_weights: Option<&'a str>,
    pub(super) has_adapters: bool,
    pub(super) has_config: bool,
    /// `interactivity` or `throughput`, if not balanced.
    pub(super) performance_mode: Option<&'a str>,
    /// The port, if it is not the usual one.
    pub(super) port: Option<u32>,
}

/// The flags of vLLM, those that every model gets first (specification of KAITO 0.12, §4.6).
pub(super) fn vllm(common: &Flags, serving: &Serving) -> Flags {
    // In KAITO's order of precedence: a flag replaces an earlier one of its name, and stays in the
    // place of that one.
    let mut flags = model_flags(serving);
    flags.extend(parallel_flags(serving));
    flags.extend(common.clone());
    flags.extend(serving.model.vllm.flags.clone());
    flags.extend(option_flags(serving));
    if serving.local_weights.is_some() {
        // `load-format`, which `option_flags` sets, is the same flag.
        flags.shift_remove("load_format");
    }
    flags
}

fn flag(name: &str, value: impl Into<String>) -> (String, Option<String>) {
    (name.to_owned(), Some(value.into()))
}

/// The model, its name, and how its numbers are kept.
fn model_flags(serving: &Serving) -> Flags {
    let model = serving.model;
    let weights = serving
        .local_weights
        .map_or_else(|| model.repository(), str::to_owned);
    // The type of quantised weights is in their files; all others are loaded as bfloat16 (§4.6).
    let dtype = if model.quantization.is_some() {
        "auto"
    } else {
        "bfloat16"
    };
    Flags::from([
        flag("model", weights),
        flag("served-model-name", serving.served_name.clone()),
        flag("dtype", dtype),
        flag("gpu-memory-utilization", serving.utilization),
    ])
}

/// How the model is spread over GPUs and nodes.
fn parallel_flags(serving: &Serving) -> Flags {
    let gpus = serving.gpus.count.to_string();
    let mut flags = if is_replicated(serving) {
        Flags::from([
            flag("data-parallel-size", gpus),
            flag("tensor-parallel-size", "1"),
        ])
    } else {
        Flags::from([flag("tensor-parallel-size", gpus)])
    };
    if serving.nodes > 1 {
        flags.extend([
            flag("pipeline-parallel-size", serving.nodes.to_string()),
            flag("distributed-executor-backend", "ray"),
        ]);
    }
    flags
}

/// What stands behind the flags of the model, and replaces them.
fn option_flags(serving: &Serving) -> Flags {
    let mut flags = Flags::new();
    // In these cases KAITO switches off the cache in the node's memory (§4.6).
    if serving.gpus.mig_resource.is_some() || serving.nodes > 1 || is_replicated(serving) {
        flags.extend([flag("kaito-kv-cache-cpu-memory-utilization", "0")]);
    }
    flags.extend([if serving.local_weights.is_some() {
        flag("load-format", "runai_streamer")
    } else {
        flag("download-dir", "/workspace/weights")
    }]);
    if serving.has_config {
        flags.extend([flag(
            "kaito-config-file",
            "/mnt/config/inference_config.yaml",
        )]);
    }
    flags.extend(
        serving
            .performance_mode
            .map(|mode| flag("performance-mode", mode)),
    );
    flags.extend(serving.port.map(|port| flag("port", port.to_string())));
    if serving.has_adapters {
        flags.insert("enable-lora".to_owned(), None);
    }
    flags
}

/// Whether each GPU of a single node serves the whole model.
fn is_replicated(serving: &Serving) -> bool {
    let gpus = serving.gpus;
    serving.nodes == 1 && gpus.count > 1 && is_small(serving.model, gpus)
}

/// Whether each GPU could hold the whole model twice, so that they serve it side by side.
fn is_small(model: &HubModel, gpus: &Gpus) -> bool {
    let weights = u128::from(model.weights_bytes());
    weights * u128::from(gpus.count) * 2 < u128::from(gpus.memory)
}

/// The flags of the server by transformers.
pub(super) fn transformers(model: &HubModel, own: &Flags) -> Flags {
    let mut flags = Flags::new();
    flags.insert(
        "pretrained_model_name_or_path".to_owned(),
        Some(model.repository()),
    );
    flags.insert("served_model_name".to_owned(), Some(model.short_name()));
    flags.insert("allow_remote_files".to_owned(), None);
    flags.extend(own.clone());
    flags
}
