//! The grammar of messages: lists of names, field paths.

use std::fmt::Display;

use serde_json::Value;

use crate::base::pointer;
use crate::base::quantity::GIB;

/// `a`, `a or b`, `a, b or c`.
#[must_use]
pub fn or<T: Display>(items: &[T]) -> String {
    join(items, "or")
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn and<T: Display>(items: &[T]) -> String {
    join(items, "and")
}

fn join<T: Display>(items: &[T], word: &str) -> String {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        let before = match index {
            0 => String::new(),
            _ if index + 1 == items.len() => format!(" {word} "),
            _ => ", ".to_owned(),
        };
        text += &format!("{before}{item}");
    }
    text
}

/// Bytes as GiB, with so many decimals: `27.3 GiB`.
#[must_use]
pub fn gibibytes(bytes: f64, decimals: usize) -> String {
    format!("{:.decimals$} GiB", bytes / f64::from(GIB))
}

/// A noun with its article: `a Workspace`, `an InferenceSet`.
#[must_use]
pub fn a(noun: &str) -> String {
    let is_vowel = |first: char| "aeiouAEIOU".contains(first);
    let article = if noun.starts_with(is_vowel) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// `1 node`, `2 nodes`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// A JSON Pointer as people write a field: `/inference/adapters/0/source` is
/// `inference.adapters[0].source`.
#[must_use]
pub fn field(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer::steps(pointer) {
        if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
            path += &format!("[{step}]");
        } else {
            let dot = if path.is_empty() { "" } else { "." };
            path += &format!("{dot}{step}");
        }
    }
    if path.is_empty() {
        "the document".to_owned()
    } else {
        path
    }
}

/// A scalar without quotes.
#[must_use]
pub fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What a value is, with its article.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    type_word(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    })
}

/// A JSON Schema type in YAML's words, with its article.
#[must_use]
pub fn type_word(name: &str) -> &'static str {
    match name {
        "array" => "a list",
        "boolean" => "a boolean",
        "integer" => "an integer",
        "null" => "null",
        "number" => "a number",
        "object" => "a mapping",
        _ => "a string",
    }
}

#[cfg(test)]
mod tests {
    use super::{and, field, or};

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(or::<&str>(&[]), "");
        assert_eq!(or(&["a"]), "a");
        assert_eq!(or(&["a", "b"]), "a or b");
        assert_eq!(and(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn pointers_read_as_fields() {
        assert_eq!(field(""), "the document");
        assert_eq!(
            field("/inference/adapters/0/source"),
            "inference.adapters[0].source"
        );
        assert_eq!(field("/metadata/labels/a~1b"), "metadata.labels.a/b");
    }
}
