//! The versions of the Workspace API.

use schemars::JsonSchema;
use serde::Deserialize;

/// A version of the Workspace API, with the rules that KAITO had for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkspaceApi {
    /// `kaito.sh/v1alpha1`, by the rules of KAITO 0.3's webhook.
    V1alpha1,
    /// `kaito.sh/v1beta1`, by the rules of KAITO 0.12's webhook.
    V1beta1,
}
