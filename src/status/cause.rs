//! How far one part of a Workspace is, and why it is no further.
//!
//! Uses nothing else of this crate; the files that judge nodes, pods and workloads use it.

use jiff::{SignedDuration, Timestamp};

/// How long a node, or the scheduling of a pod, may take before the Workspace counts as stalled.
/// KAITO waits 240 seconds, but a cloud may need longer for a large machine.
pub(super) const PROGRESS_DEADLINE: SignedDuration = SignedDuration::from_mins(15);

/// The longest quotation of another controller's message, in bytes. The CRDs limit a condition's
/// message to 32 KiB, and people read tables.
const MAX_QUOTE: usize = 256;

/// Why something is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    /// The reason in CamelCase: the provisioner's own, or one of KAITO's.
    pub(super) reason: String,
    /// What is missing and what to do about it.
    pub(super) message: String,
}

/// How far something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is ready, and nothing more is to be done.
    Done,
    /// It makes progress: time alone may complete it.
    Waiting(Cause),
    /// It makes no progress without a change.
    Failed(Cause),
}

impl Cause {
    pub(super) fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// Something that was created at a time and is not ready: it is waited for until the deadline,
    /// and has failed from then on.
    pub(super) fn since(self, created: Option<Timestamp>, now: Timestamp) -> Progress {
        if is_overdue(created, now) {
            Progress::Failed(self)
        } else {
            Progress::Waiting(self)
        }
    }
}

impl Progress {
    pub(super) fn failed(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Failed(Cause::new(reason, message))
    }

    pub(super) fn waiting(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Waiting(Cause::new(reason, message))
    }

    pub(super) fn is_done(&self) -> bool {
        *self == Self::Done
    }

    pub(super) fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// What is missing; none if nothing is.
    pub(super) fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Done => None,
            Self::Waiting(cause) | Self::Failed(cause) => Some(cause),
        }
    }

    /// This step, and once it is done the next one.
    pub(super) fn then<'a>(&'a self, next: &'a Self) -> &'a Self {
        if self.is_done() { next } else { self }
    }
}

/// Whether something that was created at a time has exceeded the deadline.
pub(super) fn is_overdue(created: Option<Timestamp>, now: Timestamp) -> bool {
    created.is_some_and(|created| now.duration_since(created) >= PROGRESS_DEADLINE)
}

/// Another controller's message, shortened to a readable length.
pub(super) fn quote(message: &str) -> String {
    let message = message.trim();
    if message.len() <= MAX_QUOTE {
        return message.to_owned();
    }
    format!("{}...", &message[..message.floor_char_boundary(MAX_QUOTE)])
}
