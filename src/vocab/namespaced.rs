//! Which kinds of Kubernetes and KAITO belong to a namespace. Of other kinds, only the cluster knows.

use super::api;

/// The kinds by their group (Kubernetes 1.37, KAITO 0.12), without those that are only questions to
/// the API server.
pub const NAMESPACED: [(&str, &[&str]); 14] = [
    (
        "",
        &[
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
    ),
    (
        "apps",
        &[
            "ControllerRevision",
            "DaemonSet",
            "Deployment",
            "ReplicaSet",
            "StatefulSet",
        ],
    ),
    ("autoscaling", &["HorizontalPodAutoscaler"]),
    ("batch", &["CronJob", "Job"]),
    ("certificates.k8s.io", &["PodCertificateRequest"]),
    ("coordination.k8s.io", &["Lease"]),
    ("discovery.k8s.io", &["EndpointSlice"]),
    ("events.k8s.io", &["Event"]),
    ("kaito.sh", &["InferenceSet", "RAGEngine", "Workspace"]),
    ("networking.k8s.io", &["Ingress", "NetworkPolicy"]),
    ("policy", &["PodDisruptionBudget"]),
    ("rbac.authorization.k8s.io", &["Role", "RoleBinding"]),
    (
        "resource.k8s.io",
        &["ResourceClaim", "ResourceClaimTemplate"],
    ),
    ("storage.k8s.io", &["CSIStorageCapacity"]),
];

/// Whether objects of a kind are known to belong to a namespace.
///
/// ```
/// use kaito_render::vocab::is_namespaced;
///
/// assert!(is_namespaced("v1", "Secret") && is_namespaced("apps/v1", "Deployment"));
/// assert!(!is_namespaced("v1", "Namespace") && !is_namespaced("example.com/v1", "Secret"));
/// ```
#[must_use]
pub fn is_namespaced(api_version: &str, kind: &str) -> bool {
    let group = api::group(api_version);
    let mut groups = NAMESPACED.iter();
    groups.any(|(of, kinds)| *of == group && kinds.contains(&kind))
}
