//! Conditions: answers of today, merged into what was written before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A condition of a Workspace, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The question.
    #[serde(rename = "type")]
    pub kind: String,
    /// The answer.
    pub status: ConditionStatus,
    /// Why, in one word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
    /// When the answer last changed.
    pub last_transition_time: Timestamp,
    /// The generation of the Workspace that the answer is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum ConditionStatus {
    /// Yes.
    True,
    /// No.
    False,
    /// Nobody can tell yet.
    Unknown,
}

/// What a condition says now, without its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredCondition {
    /// The question.
    pub kind: &'static str,
    /// The answer.
    pub status: ConditionStatus,
    /// Why, in one word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// Every type that is written here. Those of others are left alone.
const OWN: [&str; 11] = [
    "Ready",
    "Reconciling",
    "Stalled",
    "MachineReady",
    "NodeClaimReady",
    "NodesReady",
    "ResourceReady",
    "InferenceReady",
    "JobStarted",
    "WorkspaceSucceeded",
    "WorkspaceDeleting",
];

impl DesiredCondition {
    /// An answer.
    pub fn new(
        kind: &'static str,
        status: ConditionStatus,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            status,
            reason: reason.into(),
            message: message.into(),
        }
    }
}

/// The conditions to write. Each keeps its place, and its time as long as the answer is the same;
/// what is not answered any more is gone, unless somebody else wrote it.
#[must_use]
pub fn merge(
    old: &[Condition],
    answers: Vec<DesiredCondition>,
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let is_foreign = |condition: &&Condition| !OWN.contains(&condition.kind.as_str());
    let mut merged: Vec<_> = old.iter().filter(is_foreign).cloned().collect();
    for answer in answers {
        let before = old
            .iter()
            .find(|condition| condition.kind == answer.kind && condition.status == answer.status);
        merged.push(Condition {
            kind: answer.kind.to_owned(),
            status: answer.status,
            reason: answer.reason,
            message: answer.message,
            last_transition_time: before.map_or(now, |condition| condition.last_transition_time),
            observed_generation: Some(generation),
        });
    }
    let place = |condition: &Condition| old.iter().position(|before| before.kind == condition.kind);
    merged.sort_by_key(|condition| place(condition).unwrap_or(old.len()));
    merged
}
