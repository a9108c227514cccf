//! The published schemas are what the types say.

use std::fs;
use std::path::Path;

use kaito_render::catalogue::preset::{
    HubModel, ImportRules, InstanceTypes, Model, ReleaseFile, ServerFlags, TuningConfigFile,
};
use kaito_render::catalogue::profile::{Profile, overlay_schema};
use kaito_render::diff::formats::json_patch::Document;
use kaito_render::input::schema;
use kaito_render::vocab::WorkspaceApi;
use kaito_render::vocab::api;
use kaito_render::{plan, workspace};
use serde_json::Value;

use crate::support::program::stdout;

/// With `KAITO_RENDER_BLESS` set, the files are written instead of compared.
#[test]
fn published_schemas_are_up_to_date() {
    let schemas = [
        ("diff", schema::written_as::<Document>()),
        ("instance-types", schema::read_as::<InstanceTypes>()),
        ("model", schema::read_as::<Model>()),
        ("plan", plan::schema()),
        ("overlay", overlay_schema()),
        ("profile", schema::read_as::<Profile>()),
        ("tuning-config", schema::read_as::<TuningConfigFile>()),
        ("release", schema::read_as::<ReleaseFile>()),
        ("hub-model", schema::read_as::<HubModel>()),
        ("inferenceset", schema::read_as::<workspace::InferenceSet>()),
        ("server-flags", schema::read_as::<ServerFlags>()),
        ("import", schema::read_as::<ImportRules>()),
        (
            "workspace-v1alpha1",
            workspace::spec_schema(api::V1ALPHA1, WorkspaceApi::V1alpha1),
        ),
        (
            "workspace-v1beta1",
            workspace::spec_schema(api::V1BETA1, WorkspaceApi::V1beta1),
        ),
    ];
    for (name, schema) in schemas {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.json"));
        if std::env::var_os("KAITO_RENDER_BLESS").is_some() {
            fs::write(
                &path,
                format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()),
            )
            .unwrap();
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let published: Value = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(
            published,
            schema,
            "{}: run the tests with KAITO_RENDER_BLESS=1",
            path.display()
        );
    }
}

#[test]
fn every_field_of_what_people_write_is_described() {
    for kind in ["workspace", "inferenceset", "profile", "overlay"] {
        let schema: Value = serde_json::from_str(&stdout(&["schema", "--kind", kind], "")).unwrap();
        let mut bare = Vec::new();
        undescribed(&schema, kind, &mut bare);
        assert_eq!(
            bare,
            ["workspace/apiVersion"][..usize::from(kind == "workspace")],
            "{kind}"
        );
    }
}

/// Collects the fields below a schema that say nothing of themselves. Conditions are no fields.
fn undescribed(schema: &Value, path: &str, bare: &mut Vec<String>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}/{name}");
        if field["description"].as_str().is_none_or(str::is_empty) {
            bare.push(path.clone());
        }
        undescribed(field, &path, bare);
    }
    for inner in ["then", "else", "items", "additionalProperties"] {
        if schema[inner].is_object() {
            undescribed(&schema[inner], path, bare);
        }
    }
}
