//! Kubernetes' schemas of the objects that overlays change: fields, types, choices and quantities.

use std::sync::OnceLock;

use serde_json::Value;

use crate::base::json::Json;
use crate::base::pointer;
use crate::input::schema::{self, Checker, Complaint};

/// The kinds that we make, as Kubernetes 1.37 and the CRDs of provisioners, of
/// prometheus-operator and of the Gateway API have them. `tools/kubernetes-schemas` makes this file.
const SCHEMA: &str = include_str!("../../schemas/objects.json");

/// The schemas of objects, which are read for the first one that an overlay changed.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    checker: OnceLock<Checker>,
}

impl Schemas {
    fn checker(&self) -> &Checker {
        let prepare = || Checker::new(schema::published(SCHEMA));
        self.checker.get_or_init(prepare)
    }

    /// Whether what differs in `after` from `before` is known to keep the schema of its kind. Of a
    /// kind that has none, nothing is said.
    pub(super) fn keep(&self, before: &Json, after: &Json) -> bool {
        if before.is_shared_with(after) {
            return true;
        }
        let checker = self.checker();
        let schema = &checker.schema()["properties"][key(after)];
        schema.is_null() || keeps(checker, Some(before), after, schema)
    }

    /// What of an object breaks the schema of its kind.
    pub(super) fn complaints(&self, object: &Json) -> Vec<Complaint> {
        let key = key(object);
        let within = format!("/{}", pointer::escape(&key));
        let value = object.without_nulls().unwrap_or(Json::Null);
        let value = Value::Object([(key, Value::from(&value))].into_iter().collect());
        let named = |pointer: &str| pointer.strip_prefix(&*within).unwrap_or(pointer).to_owned();
        // The tests show that the schema can be used.
        let mut complaints = self
            .checker()
            .complaints(&value, &named)
            .unwrap_or_default();
        for complaint in &mut complaints {
            complaint.pointer = named(&complaint.pointer);
        }
        complaints
    }
}

/// Under which the schemas have the kind of an object, such as `apps/v1/StatefulSet`.
fn key(object: &Json) -> String {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    format!("{}/{}", text("apiVersion"), text("kind"))
}

/// Whether what differs in `after` from `before` is known to keep a schema.
fn keeps(checker: &Checker, before: Option<&Json>, after: &Json, schema: &Value) -> bool {
    if before.is_some_and(|before| before.is_shared_with(after)) {
        return true;
    }
    let schema = resolved(schema, checker.schema());
    match (before, after) {
        (Some(Json::Map(_)), Json::Map(entries)) => {
            let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
            let mut required = required.iter().filter_map(Value::as_str);
            let others = &schema["additionalProperties"];
            let had = |name: &str| before.is_some_and(|before| before.get(name).is_some());
            required.all(|name| after.get(name).is_some() || !had(name))
                && entries.iter().all(|(name, value)| {
                    let old = before.and_then(|before| before.get(name));
                    // To compare values costs less than to look up their schemas.
                    if old == Some(value) {
                        return true;
                    }
                    let known = schema["properties"].get(&**name);
                    let field = known.or_else(|| others.is_object().then_some(others));
                    match field {
                        Some(field) => keeps(checker, old, value, field),
                        None => others.is_null(),
                    }
                })
        }
        (Some(Json::List(old)), Json::List(new)) => new.iter().all(|item| {
            old.contains(item) || {
                let name = item.get("name");
                let mut old = old.iter();
                let same = old.find(|old| name.is_some() && old.get("name") == name);
                keeps(checker, same, item, &schema["items"])
            }
        }),
        _ => {
            before == Some(after)
                || after
                    .without_nulls()
                    .is_none_or(|after| checker.keeps(&Value::from(&after), schema))
        }
    }
}

/// A schema, or the one that it refers to.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let reference = schema["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
    let referred = reference.and_then(|pointer| root.pointer(pointer));
    referred.unwrap_or(schema)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Schemas;
    use crate::base::json::Json;

    fn claim(spec: &serde_json::Value) -> Json {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a"}, "spec": spec})
            .into()
    }

    #[test]
    fn what_keeps_a_schema_is_told_in_the_same_way_with_and_without_the_validator() {
        let schemas = Schemas::default();
        let good = claim(&json!({"accessModes": ["ReadWriteOnce"]}));
        for (spec, message) in [
            (
                json!({"accessModes": ["ReadWriteOnce"], "volumeMode": "Block"}),
                None,
            ),
            (
                json!({"resources": {"requests": {"storage": 1}}, "volumeName": null}),
                None,
            ),
            (json!({"resources": {"requests": {"storage": "1Gi"}}}), None),
            (
                json!({"resources": {"requests": {"storage": "lots"}}}),
                Some("`spec.resources.requests.storage` must be a quantity, not `lots`"),
            ),
            (
                json!({"accessModes": ["ReadWriteTwice"]}),
                Some("`spec.accessModes[0]` must be"),
            ),
            (
                json!({"volumeName": 5}),
                Some("`spec.volumeName` must be a string, not an integer"),
            ),
            (
                json!({"volumeNam": "a"}),
                Some("unknown field `spec.volumeNam`"),
            ),
            (
                json!({"dataSource": {"kind": "a"}}),
                Some("`spec.dataSource.name` is missing"),
            ),
            (json!(["a"]), Some("`spec` must be a mapping, not a list")),
        ] {
            let after = claim(&spec);
            assert_eq!(schemas.keep(&good, &after), message.is_none(), "{after:?}");
            let complaints = schemas.complaints(&after);
            let found = complaints.first().map(|it| it.message.as_str());
            match (found, message) {
                (Some(found), Some(message)) => assert!(found.starts_with(message), "{found}"),
                (found, message) => assert_eq!(found, message),
            }
            assert!(schemas.keep(&after, &after));
        }
        let other = |kind: &str| Json::from(json!({"kind": kind, "spec": {}}));
        assert!(schemas.keep(
            &other("AKSNodeClass"),
            &other("AKSNodeClass").with("spec", Json::Null)
        ));
    }
}
