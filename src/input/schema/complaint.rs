//! What of a value breaks its schema, in words.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::Checker;
use crate::base::{pointer, similar, wording};
use crate::vocab::limits::DOCUMENT_ERRORS;

/// Something in a value that breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The value, as a JSON Pointer; for a field that is unknown or missing the mapping.
    pub pointer: String,
    /// What is wrong there.
    pub mistake: Mistake,
    /// What is wrong, with the field.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A kind of mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A field that the schema does not list.
    Unknown(String),
    /// A field that the schema requires is not there.
    Missing,
    /// The value is not one that the schema allows.
    Value,
}

impl Checker {
    /// What of a value breaks the schema. `named` makes of a JSON Pointer into the value the one
    /// that is shown.
    ///
    /// # Errors
    ///
    /// Why the schema can't be used.
    pub fn complaints(
        &self,
        value: &Value,
        named: &dyn Fn(&str) -> String,
    ) -> Result<Vec<Complaint>, &String> {
        let errors = self.validator()?.iter_errors(value).take(DOCUMENT_ERRORS);
        Ok(errors
            .flat_map(|error| self.all_of(&error, named))
            .collect())
    }

    /// What there is to say of one error: of unknown fields, each.
    fn all_of(&self, error: &ValidationError, named: &dyn Fn(&str) -> String) -> Vec<Complaint> {
        let pointer = error.instance_path().as_str();
        let field = |pointer: &str| wording::field(&named(pointer));
        let complaint = |mistake, message, hint| Complaint {
            pointer: pointer.to_owned(),
            mistake,
            message,
            hint,
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = self.known_fields(error);
                let unexpected = unexpected.iter().take(DOCUMENT_ERRORS);
                let unknown = unexpected.map(|name| {
                    let path = field(&format!("{pointer}/{}", pointer::escape(name)));
                    let hint = match similar::nearest(name, known.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the fields here are: {}", wording::and(&known)),
                    };
                    let message = format!("unknown field `{path}`");
                    complaint(Mistake::Unknown(name.clone()), message, Some(hint))
                });
                unknown.collect()
            }
            ValidationErrorKind::Required { property } => {
                let property = property.as_str().unwrap_or_default();
                let path = field(&format!("{pointer}/{property}"));
                let hint = format!("add `{property}:` here");
                let message = format!("`{path}` is missing");
                vec![complaint(Mistake::Missing, message, Some(hint))]
            }
            kind => {
                let instance = error.instance();
                let message = format!("`{}` {}", field(pointer), what_is_wrong(kind, instance));
                vec![complaint(Mistake::Value, message, hint(kind, instance))]
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
            .schema()
            .pointer(parent)
            .and_then(|schema| schema["properties"].as_object());
        properties
            .into_iter()
            .flat_map(|fields| fields.keys())
            .map(String::as_str)
            .collect()
    }
}

fn hint(kind: &ValidationErrorKind, instance: &Value) -> Option<String> {
    let wanted = match kind {
        ValidationErrorKind::Type {
            kind: TypeKind::Single(name),
        } => name.to_string(),
        _ => String::new(),
    };
    let text = instance.as_str();
    if wanted == "string" && !instance.is_object() && !instance.is_array() {
        return Some("quote it".to_owned());
    }
    if wanted == "integer" && text.is_some_and(|text| text.parse::<i64>().is_ok()) {
        return Some("remove the quotes".to_owned());
    }
    meant(kind, instance).map(|meant| format!("write `{meant}`"))
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

fn what_is_wrong(kind: &ValidationErrorKind, instance: &Value) -> String {
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
