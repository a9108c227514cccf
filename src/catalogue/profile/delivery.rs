//! How objects reach the cluster.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::vocab::Host;

/// How the objects reach the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delivery {
    /// What applies the objects. With a host, every document of the input is part of the output.
    pub host: Option<Host>,
    /// Whether an input without any Workspace is no error.
    #[serde(default)]
    pub without_workspaces: bool,
    /// Which of a changed node's machines Argo CD has first; only with `host: argocd`.
    #[serde(default)]
    pub replace_nodes: ReplaceNodes,
    /// Whether Argo CD asks before it removes node objects; only with `host: argocd`.
    #[serde(default)]
    pub confirm_nodes: bool,
    /// What becomes of a Job whose pods change, which Kubernetes refuses.
    #[serde(default)]
    pub jobs: Jobs,
}

/// In which order nodes are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplaceNodes {
    /// The old node goes first, so that no second quota is needed.
    #[default]
    First,
    /// The old node goes when all else is healthy.
    Surge,
}

/// The names of Jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Jobs {
    /// A Job keeps its name, and Kubernetes refuses a change of its pods.
    #[default]
    Keep,
    /// The name of a Job ends in six digits of its content: a changed training is a new Job.
    Named,
}
