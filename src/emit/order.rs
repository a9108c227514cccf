//! The order of objects in the output.

use crate::base::object::{Identified, Identity};
use crate::vocab::kinds;

/// Puts objects into the order in which they are written: by kind, namespace and name. It follows
/// only from the objects, so output that is read and written again keeps it.
pub fn sort<T: Identified>(objects: &mut Vec<T>) {
    let mut keys: Vec<_> = objects.iter().map(key).enumerate().collect();
    keys.sort_by_key(|(_, key)| *key);
    let order: Vec<_> = keys.into_iter().map(|(index, _)| index).collect();
    let mut unsorted: Vec<_> = objects.drain(..).map(Some).collect();
    objects.extend(order.into_iter().filter_map(|index| unsorted[index].take()));
}

fn key<T: Identified>(object: &T) -> (usize, &str, Option<&str>, &str, &str) {
    let Identity {
        api_version,
        kind,
        namespace,
        name,
    } = object.identity();
    let rank = kinds::apply_rank(kind);
    (rank, kind, namespace, name, api_version)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, ProptestConfig, Strategy};
    use serde_json::json;

    use super::sort;
    use crate::base::object::Object;

    fn object(kind: &str, namespace: &str, name: &str) -> Object {
        let value = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}});
        Object::new(value.into())
    }

    fn ordered() -> Vec<Object> {
        vec![
            object("Namespace", "", "z"),
            object("Workspace", "a", "y"),
            object("Workspace", "b", "x"),
            object("ConfigMap", "a", "x"),
            object("NodeClaim", "", "wsa"),
            object("NodeClaim", "", "wsf"),
            object("Service", "a", "x"),
            object("Service", "a", "x-headless"),
            object("Job", "a", "x"),
            object("Anything", "a", "x"),
            object("Other", "a", "a"),
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
