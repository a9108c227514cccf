//! Fields that the API server lets nobody change once the object exists.

use super::summary::{fields, touches};
use crate::base::json::Json;
use crate::base::object::Object;
use crate::diff::model::Change;
use crate::vocab::kinds::{self, Fixed};

/// Why the API server rejects the changes of an object, and what to do about it; none if it accepts
/// them.
pub(super) fn rejection(object: &Object, changes: &[Change]) -> Option<(String, &'static str)> {
    let kind = object.identity().kind;
    let fixed = kinds::find(kind).map_or(Fixed::Nothing, |kind| kind.fixed);
    let frozen: Vec<_> = changes
        .iter()
        .filter(|change| fixed.refuses(&change.pointer))
        .cloned()
        .collect();
    let is_sealed = object.value["immutable"] == Json::Bool(true) && touches(changes, "/data");
    let reason = match (frozen.is_empty(), is_sealed) {
        (false, _) => format!("immutable fields change: {}", fields(&frozen, "")),
        (true, true) => "the data of an object with `immutable: true` changes".to_owned(),
        (true, false) => return None,
    };
    Some((reason, remediation(kind, &frozen)))
}

fn remediation(kind: &str, frozen: &[Change]) -> &'static str {
    match kind {
        // With another selector the new StatefulSet would not adopt the pods.
        kinds::STATEFUL_SET if !touches(frozen, "/spec/selector") => {
            "run `kubectl delete statefulset NAME -n NAMESPACE --cascade=orphan`, then apply; the pods keep running meanwhile"
        }
        kinds::STATEFUL_SET => "run `kubectl delete statefulset NAME -n NAMESPACE`, then apply",
        kinds::JOB => {
            "rename the Workspace, or run `kubectl delete job NAME -n NAMESPACE`, then apply"
        }
        kinds::DEPLOYMENT => "run `kubectl delete deployment NAME -n NAMESPACE`, then apply",
        kinds::SERVICE => "run `kubectl delete service NAME -n NAMESPACE`, then apply",
        _ => "delete the object, then apply",
    }
}
