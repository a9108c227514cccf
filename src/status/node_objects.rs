//! How far the Machines, `NodeClaims` or the `NodePool` of a Workspace are.
//!
//! Uses [`super::cause`] and [`super::observed`]; [`super::nodes`] uses it.

use crate::vocab::kinds;
use crate::vocab::{Provisioner, Rendered};

use super::cause::{Cause, Progress, is_overdue, quote};
use super::objects::{NodeObject, ObservedCondition};
use super::observed::Observed;

/// The reason for `NodeClaims` that have no reason of their own, and for those that a `NodePool`
/// has not created yet.
const NOT_CLAIMED: &str = "NodeClaimNotReady";

/// The reason for Machines that have no reason of their own.
const NO_MACHINE: &str = "MachineNotReady";

/// The conditions that a provisioner sets on a node object, in this order.
const STEPS: [&str; 3] = ["Launched", "Registered", "Initialized"];

/// The number of nodes that the Workspace needs.
pub(super) fn count(rendered: &Rendered) -> usize {
    usize::try_from(rendered.nodes).unwrap_or(usize::MAX)
}

/// The first failure of the provisioner to launch a machine. It retries, but a lack of quota or
/// capacity hardly ever ends by itself.
pub(super) fn launch_failure(observed: &Observed) -> Option<Progress> {
    let mut claims = observed.claims.iter();
    claims.find_map(|(name, claim)| {
        let launched = (*claim)?
            .condition("Launched")
            .filter(|launched| !launched.is_true() && !launched.message.is_empty())?;
        // Karpenter leaves the condition Unknown while it retries; only the reason says that it failed.
        let is_failure = launched.is_false()
            || launched.reason.ends_with("Failed")
            || launched.reason.ends_with("Error");
        is_failure.then(|| {
            let message = format!(
                "can't launch a machine for `{name}`: {} ({})",
                launch_advice(launched),
                quote(&launched.message)
            );
            Progress::failed(reason(launched), message)
        })
    })
}

/// What to do about a machine that the cloud does not provide.
fn launch_advice(launched: &ObservedCondition) -> &'static str {
    let text = format!("{} {}", launched.reason, launched.message).to_lowercase();
    let contains = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if contains(&["quota"]) {
        "request more quota for this instance type in this region, or choose another instance type"
    } else if contains(&[
        "insufficientcapacity",
        "insufficient capacity",
        "unavailable",
        "allocationfailed",
        "skunotavail",
    ]) {
        "the cloud has no capacity for this instance type: choose another instance type or region, or wait"
    } else if contains(&["unauthorized", "authorizationfailed", "forbidden"]) {
        "grant the provisioner's identity the permission to create machines"
    } else {
        "see the log of the provisioner"
    }
}

/// The reason of a condition, or ours if it has none.
fn reason(condition: &ObservedCondition) -> &str {
    if condition.reason.is_empty() {
        NOT_CLAIMED
    } else {
        &condition.reason
    }
}

/// The first object that is not ready: the pool, then each claim.
pub(super) fn assess(observed: &Observed, rendered: &Rendered) -> Progress {
    let pool = observed
        .pool
        .and_then(|(name, pool)| pool_progress(observed, rendered, name, pool));
    let mut claims = observed
        .claims
        .iter()
        .map(|(name, claim)| claim_progress(observed, rendered, name, *claim));
    pool.or_else(|| claims.find(|progress| !progress.is_done()))
        .unwrap_or(Progress::Done)
}

/// What a `NodePool` lacks; none if it has all its `NodeClaims`.
fn pool_progress(
    observed: &Observed,
    rendered: &Rendered,
    name: &str,
    pool: Option<&NodeObject>,
) -> Option<Progress> {
    let Some(pool) = pool else {
        return Some(absent(observed, kinds::NODE_POOL, name));
    };
    if let Some(ready) = pool.condition("Ready").filter(|ready| ready.is_false()) {
        let message = format!(
            "NodePool `{name}` creates no nodes: see its conditions and its NodeClass ({}: {})",
            reason(ready),
            quote(&ready.message)
        );
        return Some(Progress::failed(reason(ready), message));
    }
    let (created, wanted) = (observed.claims.len(), count(rendered));
    (created < wanted).then(|| {
        let message = format!(
            "NodePool `{name}` has {created} of {wanted} NodeClaims: Karpenter creates them if its feature gate StaticCapacity \
             is enabled"
        );
        Cause::new(NOT_CLAIMED, message).since(pool.metadata.creation_timestamp, observed.now)
    })
}

/// An object that was rendered and does not exist.
fn absent(observed: &Observed, kind: &str, name: &str) -> Progress {
    let message = format!(
        "{kind} `{name}` not found: apply it together with the Workspace; a provisioner that has no capacity for it deletes it"
    );
    let created = observed.workspace.metadata.creation_timestamp;
    Cause::new(default_reason(kind), message).since(created, observed.now)
}

fn default_reason(kind: &str) -> &'static str {
    if kind == kinds::MACHINE {
        NO_MACHINE
    } else {
        NOT_CLAIMED
    }
}

fn claim_progress(
    observed: &Observed,
    rendered: &Rendered,
    name: &str,
    claim: Option<&NodeObject>,
) -> Progress {
    let kind = if rendered.provisioner == Provisioner::Machine {
        kinds::MACHINE
    } else {
        kinds::NODE_CLAIM
    };
    let Some(claim) = claim else {
        return absent(observed, kind, name);
    };
    if claim.metadata.deletion_timestamp.is_some() {
        let message = format!("{kind} `{name}` is being deleted");
        return Progress::waiting(default_reason(kind), message);
    }
    // Without the condition, the name of a node says that the node has joined.
    let is_ready = claim
        .condition("Ready")
        .map_or(claim.node().is_some(), ObservedCondition::is_true);
    if is_ready {
        Progress::Done
    } else {
        unready(observed, kind, name, claim)
    }
}

/// The step that the provisioner of a claim has not completed.
fn unready(observed: &Observed, kind: &str, name: &str, claim: &NodeObject) -> Progress {
    let is_open = |step: &&&str| {
        let condition = claim.condition(step);
        condition.is_none_or(|condition| !condition.is_true())
    };
    let step = STEPS.iter().find(is_open).copied();
    let condition = step.and_then(|step| claim.condition(step));
    let reason = condition
        .map(|condition| condition.reason.as_str())
        .filter(|reason| !reason.is_empty())
        .unwrap_or(default_reason(kind));
    let quoted = condition
        .filter(|condition| !condition.message.is_empty())
        .map(|condition| format!(" ({})", quote(&condition.message)))
        .unwrap_or_default();
    let created = claim.metadata.creation_timestamp;
    let message = match step {
        Some("Launched") => format!("{kind} `{name}` waits for its machine{quoted}"),
        Some("Registered") if is_overdue(created, observed.now) => format!(
            "the node of {kind} `{name}` has not joined the cluster after 15 minutes: see the machine's console and the \
             provisioner's log, or delete the {kind} to get another machine{quoted}"
        ),
        Some("Registered") => {
            format!("the node of {kind} `{name}` has not joined the cluster yet{quoted}")
        }
        _ => format!("the node of {kind} `{name}` is not ready yet{quoted}"),
    };
    Cause::new(reason, message).since(created, observed.now)
}
