//! The CRDs that this project writes accept, default and show what KAITO's own do.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Map, Value};

use crate::program::root;

fn workspaces() -> Value {
    let text = fs::read_to_string(root().join("schemas/crds/0.3/workspaces.yaml")).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

/// The schema of a CRD's only version.
fn schema(crd: &mut Value) -> &mut Value {
    crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema").unwrap()
}

/// Takes the descriptions out of a schema: what is left is what it accepts.
fn strip(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    fields.remove("description");
    for (name, value) in fields {
        match name.as_str() {
            "properties" => value.as_object_mut().unwrap().values_mut().for_each(strip),
            "items" | "additionalProperties" => strip(value),
            _ => {}
        }
    }
}

/// The fixture is the `spec` of KAITO 0.3.2's CRD without descriptions.
#[test]
fn the_workspace_crd_of_release_0_3_accepts_what_kaitos_does() {
    let mut ours = workspaces();
    strip(schema(&mut ours));
    let theirs: Value = serde_json::from_str(include_str!("../fixtures/crds/kaito-0.3-workspaces.json")).unwrap();
    assert_eq!(ours["spec"], theirs);
    assert_eq!(ours["metadata"]["name"], "workspaces.kaito.sh");
}

/// Adds all fields below a schema, each with its type and a star if it is required.
fn collect(path: &str, schema: &Value, fields: &mut BTreeSet<String>) {
    let required =
        |name: &String| schema["required"].as_array().is_some_and(|names| names.contains(&name.as_str().into()));
    for (name, field) in schema["properties"].as_object().unwrap_or(&Map::new()) {
        let path = format!("{path}.{name}");
        fields.insert(format!("{path}{}: {}", if required(name) { "*" } else { "" }, type_of(field)));
        collect(&path, field, fields);
    }
    for (name, suffix) in [("items", "[]"), ("additionalProperties", "{}")] {
        if let Some(inner) = schema.get(name).filter(|inner| inner.is_object()) {
            let path = format!("{path}{suffix}");
            fields.insert(format!("{path}: {}", type_of(inner)));
            collect(&path, inner, fields);
        }
    }
}

/// The type of a field; an enumeration has that of its values, and what is not looked into has none.
fn type_of(field: &Value) -> &str {
    field["type"].as_str().or_else(|| field["oneOf"][0]["type"].as_str()).unwrap_or("anything")
}

#[test]
fn the_crd_and_the_published_schema_have_the_same_fields() {
    let published: Value = serde_json::from_str(include_str!("../../schemas/workspace-v1alpha1.json")).unwrap();
    let mut crd = workspaces();
    let crd = schema(&mut crd);
    for part in ["resource", "inference", "tuning"] {
        let [mut ours, mut theirs] = [BTreeSet::new(), BTreeSet::new()];
        collect(part, &crd["properties"][part], &mut ours);
        collect(part, &published["properties"][part], &mut theirs);
        assert!(ours.len() > 4, "{ours:?}");
        assert_eq!(ours, theirs);
    }
}
