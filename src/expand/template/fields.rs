//! Which fields there are: the schema of the variables, followed along dotted paths.

use serde_json::Value;

use crate::base::similar;
use crate::base::wording;

/// What is known of one variable; none if its fields are not known.
pub(super) type Known<'a> = Option<&'a Value>;

/// Why a path leads nowhere.
pub(super) struct Unknown<'a> {
    /// The part of the path that exists.
    pub(super) known: String,
    /// The step behind it, which does not.
    pub(super) step: String,
    /// The steps there are.
    pub(super) fields: Vec<&'a str>,
}

impl Unknown<'_> {
    /// What to write instead.
    pub(super) fn hint(&self) -> String {
        match similar::nearest(&self.step, self.fields.iter().copied()) {
            Some(near) => format!("did you mean `{}.{near}`?", self.known),
            None if self.fields.is_empty() => format!("`{}` has no fields", self.known),
            None => format!(
                "the fields of `{}` are {}",
                self.known,
                wording::and(&self.fields)
            ),
        }
    }
}

/// Follows the steps behind a variable. Where the schema says nothing, everything is allowed.
pub(super) fn follow<'a>(
    name: &str,
    schema: &'a Value,
    steps: &[&str],
) -> Result<Known<'a>, Unknown<'a>> {
    let mut schema = schema;
    let mut known = name.to_owned();
    for step in steps {
        let properties = schema["properties"].as_object();
        match (
            properties.and_then(|fields| fields.get(*step)),
            schema.get("additionalProperties"),
        ) {
            (Some(field), _) => schema = field,
            (None, Some(any @ Value::Object(_))) => schema = any,
            (None, None | Some(Value::Bool(true)))
                if properties.is_none() && !is_scalar(schema) =>
            {
                return Ok(None);
            }
            (None, _) => {
                let fields = properties
                    .into_iter()
                    .flat_map(|fields| fields.keys())
                    .map(String::as_str)
                    .collect();
                return Err(Unknown {
                    known,
                    step: (*step).to_owned(),
                    fields,
                });
            }
        }
        known = format!("{known}.{step}");
    }
    Ok(Some(schema))
}

fn is_scalar(schema: &Value) -> bool {
    matches!(
        schema["type"].as_str(),
        Some("string" | "integer" | "number" | "boolean")
    )
}
