//! The sizing rule `estimator`: how many nodes a model needs, from its size and the memory of their
//! GPUs.
//!
//! Numbers such as §3.3 are those of the specification of KAITO 0.12. The arithmetic is that of
//! IEEE doubles, in the order in which KAITO does it, because the last node can hang on the last
//! bit.

use crate::catalogue::preset::{HubModel, InstanceType};

/// Bytes of a GiB.
pub(super) const GIB: f64 = 1_073_741_824.0;

/// The tokens that the cache is sized for where nobody says how many.
const DEFAULT_CONTEXT: u64 = 2048;

/// What loaded weights take, of what their files take.
const EXPANSION: f64 = 1.02;

/// The part of a GPU's memory that the server may use.
const UTILIZATION: f64 = 0.84;

/// What every GPU needs beside weights and cache, in GiB.
const BASE: f64 = 2.3;

/// The room that weights need beside themselves, of what they take.
const OVERHEAD: f64 = 1.05;

/// What an estimate starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Demand {
    /// The bytes of the files that hold the weights.
    pub(super) weights: u64,
    /// The bytes that one token takes in the cache.
    pub(super) bytes_per_token: u64,
    /// The tokens that the cache is sized for.
    pub(super) context: u64,
    /// The GPUs of a node, at least one.
    pub(super) gpus: u32,
    /// The bytes of memory of all GPUs of a node.
    pub(super) memory: u64,
}

impl Demand {
    /// What an estimate for a model on nodes with such GPUs starts from; `context` may be left to
    /// the default.
    pub(super) fn new(model: &HubModel, gpus: u32, memory: u64, context: Option<u64>) -> Self {
        Self {
            weights: model.weights_bytes(),
            bytes_per_token: model.config.bytes_per_token(),
            context: context.unwrap_or(DEFAULT_CONTEXT),
            gpus,
            memory,
        }
    }
}

/// An estimate with its intermediate figures, all in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// The weights once they are loaded.
    pub(super) loaded: f64,
    /// The memory of one GPU.
    pub(super) gpu: f64,
    /// The part of it that the server may use.
    pub(super) usable: f64,
    /// A GPU's share of the cache.
    pub(super) cache: f64,
    /// What is needed on each GPU beside weights.
    pub(super) fixed: f64,
    /// What is left on each GPU for weights.
    pub(super) room: f64,
    /// The GPUs that hold the weights.
    pub(super) gpus: u64,
    /// The nodes that have so many GPUs; none if no number of them would do.
    pub(super) nodes: Option<u64>,
}

/// The nodes of a machine type that serve a model with a context of so many tokens, by default
/// 2048; none if no number of them would do.
#[must_use]
pub fn estimated_nodes(
    model: &HubModel,
    machine: &InstanceType,
    context: Option<u64>,
) -> Option<u64> {
    estimate(&Demand::new(
        model,
        machine.gpus,
        u64::from(machine.memory_gib) << 30,
        context,
    ))
    .nodes
}

/// Estimates the nodes for a model (§3.3).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "KAITO reckons in doubles, and so do we"
)]
pub(super) fn estimate(demand: &Demand) -> Estimate {
    let per_node = u64::from(demand.gpus.max(1));
    let loaded = demand.weights as f64 * EXPANSION;
    let gpu = (demand.memory / per_node) as f64;
    let usable = gpu * UTILIZATION;
    let cache = demand.context.saturating_mul(demand.bytes_per_token) as f64 / per_node as f64;
    let fixed = BASE * GIB + cache;
    let room = (usable - fixed) / OVERHEAD;
    let gpus = if room > 0.0 {
        (loaded / room).trunc() as u64 + 1
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

    const GIB: u64 = 1 << 30;

    fn nodes(
        weights: u64,
        bytes_per_token: u64,
        context: u64,
        gpus: u32,
        memory: u64,
    ) -> Option<u64> {
        estimate(&Demand {
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
