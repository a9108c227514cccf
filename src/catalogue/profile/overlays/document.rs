//! An overlay in a document of its own, `kind: Overlay`.

use std::cell::OnceCell;

use serde_json::{Value, json};

use super::Overlay;
use crate::base::node::Node;
use crate::base::nulls::drop_nulls;
use crate::base::sources::Span;
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::input::schema::{self, Checker};
use crate::vocab::annotations::is_of_host;
use crate::vocab::api;
use crate::vocab::kinds;

/// The schema of a document, as it is published.
const SCHEMA: &str = include_str!("../../../../schemas/overlay.json");

/// Whether a document is an overlay.
#[must_use]
pub fn is_overlay(node: &Node) -> bool {
    node.str_at("/kind") == Some(kinds::OVERLAY) && super::super::is_of_ours(node)
}

/// The schema of documents `kind: Overlay`: the fields of an overlay, with its name in `metadata` if
/// that is preferred.
#[must_use]
pub fn overlay_schema() -> Value {
    let mut schema = schema::read_as::<Overlay>();
    let name = schema["properties"]["name"].clone();
    let metadata = &mut schema["properties"]["metadata"];
    metadata["properties"]["name"] = name;
    metadata["properties"]["namespace"] = json!({
        "description": "Not used; kustomize writes it on every document.",
        "type": "string",
    });
    let own = json!({
        "apiVersion": {
            "description": format!("The version of overlays: always `{}`.", api::PROFILE),
            "type": "string",
            "const": api::PROFILE,
        },
        "kind": {
            "description": format!("The kind of the document: always `{}`.", kinds::OVERLAY),
            "type": "string",
            "const": kinds::OVERLAY,
        },
    });
    if let (Some(fields), Value::Object(mut all)) = (schema["properties"].as_object_mut(), own) {
        all.append(fields);
        *fields = all;
    }
    schema["title"] = kinds::OVERLAY.into();
    schema["required"] = json!(["apiVersion", "kind"]);
    schema
}

/// What reads overlays from documents of their own. The schema is read for the first of them.
#[derive(Debug, Default)]
pub struct OverlayReader {
    checker: OnceCell<Checker>,
}

impl OverlayReader {
    /// Reads an overlay from its document, with the place of its name; none if it breaks the schema.
    pub fn read(&self, node: &Node, diagnostics: &mut Diagnostics) -> Option<(Overlay, Span)> {
        let mut value = node.to_value();
        drop_nulls(&mut value);
        let checker = self
            .checker
            .get_or_init(|| Checker::new(schema::published(SCHEMA)));
        if !checker.check(node, &value, &rule::OVERLAY, diagnostics) {
            return None;
        }
        let place = take_name(node, &mut value)
            .map_err(|diagnostic| diagnostics.report(diagnostic))
            .ok()?;
        without_own(&mut value);
        match serde_json::from_value(value) {
            Ok(overlay) => Some((overlay, place)),
            Err(error) => {
                let message = error.to_string();
                diagnostics.report(Diagnostic::new(&rule::OVERLAY, node.span, message));
                None
            }
        }
    }
}

/// Puts the name of a document to where an overlay has it, and gives the place.
fn take_name(node: &Node, value: &mut Value) -> Result<Span, Diagnostic> {
    const OF_METADATA: &str = "/metadata/name";
    let metadata = value["metadata"].as_object_mut();
    let of_metadata = metadata.and_then(|metadata| metadata.shift_remove("name"));
    let place = |pointer| node.at(pointer).span;
    match (value.get("name").is_some(), of_metadata) {
        (true, None) => Ok(place("/name")),
        (false, Some(name)) => {
            value["name"] = name;
            Ok(place(OF_METADATA))
        }
        (true, Some(_)) => {
            let message = "an overlay with two names: `name` and `metadata.name`";
            let two = Diagnostic::new(&rule::OVERLAY, place(OF_METADATA), message);
            Err(two.hint("remove one of them"))
        }
        (false, None) => {
            let missing = Diagnostic::new(&rule::MISSING_FIELD, node.span, "`name` is missing");
            Err(missing.hint("add `name:` here"))
        }
    }
}

/// Removes what only says what the document is, and what kustomize and hosts of functions write on it.
fn without_own(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    fields.shift_remove("apiVersion");
    fields.shift_remove("kind");
    let Some(Value::Object(metadata)) = fields.get_mut("metadata") else {
        return;
    };
    metadata.shift_remove("namespace");
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.retain(|key, _| !is_of_host(key));
        if annotations.is_empty() {
            metadata.shift_remove("annotations");
        }
    }
    if metadata.is_empty() {
        fields.shift_remove("metadata");
    }
}
