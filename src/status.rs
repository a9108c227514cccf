//! What the status of a Workspace has to say, decided from what is seen of the cluster.
//!
//! A pure function, for the status controller: [`Observed::of`] picks what belongs to a Workspace,
//! [`decide`] judges it, and [`Status::patch`] says what has to be written. Time is an argument.
//!
//! The conditions are those of the release's KAITO, so that its users' scripts go on working, and
//! those by which kstatus (Flux, Argo CD, kubectl) knows how an object is: `Ready`, and where they
//! hold `Reconciling` or `Stalled`.

mod cause;
pub mod conditions;
pub mod index;
mod nodes;
pub mod observed;
mod steps;
mod summary;
mod workload;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::catalogue::preset::ConditionTable;
use crate::vocab::Provisioner;

use cause::{Cause, Progress};
use conditions::{Condition, ConditionStatus, DesiredCondition};
use nodes::NodesProgress;
use observed::{Observed, WorkspaceStatus};
use workload::WorkloadProgress;

/// The condition tables of the releases, by name.
pub type Tables = BTreeMap<String, ConditionTable>;

/// What was decided.
#[derive(Debug)]
pub struct Status {
    /// What the conditions say.
    pub answers: Vec<DesiredCondition>,
    /// The names of the nodes that are ready, sorted; none where nothing is known of them.
    pub worker_nodes: Option<Vec<String>>,
    /// Where the Workspace stands, in one word, if the release has such a word.
    pub state: Option<&'static str>,
}

/// What the conditions of a release are made of.
struct WorkspaceProgress<'a> {
    provisioner: Provisioner,
    nodes: NodesProgress,
    work: WorkloadProgress,
    trains: bool,
    state_before: Option<&'a str>,
}

/// What the conditions of a release say.
struct Verdict {
    answers: Vec<DesiredCondition>,
    state: Option<&'static str>,
}

impl WorkspaceProgress<'_> {
    /// The node objects, then the nodes.
    fn resources(&self) -> &Progress {
        self.nodes.objects.and(&self.nodes.joined)
    }

    fn success(&self) -> &'static str {
        if self.trains {
            "the training has succeeded"
        } else {
            "the model is served"
        }
    }
}

/// Decides what the status of a Workspace says.
#[must_use]
pub fn decide(observed: &Observed, tables: &Tables) -> Status {
    let Some(rendered) = &observed.workspace.rendered else {
        let message = "the Workspace was not made by kaito-render: deliver the output of `kaito-render render`, which holds it";
        return unknown("NotRendered", message.to_owned());
    };
    let Some(table) = tables.get(&*rendered.release) else {
        let message = format!(
            "the Workspace was made for release `{}`, which this controller does not know: run kaito-render-controller {} or later",
            rendered.release, rendered.version
        );
        return unknown("UnknownRelease", message);
    };
    let facts = WorkspaceProgress {
        provisioner: rendered.provisioner,
        nodes: nodes::judge(observed, rendered),
        work: workload::judge(observed),
        trains: observed.workspace.tuning.is_some(),
        state_before: observed.workspace.status.state.as_deref(),
    };
    let Verdict { mut answers, state } = match table {
        ConditionTable::Steps => steps::tell(&facts),
        ConditionTable::Summary => summary::tell(&facts),
    };
    if observed.workspace.metadata.deletion_timestamp.is_some() {
        let message = "the Workspace is being deleted; its objects go with its delivery";
        answers.push(DesiredCondition::new(
            "WorkspaceDeleting",
            ConditionStatus::True,
            "workspaceDeleted",
            message,
        ));
    }
    answers.extend(for_kstatus(&facts));
    Status {
        answers,
        worker_nodes: Some(facts.nodes.names),
        state,
    }
}

fn unknown(reason: &str, message: String) -> Status {
    Status {
        answers: vec![DesiredCondition::new(
            "Ready",
            ConditionStatus::Unknown,
            reason,
            message,
        )],
        worker_nodes: None,
        state: None,
    }
}

/// What is missing first is said; a failure that needs somebody comes before what is only on its
/// way.
fn for_kstatus(facts: &WorkspaceProgress) -> Vec<DesiredCondition> {
    let all = [
        &facts.nodes.objects,
        &facts.nodes.joined,
        &facts.work.finished,
    ];
    let is_failed = |progress: &&&Progress| matches!(progress, Progress::Failed(_));
    let first = all
        .iter()
        .find(is_failed)
        .or_else(|| all.iter().find(|progress| !progress.is_done()));
    let says = |kind, status, cause: &Cause| {
        DesiredCondition::new(kind, status, &cause.reason, &cause.message)
    };
    match first {
        Some(Progress::Failed(cause)) => {
            vec![
                says("Ready", ConditionStatus::False, cause),
                says("Stalled", ConditionStatus::True, cause),
            ]
        }
        Some(Progress::Waiting(cause)) => {
            vec![
                says("Ready", ConditionStatus::False, cause),
                says("Reconciling", ConditionStatus::True, cause),
            ]
        }
        Some(Progress::Done) | None => {
            let reason = if facts.trains { "Trained" } else { "Serving" };
            vec![DesiredCondition::new(
                "Ready",
                ConditionStatus::True,
                reason,
                facts.success(),
            )]
        }
    }
}

impl Status {
    /// The merge patch that brings the status of a Workspace to this; none if it is so already.
    #[must_use]
    pub fn patch(self, before: &WorkspaceStatus, generation: i64, now: Timestamp) -> Option<Value> {
        let conditions = conditions::merge(&before.conditions, self.answers, generation, now);
        let mut status = json!({});
        if conditions != before.conditions {
            status["conditions"] = written(&conditions);
        }
        if let Some(nodes) = self
            .worker_nodes
            .filter(|nodes| *nodes != before.worker_nodes)
        {
            status["workerNodes"] = json!(nodes);
        }
        if let Some(state) = self
            .state
            .filter(|state| before.state.as_deref() != Some(state))
        {
            status["state"] = json!(state);
        }
        (status != json!({})).then(|| json!({"status": status}))
    }
}

fn written(conditions: &[Condition]) -> Value {
    // Texts, numbers and times are always written.
    serde_json::to_value(conditions).unwrap_or_default()
}
