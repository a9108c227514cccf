//! What Argo CD reads on objects: in which order they are applied and pruned.

use crate::base::object::Object;
use crate::catalogue::profile::{Delivery, ReplaceNodes};
use crate::vocab::annotations::{SYNC_OPTIONS, SYNC_WAVE};
use crate::vocab::{Host, kinds};

/// Writes on objects what their host has to know.
///
/// ConfigMaps, NetworkPolicies and Services are applied first: where their namespace is missing, all
/// else is left, the node that nobody could use included. Node objects, workloads and Workspaces share a wave, because
/// each is healthy only with the others. Nothing is ever replaced or forced: that would begin a
/// training again with every sync.
pub fn annotate(objects: &mut [Object], delivery: &Delivery) {
    if delivery.host != Some(Host::Argocd) {
        return;
    }
    let surge = delivery.replace_nodes == ReplaceNodes::Surge;
    let options = [
        (surge, "PruneLast=true"),
        (delivery.confirm_nodes, "Prune=confirm"),
    ];
    let options = options.iter().filter(|(wanted, _)| *wanted);
    let options: Vec<_> = options.map(|(_, option)| *option).collect();
    for object in objects {
        if is_first(object) {
            object.annotate(SYNC_WAVE, "-1");
        }
        if kinds::makes_nodes(object.identity().kind) && !options.is_empty() {
            object.annotate(SYNC_OPTIONS, &options.join(","));
        }
    }
}

/// Whether nothing else has to be healthy before an object is. A load balancer waits for its address.
fn is_first(object: &Object) -> bool {
    match object.identity().kind {
        kinds::CONFIG_MAP | kinds::NETWORK_POLICY => true,
        kinds::SERVICE => object.value["spec"]["type"].as_str() != Some("LoadBalancer"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::annotate;
    use crate::base::object::Object;
    use crate::catalogue::profile::{Delivery, ReplaceNodes};
    use crate::vocab::Host;

    fn annotations(kind: &str, spec: &Value, delivery: &Delivery) -> Value {
        let mut objects = [Object::new(
            json!({"kind": kind, "metadata": {"name": "a"}, "spec": spec}).into(),
        )];
        annotate(&mut objects, delivery);
        Value::from(&objects[0].value["metadata"]["annotations"])
    }

    #[test]
    fn services_and_config_maps_come_first() {
        let delivery = Delivery {
            host: Some(Host::Argocd),
            ..Delivery::default()
        };
        let first = json!({"argocd.argoproj.io/sync-wave": "-1"});
        for (kind, spec, expected) in [
            ("ConfigMap", json!({}), &first),
            ("NetworkPolicy", json!({}), &first),
            ("Service", json!({"type": "ClusterIP"}), &first),
            ("Service", json!({"type": "LoadBalancer"}), &Value::Null),
            ("StatefulSet", json!({}), &Value::Null),
            ("NodeClaim", json!({}), &Value::Null),
            ("Workspace", json!({}), &Value::Null),
        ] {
            assert_eq!(annotations(kind, &spec, &delivery), *expected, "{kind}");
        }
        assert!(annotations("ConfigMap", &json!({}), &Delivery::default()).is_null());
    }

    #[test]
    fn node_objects_say_how_they_are_replaced() {
        for (surge, confirm, expected) in [
            (true, false, "PruneLast=true"),
            (false, true, "Prune=confirm"),
            (true, true, "PruneLast=true,Prune=confirm"),
        ] {
            let delivery = Delivery {
                host: Some(Host::Argocd),
                replace_nodes: if surge {
                    ReplaceNodes::Surge
                } else {
                    ReplaceNodes::First
                },
                confirm_nodes: confirm,
                ..Delivery::default()
            };
            for kind in ["NodeClaim", "NodePool", "Machine"] {
                let found = annotations(kind, &json!({}), &delivery);
                assert_eq!(found, json!({"argocd.argoproj.io/sync-options": expected}));
            }
            assert!(annotations("Job", &json!({}), &delivery).is_null());
        }
    }
}
