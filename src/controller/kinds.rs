//! Every kind that is read. The role under `deploy/controller/` is tested to allow these and no
//! more.

use crate::status::index::Key;
use crate::status::observed::{Event, Metadata, Node, NodeObject, Pod, Workload};
use serde::Deserialize;
use serde_json::Value;

use crate::controller::store::{Item, TrackedWorkspace};

/// A kind that is read.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The API group; empty for the core.
    pub(crate) group: &'static str,
    /// The versions that can be read, the best first.
    pub(crate) versions: &'static [&'static str],
    /// The kind.
    pub(crate) name: &'static str,
    /// The name of the resource in URLs and roles.
    pub(crate) plural: &'static str,
    /// Whether objects stand in namespaces.
    pub(crate) namespaced: bool,
    /// Only objects with these labels.
    pub(crate) labels: Option<&'static str>,
    /// Only objects with these fields.
    pub(crate) fields: Option<&'static str>,
    /// Reduces an object, of the kind given, to the fields that are read.
    pub(crate) read: fn(&str, &Value) -> Result<Item, serde_json::Error>,
}

/// The kinds. Those of KAITO and Karpenter exist where somebody has installed their CRDs.
pub(crate) const KINDS: [Kind; 10] = [
    Kind {
        versions: &["v1beta1", "v1alpha1"],
        read: workspace,
        ..kind("kaito.sh", "Workspace", "workspaces")
    },
    Kind {
        versions: &["v1alpha5"],
        ..node_object("Machine", "machines")
    },
    Kind {
        versions: &["v1", "v1beta1"],
        ..node_object("NodeClaim", "nodeclaims")
    },
    node_object("NodePool", "nodepools"),
    Kind {
        namespaced: false,
        read: node,
        ..kind("", "Node", "nodes")
    },
    Kind {
        labels: OF_A_WORKSPACE,
        read: pod,
        ..kind("", "Pod", "pods")
    },
    Kind {
        fields: Some("type=Warning"),
        read: event,
        ..kind("", "Event", "events")
    },
    Kind {
        labels: OF_A_WORKSPACE,
        ..kind("apps", "Deployment", "deployments")
    },
    Kind {
        labels: OF_A_WORKSPACE,
        ..kind("apps", "StatefulSet", "statefulsets")
    },
    Kind {
        labels: OF_A_WORKSPACE,
        ..kind("batch", "Job", "jobs")
    },
];

/// Which label all workloads and their pods carry.
const OF_A_WORKSPACE: Option<&str> = Some("kaito.sh/workspace");

const fn kind(group: &'static str, name: &'static str, plural: &'static str) -> Kind {
    Kind {
        group,
        versions: &["v1"],
        name,
        plural,
        namespaced: true,
        labels: None,
        fields: None,
        read: workload,
    }
}

const fn node_object(name: &'static str, plural: &'static str) -> Kind {
    Kind {
        namespaced: false,
        read: read_node_object,
        ..kind("karpenter.sh", name, plural)
    }
}

impl Kind {
    /// Whether it is a custom resource, which may not be there.
    pub(crate) fn is_custom(&self) -> bool {
        self.group.contains('.')
    }
}

fn key(kind: &str, metadata: &Metadata) -> Key {
    (
        kind.to_owned(),
        metadata.namespace.clone().unwrap_or_default(),
        metadata.name.clone(),
    )
}

fn workspace(_: &str, value: &Value) -> Result<Item, serde_json::Error> {
    Ok(Item::Workspace(Box::new(TrackedWorkspace::read(value)?)))
}

fn read_node_object(kind: &str, value: &Value) -> Result<Item, serde_json::Error> {
    let object = NodeObject::deserialize(value)?;
    Ok(Item::NodeObject(key(kind, &object.metadata), object))
}

fn workload(kind: &str, value: &Value) -> Result<Item, serde_json::Error> {
    let object = Workload::deserialize(value)?;
    Ok(Item::Workload(key(kind, &object.metadata), object))
}

fn node(_: &str, value: &Value) -> Result<Item, serde_json::Error> {
    let mut node = Node::deserialize(value)?;
    node.status
        .capacity
        .retain(|resource, _| resource == "nvidia.com/gpu");
    Ok(Item::Node(node))
}

fn pod(_: &str, value: &Value) -> Result<Item, serde_json::Error> {
    Pod::deserialize(value).map(Box::new).map(Item::Pod)
}

fn event(_: &str, value: &Value) -> Result<Item, serde_json::Error> {
    let event = Event::deserialize(value)?;
    let about = &event.involved_object;
    let key = (
        about.kind.clone(),
        about.namespace.clone().unwrap_or_default(),
        about.name.clone(),
    );
    Ok(Item::Event((key, event.metadata.name.clone()), event))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Deserialize;
    use serde_json::Value;

    use super::KINDS;

    /// The documents of a manifest.
    fn manifest(name: &str) -> Vec<Value> {
        let file = format!("{}/deploy/controller/{name}", env!("CARGO_MANIFEST_DIR"));
        #[expect(clippy::disallowed_methods, reason = "a test reads the manifest")]
        let text = std::fs::read_to_string(file).unwrap();
        serde_yaml::Deserializer::from_str(&text)
            .map(|document| Value::deserialize(document).unwrap())
            .collect()
    }

    /// What roles of a kind allow: verb, group and resource, and the name where only one object is
    /// meant.
    fn allowed(kind: &str) -> BTreeSet<String> {
        let mut allowed = BTreeSet::new();
        for role in manifest("role.yaml")
            .iter()
            .filter(|document| document["kind"] == kind)
        {
            for rule in role["rules"].as_array().unwrap() {
                let texts = |field: &str| {
                    rule[field]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(|text| text.as_str().unwrap())
                };
                let names: String = texts("resourceNames")
                    .map(|name| format!(" {name}"))
                    .collect();
                for group in texts("apiGroups") {
                    for resource in texts("resources") {
                        allowed.extend(
                            texts("verbs").map(|verb| format!("{verb} {group}/{resource}{names}")),
                        );
                    }
                }
            }
        }
        allowed
    }

    #[test]
    fn the_role_allows_what_is_done_and_no_more() {
        let verbs = ["get", "list", "watch"];
        let read = KINDS
            .iter()
            .flat_map(|kind| verbs.map(|verb| format!("{verb} {}/{}", kind.group, kind.plural)));
        let mut needed: BTreeSet<_> = read.collect();
        needed.insert("patch kaito.sh/workspaces/status".to_owned());
        assert_eq!(allowed("ClusterRole"), needed);

        let leases = manifest("lease.yaml");
        assert_eq!(leases.len(), 1, "nobody may make another");
        assert_eq!(leases[0]["metadata"]["name"], crate::controller::LEASE);
        let needed = ["get", "update"].map(|verb| {
            format!(
                "{verb} coordination.k8s.io/leases {}",
                crate::controller::LEASE
            )
        });
        assert_eq!(allowed("Role"), needed.into());
    }
}
