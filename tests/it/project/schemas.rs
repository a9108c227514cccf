//! The published schemas are what the types say.

use std::fs;
use std::path::Path;

use kaito_render::catalogue::preset::{
    HubModel, ImportRules, InstanceTypes, Model, ReleaseFile, ServerFlags, TuningConfigFile,
    WorkspaceApi,
};
use kaito_render::catalogue::profile::Profile;
use kaito_render::diff::json::Document;
use kaito_render::input::schema;
use kaito_render::{plan, workspace};
use serde_json::Value;

use crate::support::tools::{succeed, tool};

/// With `KAITO_RENDER_BLESS` set, the files are written instead of compared.
#[test]
fn published_schemas_are_up_to_date() {
    let schemas = [
        ("diff", schema::written_as::<Document>()),
        ("instance-types", schema::read_as::<InstanceTypes>()),
        ("model", schema::read_as::<Model>()),
        ("plan", plan::schema()),
        ("profile", schema::read_as::<Profile>()),
        ("tuning-config", schema::read_as::<TuningConfigFile>()),
        ("release", schema::read_as::<ReleaseFile>()),
        ("hub-model", schema::read_as::<HubModel>()),
        ("inferenceset", schema::read_as::<workspace::InferenceSet>()),
        ("server-flags", schema::read_as::<ServerFlags>()),
        ("import", schema::read_as::<ImportRules>()),
        (
            "workspace-v1alpha1",
            workspace::spec_schema(workspace::V1ALPHA1, WorkspaceApi::V1alpha1),
        ),
        (
            "workspace-v1beta1",
            workspace::spec_schema(workspace::V1BETA1, WorkspaceApi::V1beta1),
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

/// The schema of pods is made of Kubernetes' own Go types.
#[test]
fn the_schema_of_pod_templates_is_that_of_go() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/pod-template-schema");
    let made = succeed(
        tool("go")
            .args(["run", "."])
            .env("GOFLAGS", "-mod=readonly")
            .current_dir(folder),
    )
    .stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/pod-template.json");
    if std::env::var_os("KAITO_RENDER_BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let same = fs::read(&path).unwrap() == made;
    assert!(
        same,
        "{}: run the tests with KAITO_RENDER_BLESS=1",
        path.display()
    );
}
