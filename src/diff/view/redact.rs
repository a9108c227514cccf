//! Hides secrets in everything that is shown of a comparison.

use std::ops::Range;

use crate::base::json::{Entry, Json, Map};
use crate::base::sources::Mask;
use crate::diff::model::Change;
use crate::diff::secret_fields;
use crate::workspace::secrets_in;

/// What is shown for a value that is a secret as a whole.
pub(super) const HIDDEN: &str = "(hidden)";

/// What is shown for a secret within a string.
const STARS: &str = "***";

/// Hides secrets: by their place, by their form, and where they repeat what was found in the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Redactor<'a> {
    pub(super) mask: &'a Mask,
}

impl Redactor<'_> {
    /// A string without the secrets in it.
    pub(super) fn text(self, text: &str) -> String {
        let mut shown = text.to_owned();
        self.mask.apply(&mut shown);
        let base = shown.as_ptr().addr();
        let mut parts: Vec<_> = secrets_in(&shown)
            .map(|part| {
                let start = part.as_ptr().addr() - base;
                start..start + part.len()
            })
            .collect();
        parts.sort_by_key(|part| part.start);
        let mut merged = Vec::<Range<usize>>::new();
        for part in parts {
            match merged.last_mut() {
                Some(last) if part.start < last.end => last.end = last.end.max(part.end),
                _ => merged.push(part),
            }
        }
        // From the end, so that the offsets of the others hold.
        for part in merged.into_iter().rev() {
            shown.replace_range(part, STARS);
        }
        shown
    }

    /// A value without the secrets in it.
    pub(super) fn value(self, value: &Json) -> Json {
        match value {
            Json::String(text) => Json::from(self.text(text)),
            Json::List(items) => Json::List(items.iter().map(|item| self.value(item)).collect()),
            Json::Map(map) => Json::Map(Map::new(
                map.iter().map(|entry| self.entry(map, entry)).collect(),
            )),
            _ => value.clone(),
        }
    }

    fn entry(self, map: &Map, (key, value): &Entry) -> Entry {
        let value = if secret_fields::is_secret(map, key) {
            hidden(value)
        } else {
            self.value(value)
        };
        (self.text(key).into(), value)
    }

    /// A change without the secrets in it. Both of its values may be equal then.
    pub(super) fn change(self, change: &Change) -> Change {
        let value = |value: &Option<Json>| {
            value.as_ref().map(|value| {
                if change.is_secret {
                    hidden(value)
                } else {
                    self.value(value)
                }
            })
        };
        let inside = change.inside.iter().filter(|_| !change.is_secret);
        Change {
            pointer: self.text(&change.pointer),
            field: self.text(&change.field),
            before: value(&change.before),
            after: value(&change.after),
            inside: inside.map(|inside| self.change(inside)).collect(),
            is_secret: change.is_secret,
        }
    }
}

/// What is shown of a value that is a secret: of a mapping, which keys it has.
fn hidden(value: &Json) -> Json {
    match value {
        Json::Map(map) => Json::Map(Map::new(
            map.iter()
                .map(|(key, _)| (key.clone(), HIDDEN.into()))
                .collect(),
        )),
        _ => HIDDEN.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Redactor;
    use crate::base::json::Json;
    use crate::base::sources::{Sources, Span};

    fn redacted(value: &Value) -> Value {
        let mask = Sources::default().mask();
        Value::from(&Redactor { mask: &mask }.value(&Json::from(value.clone())))
    }

    #[test]
    fn secrets_are_hidden_by_their_place() {
        for (value, shown) in [
            (
                json!({"kind": "Secret", "data": {"a": "eA=="}, "stringData": ["x"], "type": "Opaque"}),
                json!({"kind": "Secret", "data": {"a": "(hidden)"}, "stringData": "(hidden)", "type": "Opaque"}),
            ),
            (
                json!({"kind": "ConfigMap", "data": {"a": "x"}}),
                json!({"kind": "ConfigMap", "data": {"a": "x"}}),
            ),
            (
                json!({"env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "A", "value": "b"}]}),
                json!({"env": [{"name": "DB_PASSWORD", "value": "(hidden)"}, {"name": "A", "value": "b"}]}),
            ),
            (
                json!({"kubectl.kubernetes.io/last-applied-configuration": "{}"}),
                json!({"kubectl.kubernetes.io/last-applied-configuration": "(hidden)"}),
            ),
        ] {
            assert_eq!(redacted(&value), shown);
        }
    }

    #[test]
    fn secrets_are_hidden_by_their_form() {
        let key = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----";
        for (text, shown) in [
            (
                "http://u:pass@a http://v:word@b".to_owned(),
                "http://u:***@a http://v:***@b",
            ),
            (format!("a\n{key}\nb"), "a\n***\nb"),
            (format!("{{\"k\": {key:?}}}"), "{\"k\": \"***\"}"),
            (format!("x hf_{} y", "aB3".repeat(12)), "x *** y"),
            (
                "- name: DB_PASSWORD\n  value: hunter2\n".to_owned(),
                "- name: DB_PASSWORD\n  value: ***\n",
            ),
        ] {
            assert_eq!(redacted(&json!(text)), shown);
            assert_eq!(redacted(&json!([{ text: 1 }])), json!([{ shown: 1 }]));
        }
    }

    #[test]
    fn secrets_of_the_input_are_hidden_wherever_they_stand() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "hunter2");
        let (start, end) = (0, 7);
        sources.hide(Span { file, start, end }, "hunter2");
        let mask = sources.mask();
        assert_eq!(
            Redactor { mask: &mask }.text("--password=hunter2"),
            "--password=***"
        );
    }
}
