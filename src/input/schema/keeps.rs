//! Whether a value keeps a schema, told without preparing the schema.
//!
//! To prepare a schema, and to hold it against the schema of schemas, takes longer than to compile
//! a Workspace. Nearly all values keep theirs, and our schemas say few things, so these are looked
//! at first. What breaks a schema, and what this does not know, the validator judges.

use serde_json::{Map, Number, Value};

use crate::base::quantity;

/// Whether a value is known to keep a schema. `root` holds what the schema refers to.
pub(super) fn keeps(value: &Value, schema: &Value, root: &Value) -> bool {
    match schema {
        Value::Bool(keeps) => *keeps,
        Value::Object(keywords) => keywords
            .iter()
            .all(|(keyword, argument)| holds(keyword, argument, value, keywords, root)),
        _ => false,
    }
}

/// Whether a value is known to keep one keyword of a schema (JSON Schema, draft 2020-12).
fn holds(
    keyword: &str,
    argument: &Value,
    value: &Value,
    keywords: &Map<String, Value>,
    root: &Value,
) -> bool {
    match keyword {
        "$schema" | "$defs" | "title" | "description" | "default" => true,
        // What only we know.
        own if own.starts_with("x-") => true,
        "$ref" => {
            let pointer = argument.as_str().and_then(|text| text.strip_prefix('#'));
            let referred = pointer.and_then(|pointer| root.pointer(pointer));
            referred.is_some_and(|schema| keeps(value, schema, root))
        }
        "type" => match argument {
            Value::Array(names) => names.iter().any(|name| is_of(value, name)),
            name => is_of(value, name),
        },
        "enum" => argument.as_array().is_some_and(|all| all.contains(value)),
        "const" => argument == value,
        "minimum" => compares(value, argument, |value, least| value >= least),
        "maximum" => compares(value, argument, |value, most| value <= most),
        "format" => is_formatted(value, argument),
        "items" => {
            let mut items = value.as_array().into_iter().flatten();
            items.all(|item| keeps(item, argument, root))
        }
        "required" => value.as_object().is_none_or(|fields| {
            let mut names = argument.as_array().into_iter().flatten();
            names.all(|name| name.as_str().is_some_and(|name| fields.contains_key(name)))
        }),
        "properties" => value.as_object().is_none_or(|fields| {
            let field = |name| argument.get(name);
            fields
                .iter()
                .all(|(name, value)| field(name).is_none_or(|schema| keeps(value, schema, root)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|fields| {
            let known = keywords.get("properties").and_then(Value::as_object);
            let is_known = |name| known.is_some_and(|known| known.contains_key(name));
            fields
                .iter()
                .all(|(name, value)| is_known(name) || keeps(value, argument, root))
        }),
        "if" => {
            // Only a condition about which fields there are is surely met or not.
            let is_known = argument
                .as_object()
                .is_some_and(|condition| condition.keys().eq(["required"]));
            let is_met = keeps(value, argument, root);
            let branch = keywords.get(if is_met { "then" } else { "else" });
            is_known && branch.is_none_or(|schema| keeps(value, schema, root))
        }
        "then" | "else" => keywords.contains_key("if"),
        _ => false,
    }
}

fn is_of(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("number") => value.is_number(),
        // A fraction of zero is an integer, too.
        Some("integer") => integer(value).is_some(),
        _ => false,
    }
}

fn compares(value: &Value, limit: &Value, compare: impl Fn(i128, i128) -> bool) -> bool {
    if !value.is_number() {
        return true;
    }
    let numbers = integer(value).zip(integer(limit));
    numbers.is_some_and(|(value, limit)| compare(value, limit))
}

fn integer(value: &Value) -> Option<i128> {
    let number: &Number = value.as_number()?;
    let signed = number.as_i64().map(i128::from);
    signed.or_else(|| number.as_u64().map(i128::from))
}

fn is_formatted(value: &Value, format: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return true;
    };
    // Those of numbers say nothing about a string.
    let is_of_numbers =
        |format: &str| ["int32", "int64", "uint", "uint32", "uint64", "double"].contains(&format);
    match format.as_str() {
        Some("quantity") => quantity::canonical(text).is_some(),
        Some(format) => is_of_numbers(format),
        None => false,
    }
}
