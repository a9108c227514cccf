//! Pods of one's own, read as Kubernetes' API reads them.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::base::node::Node;
use crate::base::quantity;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::rule;
use crate::input::schema::{self, Checker, Part};

/// The types of Kubernetes 1.30, against which KAITO 0.3 is built. `tools/kubernetes-schemas`
/// makes this file.
const SCHEMA: &str = include_str!("../../schemas/pod-template.json");

const POINTER: &str = "/inference/template";

/// Reads pod templates. Its large schema is prepared for the first of them.
#[derive(Debug, Default)]
pub(super) struct PodTemplates {
    checker: OnceLock<Checker>,
}

impl PodTemplates {
    /// The template of a Workspace in the form in which Go writes what it has read: quantities are
    /// canonical, and values that mean nothing are gone.
    ///
    /// # Errors
    ///
    /// The places of what Go could not read, which is reported.
    pub(super) fn read(
        &self,
        workspace: &Node,
        template: &Value,
        diagnostics: &mut Diagnostics,
    ) -> Result<Value, Vec<String>> {
        let prepare = || Checker::new(schema::published(SCHEMA));
        let checker = self.checker.get_or_init(prepare);
        let part = Part {
            document: workspace,
            pointer: POINTER,
            value: template,
        };
        if checker.check_part(&part, &rule::FIELD, diagnostics) {
            return Ok(encoded(template, checker.schema(), checker.schema()));
        }
        let violations = checker.violations(template);
        Err(violations
            .map(|pointer| POINTER.to_owned() + &pointer)
            .collect())
    }
}

/// A value as Go's types, which `schema` describes, encode it. `root` holds what the schema refers
/// to.
fn encoded(value: &Value, schema: &Value, root: &Value) -> Value {
    let schema = resolved(schema, root);
    match value {
        Value::Object(fields) => Value::Object(encoded_fields(fields, schema, root)),
        Value::Array(items) => items
            .iter()
            .map(|item| encoded(item, &schema["items"], root))
            .collect(),
        scalar if schema["format"] == "quantity" => {
            let text = scalar
                .as_str()
                .map_or_else(|| scalar.to_string(), str::to_owned);
            quantity::canonical(&text).map_or_else(|| scalar.clone(), Value::String)
        }
        scalar => scalar.clone(),
    }
}

fn encoded_fields(fields: &Map<String, Value>, schema: &Value, root: &Value) -> Map<String, Value> {
    let properties = schema["properties"].as_object();
    let mut kept = Map::new();
    for (name, value) in fields {
        let property = properties
            .and_then(|known| known.get(name))
            .unwrap_or(&schema["additionalProperties"]);
        let value = encoded(value, property, root);
        if property["x-omit-zero"] != true || !is_zero(&value) {
            kept.insert(name.clone(), value);
        }
    }
    let defaults = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| Some((name, schema.get("default")?)));
    for (name, default) in defaults {
        kept.entry(name.clone()).or_insert_with(|| default.clone());
    }
    kept
}

fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let reference = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'));
    reference
        .and_then(|pointer| root.pointer(pointer))
        .unwrap_or(schema)
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::PodTemplates;
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostics;
    use crate::input;

    /// The template as it is read, or the messages and the texts they point at.
    fn read(template: &Value) -> Result<Value, Vec<String>> {
        let text =
            serde_json::to_string_pretty(&json!({"inference": {"template": template}})).unwrap();
        let mut sources = Sources::default();
        let file = sources.add("w.json", text);
        let node = input::parse(&sources, file, &mut Diagnostics::default()).remove(0);
        let mut diagnostics = Diagnostics::default();
        let read = PodTemplates::default().read(&node, template, &mut diagnostics);
        read.map_err(|_| {
            diagnostics
                .into_iter()
                .map(|found| found.message + "; " + &found.hint.unwrap_or_default())
                .collect()
        })
    }

    #[test]
    fn a_template_comes_out_as_go_writes_it() {
        let container = json!({
            "name": "c", "tty": false, "command": [], "env": [{"name": "A", "value": ""}],
            "resources": {"limits": {"cpu": 0.5, "memory": "1.5Gi", "nvidia.com/gpu": 1}},
            "livenessProbe": {"httpGet": {"port": 80, "path": ""}, "periodSeconds": 0},
            "securityContext": {"privileged": false, "runAsUser": 0},
        });
        let spec = json!({"hostNetwork": false, "automountServiceAccountToken": false, "containers": [container]});
        let expected = json!({
            "name": "c", "env": [{"name": "A"}],
            "resources": {"limits": {"cpu": "500m", "memory": "1536Mi", "nvidia.com/gpu": "1"}},
            "livenessProbe": {"httpGet": {"port": 80}},
            "securityContext": {"privileged": false, "runAsUser": 0},
        });
        let read = read(&json!({"spec": spec})).unwrap();
        assert_eq!(
            read,
            json!({"spec": {"automountServiceAccountToken": false, "containers": [expected]}})
        );
    }

    #[test]
    fn what_go_can_not_read_is_reported() {
        let of = |container: Value| json!({"spec": {"containers": [container]}});
        for (template, complaint) in [
            (
                of(json!({"name": 5})),
                "`inference.template.spec.containers[0].name` must be a string, not an integer",
            ),
            (
                of(json!({"nam": "c", "name": "c"})),
                "unknown field `inference.template.spec.containers[0].nam`; did you mean `name`?",
            ),
            (
                of(json!({})),
                "`inference.template.spec.containers[0].name` is missing; add `name:` here",
            ),
            (
                of(json!({"name": "c", "resources": {"limits": {"cpu": "lots"}}})),
                "`inference.template.spec.containers[0].resources.limits.cpu` must be a quantity, not `lots`",
            ),
            (
                json!({"Spec": {}}),
                "unknown field `inference.template.Spec`; did you mean `spec`?",
            ),
            (
                json!({"spec": {"containers": "x"}}),
                "`inference.template.spec.containers` must be a list, not a string",
            ),
        ] {
            let found = read(&template).unwrap_err();
            assert!(
                found.len() == 1 && found[0].starts_with(complaint),
                "{template}: {found:?}"
            );
        }
    }
}
