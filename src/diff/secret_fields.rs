//! Which fields hold secrets by their place, whatever their value looks like.

use crate::base::json::{Json, Map};
use crate::vocab::kinds;
use crate::workspace::is_secret_variable;

/// In this annotation `kubectl apply` keeps a copy of the whole object, of a Secret too.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Whether a secret stands under a key of a mapping.
///
/// The mapping need not be the object itself: Secrets and containers stand inside other objects,
/// and in YAML that ConfigMaps hold.
pub(super) fn is_secret(map: &Map, key: &str) -> bool {
    let text = |key: &str| map.get(key).and_then(Json::as_str);
    match key {
        "data" | "stringData" => text("kind") == Some(kinds::SECRET),
        "value" => text("name")
            .zip(text("value"))
            .is_some_and(|(name, value)| is_secret_variable(name, value)),
        _ => key == LAST_APPLIED,
    }
}
