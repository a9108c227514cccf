//! The table `summary`: each condition says how things are now, and `status.state` sums them up, as
//! KAITO 0.12 has it.
//!
//! Uses [`super::verdict`]; [`super`] uses it.

use crate::vocab::Provisioner;

use super::cause::Progress;
use super::conditions::{ConditionStatus, DesiredCondition};
use super::verdict::{Verdict, WorkspaceProgress};

/// The reasons that KAITO takes over from pods into `InferenceReady`; every other one becomes
/// `WorkspaceInferenceStatusPending`.
const POD_REASONS: [&str; 8] = [
    "ContainerOOMKilled",
    "ImagePullError",
    "ContainerStartError",
    "ContainerCrashLoopBackOff",
    "PodEvicted",
    "NodeDiskPressure",
    "NodeMemoryPressure",
    "Unschedulable",
];

pub(super) fn verdict(progress: &WorkspaceProgress) -> Verdict {
    let nodes = &progress.nodes;
    let mut conditions = Vec::new();
    if progress.provisioner != Provisioner::None {
        let done = ["NodeClaimsReady", "all node objects are ready"];
        conditions.push(condition("NodeClaimReady", done, &nodes.objects));
    }
    let done = ["NodesReady", "all nodes are ready"];
    conditions.push(condition("NodesReady", done, &nodes.joined));
    conditions.push(resource_ready(progress));
    let (last, state) = if progress.trains {
        training(progress)
    } else {
        serving(progress)
    };
    conditions.extend(last);
    Verdict {
        conditions,
        state: Some(state),
    }
}

/// True with the reason and message of `done`, or False with those of the cause.
fn condition(kind: &'static str, done: [&str; 2], progress: &Progress) -> DesiredCondition {
    match progress.cause() {
        None => DesiredCondition::new(kind, ConditionStatus::True, done[0], done[1]),
        Some(cause) => {
            DesiredCondition::new(kind, ConditionStatus::False, &cause.reason, &cause.message)
        }
    }
}

fn resource_ready(progress: &WorkspaceProgress) -> DesiredCondition {
    let resources = progress.nodes.resources();
    let done = ["workspaceResourceStatusSuccess", "all nodes are ready"];
    let mut condition = condition("ResourceReady", done, resources);
    if progress.provisioner == Provisioner::None && !resources.is_done() {
        "workspaceResourceStatusNotReady".clone_into(&mut condition.reason);
    }
    condition
}

fn succeeded(progress: &WorkspaceProgress, finished: &Progress) -> DesiredCondition {
    let done = ["workspaceSucceeded", progress.success()];
    let mut condition = condition("WorkspaceSucceeded", done, finished);
    if !finished.is_done() {
        "workspacePending".clone_into(&mut condition.reason);
    }
    condition
}

fn serving(progress: &WorkspaceProgress) -> ([DesiredCondition; 2], &'static str) {
    let served = &progress.workload.finished;
    let all = progress.nodes.resources().then(served);
    // The cause of the pods is the closer one, even while nodes are missing.
    let inference = if served.is_done() { all } else { served };
    let done = ["WorkspaceInferenceStatusSuccess", "the model is served"];
    let mut ready = condition("InferenceReady", done, inference);
    if !inference.is_done() && !POD_REASONS.contains(&ready.reason.as_str()) {
        "WorkspaceInferenceStatusPending".clone_into(&mut ready.reason);
    }
    // KAITO says `NotReady` only of what was ready before; until then a Workspace is `Pending`
    // (0.12, §7).
    let was_ready = matches!(progress.previous_state, Some("Ready" | "NotReady"));
    let state = match (all.is_done(), was_ready) {
        (true, _) => "Ready",
        (false, true) => "NotReady",
        (false, false) => "Pending",
    };
    ([ready, succeeded(progress, all)], state)
}

/// A training counts as started as soon as its Job has a pod, in whatever state the pod is.
fn training(progress: &WorkspaceProgress) -> ([DesiredCondition; 2], &'static str) {
    let job = &progress.workload;
    let has_started = job.started.is_done() || (job.active > 0 && !job.started.is_failed());
    let started = if has_started {
        &Progress::Done
    } else {
        &job.started
    };
    let done = [
        "WorkspaceTuningJobStatusStarted",
        "the training has started",
    ];
    let mut job_started = condition("JobStarted", done, started);
    match started {
        Progress::Done => {}
        Progress::Waiting(_) => {
            "WorkspaceTuningJobStatusPending".clone_into(&mut job_started.reason);
        }
        Progress::Failed(_) => {
            "WorkspaceTuningJobStatusFailed".clone_into(&mut job_started.reason);
        }
    }
    let mut succeeded = succeeded(progress, &job.finished);
    let state = match (&job.finished, has_started) {
        (Progress::Done, _) => "Succeeded",
        (Progress::Failed(_), false) => {
            "workspaceFailed".clone_into(&mut succeeded.reason);
            "Failed"
        }
        (_, true) => "Running",
        (Progress::Waiting(_), false) => "Pending",
    };
    ([job_started, succeeded], state)
}
