//! `summary`: everything is judged anew each time, and a word says where the Workspace stands, as
//! KAITO 0.12 does.

use crate::vocab::Provisioner;

use super::cause::Progress;
use super::conditions::{ConditionStatus, DesiredCondition};
use super::{Verdict, WorkspaceProgress};

/// Reasons by which KAITO says why a model is not served.
const OF_PODS: [&str; 8] = [
    "ContainerOOMKilled",
    "ImagePullError",
    "ContainerStartError",
    "ContainerCrashLoopBackOff",
    "PodEvicted",
    "NodeDiskPressure",
    "NodeMemoryPressure",
    "Unschedulable",
];

pub(super) fn tell(facts: &WorkspaceProgress) -> Verdict {
    let mut answers = Vec::new();
    if facts.provisioner != Provisioner::None {
        answers.push(answer(
            "NodeClaimReady",
            ["NodeClaimsReady", "all node objects are ready"],
            &facts.nodes.objects,
        ));
    }
    answers.push(answer(
        "NodesReady",
        ["NodesReady", "all nodes are ready"],
        &facts.nodes.joined,
    ));
    answers.push(resources(facts));
    let (last, state) = if facts.trains {
        training(facts)
    } else {
        serving(facts)
    };
    answers.extend(last);
    Verdict {
        answers,
        state: Some(state),
    }
}

fn answer(kind: &'static str, done: [&str; 2], progress: &Progress) -> DesiredCondition {
    match progress.cause() {
        None => DesiredCondition::new(kind, ConditionStatus::True, done[0], done[1]),
        Some(cause) => {
            DesiredCondition::new(kind, ConditionStatus::False, &cause.reason, &cause.message)
        }
    }
}

fn resources(facts: &WorkspaceProgress) -> DesiredCondition {
    let progress = facts.resources();
    let done = ["workspaceResourceStatusSuccess", "all nodes are ready"];
    let mut answer = answer("ResourceReady", done, progress);
    if facts.provisioner == Provisioner::None && !progress.is_done() {
        "workspaceResourceStatusNotReady".clone_into(&mut answer.reason);
    }
    answer
}

fn serving(facts: &WorkspaceProgress) -> ([DesiredCondition; 2], &'static str) {
    let progress = facts.resources().and(&facts.work.finished);
    let done = ["WorkspaceInferenceStatusSuccess", "the model is served"];
    // What the pods say is nearer to the matter, even while nodes are missing.
    let told = if facts.work.finished.is_done() {
        progress
    } else {
        &facts.work.finished
    };
    let mut ready = answer("InferenceReady", done, told);
    if !told.is_done() && !OF_PODS.contains(&ready.reason.as_str()) {
        "WorkspaceInferenceStatusPending".clone_into(&mut ready.reason);
    }
    let succeeded = match progress.cause() {
        None => DesiredCondition::new(
            "WorkspaceSucceeded",
            ConditionStatus::True,
            "workspaceSucceeded",
            facts.success(),
        ),
        Some(cause) => DesiredCondition::new(
            "WorkspaceSucceeded",
            ConditionStatus::False,
            "workspacePending",
            &cause.message,
        ),
    };
    let was_ready = matches!(facts.state_before, Some("Ready" | "NotReady"));
    let state = match (progress.is_done(), was_ready) {
        (true, _) => "Ready",
        (false, true) => "NotReady",
        (false, false) => "Pending",
    };
    ([ready, succeeded], state)
}

/// A training runs as soon as it has a pod, whatever the pod does.
fn training(facts: &WorkspaceProgress) -> ([DesiredCondition; 2], &'static str) {
    let work = &facts.work;
    let has_begun =
        work.started.is_done() || (work.active > 0 && !matches!(work.started, Progress::Failed(_)));
    let started = match work.started.cause() {
        Some(cause) if !has_begun => {
            let is_failed = matches!(work.started, Progress::Failed(_));
            let failed = if is_failed {
                "WorkspaceTuningJobStatusFailed"
            } else {
                "WorkspaceTuningJobStatusPending"
            };
            DesiredCondition::new("JobStarted", ConditionStatus::False, failed, &cause.message)
        }
        _ => DesiredCondition::new(
            "JobStarted",
            ConditionStatus::True,
            "WorkspaceTuningJobStatusStarted",
            "the training has started",
        ),
    };
    let (succeeded, state) = match (&work.finished, has_begun) {
        (Progress::Done, _) => {
            let answer = DesiredCondition::new(
                "WorkspaceSucceeded",
                ConditionStatus::True,
                "workspaceSucceeded",
                facts.success(),
            );
            (answer, "Succeeded")
        }
        (Progress::Failed(cause), false) => (
            DesiredCondition::new(
                "WorkspaceSucceeded",
                ConditionStatus::False,
                "workspaceFailed",
                &cause.message,
            ),
            "Failed",
        ),
        (Progress::Waiting(cause) | Progress::Failed(cause), _) => {
            let answer = DesiredCondition::new(
                "WorkspaceSucceeded",
                ConditionStatus::False,
                "workspacePending",
                &cause.message,
            );
            (answer, if has_begun { "Running" } else { "Pending" })
        }
    };
    ([started, succeeded], state)
}
