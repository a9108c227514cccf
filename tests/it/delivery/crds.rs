//! The CRDs that this project writes accept and default what KAITO's own do.

use std::collections::BTreeSet;
use std::fs;

use kaito_render::vocab::WorkspaceApi;
use kaito_render::vocab::api::{V1ALPHA1, V1BETA1};
use kaito_render::workspace;
use serde_json::{Map, Value};

use crate::support::program::root;

/// One of our CRDs, such as `0.3/workspaces`.
fn crd(name: &str) -> Value {
    let text = fs::read_to_string(root().join(format!("schemas/crds/{name}.yaml"))).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

/// The schema of a version of a CRD.
fn schema<'a>(crd: &'a Value, version: &str) -> &'a Value {
    let versions = crd["spec"]["versions"].as_array().unwrap();
    &versions
        .iter()
        .find(|found| found["name"] == version)
        .unwrap()["schema"]["openAPIV3Schema"]
}

/// Takes the descriptions out of a schema: what is left is what it accepts.
fn strip(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    fields.remove("description");
    for (name, value) in fields {
        match name.as_str() {
            "properties" => value.as_object_mut().unwrap().values_mut().for_each(strip),
            "items" | "additionalProperties" => strip(value),
            _ => {}
        }
    }
}

/// A fixture is the `spec` of KAITO's CRD (0.3.2, 0.12.0) without descriptions; an enumeration that
/// it gives twice for one field stands there once.
#[test]
fn the_crds_accept_what_kaitos_do() {
    let fixtures = [
        (
            "0.3",
            "workspaces",
            include_str!("../../fixtures/crds/kaito-0.3-workspaces.json"),
        ),
        (
            "0.12",
            "workspaces",
            include_str!("../../fixtures/crds/kaito-0.12-workspaces.json"),
        ),
        (
            "0.12",
            "inferencesets",
            include_str!("../../fixtures/crds/kaito-0.12-inferencesets.json"),
        ),
    ];
    for (release, plural, theirs) in fixtures {
        let mut ours = crd(&format!("{release}/{plural}"));
        for version in ours["spec"]["versions"].as_array_mut().unwrap() {
            strip(&mut version["schema"]["openAPIV3Schema"]);
        }
        let theirs: Value = serde_json::from_str(theirs).unwrap();
        assert_eq!(ours["spec"], theirs, "{release}/{plural}");
        assert_eq!(ours["metadata"]["name"], format!("{plural}.kaito.sh"));
    }
}

/// Adds all fields below a schema, each with its type and a star if it is required.
fn collect(path: &str, schema: &Value, fields: &mut BTreeSet<String>) {
    let required = |name: &String| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.contains(&name.as_str().into()))
    };
    for (name, field) in schema["properties"].as_object().unwrap_or(&Map::new()) {
        let path = format!("{path}.{name}");
        fields.insert(format!(
            "{path}{}: {}",
            if required(name) { "*" } else { "" },
            type_of(field)
        ));
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

/// The type of a field; an enumeration has that of its values, and what is not looked into has
/// none.
fn type_of(field: &Value) -> &str {
    field["type"]
        .as_str()
        .or_else(|| field["oneOf"][0]["type"].as_str())
        .unwrap_or("anything")
}

#[test]
fn a_crd_and_the_schema_of_the_same_version_have_the_same_fields() {
    for (release, version, api) in [
        ("0.3", V1ALPHA1, WorkspaceApi::V1alpha1),
        ("0.12", V1ALPHA1, WorkspaceApi::V1beta1),
        ("0.12", V1BETA1, WorkspaceApi::V1beta1),
    ] {
        let published = workspace::spec_schema(version, api);
        let crd = crd(&format!("{release}/workspaces"));
        let crd = schema(&crd, version.rsplit('/').next().unwrap());
        for part in ["resource", "inference", "tuning"] {
            let [mut ours, mut theirs] = [BTreeSet::new(), BTreeSet::new()];
            collect(part, &crd["properties"][part], &mut ours);
            collect(part, &published["properties"][part], &mut theirs);
            assert!(ours.len() > 4, "{ours:?}");
            assert_eq!(ours, theirs, "{release}, {version}");
        }
    }
}
