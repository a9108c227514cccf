//! JSON Schemas: made from our types, checked against documents, with every diagnostic at its place.

mod complaint;
mod keeps;
mod repair;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use jsonschema::Validator;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::base::node::Node;
use crate::base::quantity;
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};

pub use complaint::{Complaint, Mistake};
pub use repair::{Unread, remove_unknown};

/// The draft of JSON Schema that all of ours are written in.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema (draft 2020-12) of what is read as `T`, without references.
///
/// Absent and null are the same to Kubernetes' API, so optional fields do not list null.
#[must_use]
pub fn read_as<T: JsonSchema>() -> Value {
    generate::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The JSON Schema (draft 2020-12) of what `T` is written as, without references.
#[must_use]
pub fn written_as<T: JsonSchema>() -> Value {
    generate::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// A schema out of one of the files under `schemas/`: to read it takes a third of the time in which
/// it is made of its type.
#[must_use]
pub fn published(text: &str) -> Value {
    // The tests show that it is JSON; null is a schema that can't be used.
    serde_json::from_str(text).unwrap_or_default()
}

fn generate<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    let settings = settings.with_transform(RecursiveTransform(optional_fields_are_not_null));
    let settings = settings.with_transform(RecursiveTransform(choices_are_enums));
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// A choice of documented strings as a plain `enum`, which a diagnostic can list.
fn choices_are_enums(schema: &mut Schema) {
    let choices = schema
        .get("oneOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let texts: Option<Vec<_>> = choices
        .iter()
        .map(|choice| choice.get("const").cloned())
        .collect();
    if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
        schema.remove("oneOf");
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), Value::Array(texts));
    }
}

fn optional_fields_are_not_null(schema: &mut Schema) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for property in properties.values_mut() {
        remove_null(property);
    }
}

fn remove_null(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice["type"] != "null");
    if choices.len() == 1
        && let Some(Value::Object(only)) = choices.pop()
        && let Some(schema) = schema.as_object_mut()
    {
        schema.shift_remove("anyOf");
        schema.extend(only);
    }
}

/// A part of a document that is held against a schema of its own.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The whole document, for places.
    pub document: &'a Node,
    /// Where in it the part stands, as a JSON Pointer.
    pub pointer: &'a str,
    /// The part, without its places.
    pub value: &'a Value,
}

/// A schema that documents are held against.
#[derive(Debug)]
pub struct Checker {
    schema: Value,
    /// The schema as it is prepared to say what is wrong, once something is; or why it can't be
    /// used, which the tests show of no schema of ours.
    validator: OnceLock<Result<Validator, String>>,
}

impl Checker {
    /// The schema of a type.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        Self::new(read_as::<T>())
    }

    /// A schema that is there already. Beside the formats of the standard, it may use `quantity`,
    /// for those of Kubernetes.
    #[must_use]
    pub fn new(schema: Value) -> Self {
        Self {
            schema,
            validator: OnceLock::new(),
        }
    }

    fn validator(&self) -> Result<&Validator, &String> {
        let prepare = || {
            let options = jsonschema::options()
                .offline()
                .should_validate_formats(true);
            let options =
                options.with_format("quantity", |text: &str| quantity::canonical(text).is_some());
            let validator = options.build(&self.schema);
            validator.map_err(|error| error.to_string())
        };
        self.validator.get_or_init(prepare).as_ref()
    }

    /// Whether a value is known to keep a part of the schema; if it is not, it may still do so.
    #[must_use]
    pub fn keeps(&self, value: &Value, part: &Value) -> bool {
        keeps::keeps(value, part, &self.schema)
    }

    /// The JSON Schema that documents are checked against.
    #[must_use]
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Reports everything in `value`, which is `node` without its places, that breaks the schema.
    ///
    /// Returns whether all is well.
    pub fn check(
        &self,
        node: &Node,
        value: &Value,
        rule: &'static Rule,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        self.check_part(
            &Part {
                document: node,
                pointer: "",
                value,
            },
            rule,
            diagnostics,
        )
    }

    /// As [`Self::check`], for a part of a document.
    pub fn check_part(
        &self,
        part: &Part,
        rule: &'static Rule,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        if keeps::keeps(part.value, &self.schema, &self.schema) {
            return true;
        }
        let before = diagnostics.mark();
        let named = |pointer: &str| format!("{}{pointer}", part.pointer);
        let complaints = match self.complaints(part.value, &named) {
            Ok(complaints) => complaints,
            Err(error) => {
                let message = format!("the schema of this document can't be used: {error}");
                let place = part.document.at(part.pointer).span;
                diagnostics.report(Diagnostic::new(rule, place, message));
                return false;
            }
        };
        for complaint in complaints {
            diagnostics.report(placed(complaint, part, rule));
        }
        diagnostics.mark() == before
    }
}

/// What of a part of a document breaks its schema, at its place.
fn placed(complaint: Complaint, part: &Part, rule: &'static Rule) -> Diagnostic {
    let found = part
        .document
        .at(&format!("{}{}", part.pointer, complaint.pointer));
    let (rule, place) = match &complaint.mistake {
        Mistake::Unknown(name) => {
            let entry = found.node.entry(name);
            let place = entry.map_or(found.span, |entry| entry.key_span);
            (&rule::UNKNOWN_FIELD, place)
        }
        Mistake::Missing => (&rule::MISSING_FIELD, found.span),
        Mistake::Value => (rule, found.span),
    };
    Diagnostic {
        hint: complaint.hint,
        ..Diagnostic::new(rule, place, complaint.message)
    }
}
