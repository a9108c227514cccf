//! The Workspace as part of the output, with the annotation that says what was made of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::base::node::Node;
use crate::base::object::{Identity, Object};
use crate::base::pointer;
use crate::plan::Plan;
use crate::vocab::Provisioner;
use crate::workspace::RENDERED;

/// The most objects that the annotation names; more are counted.
const NAMED: usize = 64;

/// What a cluster fills in, or means one cluster alone.
const OF_THE_CLUSTER: [&str; 9] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The finalizer of KAITO's operator, without which nobody would remove it.
const FINALIZER: &str = "workspace.finalizer.kaito.sh";

/// Annotations of KAITO's operator, and of `kubectl apply`.
const FOREIGN: [&str; 2] = [
    "workspace.kaito.io/",
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// A Workspace, without what a cluster or KAITO's operator added, annotated with what was decided
/// and with the identities of its objects.
#[must_use]
pub fn workspace(mut value: Value, plan: &Plan, objects: &[Object]) -> Object {
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove("status");
    }
    if let Some(metadata) = value["metadata"].as_object_mut() {
        clean(metadata);
    }
    let annotations = &mut value["metadata"]["annotations"];
    if annotations.is_null() {
        *annotations = json!({});
    }
    annotations[RENDERED] = annotation(plan, objects).into();
    Object {
        value: value.into(),
        ordinal: None,
    }
}

fn clean(metadata: &mut Map<String, Value>) {
    metadata.retain(|field, _| !OF_THE_CLUSTER.contains(&field.as_str()));
    if let Some(Value::Array(finalizers)) = metadata.get_mut("finalizers") {
        finalizers.retain(|finalizer| finalizer != FINALIZER);
        if finalizers.is_empty() {
            metadata.shift_remove("finalizers");
        }
    }
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.retain(|key, _| !FOREIGN.iter().any(|foreign| key.starts_with(foreign)));
    }
}

/// The numbers of node objects, by kind and name, as the annotation of rendered output has them.
#[must_use]
pub fn ordinals(rendered: &Node) -> BTreeMap<(String, String), u32> {
    let pointer = format!("/metadata/annotations/{}", pointer::escape(RENDERED));
    let annotation = rendered
        .find(&pointer)
        .and_then(|found| found.node.as_str());
    let annotation: Value = annotation
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let mut ordinals = BTreeMap::new();
    let mut counts = BTreeMap::<&str, u32>::new();
    for object in annotation["objects"].as_array().into_iter().flatten() {
        if let (None, Some(kind), Some(name)) = (
            object.get("namespace"),
            object["kind"].as_str(),
            object["name"].as_str(),
        ) {
            let count = counts.entry(kind).or_default();
            ordinals.insert((kind.to_owned(), name.to_owned()), *count);
            *count += 1;
        }
    }
    ordinals
}

/// What the annotation says, in the order in which it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered<'a> {
    /// The version of the compiler.
    pub version: Cow<'a, str>,
    /// The release, such as `0.12`.
    pub release: Cow<'a, str>,
    /// What creates the nodes.
    pub provisioner: Provisioner,
    /// The number of nodes that are wanted.
    pub nodes: u32,
    /// The objects: node objects by their numbers, then the others.
    pub objects: Vec<Named<'a>>,
    /// How many objects more there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<usize>,
}

/// An object that was made for a Workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named<'a> {
    /// The API group and version.
    pub api_version: Cow<'a, str>,
    /// The kind.
    pub kind: Cow<'a, str>,
    /// The namespace; none for a cluster-scoped object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Cow<'a, str>>,
    /// The name.
    pub name: Cow<'a, str>,
}

/// Node objects come first, by their numbers.
fn annotation(plan: &Plan, objects: &[Object]) -> String {
    let (nodes, others): (Vec<_>, Vec<_>) =
        objects.iter().partition(|object| object.ordinal.is_some());
    let mut others: Vec<_> = others.into_iter().map(Object::identity).collect();
    others.sort();
    let identities: Vec<_> = nodes
        .into_iter()
        .map(Object::identity)
        .chain(others)
        .collect();
    let annotation = Rendered {
        version: env!("CARGO_PKG_VERSION").into(),
        release: (&plan.release).into(),
        provisioner: plan.provisioner,
        nodes: plan.node_count,
        objects: identities.iter().take(NAMED).map(named).collect(),
        more: identities.len().checked_sub(NAMED).filter(|more| *more > 0),
    };
    // Texts, numbers and lists are always written.
    serde_json::to_string(&annotation).unwrap_or_default()
}

fn named<'a>(identity: &Identity<'a>) -> Named<'a> {
    let Identity {
        api_version,
        kind,
        namespace,
        name,
    } = *identity;
    Named {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: namespace.map(Cow::from),
        name: name.into(),
    }
}
