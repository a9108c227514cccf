//! The table `steps`: a condition for each step, as KAITO 0.3 has them.
//!
//! KAITO mostly leaves out the condition of a step that is in progress; here it is Unknown, so that
//! `kubectl wait` and people can tell it from a step that nobody has looked at.
//!
//! Uses [`super::verdict`]; [`super`] uses it.

use crate::vocab::Provisioner;

use super::cause::Progress;
use super::conditions::{ConditionStatus, DesiredCondition};
use super::verdict::{Verdict, WorkspaceProgress};

/// The words of one step's condition.
struct Step {
    kind: &'static str,
    done: &'static str,
    message: &'static str,
    pending: &'static str,
    failed: &'static str,
}

const RESOURCE: Step = Step {
    kind: "ResourceReady",
    done: "workspaceResourceStatusSuccess",
    message: "all nodes are ready",
    pending: "workspaceResourceStatusPending",
    failed: "workspaceResourceStatusFailed",
};

const INFERENCE: Step = Step {
    kind: "InferenceReady",
    done: "WorkspaceInferenceStatusSuccess",
    message: "the model is served",
    pending: "WorkspaceInferenceStatusPending",
    failed: "WorkspaceInferenceStatusFailed",
};

const JOB: Step = Step {
    kind: "JobStarted",
    done: "WorkspaceTuningJobStatusStarted",
    message: "the training has started",
    pending: "WorkspaceTuningJobStatusPending",
    failed: "WorkspaceTuningJobStatusFailed",
};

const MACHINE: Step = Step {
    kind: "MachineReady",
    done: "installNodePluginsSuccess",
    message: "the nodes are ready and offer their GPUs",
    pending: "CreateMachinePending",
    failed: "checkMachineStatusFailed",
};

const NODE_CLAIM: Step = Step {
    kind: "NodeClaimReady",
    pending: "CreateNodeClaimPending",
    failed: "checkNodeClaimStatusFailed",
    ..MACHINE
};

pub(super) fn verdict(progress: &WorkspaceProgress) -> Verdict {
    let resources = progress.nodes.resources();
    let start = if progress.trains { JOB } else { INFERENCE };
    Verdict {
        conditions: vec![
            node_step(progress).condition(resources),
            RESOURCE.condition(resources),
            start.condition(&progress.workload.started),
            succeeded(progress),
        ],
        state: None,
    }
}

/// KAITO writes `MachineReady` even where no Machine is created.
fn node_step(progress: &WorkspaceProgress) -> Step {
    let is_claim = progress.provisioner == Provisioner::Nodeclaim;
    let step = if is_claim { NODE_CLAIM } else { MACHINE };
    let failed = match (progress.nodes.launch_failed, is_claim) {
        (false, _) => step.failed,
        (true, true) => "nodeClaimFailedCreation",
        (true, false) => "machineFailedCreation",
    };
    Step { failed, ..step }
}

impl Step {
    fn condition(&self, progress: &Progress) -> DesiredCondition {
        let (status, reason, message) = match progress {
            Progress::Done => (ConditionStatus::True, self.done, self.message),
            Progress::Waiting(cause) => (ConditionStatus::Unknown, self.pending, &*cause.message),
            Progress::Failed(cause) => (ConditionStatus::False, self.failed, &*cause.message),
        };
        DesiredCondition::new(self.kind, status, reason, message)
    }
}

fn succeeded(progress: &WorkspaceProgress) -> DesiredCondition {
    let (status, reason, message) =
        match progress.nodes.resources().then(&progress.workload.finished) {
            Progress::Done => (
                ConditionStatus::True,
                "workspaceSucceeded",
                progress.success(),
            ),
            Progress::Waiting(cause) => {
                (ConditionStatus::False, "workspacePending", &*cause.message)
            }
            Progress::Failed(cause) => (ConditionStatus::False, "workspaceFailed", &*cause.message),
        };
    DesiredCondition::new("WorkspaceSucceeded", status, reason, message)
}
