//! `InferenceSet`: some Workspaces that serve the same model, written once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::is_of_kaito;
use super::misplaced::{self, Mended, Reading};
use super::rules::{self, Holder, MAX_NODES, Rules, check_metadata, check_scaling, placeholders};
use super::spec::{Inference, LabelSelector, ObjectMeta, Partition};
use crate::base::node::{Data, Entry, Node};
use crate::base::nulls::drop_nulls;
use crate::base::pointer;
use crate::base::sources::{Sources, Span};
use crate::catalogue::profile::Substitution;
use crate::catalogue::release::Release;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics, Reported};
use crate::input::schema::{self, Checker, Unread};
use crate::vocab::{WorkspaceApi, annotations, api, kinds, labels};

/// Labels and annotations of a set that its replicas carry too.
const LABELS: [&str; 2] = [labels::INFERENCE_ROLE, labels::CREATED_BY_ROLES];

/// Some Workspaces that serve the same model, written as one document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InferenceSet {
    /// `kaito.sh/v1beta1`, or the older `kaito.sh/v1alpha1`.
    pub api_version: String,
    /// The kind of the document: always `InferenceSet`.
    pub kind: String,
    /// The name, namespace, labels and annotations of the set.
    pub metadata: ObjectMeta,
    /// The Workspaces that are wanted, and how many.
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
    /// What all Workspaces of the set have in common.
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
    /// The nodes that each of them runs on.
    pub resource: Option<ReplicaResource>,
    /// The model they serve.
    pub inference: Inference,
}

/// Labels and annotations of the Workspaces of an InferenceSet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaMeta {
    /// Labels of the Workspaces, each key with its value.
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations of the Workspaces, each key with its value.
    pub annotations: Option<BTreeMap<String, String>>,
}

/// The nodes of the Workspaces of an InferenceSet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicaResource {
    /// The instance type of the nodes, in the cloud's exact spelling.
    pub instance_type: Option<String>,
    /// The part of a node's GPUs to use.
    pub partition: Option<Partition>,
}

/// When KAITO's operator puts a new base image in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoUpgrade {
    /// Whether the operator puts new base images in at all.
    #[serde(default)]
    pub enabled: bool,
    /// How: `InPlace` changes the Workspaces, `Surge` adds one for a while.
    #[schemars(extend("enum" = ["InPlace", "Surge"]))]
    pub strategy: Option<String>,
    /// The time in which the operator may do so.
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

/// The Workspaces of an InferenceSet, each of which is made when it is asked for: together they can
/// take thousands of times what the set takes.
#[derive(Clone, Debug)]
pub struct Replicas {
    set: Node,
    count: usize,
}

impl Replicas {
    /// How many there are, at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The Workspace of a number, as a document.
    #[must_use]
    pub fn get(&self, ordinal: usize) -> Node {
        let name = self.set.find("/metadata/name");
        let name = name.and_then(|found| found.node.as_str());
        // That it has none is reported for the set.
        replica(&self.set, name.unwrap_or("set"), ordinal)
    }

    /// Where their number is written.
    #[must_use]
    pub fn place(&self) -> Span {
        self.set.at("/spec/replicas").span
    }
}

static CHECKER: LazyLock<Checker> = LazyLock::new(|| {
    Checker::new(schema::published(include_str!(
        "../../schemas/inferenceset.json"
    )))
});

/// Whether a document is an InferenceSet that is still to be expanded.
#[must_use]
pub fn is_inference_set(node: &Node) -> bool {
    let is_set = node.get("kind").and_then(Node::as_str) == Some(kinds::INFERENCE_SET);
    is_set && is_of_kaito(node)
}

/// The Workspaces of an InferenceSet, named `<set>-<ordinal>`. A set of no replicas, or of a number
/// that can't be read, gives one to be checked.
///
/// Each value keeps its place, so that a diagnostic about a replica points into the set.
///
/// # Errors
///
/// If the set has nothing to make a Workspace of, which is reported. What else is wrong with it is
/// reported too, and keeps its Workspaces from being written, not from being checked.
pub fn replicas(
    node: &Node,
    release: Option<&Release>,
    sources: Option<&Sources>,
    substitution: Option<Substitution>,
    diagnostics: &mut Diagnostics,
) -> Result<Replicas, Reported> {
    let mark = diagnostics.mark();
    let checker = &*CHECKER;
    let reading = Reading {
        kind: kinds::INFERENCE_SET,
        schema: checker.schema(),
        fields: &misplaced::FIELDS_OF_SETS,
        release,
        sources,
    };
    let Mended {
        node,
        unread: misplaced,
    } = misplaced::mend(node.clone(), reading, diagnostics);
    let node = &node;
    let unfilled =
        placeholders::check(node, Some(WorkspaceApi::V1beta1), substitution, diagnostics);
    let mut value = node.to_value();
    drop_nulls(&mut value);
    let mut unread = Unread::default();
    if !checker.check(node, &value, &rule::FIELD, diagnostics) {
        unread = checker.repair(&mut value);
    }
    unread.extend(misplaced.into_iter().chain(unfilled));
    let count = replica_count(node, &value, diagnostics)?;
    let mut rules = Rules::new(node, &unread, diagnostics).of(release);
    check_metadata(&mut rules);
    rules::check_keys(&mut rules, Holder::Set);
    check_scaling(&mut rules);
    check_runtime(&mut rules);
    if count > MAX_NODES {
        let message = format!("`spec.replicas` must be at most {MAX_NODES}, not {count}");
        rules
            .at("/spec/replicas")
            .report(&rule::COUNT, message)
            .hint("Kubernetes supports no more nodes in a cluster");
    }
    if substitution.is_some() {
        placeholders::drop_judgements(diagnostics, mark);
    }
    if unread.covers("/spec/template/inference") {
        diagnostics.checked(mark)?;
    }
    // Of a set with a mistake, one replica shows what is wrong with all of them.
    let count = if diagnostics.failed_since(mark) {
        1
    } else {
        // A set of none is checked as if it had one.
        count.max(1)
    };
    Ok(Replicas {
        set: node.clone(),
        count: usize::try_from(count).unwrap_or(1),
    })
}

fn replica_count(
    node: &Node,
    repaired: &Value,
    diagnostics: &mut Diagnostics,
) -> Result<i64, Reported> {
    let set = InferenceSet::deserialize(repaired).map_err(|error| {
        diagnostics.fail(Diagnostic::new(&rule::FIELD, node.span, error.to_string()))
    })?;
    Ok(set.spec.replicas)
}

/// Warns of the annotation that sets don't hand on to their replicas.
fn check_runtime(rules: &mut Rules) {
    let pointer = &pointer::to_annotation(annotations::RUNTIME);
    if rules.node.find(pointer).is_some() {
        rules
            .at(pointer)
            .report(
                &rule::NO_EFFECT,
                format!(
                    "`{}` of an InferenceSet has no effect on its replicas",
                    annotations::RUNTIME
                ),
            )
            .hint("write it under `spec.template.metadata.annotations`");
    }
}

/// The Workspace of a number, as a document.
fn replica(set: &Node, name: &str, ordinal: usize) -> Node {
    let at = |pointer: &str| set.find(pointer).map(|found| found.node);
    let string = |value: &str| Data::String(value.to_owned());
    let mut resource = entries(at("/spec/template/resource"));
    let selector = at("/spec").and_then(|spec| spec.entry("labelSelector"));
    // A missing selector is reported for the set.
    let none = || entry("labelSelector", set.at("/spec").span, Data::Map(Vec::new()));
    resource.push(selector.cloned().unwrap_or_else(none));
    let resource_place = set.at("/spec/template/resource").span;
    let mut fields = vec![
        entry(
            "apiVersion",
            set.at("/apiVersion").span,
            string(api::V1BETA1),
        ),
        entry("kind", set.at("/kind").span, string(kinds::WORKSPACE)),
        replica_metadata(set, name, ordinal),
        entry("resource", resource_place, Data::Map(resource)),
    ];
    let inference = at("/spec/template").and_then(|template| template.entry("inference"));
    fields.extend(inference.cloned());
    Node {
        span: set.span,
        data: Data::Map(fields),
    }
}

/// The metadata of a replica: its name, and the labels and annotations of the set's template with
/// those of the set that are handed on.
fn replica_metadata(set: &Node, name: &str, ordinal: usize) -> Entry {
    let place = set.at("/metadata/name").span;
    let string = |value: &str| Data::String(value.to_owned());
    let of_set = |pointer: &str, key: &str| set.find(pointer)?.node.entry(key).cloned();
    let of_template = |pointer: &str| entries(set.find(pointer).map(|found| found.node));
    let mut labels = of_template("/spec/template/metadata/labels");
    for key in LABELS {
        put(&mut labels, of_set("/metadata/labels", key));
    }
    let created_by = entry(labels::CREATED_BY_SET, place, string(name));
    // After the labels of the template: KAITO's own win.
    put(&mut labels, Some(created_by));
    let mut annotations = of_template("/spec/template/metadata/annotations");
    // Of the set's own annotations KAITO hands on only this one (0.12, §1.3).
    let benchmark = of_set("/metadata/annotations", annotations::DISABLE_BENCHMARK);
    put(&mut annotations, benchmark);
    let own_name = if placeholders::is_in(name) {
        // As the set has it, so that it is found at the same place.
        name.to_owned()
    } else {
        format!("{name}-{ordinal}")
    };
    let mut metadata = vec![entry("name", place, string(&own_name))];
    metadata.extend(of_set("/metadata", "namespace"));
    metadata.push(entry("labels", place, Data::Map(labels)));
    if !annotations.is_empty() {
        metadata.push(entry("annotations", place, Data::Map(annotations)));
    }
    entry("metadata", place, Data::Map(metadata))
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
