//! The objects that we make keep the schemas that changed ones are held against.

use std::collections::BTreeMap;

use kaito_render::base::pointer;
use kaito_render::input::schema::{self, Checker};
use serde_json::{Value, json};

use super::{entries, render};
use crate::support::program::root;

#[test]
fn objects_of_every_kind_keep_kubernetes_schemas() {
    let text = include_str!("../../../schemas/objects.json");
    let checker = Checker::new(schema::published(text));
    let mut counts = BTreeMap::<String, usize>::new();
    for release in ["0.3", "0.12"] {
        for case in entries(&root().join("tests/golden").join(release)) {
            for object in render(&case, true).unwrap_or_default() {
                let value = Value::from(&object.value);
                let kind = format!("{}/{}", value["apiVersion"], value["kind"]).replace('"', "");
                let within = format!("/{}", pointer::escape(&kind));
                // KAITO leaves out what selects images and networks on AWS.
                let is_left = kind.ends_with("/EC2NodeClass");
                if is_left || checker.schema()["properties"][&kind].is_null() {
                    continue;
                }
                let found = checker.complaints(&json!({ &*kind: value }), &|pointer| {
                    pointer.trim_start_matches(&within).to_owned()
                });
                assert_eq!(found, Ok(Vec::new()), "{}: {kind}", case.display());
                *counts.entry(kind).or_default() += 1;
            }
        }
    }
    for kind in [
        "apps/v1/Deployment",
        "apps/v1/StatefulSet",
        "batch/v1/Job",
        "karpenter.sh/v1/NodePool",
        "karpenter.sh/v1alpha5/Machine",
        "karpenter.sh/v1beta1/NodeClaim",
        "v1/ConfigMap",
        "v1/Service",
    ] {
        assert!(counts.contains_key(kind), "{kind}: {counts:?}");
    }
}
