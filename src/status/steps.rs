//! `steps`: a condition for each step, as KAITO 0.3 takes them. While a step is on its way, KAITO
//! mostly says nothing about it; here it is Unknown.

use crate::vocab::Provisioner;

use super::cause::{Cause, Progress};
use super::conditions::{ConditionStatus, DesiredCondition};
use super::nodes::NodesProgress;
use super::workload::WorkloadProgress;
use super::{Verdict, WorkspaceProgress};

/// The names of one step.
struct Step {
    kind: &'static str,
    done: [&'static str; 2],
    pending: &'static str,
    failed: &'static str,
}

const RESOURCE: Step = Step {
    kind: "ResourceReady",
    done: ["workspaceResourceStatusSuccess", "all nodes are ready"],
    pending: "workspaceResourceStatusPending",
    failed: "workspaceResourceStatusFailed",
};

const INFERENCE: Step = Step {
    kind: "InferenceReady",
    done: ["WorkspaceInferenceStatusSuccess", "the model is served"],
    pending: "WorkspaceInferenceStatusPending",
    failed: "WorkspaceInferenceStatusFailed",
};

const JOB: Step = Step {
    kind: "JobStarted",
    done: [
        "WorkspaceTuningJobStatusStarted",
        "the training has started",
    ],
    pending: "WorkspaceTuningJobStatusPending",
    failed: "WorkspaceTuningJobStatusFailed",
};

pub(super) fn tell(facts: &WorkspaceProgress) -> Verdict {
    let WorkspaceProgress { nodes, work, .. } = facts;
    let resources = nodes.objects.and(&nodes.joined);
    let start = if facts.trains { JOB } else { INFERENCE };
    let answers = vec![
        node_step(facts.provisioner, nodes).answer(resources),
        RESOURCE.answer(resources),
        start.answer(&work.started),
        succeeded(facts, work, resources),
    ];
    Verdict {
        answers,
        state: None,
    }
}

/// KAITO says `MachineReady` also where no Machine is made.
fn node_step(provisioner: Provisioner, nodes: &NodesProgress) -> Step {
    let done = [
        "installNodePluginsSuccess",
        "the nodes are there and offer their GPUs",
    ];
    if provisioner == Provisioner::Nodeclaim {
        let failed = if nodes.launch_failed {
            "nodeClaimFailedCreation"
        } else {
            "checkNodeClaimStatusFailed"
        };
        return Step {
            kind: "NodeClaimReady",
            done,
            pending: "CreateNodeClaimPending",
            failed,
        };
    }
    let failed = if nodes.launch_failed {
        "machineFailedCreation"
    } else {
        "checkMachineStatusFailed"
    };
    Step {
        kind: "MachineReady",
        done,
        pending: "CreateMachinePending",
        failed,
    }
}

impl Step {
    fn answer(&self, progress: &Progress) -> DesiredCondition {
        let (status, reason, message) = match progress {
            Progress::Done => (ConditionStatus::True, self.done[0], self.done[1]),
            Progress::Waiting(Cause { message, .. }) => {
                (ConditionStatus::Unknown, self.pending, message.as_str())
            }
            Progress::Failed(Cause { message, .. }) => {
                (ConditionStatus::False, self.failed, message.as_str())
            }
        };
        DesiredCondition::new(self.kind, status, reason, message)
    }
}

fn succeeded(
    facts: &WorkspaceProgress,
    work: &WorkloadProgress,
    resources: &Progress,
) -> DesiredCondition {
    let kind = "WorkspaceSucceeded";
    match resources.and(&work.finished) {
        Progress::Done => DesiredCondition::new(
            kind,
            ConditionStatus::True,
            "workspaceSucceeded",
            facts.success(),
        ),
        Progress::Waiting(cause) => DesiredCondition::new(
            kind,
            ConditionStatus::False,
            "workspacePending",
            &cause.message,
        ),
        Progress::Failed(cause) => DesiredCondition::new(
            kind,
            ConditionStatus::False,
            "workspaceFailed",
            &cause.message,
        ),
    }
}
