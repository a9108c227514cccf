//! `InferenceSet`: some Workspaces that serve the same model, written once.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::spec::{Inference, LabelSelector, ObjectMeta, Partition, V1BETA1};
use super::{annotations, drop_nulls, is_of_kaito, is_rendered, metadata};
use crate::base::node::{Data, Entry, Node};
use crate::base::sources::Span;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input::schema::Checker;

/// The label that replicas carry, with the name of their set.
pub(crate) const CREATED_BY: &str = "inferenceset.kaito.sh/created-by";

/// Labels and annotations of a set that its replicas carry too.
const LABELS: [&str; 2] = [
    "kaito.sh/inference-role",
    "multiroleinference.kaito.sh/created-by",
];
const DISABLE_BENCHMARK: &str = "kaito.sh/disable-benchmark";

/// The most replicas of a set; each has a node at least, and no cluster has more nodes.
const MOST: i64 = 5000;

/// An InferenceSet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InferenceSet {
    /// `kaito.sh/v1beta1`, or the older `kaito.sh/v1alpha1`.
    pub api_version: String,
    /// Always `InferenceSet`.
    pub kind: String,
    /// Standard object metadata.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: InferenceSetSpec,
    /// What was last observed in the cluster.
    pub status: Option<Value>,
}

/// What is wanted of an InferenceSet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InferenceSetSpec {
    /// The number of Workspaces.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub replicas: i64,
    /// Not used by KAITO.
    pub node_count_limit: Option<i64>,
    /// The labels that the nodes carry.
    pub label_selector: LabelSelector,
    /// The Workspaces.
    pub template: InferenceSetTemplate,
    /// Not used by KAITO.
    pub update_strategy: Option<Value>,
    /// When KAITO's operator puts a new base image in; not used here, where a new release does
    /// that.
    pub auto_upgrade: Option<AutoUpgrade>,
}

fn one() -> i64 {
    1
}

/// The Workspaces of an InferenceSet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InferenceSetTemplate {
    /// Their labels and annotations.
    pub metadata: Option<ReplicaMeta>,
    /// Their nodes.
    pub resource: Option<ReplicaResource>,
    /// The model they serve.
    pub inference: Inference,
}

/// Labels and annotations of the Workspaces of an InferenceSet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaMeta {
    /// Labels by key.
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations by key.
    pub annotations: Option<BTreeMap<String, String>>,
}

/// The nodes of the Workspaces of an InferenceSet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicaResource {
    /// The machine type.
    pub instance_type: Option<String>,
    /// The part of a node's GPUs to use.
    pub partition: Option<Partition>,
}

/// When KAITO's operator puts a new base image in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoUpgrade {
    /// Whether it does.
    #[serde(default)]
    pub enabled: bool,
    /// `InPlace` or `Surge`.
    #[schemars(extend("enum" = ["InPlace", "Surge"]))]
    pub strategy: Option<String>,
    /// When it may.
    pub maintenance_window: Option<MaintenanceWindow>,
}

/// A time that comes again and again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MaintenanceWindow {
    /// When it begins, as five fields of cron.
    #[schemars(regex(pattern = r"^\s*\S+(\s+\S+){4}\s*$"))]
    pub schedule: String,
    /// How long it lasts, such as `4h`.
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$"))]
    pub duration: Option<String>,
}

/// Whether a document is an InferenceSet that is still to be expanded.
#[must_use]
pub fn is_inference_set(node: &Node) -> bool {
    let is_set = node.get("kind").and_then(Node::as_str) == Some("InferenceSet");
    is_set && is_of_kaito(node) && !is_rendered(node)
}

/// The Workspaces of an InferenceSet, named `<set>-<ordinal>`; none if it breaks a rule of its own,
/// which is reported. A set of no replicas gives one that is to be checked alone.
///
/// Each value keeps its place, so that a finding about a replica points into the set.
pub fn replicas(node: &Node, diagnostics: &mut Diagnostics) -> Vec<Node> {
    let mark = diagnostics.mark();
    let mut value = node.to_value();
    drop_nulls(&mut value);
    let Ok(checker) = Checker::of::<InferenceSet>() else {
        return Vec::new();
    };
    checker.check(node, &value, &rule::FIELD, diagnostics);
    metadata::read(node, "", diagnostics);
    annotations::check(node, annotations::Holder::Set, diagnostics);
    if diagnostics.iter().skip(mark).any(Diagnostic::is_error) {
        return Vec::new();
    }
    let set = match InferenceSet::deserialize(&value) {
        Ok(set) => set,
        Err(error) => {
            diagnostics.report(Diagnostic::new(&rule::FIELD, node.span, error.to_string()));
            return Vec::new();
        }
    };
    let count = set.spec.replicas;
    if count > MOST {
        let message = format!("`spec.replicas` must be at most {MOST}, not {count}");
        let finding = Diagnostic::new(&rule::COUNT, node.at("/spec/replicas").span, message);
        diagnostics.report(finding.hint("a cluster of Kubernetes has no more nodes"));
        return Vec::new();
    }
    check_runtime(node, diagnostics);
    let name = set.metadata.name.unwrap_or_default();
    (0..count.max(1))
        .map(|ordinal| replica(node, &name, ordinal))
        .collect()
}

/// Warns of the annotation that sets don't hand on to their replicas.
fn check_runtime(node: &Node, diagnostics: &mut Diagnostics) {
    let pointer = "/metadata/annotations/kaito.sh~1runtime";
    if let Some(found) = node.find(pointer) {
        let message = "`kaito.sh/runtime` of a set has no effect on its replicas";
        let finding = Diagnostic::new(&rule::NO_EFFECT, found.span, message);
        diagnostics.report(finding.hint("write it under `spec.template.metadata.annotations`"));
    }
}

fn replica(set: &Node, name: &str, ordinal: i64) -> Node {
    let (place, text) = (set.at("/metadata/name").span, |value: String| {
        Data::String(value)
    });
    let at = |pointer: &str| set.find(pointer).map(|found| found.node);
    let mut labels = entries(at("/spec/template/metadata/labels"));
    for key in LABELS {
        put(
            &mut labels,
            at("/metadata/labels")
                .and_then(|labels| labels.entry(key))
                .cloned(),
        );
    }
    put(
        &mut labels,
        Some(entry(CREATED_BY, place, text(name.to_owned()))),
    );
    let mut annotations = entries(at("/spec/template/metadata/annotations"));
    let annotation =
        at("/metadata/annotations").and_then(|annotations| annotations.entry(DISABLE_BENCHMARK));
    put(&mut annotations, annotation.cloned());
    let mut metadata = vec![entry("name", place, text(format!("{name}-{ordinal}")))];
    metadata.extend(
        at("/metadata")
            .and_then(|metadata| metadata.entry("namespace"))
            .cloned(),
    );
    metadata.push(entry("labels", place, Data::Map(labels)));
    if !annotations.is_empty() {
        metadata.push(entry("annotations", place, Data::Map(annotations)));
    }
    let mut resource = entries(at("/spec/template/resource"));
    resource.extend(
        at("/spec")
            .and_then(|spec| spec.entry("labelSelector"))
            .cloned(),
    );
    let version = set.at("/apiVersion").span;
    let mut fields = vec![
        entry("apiVersion", version, text(V1BETA1.to_owned())),
        entry("kind", set.at("/kind").span, text("Workspace".to_owned())),
        entry("metadata", place, Data::Map(metadata)),
        entry(
            "resource",
            set.at("/spec/template/resource").span,
            Data::Map(resource),
        ),
    ];
    fields.extend(
        at("/spec/template")
            .and_then(|template| template.entry("inference"))
            .cloned(),
    );
    Node {
        span: set.span,
        data: Data::Map(fields),
    }
}

/// The entries of a mapping, without those that are null.
fn entries(node: Option<&Node>) -> Vec<Entry> {
    match node.map(|node| &node.data) {
        Some(Data::Map(entries)) => entries
            .iter()
            .filter(|entry| entry.value.data != Data::Null)
            .cloned()
            .collect(),
        _ => Vec::new(),
    }
}

/// Adds an entry, in the place of another one of its key.
fn put(entries: &mut Vec<Entry>, entry: Option<Entry>) {
    let Some(entry) = entry else { return };
    entries.retain(|other| other.key != entry.key);
    entries.push(entry);
}

fn entry(key: &str, place: Span, data: Data) -> Entry {
    Entry {
        key: key.to_owned(),
        key_span: place,
        value: Node { span: place, data },
    }
}

/// Leaves out findings about a replica that were made about another one of its set.
pub(crate) fn without_repeats(diagnostics: &mut Diagnostics, mark: usize) {
    let mut kept: Vec<Diagnostic> = Vec::new();
    for finding in diagnostics.split_off(mark) {
        if !kept
            .iter()
            .any(|other| other.rule == finding.rule && other.place == finding.place)
        {
            kept.push(finding);
        }
    }
    diagnostics.extend(kept);
}
