//! Which items of two lists are the same.

use serde_json::Value;

/// The fields by which the items of a list are told apart, by the name of the list: the merge keys
/// of Kubernetes' API (`x-kubernetes-patch-merge-key`, `x-kubernetes-list-map-keys`), and keys of
/// our own where it has none.
const KEYS: [(&str, &[&str]); 20] = [
    ("adapters", &["source/name"]),
    ("conditions", &["type"]),
    ("containers", &["name"]),
    ("env", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("hostAliases", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("items", &["key"]),
    ("matchExpressions", &["key", "operator"]),
    ("ports", &["containerPort", "protocol"]),
    ("ports", &["port", "protocol"]),
    (
        "preferredDuringSchedulingIgnoredDuringExecution",
        &["weight"],
    ),
    ("requirements", &["key", "operator"]),
    ("secrets", &["name"]),
    ("taints", &["key", "effect"]),
    (
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
    ("volumeClaimTemplates", &["metadata/name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];

/// What tells each item of two lists apart from the others of its list; none if nothing does.
pub(super) fn keys(
    list: &str,
    before: &[Value],
    after: &[Value],
) -> Option<(Vec<String>, Vec<String>)> {
    let both = |key: &dyn Fn(&Value) -> Option<String>| {
        let keys = |items: &[Value]| {
            items
                .iter()
                .map(key)
                .collect::<Option<Vec<_>>>()
                .filter(|keys| are_distinct(keys))
        };
        Some((keys(before)?, keys(after)?))
    };
    if ["args", "command"].contains(&list) {
        return both(&flag);
    }
    let fields = KEYS
        .iter()
        .filter(|(name, _)| *name == list)
        .map(|(_, fields)| *fields);
    fields
        .into_iter()
        .find_map(|fields| both(&|item| key(item, fields)))
}

fn are_distinct(keys: &[String]) -> bool {
    let mut sorted: Vec<_> = keys.iter().collect();
    sorted.sort();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

/// The values of an item's key fields. A protocol that is left out is TCP.
fn key(item: &Value, fields: &[&str]) -> Option<String> {
    let parts = fields
        .iter()
        .map(|field| match item.pointer(&format!("/{field}")) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            None if *field == "protocol" => Some("TCP".to_owned()),
            _ => None,
        });
    let [first, others @ ..] = &parts.collect::<Option<Vec<_>>>()?[..] else {
        return None;
    };
    // The second field is shown only where it says something.
    let others = others
        .iter()
        .filter(|part| !["TCP", "In"].contains(&part.as_str()));
    Some(others.fold(first.clone(), |key, part| format!("{key}/{part}")))
}

/// The name of a flag that stands as an item of its own.
fn flag(item: &Value) -> Option<String> {
    let text = item.as_str().filter(|text| text.starts_with("--"))?;
    Some(
        text.split_once('=')
            .map_or(text, |(name, _)| name)
            .to_owned(),
    )
}
