//! What is told without the validator is what the validator tells.

use serde_json::{Map, Value, json};

use super::{Checker, keeps::keeps};

const SCHEMAS: [&str; 5] = [
    include_str!("../../../schemas/workspace-v1alpha1.json"),
    include_str!("../../../schemas/workspace-v1beta1.json"),
    include_str!("../../../schemas/inferenceset.json"),
    include_str!("../../../schemas/profile.json"),
    include_str!("../../../schemas/pod-template.json"),
];

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    /// A value of all kinds, which keeps few schemas.
    fn anything(&mut self) -> Value {
        let values = [
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(1.0),
            json!(0.5),
            json!(u64::MAX),
            json!("1Gi"),
            json!(""),
            json!(["a", 1]),
            json!({"a": {}}),
        ];
        values[self.below(values.len())].clone()
    }

    /// A value that is as a schema says, but for one in twenty of its parts.
    fn value(&mut self, schema: &Value, root: &Value, depth: usize) -> Value {
        if self.below(20) == 0 || depth == 0 {
            return self.anything();
        }
        if let Some(pointer) = schema["$ref"].as_str() {
            let schema = root.pointer(pointer.trim_start_matches('#')).unwrap();
            return self.value(schema, root, depth);
        }
        if let Some(choices) = schema["enum"].as_array() {
            return choices[self.below(choices.len())].clone();
        }
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema, root, depth),
            Some("array") => {
                let count = self.below(3);
                let items = (0..count).map(|_| self.value(&schema["items"], root, depth - 1));
                items.collect()
            }
            Some("string") => json!(["a", "2", "1Gi", "24h"][self.below(4)]),
            Some("integer" | "number") => json!(self.below(300)),
            Some("boolean") => json!(self.below(2) == 0),
            _ => self.anything(),
        }
    }

    fn object(&mut self, schema: &Value, root: &Value, depth: usize) -> Value {
        let required = schema["required"].as_array().into_iter().flatten();
        let required: Vec<_> = required.filter_map(Value::as_str).collect();
        let mut fields = Map::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if required.contains(&name.as_str()) || self.below(4) == 0 {
                fields.insert(name.clone(), self.value(field, root, depth - 1));
            }
        }
        if schema["additionalProperties"].is_object() || self.below(20) == 0 {
            let value = self.value(&schema["additionalProperties"], root, depth - 1);
            fields.insert("other".to_owned(), value);
        }
        Value::Object(fields)
    }
}

#[test]
fn what_is_told_without_the_validator_is_what_it_tells() {
    let mut random = Random(1);
    for text in SCHEMAS {
        let checker = Checker::new(serde_json::from_str(text).unwrap());
        let (schema, validator) = (checker.schema(), checker.validator().unwrap());
        let (mut valid, mut known) = (0, 0);
        for _ in 0..2_000 {
            let value = random.value(schema, schema, 8);
            let is_known = keeps(&value, schema, schema);
            let is_valid = validator.is_valid(&value);
            assert!(is_valid || !is_known, "{value}");
            valid += usize::from(is_valid);
            known += usize::from(is_known);
        }
        assert!(valid > 100 && valid < 1_900, "{valid} of 2,000 are valid");
        assert!(known * 2 > valid, "{known} of {valid} are known");
    }
}

#[test]
fn a_schema_that_says_more_is_left_to_the_validator() {
    for (schema, value) in [
        (json!({"pattern": "a"}), json!("a")),
        (json!({"type": "integer"}), json!(1.0)),
        (json!({"anyOf": [true]}), json!(1)),
        (json!({"format": "date"}), json!("2026-01-01")),
        (json!({"$ref": "#/$defs/a"}), json!(1)),
    ] {
        assert!(!keeps(&value, &schema, &schema), "{schema}");
    }
}
