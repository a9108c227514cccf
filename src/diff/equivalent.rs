//! Scalars that are written differently and mean the same to Kubernetes.

use crate::base::json::Json;
use crate::base::quantity;

/// Fields whose values are quantities.
const QUANTITIES: [&str; 3] = ["divisor", "sizeLimit", "storage"];

/// Mappings whose values are quantities.
const OF_QUANTITIES: [&str; 6] = [
    "allocatable",
    "capacity",
    "hard",
    "limits",
    "overhead",
    "requests",
];

/// Fields that take a number or a name, where a string of digits is the same as the number
/// (`IntOrString` of Kubernetes' API).
const INT_OR_STRING: [&str; 5] = [
    "maxSurge",
    "maxUnavailable",
    "minAvailable",
    "port",
    "targetPort",
];

/// Whether two scalars mean the same. `field` is the key they stand under, `parent` the key of the
/// mapping around them.
pub(super) fn same(parent: &str, field: &str, before: &Json, after: &Json) -> bool {
    if before == after {
        return true;
    }
    let texts = || Some((scalar(before)?, scalar(after)?));
    if QUANTITIES.contains(&field) || OF_QUANTITIES.contains(&parent) {
        return texts().is_some_and(|(before, after)| quantity::same(&before, &after));
    }
    if INT_OR_STRING.contains(&field) {
        return texts().is_some_and(|(before, after)| before == after);
    }
    matches!((before.as_f64(), after.as_f64()), (Some(before), Some(after)) if before.total_cmp(&after).is_eq())
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.to_string()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn same(parent: &str, field: &str, before: &Value, after: &Value) -> bool {
        super::same(parent, field, &before.clone().into(), &after.clone().into())
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        assert!(same("requests", "storage", &json!("1Ti"), &json!("1024Gi")));
        assert!(same("limits", "nvidia.com/gpu", &json!("2"), &json!(2)));
        assert!(same("limits", "cpu", &json!("500m"), &json!("0.5")));
        assert!(same("ports", "targetPort", &json!("80"), &json!(80)));
        assert!(same("spec", "replicas", &json!(1), &json!(1.0)));
        assert!(!same("spec", "replicas", &json!(1), &json!("1")));
        assert!(!same("requests", "storage", &json!("1Ti"), &json!("1T")));
        assert!(!same("env", "value", &json!("1024Gi"), &json!("1Ti")));
    }
}
