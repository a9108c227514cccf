//! Scalars as parts of longer strings.

use std::borrow::Cow;

use minijinja::Value as Variable;
use minijinja::value::Serde;

use crate::base::json::Json;

/// A scalar as YAML would write it bare; none for a value that is no scalar.
pub(super) fn plain(value: &Json) -> Option<Cow<'_, str>> {
    match value {
        Json::String(text) => Some(Cow::Borrowed(text)),
        Json::Bool(value) => Some(Cow::Owned(value.to_string())),
        Json::Number(number) if number.is_f64() => {
            // As the engine writes a fraction.
            Some(Cow::Owned(Variable::from(Serde(number)).to_string()))
        }
        Json::Number(number) => Some(Cow::Owned(number.to_string())),
        Json::Null | Json::List(_) | Json::Map(_) => None,
    }
}

/// What messages call a value.
pub(super) fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "none",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::List(_) => "sequence",
        Json::Map(_) => "map",
    }
}
