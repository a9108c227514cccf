//! Labels and annotations that an overlay adds to objects.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Labels and annotations for some of the objects.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataOverlay {
    /// The labels, by key.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The annotations, by key.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The objects that get them; by default all but nodes.
    #[serde(default = "all_but_nodes")]
    pub to: Vec<Marked>,
}

/// What gets labels and annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Marked {
    /// The StatefulSet, Deployment or Job.
    Workload,
    /// The pods of the workload.
    Pod,
    /// Its Services, the headless one too.
    Service,
    /// ConfigMaps that are made for it.
    Config,
    /// The Workspace in the output.
    Workspace,
    /// Node objects, whose labels provisioners copy to machines.
    Node,
}

fn all_but_nodes() -> Vec<Marked> {
    vec![
        Marked::Workload,
        Marked::Pod,
        Marked::Service,
        Marked::Config,
        Marked::Workspace,
    ]
}
