//! JSON Schemas: made from our types, checked against documents, with every diagnostic at its place.

mod keeps;
mod repair;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::base::node::Node;
use crate::base::pointer;
use crate::base::quantity;
use crate::base::similar;
use crate::base::wording;
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::vocab::limits::DOCUMENT_ERRORS;

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
        let validator = match self.validator() {
            Ok(validator) => validator,
            Err(error) => {
                let message = format!("the schema of this document can't be used: {error}");
                let place = part.document.at(part.pointer).span;
                diagnostics.report(Diagnostic::new(rule, place, message));
                return false;
            }
        };
        let errors = validator.iter_errors(part.value);
        for error in errors.take(DOCUMENT_ERRORS) {
            self.report(&error, part, rule, diagnostics);
        }
        diagnostics.mark() == before
    }

    fn report(
        &self,
        error: &ValidationError,
        part: &Part,
        rule: &'static Rule,
        diagnostics: &mut Diagnostics,
    ) {
        let node = part.document;
        let pointer = &format!("{}{}", part.pointer, error.instance_path().as_str());
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = self.known_fields(error);
                diagnostics.extend(
                    unexpected
                        .iter()
                        .take(DOCUMENT_ERRORS)
                        .map(|name| unknown_field(node, pointer, name, &known)),
                );
            }
            ValidationErrorKind::Required { property } => {
                let property = property.as_str().unwrap_or_default();
                let path = wording::field(&format!("{pointer}/{property}"));
                let missing = Diagnostic::new(
                    &rule::MISSING_FIELD,
                    node.at(pointer).span,
                    format!("`{path}` is missing"),
                );
                diagnostics.report(missing.hint(format!("add `{property}:` here")));
            }
            kind => {
                let message = format!(
                    "`{}` {}",
                    wording::field(pointer),
                    complaint(kind, error.instance())
                );
                let diagnostic = Diagnostic::new(rule, node.at(pointer).span, message);
                let is_bare_text = matches!(kind, ValidationErrorKind::Type { kind: TypeKind::Single(name) } if name.to_string() == "string")
                    && !error.instance().is_object()
                    && !error.instance().is_array();
                diagnostics.report(if is_bare_text {
                    diagnostic.hint("quote it")
                } else if let Some(meant) = meant(kind, error.instance()) {
                    diagnostic.hint(format!("write `{meant}`"))
                } else {
                    diagnostic
                });
            }
        }
    }

    /// The fields that the schema lists beside the `additionalProperties` which refused one.
    fn known_fields(&self, error: &ValidationError) -> Vec<&str> {
        let parent = error
            .schema_path()
            .as_str()
            .rsplit_once('/')
            .map_or("", |(parent, _)| parent);
        let properties = self
            .schema
            .pointer(parent)
            .and_then(|schema| schema["properties"].as_object());
        properties
            .into_iter()
            .flat_map(|fields| fields.keys())
            .map(String::as_str)
            .collect()
    }
}

fn unknown_field(node: &Node, pointer: &str, name: &str, known: &[&str]) -> Diagnostic {
    let found = node.at(pointer);
    let place = found
        .node
        .entry(name)
        .map_or(found.span, |entry| entry.key_span);
    let path = wording::field(&format!("{pointer}/{}", pointer::escape(name)));
    let diagnostic = Diagnostic::new(
        &rule::UNKNOWN_FIELD,
        place,
        format!("unknown field `{path}`"),
    );
    match similar::nearest(name, known.iter().copied()) {
        Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
        None => diagnostic.hint(format!("the fields here are: {}", wording::and(known))),
    }
}

/// The one of the values that a schema allows which was meant.
fn meant<'a>(kind: &'a ValidationErrorKind, instance: &Value) -> Option<&'a str> {
    let allowed = match kind {
        ValidationErrorKind::Enum { options } => options.as_array()?.as_slice(),
        ValidationErrorKind::Constant { expected_value } => {
            std::slice::from_ref(expected_value.as_ref())
        }
        _ => return None,
    };
    similar::typo(instance.as_str()?, allowed.iter().filter_map(Value::as_str))
}

fn complaint(kind: &ValidationErrorKind, instance: &Value) -> String {
    match kind {
        ValidationErrorKind::Type { kind } => {
            format!(
                "must be {}, not {}",
                expected_types(kind),
                wording::type_name(instance)
            )
        }
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let options: Vec<_> = options
                .iter()
                .filter_map(Value::as_str)
                .map(|option| format!("`{option}`"))
                .collect();
            format!(
                "must be {}, not `{}`",
                wording::or(&options),
                wording::plain(instance)
            )
        }
        ValidationErrorKind::Minimum { limit } => {
            format!("must be at least {limit}, not {instance}")
        }
        ValidationErrorKind::Maximum { limit } => {
            format!("must be at most {limit}, not {instance}")
        }
        ValidationErrorKind::Pattern { pattern } => {
            format!(
                "must match `{pattern}`, which `{}` does not",
                wording::plain(instance)
            )
        }
        ValidationErrorKind::Constant { expected_value } => {
            format!(
                "must be `{}`, not `{}`",
                wording::plain(expected_value),
                wording::plain(instance)
            )
        }
        ValidationErrorKind::MinItems { limit } => {
            let count = instance.as_array().map_or(0, Vec::len);
            format!("must have at least {}, not {count}", items(*limit))
        }
        ValidationErrorKind::MaxItems { limit } => {
            let count = instance.as_array().map_or(0, Vec::len);
            format!("must have at most {}, not {count}", items(*limit))
        }
        // Of a mapping without fields, each of which is unknown.
        ValidationErrorKind::FalseSchema => "has no fields".to_owned(),
        ValidationErrorKind::Format { format } => {
            format!("must be a {format}, not `{}`", wording::plain(instance))
        }
        other => format!("violates `{}` of the schema", other.keyword()),
    }
}

fn items(limit: u64) -> String {
    wording::count(usize::try_from(limit).unwrap_or(usize::MAX), "item")
}

fn expected_types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(name) => wording::type_word(&name.to_string()).to_owned(),
        TypeKind::Multiple(names) => {
            let names: Vec<_> = names
                .iter()
                .map(|name| wording::type_word(&name.to_string()))
                .collect();
            wording::or(&names)
        }
    }
}
