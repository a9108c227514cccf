//! How far the nodes of a Workspace are.
//!
//! Uses [`super::node_objects`] and [`super::observed`]; [`super`] uses it.

use crate::vocab::{Provisioner, Rendered};

use super::cause::{Cause, Progress, quote};
use super::node_objects;
use super::objects::Node;
use super::observed::Observed;

/// The reason for nodes that do not exist or are not ready.
const NOT_READY: &str = "NodeNotReady";

/// The reason for nodes that have no GPUs to offer.
const NO_PLUGIN: &str = "NodePluginsNotReady";

/// How far the nodes are.
#[derive(Debug)]
pub(super) struct NodesProgress {
    /// The node objects; done where nothing creates nodes.
    pub(super) objects: Progress,
    /// Whether the provisioner could not launch a machine.
    pub(super) launch_failed: bool,
    /// The nodes themselves: whether they have joined and offer their GPUs.
    pub(super) joined: Progress,
    /// The names of the ready nodes, sorted.
    pub(super) names: Vec<String>,
}

impl NodesProgress {
    /// The node objects, then the nodes.
    pub(super) fn resources(&self) -> &Progress {
        self.objects.then(&self.joined)
    }
}

/// Judges the node objects and the nodes of the Workspace.
pub(super) fn assess(observed: &Observed, rendered: &Rendered) -> NodesProgress {
    let failure = node_objects::launch_failure(observed);
    let launch_failed = failure.is_some();
    let objects = failure.unwrap_or_else(|| node_objects::assess(observed, rendered));
    let ready = observed
        .nodes
        .iter()
        .filter(|(_, node)| node.is_some_and(is_usable));
    let mut names: Vec<_> = ready.map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    names.dedup();
    let joined = if names.len() >= node_objects::count(rendered) {
        Progress::Done
    } else {
        unready(observed, rendered, names.len())
    };
    NodesProgress {
        objects,
        launch_failed,
        joined,
        names,
    }
}

fn is_ready(node: &Node) -> bool {
    let mut conditions = node.status.conditions.iter();
    let is_ready = conditions.any(|condition| condition.kind == "Ready" && condition.is_true());
    is_ready && node.metadata.deletion_timestamp.is_none()
}

/// Whether a node offers its GPUs, if it has NVIDIA's. A label says that it has, because without
/// the device plugin its capacity does not.
fn has_plugin(node: &Node) -> bool {
    let accelerator = node.metadata.labels.get("accelerator");
    if accelerator.is_none_or(|accelerator| accelerator != "nvidia") {
        return true;
    }
    let gpus = node.status.capacity.get("nvidia.com/gpu");
    gpus.is_some_and(|gpus| gpus != "0")
}

fn is_usable(node: &Node) -> bool {
    is_ready(node) && has_plugin(node)
}

/// Why there are fewer usable nodes than the Workspace needs.
fn unready(observed: &Observed, rendered: &Rendered, ready: usize) -> Progress {
    let mut nodes = observed.nodes.iter();
    let unusable = nodes.find(|(_, node)| !node.is_some_and(is_usable));
    let Some((name, node)) = unusable else {
        return missing(observed, rendered, ready);
    };
    let Some(node) = node else {
        return Progress::waiting(NOT_READY, format!("node `{name}` not found"));
    };
    let cause = if is_ready(node) {
        let message =
            format!("node `{name}` offers no `nvidia.com/gpu`: run the NVIDIA device plugin on it");
        Cause::new(NO_PLUGIN, message)
    } else {
        let mut conditions = node.status.conditions.iter();
        let quoted = conditions
            .find(|condition| condition.kind == "Ready" && !condition.message.is_empty())
            .map(|condition| format!(" ({})", quote(&condition.message)))
            .unwrap_or_default();
        let message =
            format!("node `{name}` is not ready: see `kubectl describe node {name}`{quoted}");
        Cause::new(NOT_READY, message)
    };
    cause.since(node.metadata.creation_timestamp, observed.now)
}

/// All nodes that exist are usable, but there are too few of them.
fn missing(observed: &Observed, rendered: &Rendered, ready: usize) -> Progress {
    let wanted = rendered.nodes;
    let advice = if rendered.provisioner == Provisioner::None {
        "add the labels of `resource.labelSelector` to more nodes"
    } else {
        "the others have not joined the cluster yet"
    };
    let message = format!("{ready} of {wanted} nodes are ready: {advice}");
    let created = observed.workspace.metadata.creation_timestamp;
    Cause::new(NOT_READY, message).since(created, observed.now)
}
