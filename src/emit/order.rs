//! The order of objects in the output.

use super::{Group, Object};

/// Kinds in the order in which they are applied: what others refer to comes first. The Workspace leads, because
/// readers look for it there. Kinds not named here come last.
const KINDS: [&str; 32] = [
    "InferenceSet",
    "Workspace",
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "StorageClass",
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "Job",
    "CronJob",
    "AKSNodeClass",
    "EC2NodeClass",
    "KaitoNodeClass",
    "NodePool",
    "NodeClaim",
    "Machine",
    "PodDisruptionBudget",
];

/// Puts objects into the order in which they are written, whatever order they come in: what the cluster and the
/// namespaces share, then Workspace by Workspace, each group in apply order, node objects by number.
pub fn sort(objects: &mut [Object]) {
    objects.sort_by(|left, right| key(left).cmp(&key(right)));
}

type Key<'a> = (&'a Group, usize, &'a str, Option<u32>, &'a str, &'a str);

fn key(object: &Object) -> Key<'_> {
    let rank = KINDS.iter().position(|kind| *kind == object.kind()).unwrap_or(KINDS.len());
    let api_version = object.value["apiVersion"].as_str().unwrap_or_default();
    (&object.group, rank, object.kind(), object.ordinal, object.name(), api_version)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, ProptestConfig, Strategy};
    use serde_json::json;

    use super::{Group, Object, sort};

    fn object(group: &Group, kind: &str, name: &str, ordinal: Option<u32>) -> Object {
        let value = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
        Object { value, group: group.clone(), ordinal }
    }

    fn ordered() -> Vec<Object> {
        let workspace =
            |namespace: &str, name: &str| Group::Workspace { namespace: namespace.into(), name: name.into() };
        let (first, second, third) = (workspace("a", "x"), workspace("a", "y"), workspace("b", "x"));
        vec![
            object(&Group::Cluster, "Namespace", "a", None),
            object(&Group::Cluster, "KaitoNodeClass", "default", None),
            object(&Group::Shared { namespace: "b".into() }, "ConfigMap", "shared", None),
            object(&first, "Workspace", "x", None),
            object(&first, "ConfigMap", "x", None),
            object(&first, "Service", "x", None),
            object(&first, "Service", "x-headless", None),
            object(&first, "StatefulSet", "x", None),
            object(&first, "NodeClaim", "wsf", Some(0)),
            object(&first, "NodeClaim", "wsa", Some(1)),
            object(&first, "NodeClaim", "wsb", Some(10)),
            object(&first, "Anything", "x", None),
            object(&second, "Workspace", "y", None),
            object(&third, "Workspace", "x", None),
        ]
    }

    proptest::proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn the_order_given_does_not_matter(mut objects in Just(ordered()).prop_shuffle()) {
            sort(&mut objects);
            proptest::prop_assert_eq!(objects, ordered());
        }
    }
}
