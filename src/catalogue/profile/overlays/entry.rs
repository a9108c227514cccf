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

/// Which kind of entry one is follows from a field, so that only the fields of that kind are known.
impl JsonSchema for OverlayEntry {
    fn schema_name() -> Cow<'static, str> {
        "OverlayEntry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "if": {"required": ["file"]},
            "then": generator.subschema_for::<OverlayFile>(),
            "else": generator.subschema_for::<Overlay>(),
        })
    }
}
