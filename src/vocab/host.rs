//! What applies the objects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The program that applies rendered objects to a cluster.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// Argo CD, by a plugin or a rendered branch.
    Argocd,
    /// Flux, by its kustomize-controller.
    Flux,
    /// kubectl, by hand or in a script.
    Kubectl,
}
