//! Conditions of a Workspace, and how new ones are merged into those that it has.
//!
//! Uses nothing else of this crate; the rest of `status` uses it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A condition as the status of a Workspace holds it: `metav1.Condition`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The type, such as `Ready`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether the condition holds.
    pub status: ConditionStatus,
    /// The reason in CamelCase.
    pub reason: String,
    /// The reason for people.
    pub message: String,
    /// When `status` last changed, in whole seconds.
    pub last_transition_time: Timestamp,
    /// The generation of the Workspace that the condition describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum ConditionStatus {
    /// The condition holds now.
    True,
    /// It does not hold.
    False,
    /// It cannot be decided yet.
    Unknown,
}

/// A condition as it should be, without its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredCondition {
    /// The type, such as `Ready`.
    pub kind: &'static str,
    /// Whether the condition holds.
    pub status: ConditionStatus,
    /// The reason in CamelCase.
    pub reason: String,
    /// The reason for people.
    pub message: String,
}

/// Every type that `status` writes in some release. Conditions of other types belong to other
/// writers, and are kept.
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

impl ConditionStatus {
    /// The status as Kubernetes writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl DesiredCondition {
    /// A condition of this type.
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

/// Merges conditions into those that were written before. A condition keeps its position, and its
/// transition time while its status stays the same. A type of ours that is not desired any more
/// is removed; the types of other writers are kept.
#[must_use]
pub fn merge(
    old: &[Condition],
    desired: Vec<DesiredCondition>,
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    // `metav1.Time` has no fractions of a second, and the API server would cut them off.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let is_foreign = |condition: &&Condition| !OWN.contains(&condition.kind.as_str());
    let mut merged: Vec<_> = old.iter().filter(is_foreign).cloned().collect();
    for condition in desired {
        let unchanged = old
            .iter()
            .find(|old| old.kind == condition.kind && old.status == condition.status);
        merged.push(Condition {
            kind: condition.kind.to_owned(),
            status: condition.status,
            reason: condition.reason,
            message: condition.message,
            last_transition_time: unchanged.map_or(now, |old| old.last_transition_time),
            observed_generation: Some(generation),
        });
    }
    let position = |condition: &Condition| old.iter().position(|old| old.kind == condition.kind);
    merged.sort_by_key(|condition| position(condition).unwrap_or(old.len()));
    merged
}
