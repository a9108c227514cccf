//! Decides the status of a Workspace from the state of a cluster.
//!
//! Pure functions for the status controller: [`Observed::of`] selects what belongs to a Workspace,
//! [`decide`] judges it, and [`Status::patch`] says what to write. Time is an argument.
//!
//! The conditions are those of the KAITO release that the Workspace was rendered for, so that
//! scripts which wait for them keep working, and those of kstatus, which Flux, Argo CD and kubectl
//! read: `Ready`, and while they hold `Reconciling` or `Stalled`.
//!
//! Uses `vocab`, the escaping of `base` and the condition tables of `catalogue`; `controller` uses
//! it.
//! Its files, each using only those before it: `conditions`, `index`, `objects`, `cause`,
//! `observed`; `pods` and `workload`, `node_objects` and `nodes`; `verdict`, with its tables `steps`
//! and `summary`.

mod cause;
pub mod conditions;
pub mod index;
mod node_objects;
mod nodes;
pub mod objects;
pub mod observed;
mod pods;
mod steps;
mod summary;
mod verdict;
mod workload;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::catalogue::preset::ConditionTable;
use crate::vocab::Rendered;

use cause::{Cause, Progress};
use conditions::{Condition, ConditionStatus, DesiredCondition};
use objects::WorkspaceStatus;
use observed::Observed;
use verdict::WorkspaceProgress;

/// The condition table of each release, by the release's name, such as `0.12`.
pub type Tables = BTreeMap<String, ConditionTable>;

/// The status that a Workspace should have.
#[derive(Debug)]
pub struct Status {
    /// The conditions of the release and of kstatus.
    pub conditions: Vec<DesiredCondition>,
    /// The names of the ready nodes, sorted; none if they are not known, which leaves the written
    /// ones as they are.
    pub worker_nodes: Option<Vec<String>>,
    /// `status.state`; none in releases that do not have it.
    pub state: Option<&'static str>,
}

/// Decides the status of a Workspace.
///
/// A Workspace without the annotation of `render`, or of a release without a table, is `Unknown`:
/// nothing says which objects belong to it, or which conditions its users expect.
///
/// ```
/// use kaito_render::catalogue::library::Library;
/// use kaito_render::catalogue::release;
/// use kaito_render::status::conditions::ConditionStatus;
/// use kaito_render::status::objects::Workspace;
/// use kaito_render::status::observed::{ClusterState, Observed};
/// use kaito_render::status::{Status, decide};
/// use serde_json::json;
///
/// // The cluster has the Workspace, but not the NodeClaim that it was rendered into.
/// let rendered = json!({
///     "version": "0.1.0",
///     "release": "0.12",
///     "provisioner": "nodeclaim",
///     "nodes": 1,
///     "objects": [{"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "name": "ws1"}],
/// });
/// let workspace = Workspace::read(&json!({
///     "metadata": {
///         "namespace": "default",
///         "name": "phi-4",
///         "creationTimestamp": "2026-01-01T00:00:00Z",
///         "annotations": {"render.kaito.sh/rendered": rendered.to_string()},
///     },
/// }))?;
/// let tables = release::condition_tables(&Library::embedded());
/// let cluster = ClusterState::default();
/// let status = |now: &str| -> Status {
///     decide(&Observed::of(&workspace, &cluster, now.parse().unwrap()), &tables)
/// };
/// let soon = status("2026-01-01T00:14:59Z");
/// let ready = soon.condition("Ready").unwrap();
/// assert_eq!(ready.status, ConditionStatus::False);
/// assert_eq!(ready.reason, "NodeClaimNotReady");
/// assert!(soon.condition("Reconciling").is_some());
/// // What takes longer than 15 minutes needs somebody.
/// assert!(status("2026-01-01T00:15:00Z").condition("Stalled").is_some());
/// # Ok::<_, serde_json::Error>(())
/// ```
#[must_use]
pub fn decide(observed: &Observed, tables: &Tables) -> Status {
    let Some(rendered) = &observed.workspace.rendered else {
        let message = "the Workspace was not rendered by kaito-render: apply the output of `kaito-render render`, which contains it";
        return unknown("NotRendered", message.to_owned());
    };
    let Some(table) = tables.get(&*rendered.release) else {
        let message = format!(
            "the Workspace was rendered for release `{}`, which this controller does not support: run kaito-render-controller \
             {} or later",
            rendered.release, rendered.version
        );
        return unknown("UnknownRelease", message);
    };
    let progress = assess(observed, rendered);
    let verdict = match table {
        ConditionTable::Steps => steps::verdict(&progress),
        ConditionTable::Summary => summary::verdict(&progress),
    };
    let mut conditions = verdict.conditions;
    conditions.extend(deleting(observed));
    conditions.extend(kstatus(&progress));
    Status {
        conditions,
        worker_nodes: Some(progress.nodes.names),
        state: verdict.state,
    }
}

fn unknown(reason: &str, message: String) -> Status {
    let ready = DesiredCondition::new("Ready", ConditionStatus::Unknown, reason, message);
    Status {
        conditions: vec![ready],
        worker_nodes: None,
        state: None,
    }
}

fn assess<'a>(observed: &Observed<'a>, rendered: &Rendered) -> WorkspaceProgress<'a> {
    let workspace = observed.workspace;
    WorkspaceProgress {
        provisioner: rendered.provisioner,
        nodes: nodes::assess(observed, rendered),
        workload: workload::assess(observed),
        trains: workspace.tuning.is_some(),
        previous_state: workspace.status.state.as_deref(),
    }
}

fn deleting(observed: &Observed) -> Option<DesiredCondition> {
    observed.workspace.metadata.deletion_timestamp?;
    let message = "the Workspace is being deleted; whatever applied its objects deletes them";
    Some(DesiredCondition::new(
        "WorkspaceDeleting",
        ConditionStatus::True,
        "workspaceDeleted",
        message,
    ))
}

/// The conditions of kstatus. Their cause is the first failure, because that needs a change; if
/// nothing has failed, it is the first step that is not done.
fn kstatus(progress: &WorkspaceProgress) -> Vec<DesiredCondition> {
    let steps = [
        &progress.nodes.objects,
        &progress.nodes.joined,
        &progress.workload.finished,
    ];
    let first = steps
        .iter()
        .find(|step| step.is_failed())
        .or_else(|| steps.iter().find(|step| !step.is_done()));
    let condition = |kind, status, cause: &Cause| {
        DesiredCondition::new(kind, status, &cause.reason, &cause.message)
    };
    match first {
        Some(Progress::Failed(cause)) => vec![
            condition("Ready", ConditionStatus::False, cause),
            condition("Stalled", ConditionStatus::True, cause),
        ],
        Some(Progress::Waiting(cause)) => vec![
            condition("Ready", ConditionStatus::False, cause),
            condition("Reconciling", ConditionStatus::True, cause),
        ],
        Some(Progress::Done) | None => {
            let reason = if progress.trains {
                "Trained"
            } else {
                "Serving"
            };
            let message = progress.success();
            let ready = DesiredCondition::new("Ready", ConditionStatus::True, reason, message);
            vec![ready]
        }
    }
}

impl Status {
    /// The condition of a type, if the status has it.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&DesiredCondition> {
        let mut conditions = self.conditions.iter();
        conditions.find(|condition| condition.kind == kind)
    }

    /// The JSON merge patch that changes a Workspace's status, as it was last read, to this one;
    /// none if nothing differs. `generation` is that of the Workspace.
    #[must_use]
    pub fn patch(self, old: &WorkspaceStatus, generation: i64, now: Timestamp) -> Option<Value> {
        let conditions = conditions::merge(&old.conditions, self.conditions, generation, now);
        let mut status = json!({});
        if conditions != old.conditions {
            status["conditions"] = to_value(&conditions);
        }
        if let Some(nodes) = self.worker_nodes.filter(|nodes| *nodes != old.worker_nodes) {
            status["workerNodes"] = json!(nodes);
        }
        if let Some(state) = self
            .state
            .filter(|state| old.state.as_deref() != Some(state))
        {
            status["state"] = json!(state);
        }
        (status != json!({})).then(|| json!({"status": status}))
    }
}

fn to_value(conditions: &[Condition]) -> Value {
    // Strings, integers and timestamps always serialize.
    serde_json::to_value(conditions).unwrap_or_default()
}
