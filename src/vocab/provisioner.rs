//! What creates nodes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What creates the nodes of a cluster.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Provisioner {
    /// gpu-provisioner 0.2, by Machines.
    Machine,
    /// gpu-provisioner or Karpenter, by NodeClaims.
    Nodeclaim,
    /// Karpenter, by NodePools of static capacity.
    Nodepool,
    /// Nobody: the nodes are already there.
    None,
}

impl Provisioner {
    /// The name as a profile writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Nodeclaim => "nodeclaim",
            Self::Nodepool => "nodepool",
            Self::None => "none",
        }
    }
}
