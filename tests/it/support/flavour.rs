//! What golden cases take a cluster to be.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::root;
use crate::support::tools;

/// The kinds of cluster that profiles tell apart, with what creates their nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flavour {
    /// Release 0.3 with gpu-provisioner.
    Machines,
    /// Release 0.3 with Karpenter's v1beta1.
    NodeClaimsOnAzure,
    /// The same on AWS.
    NodeClaimsOnAws,
    /// Release 0.12 with Karpenter's v1, or with nodes that are there already.
    Azure,
    /// The same on AWS.
    Aws,
}

impl Flavour {
    pub(crate) fn of(case: &Path) -> Self {
        let profile = fs::read_to_string(case.join("profile.yaml")).unwrap();
        let profile: Value = serde_yaml::from_str(&profile).unwrap();
        let field = |name: &str| profile[name].as_str().unwrap();
        match (field("release"), field("provisioner"), field("cloud")) {
            ("0.3", "machine", _) => Self::Machines,
            ("0.3", "nodeclaim", "azure") => Self::NodeClaimsOnAzure,
            ("0.3", "nodeclaim", "aws") => Self::NodeClaimsOnAws,
            ("0.12", _, "azure") => Self::Azure,
            ("0.12", _, "aws") => Self::Aws,
            other => panic!("{}: {other:?}", case.display()),
        }
    }

    pub(crate) fn release(self) -> &'static str {
        match self {
            Self::Machines | Self::NodeClaimsOnAzure | Self::NodeClaimsOnAws => "0.3",
            Self::Azure | Self::Aws => "0.12",
        }
    }

    /// The directories of the CRDs that such a cluster has.
    pub(crate) fn crds(self) -> Vec<PathBuf> {
        let karpenter = match self {
            Self::Machines => "machine",
            Self::NodeClaimsOnAzure => "nodeclaim",
            Self::NodeClaimsOnAws => "nodeclaim-aws",
            Self::Azure => "karpenter",
            Self::Aws => "karpenter-aws",
        };
        let azure = matches!(self, Self::NodeClaimsOnAzure | Self::Azure);
        [
            Some(tools::directory().join("crds").join(karpenter)),
            azure.then(|| root().join("tests/fixtures/crds/azure")),
            Some(root().join("schemas/crds").join(self.release())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
