//! The annotations by which hosts of functions keep track of items.

use serde_json::{Map, Value};

use crate::vocab::annotations::{ITEM_PATHS, is_of_host};

/// What a host puts on the configuration of a function. Items that have these are dropped from the
/// output, or run as functions.
pub(super) const OF_CONFIGURATION: [&str; 2] = [
    "config.kubernetes.io/function",
    "config.kubernetes.io/local-config",
];

/// The path of an item's file; none where the host gives no paths.
pub(super) fn path(item: &Value) -> Option<&str> {
    let annotations = &item["metadata"]["annotations"];
    ITEM_PATHS.iter().find_map(|key| annotations[key].as_str())
}

/// Takes the annotations of the host away, and gives them.
pub(super) fn split(item: &mut Value) -> Map<String, Value> {
    let Some(Value::Object(annotations)) = item.pointer_mut("/metadata/annotations") else {
        return Map::new();
    };
    let (host, own) = std::mem::take(annotations)
        .into_iter()
        .partition(|(key, _)| is_of_host(key));
    *annotations = own;
    if annotations.is_empty()
        && let Some(Value::Object(metadata)) = item.get_mut("metadata")
    {
        metadata.shift_remove("annotations");
    }
    host
}

/// Puts annotations on an item.
pub(super) fn add(item: &mut Value, more: Map<String, Value>) {
    if more.is_empty() {
        return;
    }
    if let Some(Value::Object(metadata)) = item.get_mut("metadata") {
        let annotations = metadata
            .entry("annotations")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(annotations) = annotations {
            annotations.extend(more);
        }
    }
}
