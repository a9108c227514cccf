//! Scalars as parts of longer strings.

use std::borrow::Cow;

use minijinja::Value as Variable;
use minijinja::value::ValueKind;

/// A scalar as YAML would write it bare; none for a value that is no scalar.
pub(super) fn plain(value: &Variable) -> Option<Cow<'_, str>> {
    match value.kind() {
        ValueKind::String => value.as_str().map(Cow::Borrowed),
        ValueKind::Bool => Some(Cow::Owned(value.is_true().to_string())),
        ValueKind::Number => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}
