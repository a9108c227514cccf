//! An entry of `overlays` in a profile: an overlay, or where one is written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::Overlay;

/// An entry of `overlays` in a profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OverlayEntry {
    /// An overlay in a file of its own.
    File(OverlayFile),
    /// What a kustomization says of objects.
    Kustomization(OverlayKustomization),
    /// An overlay that is written in the profile.
    Overlay(Box<Overlay>),
}

/// An overlay in a file of its own: a document `kind: Overlay`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverlayFile {
    /// The file, by its path from the profile's directory.
    pub file: String,
}

/// A kustomization or Component of kustomize, as far as it changes objects.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverlayKustomization {
    /// Its directory, by the path from the profile's.
    pub kustomization: String,
    /// What the overlay is called; by default as the directory is.
    #[schemars(regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub name: Option<String>,
}

/// Which kind of entry one is follows from a field, so that only the fields of that kind are known.
impl JsonSchema for OverlayEntry {
    fn schema_name() -> Cow<'static, str> {
        "OverlayEntry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "if": {"required": ["file"]},
            "then": generator.subschema_for::<OverlayFile>(),
            "else": {
                "if": {"required": ["kustomization"]},
                "then": generator.subschema_for::<OverlayKustomization>(),
                "else": generator.subschema_for::<Overlay>(),
            },
        })
    }
}
