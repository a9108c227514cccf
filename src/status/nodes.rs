//! How far the nodes of a Workspace are.

use crate::assemble::rendered::Rendered;
use crate::vocab::Provisioner;

use super::cause::{Cause, Progress, advice_on_launch, is_overdue, quote};
use super::observed::{Node, NodeObject, Observed, ObservedCondition};

/// The reason for `NodeClaims` that say nothing themselves, and for those that a `NodePool` lacks.
const NOT_CLAIMED: &str = "NodeClaimNotReady";

/// The reason for Machines that say nothing themselves.
const NO_MACHINE: &str = "MachineNotReady";

/// The reason for nodes that are not there or not ready.
const NOT_READY: &str = "NodeNotReady";

/// The reason for nodes without GPUs.
const NO_PLUGIN: &str = "NodePluginsNotReady";

/// The steps of a node object, each with what comes after it.
const STEPS: [&str; 3] = ["Launched", "Registered", "Initialized"];

/// How far the nodes are.
#[derive(Debug)]
pub(super) struct NodesProgress {
    /// The node objects; done where nobody makes nodes.
    pub(super) objects: Progress,
    /// Whether a machine could not be had at all.
    pub(super) launch_failed: bool,
    /// The nodes themselves.
    pub(super) joined: Progress,
    /// The names of the nodes that are ready, sorted.
    pub(super) names: Vec<String>,
}

pub(super) fn judge(observed: &Observed, rendered: &Rendered) -> NodesProgress {
    let failure = observed
        .claims
        .iter()
        .find_map(|(name, claim)| launch_failure(name, (*claim)?));
    let launch_failed = failure.is_some();
    let objects = failure.unwrap_or_else(|| objects(observed, rendered));
    let ready = observed
        .nodes
        .iter()
        .filter(|(_, node)| node.is_some_and(is_usable));
    let mut names: Vec<_> = ready.map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    names.dedup();
    let joined = if names.len() >= count(rendered) {
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

fn count(rendered: &Rendered) -> usize {
    usize::try_from(rendered.nodes).unwrap_or(usize::MAX)
}

/// What a provisioner says about a machine that it can't get. It goes on trying, but hardly ever
/// with success.
fn launch_failure(name: &str, claim: &NodeObject) -> Option<Progress> {
    let said = claim
        .condition("Launched")
        .filter(|seen| !seen.is_true() && !seen.message.is_empty())?;
    let is_real =
        said.is_false() || said.reason.ends_with("Failed") || said.reason.ends_with("Error");
    is_real.then(|| {
        let message = format!(
            "no machine for `{name}`: {} ({})",
            advice_on_launch(said),
            quote(&said.message)
        );
        Progress::Failed(Cause::new(reason(said), message))
    })
}

/// The reason of a condition, or one of ours where it has none.
fn reason(seen: &ObservedCondition) -> &str {
    if seen.reason.is_empty() {
        NOT_CLAIMED
    } else {
        &seen.reason
    }
}

fn objects(observed: &Observed, rendered: &Rendered) -> Progress {
    if let Some((pool, object)) = observed.pool
        && let Some(progress) = pool_trouble(observed, rendered, (pool, object))
    {
        return progress;
    }
    let all = observed
        .claims
        .iter()
        .map(|(name, claim)| progress(observed, name, *claim));
    all.into_iter()
        .find(|progress| !progress.is_done())
        .unwrap_or(Progress::Done)
}

fn pool_trouble(
    observed: &Observed,
    rendered: &Rendered,
    pool: (&str, Option<&NodeObject>),
) -> Option<Progress> {
    let (name, object) = pool;
    let Some(object) = object else {
        return Some(absent(observed, "NodePool", name));
    };
    if let Some(seen) = object.condition("Ready").filter(|seen| seen.is_false()) {
        let message = format!(
            "NodePool `{name}` makes no nodes: see its conditions and its NodeClass ({}: {})",
            reason(seen),
            quote(&seen.message)
        );
        return Some(Progress::Failed(Cause::new(reason(seen), message)));
    }
    let (made, wanted) = (observed.claims.len(), count(rendered));
    (made < wanted).then(|| {
        let message = format!(
            "NodePool `{name}` has {made} of {wanted} NodeClaims: Karpenter makes them, with its feature gate StaticCapacity"
        );
        Cause::new(NOT_CLAIMED, message).since(object.metadata.creation_timestamp, observed.now)
    })
}

/// An object that was rendered and is not in the cluster.
fn absent(observed: &Observed, kind: &str, name: &str) -> Progress {
    let message = format!(
        "{kind} `{name}` is not in the cluster: deliver it with the Workspace; a provisioner that had no capacity for it \
         deletes it"
    );
    Cause::new(unready_object(kind), message)
        .since(observed.workspace.metadata.creation_timestamp, observed.now)
}

fn unready_object(kind: &str) -> &'static str {
    if kind == "Machine" {
        NO_MACHINE
    } else {
        NOT_CLAIMED
    }
}

fn progress(observed: &Observed, name: &str, claim: Option<&NodeObject>) -> Progress {
    let is_machine = observed
        .workspace
        .rendered
        .as_ref()
        .is_some_and(|made| made.provisioner == Provisioner::Machine);
    let kind = if is_machine { "Machine" } else { "NodeClaim" };
    let Some(claim) = claim else {
        return absent(observed, kind, name);
    };
    if claim.metadata.deletion_timestamp.is_some() {
        return Progress::Waiting(Cause::new(
            unready_object(kind),
            format!("{kind} `{name}` is being deleted"),
        ));
    }
    let has_node = claim
        .status
        .node_name
        .as_ref()
        .is_some_and(|node| !node.is_empty());
    if claim
        .condition("Ready")
        .map_or(has_node, ObservedCondition::is_true)
    {
        return Progress::Done;
    }
    let created = claim.metadata.creation_timestamp;
    let step = STEPS
        .iter()
        .find(|step| claim.condition(step).is_none_or(|seen| !seen.is_true()));
    let said = step.and_then(|step| claim.condition(step));
    let reason = said
        .map(|seen| seen.reason.as_str())
        .filter(|reason| !reason.is_empty());
    let reason = reason.unwrap_or(unready_object(kind));
    let said = said
        .filter(|seen| !seen.message.is_empty())
        .map(|seen| format!(" ({})", quote(&seen.message)));
    let said = said.unwrap_or_default();
    let message = match step {
        Some(&"Launched") => format!("{kind} `{name}` waits for its machine{said}"),
        Some(&"Registered") if is_overdue(created, observed.now) => format!(
            "the node of {kind} `{name}` has not joined the cluster after 15 minutes: see the machine's console and the \
             provisioner's log, or delete the {kind} to get another machine{said}"
        ),
        Some(&"Registered") => {
            format!("the node of {kind} `{name}` has not joined the cluster yet{said}")
        }
        _ => format!("the node of {kind} `{name}` is not ready yet{said}"),
    };
    Cause::new(reason, message).since(created, observed.now)
}

fn is_ready(node: &Node) -> bool {
    let is_ready = node
        .status
        .conditions
        .iter()
        .any(|seen| seen.kind == "Ready" && seen.is_true());
    is_ready && node.metadata.deletion_timestamp.is_none()
}

/// Whether a node has GPUs to give, if it has any. That it has NVIDIA's is said by a label.
fn has_plugin(node: &Node) -> bool {
    let is_nvidia = node
        .metadata
        .labels
        .get("accelerator")
        .is_some_and(|maker| maker == "nvidia");
    let gpus = node.status.capacity.get("nvidia.com/gpu");
    !is_nvidia || gpus.is_some_and(|gpus| gpus != "0")
}

fn is_usable(node: &Node) -> bool {
    is_ready(node) && has_plugin(node)
}

fn unready(observed: &Observed, rendered: &Rendered, ready: usize) -> Progress {
    let wanted = rendered.nodes;
    let bad = observed
        .nodes
        .iter()
        .find(|(_, node)| !node.is_some_and(is_usable));
    let Some((name, node)) = bad else {
        let advice = if rendered.provisioner == Provisioner::None {
            "label as many nodes as the Workspace selects by `resource.labelSelector`"
        } else {
            "the others have not joined the cluster yet"
        };
        let message = format!("{ready} of {wanted} nodes are ready: {advice}");
        return Cause::new(NOT_READY, message)
            .since(observed.workspace.metadata.creation_timestamp, observed.now);
    };
    let Some(node) = node else {
        let message = format!("node `{name}` is not in the cluster");
        return Progress::Waiting(Cause::new(NOT_READY, message));
    };
    let created = node.metadata.creation_timestamp;
    if is_ready(node) {
        let message =
            format!("node `{name}` offers no `nvidia.com/gpu`: run NVIDIA's device plugin on it");
        return Cause::new(NO_PLUGIN, message).since(created, observed.now);
    }
    let said = node
        .status
        .conditions
        .iter()
        .find(|seen| seen.kind == "Ready" && !seen.message.is_empty());
    let said = said
        .map(|seen| format!(" ({})", quote(&seen.message)))
        .unwrap_or_default();
    let message = format!("node `{name}` is not ready: see `kubectl describe node {name}`{said}");
    Cause::new(NOT_READY, message).since(created, observed.now)
}
