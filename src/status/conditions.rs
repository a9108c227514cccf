//! Conditions of a Workspace, and how new ones are merged into those that it has.
//!
//! Uses `base` only; the rest of `status` uses it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base::shown::one_line;

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
    /// A condition of this type. What others said is shortened and escaped, because it is shown in
    /// terminals, and the API server refuses a status with a reason of another form.
    pub fn new(
        kind: &'static str,
        status: ConditionStatus,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            status,
            reason: valid_reason(reason.into()),
            message: short(one_line(&message.into())),
        }
    }
}

/// The longest reason, in bytes; Kubernetes allows 1,024.
const LONGEST_REASON: usize = 128;

/// The longest message, in bytes; Kubernetes allows 32,768.
const LONGEST_MESSAGE: usize = 1024;

/// A reason in the form that `metav1.Condition` demands: letters, digits, `_`, `,` and `:`, a letter
/// first, and a letter, a digit or `_` last.
fn valid_reason(reason: String) -> String {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_,:".contains(&byte);
    let is_valid = reason.len() <= LONGEST_REASON
        && reason.starts_with(|first: char| first.is_ascii_alphabetic())
        && reason.bytes().all(is_part)
        && !reason.ends_with([',', ':']);
    if is_valid { reason } else { "Other".to_owned() }
}

fn short(message: Cow<'_, str>) -> String {
    if message.len() <= LONGEST_MESSAGE {
        return message.into_owned();
    }
    let end = message.floor_char_boundary(LONGEST_MESSAGE);
    format!("{}...", &message[..end])
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
