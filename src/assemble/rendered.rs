//! The Workspace as part of the output, with the annotation that says what was made of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::base::node::Node;
use crate::base::object::{Identity, Object};
use crate::base::pointer;
use crate::plan::Plan;
use crate::vocab::Rendered;
use crate::vocab::annotations::RENDERED;
use crate::vocab::{RenderedObject, UsedProfile};

/// The most objects that the annotation names; more are counted.
const NAMED: usize = 64;

/// What a cluster fills in, or what concerns one cluster only.
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
/// and with the identities of its objects. For a host it also says which `profile` was used.
#[must_use]
pub fn workspace(
    mut value: Value,
    plan: &Plan,
    objects: &[Object],
    profile: Option<UsedProfile>,
) -> Object {
    if let Some(fields) = value.as_object_mut() {
        // The status of one cluster must not be applied to another one.
        fields.shift_remove("status");
    }
    if let Some(metadata) = value["metadata"].as_object_mut() {
        clean(metadata);
    }
    let annotations = &mut value["metadata"]["annotations"];
    if annotations.is_null() {
        *annotations = json!({});
    }
    annotations[RENDERED] = annotation(plan, objects, profile).into();
    Object::new(value.into())
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
    let pointer = pointer::to_annotation(RENDERED);
    let annotation = rendered
        .find(&pointer)
        .and_then(|found| found.node.as_str());
    let objects = annotation
        .and_then(Rendered::parse)
        .map(|rendered| rendered.objects)
        .unwrap_or_default();
    let mut ordinals = BTreeMap::new();
    let mut counts = BTreeMap::<String, u32>::new();
    for object in objects {
        // Node objects are the cluster-scoped ones.
        if object.namespace.is_none() {
            let kind = object.kind.into_owned();
            let count = counts.entry(kind.clone()).or_default();
            ordinals.insert((kind, object.name.into_owned()), *count);
            *count += 1;
        }
    }
    ordinals
}

/// Node objects come first, by their numbers.
fn annotation(plan: &Plan, objects: &[Object], profile: Option<UsedProfile>) -> String {
    let (nodes, others): (Vec<_>, Vec<_>) =
        objects.iter().partition(|object| object.ordinal.is_some());
    let mut others: Vec<_> = others.into_iter().map(Object::identity).collect();
    others.sort();
    let identities: Vec<_> = nodes
        .into_iter()
        .map(Object::identity)
        .chain(others)
        .collect();
    let rendered = Rendered {
        version: env!("CARGO_PKG_VERSION").into(),
        release: (&plan.release).into(),
        provisioner: plan.provisioner,
        nodes: plan.node_count,
        profile,
        objects: identities.iter().take(NAMED).map(named).collect(),
        more: identities.len().checked_sub(NAMED).filter(|more| *more > 0),
    };
    rendered.to_json()
}

fn named<'a>(identity: &Identity<'a>) -> RenderedObject<'a> {
    let Identity {
        api_version,
        kind,
        namespace,
        name,
    } = *identity;
    RenderedObject {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: namespace.map(Cow::from),
        name: name.into(),
    }
}
