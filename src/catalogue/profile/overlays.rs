//! What a team changes in the objects of its Workspaces, as a profile writes it.

mod additions;
mod document;
mod entry;
mod images;
mod marks;
mod pod;

use schemars::JsonSchema;
use serde::Deserialize;

pub use additions::{
    Additions, Disruption, Egress, Gateway, MonitorKind, Monitoring, Network, Peer, Route, Weights,
};
pub use document::{OverlayReader, is_overlay, overlay_schema};
pub use entry::{OverlayEntry, OverlayFile, OverlayKustomization};
pub use images::Image;
pub use marks::{Marked, MetadataOverlay};
pub use pod::{
    Affinity, NamedReference, PodOverlay, Probes, Reference, Resources, Timings, Variable,
};

/// Changes to the objects of some Workspaces.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Overlay {
    /// What diagnostics, `explain` and annotations call it; no two overlays share a name.
    #[schemars(regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// The Workspaces whose objects it changes; by default all.
    #[serde(default)]
    pub workspaces: OverlaidWorkspaces,
    /// Whether a Workspace has to name the overlay.
    #[serde(default)]
    pub select: Select,
    /// Labels and annotations of objects.
    pub metadata: Option<MetadataOverlay>,
    /// Images that others stand in the place of, from first to last.
    #[serde(default)]
    pub images: Vec<Image>,
    /// Changes of the pods of the workload, whatever its kind.
    pub pod: Option<PodOverlay>,
    /// Patches as kustomize has them, from first to last.
    #[serde(default)]
    pub patches: Vec<Patch>,
    /// Objects beside those of the templates.
    pub add: Option<Additions>,
}

/// Which Workspaces an overlay is for: those that meet every condition.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverlaidWorkspaces {
    /// A label selector as kubectl takes it, such as `team=a,tier!=test`.
    pub labels: Option<String>,
    /// Names, as globs such as `phi-*`.
    #[serde(default)]
    pub names: Vec<String>,
    /// Their namespaces, as globs.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// The releases that compile them, such as "0.12".
    #[serde(default)]
    pub releases: Vec<String>,
    /// What they do with a model.
    pub purpose: Option<Purpose>,
}

/// What a Workspace does with a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// It serves a model.
    Inference,
    /// It tunes a model.
    Tuning,
}

/// Whether a Workspace has to name an overlay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Select {
    /// The overlay is for each Workspace of `workspaces`.
    #[default]
    All,
    /// Only for those of them whose annotation `render.kaito.sh/overlays` has its name.
    Named,
}

/// A patch as kustomize has it: a strategic merge patch, or JSON Patch (RFC 6902).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Patch {
    /// The objects that it changes; without it those that a strategic merge patch names.
    pub target: Option<Target>,
    /// The patch, as YAML or JSON in a string.
    pub patch: Option<String>,
    /// The file of the patch, by its path from the directory of the file that names it.
    pub path: Option<String>,
}

/// Objects by what they are: those that meet every condition. All but the selectors are regular
/// expressions that have to match as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// The API group, such as `apps`; that of a Service is empty.
    pub group: Option<String>,
    /// The version in the group, such as `v1`.
    pub version: Option<String>,
    /// The kind, such as `StatefulSet`.
    pub kind: Option<String>,
    /// The name; node objects have none yet, and so never match.
    pub name: Option<String>,
    /// The namespace; cluster-scoped objects have an empty one.
    pub namespace: Option<String>,
    /// A selector over the labels of the object.
    pub label_selector: Option<String>,
    /// A selector over the annotations of the object.
    pub annotation_selector: Option<String>,
}
