//! The sizing rule `estimator`: how many nodes a model needs, from its size and the memory of their
//! GPUs.
//!
//! Sections such as §3.3 are those of the specification of KAITO 0.12. The arithmetic is that of
//! IEEE doubles, in the order in which KAITO does it, because the last node can hang on the last
//! bit. Its constants come from `release.yaml`; an estimate keeps those that it was made with.

use crate::base::quantity::{GIB, float};
use crate::catalogue::preset::{EstimatorNumbers, HubModel, InstanceType};

/// What an estimate starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::plan) struct Demand {
    /// The constants of the release.
    pub(in crate::plan) numbers: EstimatorNumbers,
    /// The bytes of the files that hold the weights.
    pub(in crate::plan) weights: u64,
    /// The bytes that one token takes in the cache.
    pub(in crate::plan) bytes_per_token: u64,
    /// The tokens that the cache is sized for.
    pub(in crate::plan) context: u64,
    /// The GPUs of a node, at least one.
    pub(in crate::plan) gpus: u32,
    /// The bytes of memory of all GPUs of a node.
    pub(in crate::plan) memory: u64,
}

impl Demand {
    /// What an estimate for a model on nodes with such GPUs starts from. Without a `context` that of
    /// the release counts.
    pub(in crate::plan) fn new(
        numbers: EstimatorNumbers,
        model: &HubModel,
        gpus: u32,
        memory: u64,
        context: Option<u64>,
    ) -> Self {
        Self {
            numbers,
            weights: model.weights_bytes(),
            bytes_per_token: model.config.bytes_per_token(),
            context: context.unwrap_or(numbers.default_context_tokens),
            gpus,
            memory,
        }
    }
}

/// An estimate with its intermediate figures, all in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::plan) struct Estimate {
    /// The weights once they are loaded.
    pub(in crate::plan) loaded: f64,
    /// The memory of one GPU.
    pub(in crate::plan) gpu: f64,
    /// The part of it that the server may use.
    pub(in crate::plan) usable: f64,
    /// A GPU's share of the cache.
    pub(in crate::plan) cache: f64,
    /// What is needed on each GPU beside weights.
    pub(in crate::plan) fixed: f64,
    /// What is left on each GPU for weights.
    pub(in crate::plan) room: f64,
    /// The GPUs that hold the weights.
    pub(in crate::plan) gpus: u64,
    /// The nodes that have so many GPUs; none if no number of them is enough.
    pub(in crate::plan) nodes: Option<u64>,
}

/// The nodes of an instance type that serve a model with a context of so many tokens, by default
/// that of the release; none if no number of them is enough.
#[must_use]
pub fn estimated_nodes(
    numbers: EstimatorNumbers,
    model: &HubModel,
    instance: &InstanceType,
    context: Option<u64>,
) -> Option<u64> {
    let memory = u64::from(instance.memory_gib) * u64::from(GIB);
    estimate(&Demand::new(numbers, model, instance.gpus, memory, context)).nodes
}

/// Estimates the nodes for a model (§3.3).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "KAITO truncates the number of GPUs, which is positive here"
)]
pub(in crate::plan) fn estimate(demand: &Demand) -> Estimate {
    let numbers = &demand.numbers;
    let per_node = u64::from(demand.gpus.max(1));
    let loaded = float(demand.weights) * numbers.loaded_weights_factor;
    // Divided as integers, and only then a double.
    let gpu = float(demand.memory / per_node);
    let usable = gpu * numbers.gpu_memory_utilization;
    let tokens = float(demand.context.saturating_mul(demand.bytes_per_token));
    let cache = tokens / float(per_node);
    let fixed = numbers.overhead_gib * f64::from(GIB) + cache;
    let room = (usable - fixed) / numbers.weights_room_factor;
    let gpus = if room > 0.0 {
        // Not rounded up: KAITO takes one GPU more where the weights fill the room exactly.
        ((loaded / room).trunc() as u64).saturating_add(1)
    } else {
        0
    };
    let nodes = (usable > fixed).then(|| gpus.div_ceil(per_node));
    Estimate {
        loaded,
        gpu,
        usable,
        cache,
        fixed,
        room,
        gpus,
        nodes,
    }
}

#[cfg(test)]
mod tests {
    use super::{Demand, estimate};
    use crate::catalogue::preset::EstimatorNumbers;

    const GIB: u64 = 1 << 30;

    /// Those of KAITO 0.12.
    const NUMBERS: EstimatorNumbers = EstimatorNumbers {
        loaded_weights_factor: 1.02,
        gpu_memory_utilization: 0.84,
        overhead_gib: 2.3,
        weights_room_factor: 1.05,
        default_context_tokens: 2048,
    };

    fn nodes(
        weights: u64,
        bytes_per_token: u64,
        context: u64,
        gpus: u32,
        memory: u64,
    ) -> Option<u64> {
        estimate(&Demand {
            numbers: NUMBERS,
            weights,
            bytes_per_token,
            context,
            gpus,
            memory,
        })
        .nodes
    }

    /// Rows of the specification of KAITO 0.12, section 8.
    #[test]
    fn nodes_follow_from_weights_and_memory() {
        let phi_4 = (2731 * GIB).div_ceil(100);
        assert_eq!(nodes(phi_4, 204_800, 2048, 1, 24 * GIB), Some(2));
        assert_eq!(nodes(phi_4, 204_800, 2048, 2, 48 * GIB), Some(1));
        let deepseek = (64130 * GIB).div_ceil(100);
        assert_eq!(nodes(deepseek, 70_272, 2048, 1, 24 * GIB), Some(39));
        assert_eq!(nodes(deepseek, 70_272, 2048, 8, 640 * GIB), Some(2));
        assert_eq!(nodes(phi_4, 204_800, 131_072, 1, 24 * GIB), None);
        assert_eq!(nodes(phi_4, u64::MAX, u64::MAX, 1, 24 * GIB), None);
    }
}
