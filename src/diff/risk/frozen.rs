//! Fields that the API server lets nobody change once the object exists.

use super::summary::{fields, is_at, touches};
use crate::base::json::Json;
use crate::base::object::Object;
use crate::diff::model::Change;

/// The only fields of `spec` that can change, by kind (Kubernetes 1.34, pkg/apis/apps/validation and
/// pkg/apis/batch/validation; Karpenter's CRDs).
const MUTABLE: [(&str, &[&str]); 3] = [
    (
        "StatefulSet",
        &[
            "minReadySeconds",
            "ordinals",
            "persistentVolumeClaimRetentionPolicy",
            "replicas",
            "revisionHistoryLimit",
            "template",
            "updateStrategy",
        ],
    ),
    (
        "Job",
        &[
            "activeDeadlineSeconds",
            "backoffLimit",
            "maxFailedIndexes",
            "parallelism",
            "suspend",
            "ttlSecondsAfterFinished",
        ],
    ),
    ("NodeClaim", &[]),
];

/// Immutable fields of other kinds.
const IMMUTABLE: [(&str, &str); 3] = [
    ("Deployment", "/spec/selector"),
    ("Service", "/spec/clusterIP"),
    ("PersistentVolumeClaim", "/spec/accessModes"),
];

/// Why the API server rejects the changes of an object, and what to do about it; none if it accepts
/// them.
pub(super) fn rejection(object: &Object, changes: &[Change]) -> Option<(String, &'static str)> {
    let kind = object.identity().kind;
    let frozen: Vec<_> = changes
        .iter()
        .filter(|change| is_frozen(kind, &change.pointer))
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

fn is_frozen(kind: &str, pointer: &str) -> bool {
    let mutable = MUTABLE.iter().find(|(known, _)| *known == kind);
    let mut steps = pointer.split('/').skip(1);
    let is_spec = steps.next() == Some("spec");
    let field = steps.next().unwrap_or_default();
    mutable.is_some_and(|(_, fields)| is_spec && !fields.contains(&field))
        || IMMUTABLE
            .iter()
            .any(|(known, field)| *known == kind && is_at(pointer, field))
}

fn remediation(kind: &str, frozen: &[Change]) -> &'static str {
    match kind {
        // With another selector the new StatefulSet would not adopt the pods.
        "StatefulSet" if !touches(frozen, "/spec/selector") => {
            "run `kubectl delete statefulset NAME -n NAMESPACE --cascade=orphan`, then apply; the pods keep running meanwhile"
        }
        "StatefulSet" => "run `kubectl delete statefulset NAME -n NAMESPACE`, then apply",
        "Job" => "rename the Workspace, or run `kubectl delete job NAME -n NAMESPACE`, then apply",
        "Deployment" => "run `kubectl delete deployment NAME -n NAMESPACE`, then apply",
        "Service" => "run `kubectl delete service NAME -n NAMESPACE`, then apply",
        _ => "delete the object, then apply",
    }
}
