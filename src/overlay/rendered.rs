//! The Workspace as part of the output, with the annotation that says what was made of it.

use serde_json::{Map, Value, json};

use crate::object::{Identity, Object};
use crate::plan::Plan;
use crate::workspace::{RENDERED, Workspace};

/// The most objects that the annotation names; more are counted.
const NAMED: usize = 64;

/// The Workspace without its status, annotated with what was decided and with the identities of its objects.
#[must_use]
pub fn workspace(workspace: &Workspace, plan: &Plan, objects: &[Object]) -> Object {
    let mut value = workspace.value.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove("status");
    }
    let annotations = &mut value["metadata"]["annotations"];
    if annotations.is_null() {
        *annotations = json!({});
    }
    annotations[RENDERED] = annotation(plan, objects).to_string().into();
    Object { value, ordinal: None }
}

fn annotation(plan: &Plan, objects: &[Object]) -> Value {
    let mut identities: Vec<_> = objects.iter().map(Object::identity).collect();
    identities.sort();
    let named: Vec<_> = identities.iter().take(NAMED).map(identity).collect();
    let mut annotation = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "release": plan.release,
        "provisioner": plan.provisioner,
        "nodes": plan.node_count,
        "objects": named,
    });
    if identities.len() > NAMED {
        annotation["more"] = (identities.len() - NAMED).into();
    }
    annotation
}

fn identity(identity: &Identity) -> Value {
    let mut fields = Map::new();
    fields.insert("apiVersion".to_owned(), identity.api_version.into());
    fields.insert("kind".to_owned(), identity.kind.into());
    if let Some(namespace) = identity.namespace {
        fields.insert("namespace".to_owned(), namespace.into());
    }
    fields.insert("name".to_owned(), identity.name.into());
    Value::Object(fields)
}
