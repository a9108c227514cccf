//! JSON that YAML readers read alike.

use serde::Serialize;

use super::escape;

/// Writes one value over several lines, with a line break at the end.
///
/// Tools give JSON to YAML readers too, and these refuse characters that JSON allows bare, such as
/// U+007F: they are escaped.
#[must_use]
pub fn document(value: &impl Serialize) -> String {
    // Texts, numbers, lists and mappings are always written.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut out = String::with_capacity(text.len() + 1);
    for char in text.chars() {
        if char == '\n' {
            out.push(char);
        } else {
            escape::push(&mut out, char);
        }
    }
    out.push('\n');
    out
}

/// Writes one value on a line.
#[must_use]
pub fn line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    let mut out = String::with_capacity(text.len() + 1);
    text.chars().for_each(|char| escape::push(&mut out, char));
    out.push('\n');
    out
}

/// What is before, between and behind the items of a `List`, the form in which `kubectl` prints and
/// accepts many objects.
pub(super) const LIST: [&str; 3] = [
    "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n    ",
    ",\n    ",
    "\n  ]\n}\n",
];

/// A `List` without items.
pub(super) const EMPTY_LIST: &str =
    "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": []\n}\n";

/// Writes one item of a `List`.
pub(super) fn item(value: &impl Serialize) -> String {
    document(value).trim_end().replace('\n', "\n    ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::document;
    use crate::base::json::Json;
    use crate::emit::Format;

    #[test]
    fn characters_that_yaml_refuses_are_escaped() {
        let value = json!({"a\u{7f}": "\u{1}\u{85}\u{2028}\u{feff}\u{ffff}é😀\n\t"});
        let text = "{\n  \"a\\u007f\": \"\\u0001\\u0085\\u2028\\ufeff\\uffffé😀\\n\\t\"\n}\n";
        assert_eq!(document(&value), text);
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), value);
    }

    #[test]
    fn objects_on_lines_have_nothing_between() {
        let objects = [json!({"a": "x\ny\u{7f}"}), json!({"b": [{}, []]})];
        let objects: Vec<_> = objects.into_iter().map(Json::from).collect();
        let text = "{\"a\":\"x\\ny\\u007f\"}\n{\"b\":[{},[]]}\n";
        assert_eq!(Format::JsonLines.stream(&objects), text);
        assert_eq!(Format::JsonLines.stream([]), "");
    }

    #[test]
    fn many_objects_are_a_list() {
        let text = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n    {\n      \"a\": 1\n    }\n  ]\n}\n";
        let list = |objects: &[Json]| Format::Json.stream(objects);
        assert_eq!(list(&[json!({"a": 1}).into()]), text);
        let objects = [json!({"a": "x\ny"}), json!({"b": [{}, []]})];
        for count in 0..=2 {
            let list = list(
                &objects[..count]
                    .iter()
                    .cloned()
                    .map(Json::from)
                    .collect::<Vec<_>>(),
            );
            let value = json!({"apiVersion": "v1", "kind": "List", "items": objects[..count]});
            assert_eq!(list, document(&value));
        }
    }
}
