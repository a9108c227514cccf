//! What the conditions of a release are made of, and what they are.
//!
//! Uses [`super::nodes`] and [`super::workload`]; each table of conditions ([`super::steps`],
//! [`super::summary`]) makes a [`Verdict`] of a [`WorkspaceProgress`].

use crate::vocab::Provisioner;

use super::conditions::DesiredCondition;
use super::nodes::NodesProgress;
use super::workload::WorkloadProgress;

/// How far a Workspace is.
pub(super) struct WorkspaceProgress<'a> {
    /// What creates its nodes.
    pub(super) provisioner: Provisioner,
    pub(super) nodes: NodesProgress,
    pub(super) workload: WorkloadProgress,
    /// Whether it trains a model; otherwise it serves one.
    pub(super) trains: bool,
    /// `status.state` as it was last written.
    pub(super) previous_state: Option<&'a str>,
}

/// What a release's KAITO writes about that.
pub(super) struct Verdict {
    pub(super) conditions: Vec<DesiredCondition>,
    /// `status.state`; none in releases that do not have it.
    pub(super) state: Option<&'static str>,
}

impl WorkspaceProgress<'_> {
    /// The message of a Workspace that is ready.
    pub(super) fn success(&self) -> &'static str {
        if self.trains {
            "the training has succeeded"
        } else {
            "the model is served"
        }
    }
}
