//! Making a value keep its schema, so that what is right in it can be read.

use std::borrow::Cow;

use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};

use super::Checker;
use crate::base::{pointer, similar};

/// The fields of a document that could not be read, as JSON Pointers.
///
/// ```
/// use kaito_render::input::schema::Unread;
///
/// let unread = Unread::from_iter(["/resource/count".to_owned()]);
/// assert!(unread.covers("/resource/count") && !unread.covers("/resource"));
/// assert!(unread.touches("/resource") && !unread.touches("/resource/instanceType"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Unread {
    pointers: Vec<String>,
}

impl Unread {
    /// Whether every field could be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pointers.is_empty()
    }

    /// Whether a field, or what holds it, could not be read.
    #[must_use]
    pub fn covers(&self, pointer: &str) -> bool {
        self.pointers.iter().any(|unread| holds(unread, pointer))
    }

    /// Whether a field, what holds it, or something in it could not be read.
    #[must_use]
    pub fn touches(&self, pointer: &str) -> bool {
        self.covers(pointer) || self.pointers.iter().any(|unread| holds(pointer, unread))
    }
}

impl FromIterator<String> for Unread {
    fn from_iter<T: IntoIterator<Item = String>>(pointers: T) -> Self {
        Self {
            pointers: pointers.into_iter().collect(),
        }
    }
}

impl Extend<String> for Unread {
    fn extend<T: IntoIterator<Item = String>>(&mut self, pointers: T) {
        self.pointers.extend(pointers);
    }
}

/// Whether a pointer leads to what another one leads to, or to something in that.
fn holds(outer: &str, inner: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How often a value is repaired at most. One round suffices for every schema of ours; what a
/// repair puts in may break a schema that says more than types.
const ROUNDS: usize = 3;

impl Checker {
    /// The places of everything in a value that breaks the schema; of a missing field that where
    /// it belongs. Unknown fields are not among them: they keep nothing from being read.
    pub fn violations<'a>(&'a self, value: &'a Value) -> impl Iterator<Item = String> + 'a {
        let validator = self.validator().into_iter();
        let errors = validator.flat_map(move |validator| validator.iter_errors(value));
        errors.filter_map(|error| {
            let pointer = error.instance_path().as_str();
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { .. } => None,
                ValidationErrorKind::Required { property } => {
                    let name = pointer::escape(property.as_str().unwrap_or_default()).into_owned();
                    Some(format!("{pointer}/{name}"))
                }
                _ => Some(pointer.to_owned()),
            }
        })
    }

    /// Makes a value keep the schema, so that what is right in it can be read: removes unknown
    /// fields and what breaks the schema, and puts the least value that the schema allows where
    /// one is required.
    ///
    /// The schema must be one without references.
    pub fn repair(&self, value: &mut Value) -> Unread {
        remove_unknown(value, &self.schema);
        let mut unread = Unread::default();
        for _ in 0..ROUNDS {
            let violations: Vec<_> = self.violations(value).collect();
            if violations.is_empty() {
                break;
            }
            for pointer in &violations {
                let steps: Vec<_> = pointer::steps(pointer).collect();
                replace(value, &self.schema, &steps);
            }
            unread.extend(violations);
        }
        unread
    }
}

/// Removes what stands at the end of a path; a required field and an item of a list become the
/// least value that their schema allows.
fn replace(value: &mut Value, schema: &Value, path: &[Cow<str>]) {
    let [step, rest @ ..] = path else {
        *value = least(schema);
        return;
    };
    match value {
        Value::Object(fields) => {
            let name: &str = step;
            let known = &schema["properties"][name];
            let field = if known.is_null() {
                &schema["additionalProperties"]
            } else {
                known
            };
            match fields.get_mut(name) {
                Some(value) if !rest.is_empty() => replace(value, field, rest),
                _ if is_required(schema, name) => {
                    fields.insert(name.to_owned(), least(field));
                }
                _ => {
                    fields.shift_remove(name);
                }
            }
        }
        Value::Array(items) => {
            let item = step
                .parse()
                .ok()
                .and_then(|index: usize| items.get_mut(index));
            if let Some(item) = item {
                replace(item, &schema["items"], rest);
            }
        }
        _ => {}
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema["required"].as_array().map(Vec::as_slice);
    required
        .unwrap_or_default()
        .iter()
        .any(|field| field == name)
}

/// The least value of a schema: the constant, the first choice, the empty string, list or mapping,
/// the smallest number.
fn least(schema: &Value) -> Value {
    if let Some(value) = schema.get("const").or_else(|| schema.get("enum")?.get(0)) {
        return value.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().map(Vec::as_slice);
            let names = required
                .unwrap_or_default()
                .iter()
                .filter_map(Value::as_str);
            names
                .map(|name| (name.to_owned(), least(&schema["properties"][name])))
                .collect()
        }
        Some("array") => Value::Array(Vec::new()),
        Some("string") => "".into(),
        Some("boolean") => false.into(),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.into()),
        _ => Value::Null,
    }
}

/// Removes the fields that a schema without references does not list, so that the rest can be read.
/// One that was probably misspelt takes the place of the field that was meant, so that this is not
/// said to be missing as well.
pub fn remove_unknown(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(known) = schema["properties"].as_object()
                && schema["additionalProperties"] == false
            {
                let (kept, unknown): (Map<_, _>, Map<_, _>) = std::mem::take(fields)
                    .into_iter()
                    .partition(|(name, _)| known.contains_key(name));
                *fields = kept;
                for (name, field) in unknown {
                    if let Some(meant) = similar::nearest(&name, known.keys().map(String::as_str)) {
                        fields.entry(meant).or_insert(field);
                    }
                }
            }
            for (name, field) in fields {
                remove_unknown(field, &schema["properties"][name.as_str()]);
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| remove_unknown(item, &schema["items"])),
        _ => {}
    }
}
