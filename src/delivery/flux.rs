//! What Flux has to be told of documents that are handed on.

use crate::base::object::Object;
use crate::vocab::annotations::FLUX_PRUNE;
use crate::vocab::{is_namespaced, kinds};

/// Completes a document for Flux.
///
/// It is put into a namespace if it names none: Flux has no other one for it, and an object without
/// one stops its whole Kustomization. Of kinds that are not known, only the cluster could say whether
/// they belong to a namespace, so these stay as they are.
///
/// A volume claim stays in the cluster when its document is gone, unless the document itself says what
/// is to become of it, because its data is worth more than an object.
///
/// Flux deletes what is in the inventory of its Kustomization, which are the objects that it applied.
/// Claims that a StatefulSet makes of its `volumeClaimTemplates` are not among them: the StatefulSet's
/// own `persistentVolumeClaimRetentionPolicy` rules them. An annotation in these templates would keep
/// nothing, and as nobody can change them, Kubernetes would refuse the StatefulSets that run without
/// it.
pub fn prepare_for_flux(object: &mut Object, namespace: &str) {
    let identity = object.identity();
    let is_claim = identity.kind == kinds::VOLUME_CLAIM;
    if is_namespaced(identity.api_version, identity.kind)
        && identity.namespace.is_none_or(str::is_empty)
    {
        object.put_into(namespace);
    }
    let says_itself = object.value["metadata"]["annotations"]
        .get(FLUX_PRUNE)
        .is_some();
    if is_claim && !says_itself {
        object.annotate(FLUX_PRUNE, "disabled");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::prepare_for_flux;
    use crate::base::object::Object;

    fn prepared(kind: &str, metadata: &Value) -> Value {
        let value = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata});
        let mut object = Object::new(value.into());
        prepare_for_flux(&mut object, "ai");
        Value::from(&object.value["metadata"])
    }

    #[test]
    fn documents_without_a_namespace_get_one() {
        let in_ai = json!({"name": "a", "namespace": "ai"});
        for (kind, before, after) in [
            ("Secret", json!({"name": "a"}), &in_ai),
            ("Secret", json!({"name": "a", "namespace": ""}), &in_ai),
            (
                "Secret",
                json!({"name": "a", "namespace": "b"}),
                &json!({"name": "a", "namespace": "b"}),
            ),
            ("Namespace", json!({"name": "a"}), &json!({"name": "a"})),
            ("Anything", json!({"name": "a"}), &json!({"name": "a"})),
        ] {
            assert_eq!(prepared(kind, &before), *after, "{kind} {before}");
        }
    }

    #[test]
    fn only_claims_are_kept_unless_they_say_otherwise() {
        let prune = |value: &str| json!({"kustomize.toolkit.fluxcd.io/prune": value});
        let none = json!({});
        for (kind, before, after) in [
            ("PersistentVolumeClaim", &none, prune("disabled")),
            ("PersistentVolumeClaim", &prune("enabled"), prune("enabled")),
            ("PersistentVolume", &none, none.clone()),
            ("Secret", &none, none.clone()),
        ] {
            let metadata = json!({"name": "a", "annotations": before});
            assert_eq!(prepared(kind, &metadata)["annotations"], after, "{kind}");
        }
    }
}
