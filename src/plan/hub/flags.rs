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
    let Serving {
        model, gpus, nodes, ..
    } = serving;
    let mut flags = Flags::new();
    let mut set = |name: &str, value: String| flags.insert(name.to_owned(), Some(value));
    set(
        "model",
        serving
            .local_weights
            .map_or_else(|| model.repository(), str::to_owned),
    );
    set("served-model-name", serving.served_name.clone());
    set(
        "dtype",
        if model.quantization.is_some() {
            "auto"
        } else {
            "bfloat16"
        }
        .to_owned(),
    );
    set("gpu-memory-utilization", serving.utilization.to_owned());
    let mut no_cpu_cache = gpus.mig_resource.is_some() || *nodes > 1;
    if *nodes == 1 && gpus.count > 1 && is_small(model, gpus) {
        set("data-parallel-size", gpus.count.to_string());
        set("tensor-parallel-size", "1".to_owned());
        no_cpu_cache = true;
    } else {
        set("tensor-parallel-size", gpus.count.to_string());
    }
    if *nodes > 1 {
        set("pipeline-parallel-size", nodes.to_string());
        set("distributed-executor-backend", "ray".to_owned());
    }
    flags.extend(common.clone());
    flags.extend(model.vllm.flags.clone());
    let mut set = |name: &str, value: &str| flags.insert(name.to_owned(), Some(value.to_owned()));
    if no_cpu_cache {
        set("kaito-kv-cache-cpu-memory-utilization", "0");
    }
    if serving.local_weights.is_some() {
        set("load-format", "runai_streamer");
    } else {
        set("download-dir", "/workspace/weights");
    }
    if serving.has_config {
        set("kaito-config-file", "/mnt/config/inference_config.yaml");
    }
    if let Some(mode) = serving.performance_mode {
        set("performance-mode", mode);
    }
    if let Some(port) = serving.port {
        set("port", &port.to_string());
    }
    if serving.has_adapters {
        flags.insert("enable-lora".to_owned(), None);
    }
    if serving.local_weights.is_some() {
        flags.shift_remove("load_format");
    }
    flags
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
