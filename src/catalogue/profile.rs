//! The facts of one cluster that no Workspace says.

mod delivery;
mod overlays;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::node::Node;
use crate::base::nulls::drop_nulls;
use crate::base::sources::{Sources, Span};
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input::schema::{self, Checker};
use crate::vocab::limits;
use crate::vocab::{Cloud, Provisioner, Runtime, UsedProfile, api};
pub use delivery::{Delivery, Jobs, ReplaceNodes};
pub use overlays::{
    Additions, Affinity, Disruption, Egress, Gateway, Image, Marked, MetadataOverlay, MonitorKind,
    Monitoring, NamedReference, Network, OverlaidWorkspaces, Overlay, OverlayEntry, OverlayFile,
    OverlayKustomization, OverlayReader, Patch, Peer, PodOverlay, Probes, Purpose, Reference,
    Resources, Route, Select, Target, Timings, Variable, Weights, is_overlay, overlay_schema,
};

/// A `Profile` of `render.kaito.sh/v1alpha1`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// The version of profiles: always `render.kaito.sh/v1alpha1`.
    #[schemars(extend("const" = API_VERSION))]
    pub api_version: String,
    /// The kind of the document: always `Profile`.
    #[schemars(extend("const" = "Profile"))]
    pub kind: String,
    /// A name and what else people want to note; not used.
    pub metadata: Option<serde_json::Value>,
    /// The release to compile with, such as "0.3"; by default the Workspace's apiVersion decides.
    pub release: Option<String>,
    /// The cloud the nodes come from.
    #[serde(default)]
    pub cloud: Cloud,
    /// What creates the nodes; by default the release decides.
    pub provisioner: Option<Provisioner>,
    /// The registry that holds KAITO's images.
    #[serde(default = "default_registry")]
    #[schemars(regex(pattern = r"^\S+$"))]
    pub registry: String,
    /// The domain of the cluster's DNS names.
    #[serde(default = "default_domain")]
    #[schemars(regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub cluster_domain: String,
    /// The cluster's name; only the NodeClass that release 0.3 makes on AWS needs it.
    pub cluster_name: Option<String>,
    /// What serves models: `transformers` all of them, `vllm` those whose Workspace does not ask
    /// for transformers; from release 0.12 on.
    pub runtime: Option<Runtime>,
    /// The operating system of NodeClaims, where a Workspace names none; from release 0.12 on.
    #[serde(default)]
    pub node_image_family: ImageFamily,
    /// What the cluster stores on.
    #[serde(default)]
    pub storage: Storage,
    /// The NodeClasses that NodePools may refer to; on Azure by default the two that KAITO's
    /// operator makes.
    #[serde(default)]
    pub node_classes: Vec<NodeClass>,
    /// How the cluster's Karpenter is set up.
    #[serde(default)]
    pub karpenter: Karpenter,
    /// What replaces variables such as `${x}` in the objects when it applies them; by default
    /// nothing does.
    pub substitution: Option<Substitution>,
    /// The nodes that are there already, with `provisioner: none`; GPUs and memory follow from
    /// their labels.
    #[serde(default)]
    pub nodes: Vec<ProfileNode>,
    /// The number of nodes of single Workspaces, by `<namespace>/<name>`, whatever is estimated.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, NodeCount>")]
    pub node_counts: BTreeMap<String, NonZeroU32>,
    /// Files and directories below the profile's that are no input, as globs, such as `charts/**`.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// How the objects reach the cluster.
    #[serde(default)]
    pub delivery: Delivery,
    /// Changes to the objects of Workspaces, from first to last; the later one wins.
    #[serde(default)]
    pub overlays: Vec<OverlayEntry>,
    /// Whether documents `kind: Overlay` in the input are applied; if not, one is an error.
    #[serde(default = "default_overlays_from_input")]
    pub overlays_from_input: bool,
    /// How much diagnostics matter; of entries that concern the same diagnostic the last one counts.
    #[serde(default)]
    pub rules: Vec<RuleSetting>,
    /// The document it was read from, for places; none for the default.
    #[serde(skip)]
    pub document: Option<Node>,
}

/// The schema of a [`Profile`], as it is published.
const SCHEMA: &str = include_str!("../../schemas/profile.json");

const API_VERSION: &str = api::PROFILE;

fn default_registry() -> String {
    "mcr.microsoft.com/aks/kaito".to_owned()
}

fn default_overlays_from_input() -> bool {
    true
}

fn default_domain() -> String {
    "cluster.local".to_owned()
}

/// The operating system of nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImageFamily {
    /// Ubuntu, which nodes get by default.
    #[default]
    Ubuntu,
    /// Azure Linux, Microsoft's own distribution.
    Azurelinux,
}

impl ImageFamily {
    /// The name as a profile writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ubuntu => "ubuntu",
            Self::Azurelinux => "azurelinux",
        }
    }
}

/// What a cluster stores on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Storage {
    /// Whether there is a storage class `kaito-local-nvme-disk`, of disks that machines have of
    /// their own.
    #[serde(default, rename = "localNVMe")]
    pub local_nvme: bool,
}

/// A NodeClass of Karpenter.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeClass {
    /// The name of the NodeClass in the cluster.
    #[schemars(regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// Whether Workspaces that name none get it.
    #[serde(default)]
    pub default: bool,
    /// Its spec; without it the NodeClass is expected to be there.
    pub spec: Option<Map<String, Value>>,
}

/// How a Karpenter is set up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Karpenter {
    /// Whether its feature gate `StaticCapacity`, which Karpenter leaves off by default, is on:
    /// without it no NodePool of a fixed size brings a node.
    pub static_capacity: Option<bool>,
}

/// What replaces variables in objects before they reach the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Substitution {
    /// The post-build substitution of Flux: `${x}` and `${x:=default}`. Objects that have other text
    /// of that form, such as a script, are marked so that Flux leaves it as it is.
    Flux,
}

/// A node that is there already.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileNode {
    /// Its labels, with those of NVIDIA's GPU feature discovery.
    pub labels: BTreeMap<String, String>,
}

/// How much the diagnostics of a rule matter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleSetting {
    /// The rule, such as `KR207`.
    pub rule: String,
    /// How much its diagnostics matter. Errors can't be lowered.
    pub severity: SeveritySetting,
    /// The files in which it holds, as globs that are relative to the profile's directory, such as
    /// `legacy/**`; by default everywhere.
    #[serde(default)]
    pub paths: Vec<String>,
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeveritySetting {
    /// An error: nothing is written.
    Error,
    /// Probably not what was meant.
    Warning,
    /// A note: worth knowing, and no reason to change anything.
    Note,
    /// Off: its diagnostics are not shown.
    Off,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: "Profile".to_owned(),
            metadata: None,
            release: None,
            cloud: Cloud::default(),
            provisioner: None,
            registry: default_registry(),
            cluster_domain: default_domain(),
            cluster_name: None,
            runtime: None,
            node_image_family: ImageFamily::default(),
            storage: Storage::default(),
            node_classes: Vec::new(),
            karpenter: Karpenter::default(),
            substitution: None,
            nodes: Vec::new(),
            node_counts: BTreeMap::new(),
            exclude: Vec::new(),
            delivery: Delivery::default(),
            overlays: Vec::new(),
            overlays_from_input: true,
            rules: Vec::new(),
            document: None,
        }
    }
}

/// The schema of a number of nodes.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct NodeCount(#[schemars(range(min = 1, max = limits::WORKSPACE_NODES))] u32);

/// A bare `off` is `false` to readers of YAML 1.1, such as ours.
fn spell_out_off(profile: &mut Value) {
    for setting in profile
        .get_mut("rules")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if setting["severity"] == false {
            setting["severity"] = "off".into();
        }
    }
}

/// Whether a document is for this compiler itself, as a profile is, and so no part of any input.
#[must_use]
pub fn is_of_ours(node: &Node) -> bool {
    node.get("apiVersion")
        .and_then(Node::as_str)
        .is_some_and(|version| version.starts_with(api::RENDER_PREFIX))
}

impl Profile {
    /// Reads a profile from its document; none if it breaks the schema.
    pub fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut value = node.to_value();
        drop_nulls(&mut value);
        spell_out_off(&mut value);
        let checker = Checker::new(schema::published(SCHEMA));
        if !checker.check(node, &value, &rule::PROFILE_FIELD, diagnostics) {
            return None;
        }
        match serde_json::from_value::<Self>(value) {
            Ok(profile) => Some(Self {
                document: Some(node.clone()),
                ..profile
            }),
            Err(error) => {
                diagnostics.report(Diagnostic::new(
                    &rule::PROFILE_FIELD,
                    node.span,
                    error.to_string(),
                ));
                None
            }
        }
    }

    /// The place of a field in the document; none for the default profile.
    #[must_use]
    pub fn span(&self, pointer: &str) -> Option<Span> {
        self.document
            .as_ref()
            .and_then(|document| document.find(pointer))
            .map(|found| found.span)
    }

    /// The path of its file from a root, with slashes; as it was named if it lies elsewhere.
    #[must_use]
    pub fn used(&self, root: &Path, sources: &Sources) -> UsedProfile<'static> {
        let file = self.document.as_ref().map(|document| document.span.file);
        let Some((file, path)) = file.and_then(|file| Some((file, sources.path(file)?))) else {
            return UsedProfile::Default;
        };
        let Ok(inside) = path.strip_prefix(root) else {
            return UsedProfile::File(sources.name(file).to_owned().into());
        };
        let steps = inside
            .iter()
            .map(|step| step.to_string_lossy().into_owned());
        UsedProfile::File(steps.collect::<Vec<_>>().join("/").into())
    }

    /// Whether the document names a field, rather than leaving it to the default.
    #[must_use]
    pub fn sets(&self, field: &str) -> bool {
        self.document
            .as_ref()
            .is_some_and(|document| document.get(field).is_some())
    }
}
