//! The kinds that are watched. A test holds the role in `deploy/controller/` to allow these and no
//! more.
//!
//! Uses [`crate::status`] and the controller's `item`; the store, the metrics and the watches use
//! it.

use serde::Deserialize;
use serde_json::Value;

use crate::controller::item::{Item, TrackedWorkspace};
use crate::status::objects::{Event, Node, NodeObject, Pod, Workload};
use crate::vocab::{api, kinds as names, labels};

/// A kind that is watched.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The API group; empty for the core group.
    pub(crate) group: &'static str,
    /// The versions that can be read, the preferred one first.
    pub(crate) versions: &'static [&'static str],
    /// The kind, such as `NodeClaim`.
    pub(crate) name: &'static str,
    /// The resource in URLs and roles, such as `nodeclaims`.
    pub(crate) plural: &'static str,
    /// Whether its objects are namespaced.
    pub(crate) namespaced: bool,
    /// The label selector of the watch.
    pub(crate) labels: Option<&'static str>,
    /// The field selector of the watch.
    pub(crate) fields: Option<&'static str>,
    /// Reduces an object to the fields that are read, given the name of its kind.
    pub(crate) read: fn(&str, &Value) -> Result<Item, serde_json::Error>,
}

/// All kinds. Those of KAITO and Karpenter exist only where their CRDs are installed.
pub(crate) const KINDS: [Kind; 10] = [
    Kind {
        versions: &["v1beta1", "v1alpha1"],
        read: workspace,
        ..kind(api::KAITO, names::WORKSPACE, "workspaces")
    },
    Kind {
        versions: &["v1alpha5"],
        ..node_object(names::MACHINE, "machines")
    },
    Kind {
        versions: &["v1", "v1beta1"],
        ..node_object(names::NODE_CLAIM, "nodeclaims")
    },
    node_object(names::NODE_POOL, "nodepools"),
    Kind {
        namespaced: false,
        read: node,
        ..kind("", "Node", "nodes")
    },
    Kind {
        labels: OF_WORKSPACES,
        read: pod,
        ..kind("", "Pod", "pods")
    },
    Kind {
        fields: Some("type=Warning"),
        read: event,
        ..kind("", "Event", "events")
    },
    Kind {
        labels: OF_WORKSPACES,
        ..kind("apps", names::DEPLOYMENT, "deployments")
    },
    Kind {
        labels: OF_WORKSPACES,
        ..kind("apps", names::STATEFUL_SET, "statefulsets")
    },
    Kind {
        labels: OF_WORKSPACES,
        ..kind("batch", names::JOB, "jobs")
    },
];

/// Selects the workloads of all Workspaces, and their pods.
const OF_WORKSPACES: Option<&str> = Some(labels::WORKSPACE);

/// A namespaced kind of version `v1` that is a workload; each entry of [`KINDS`] says what differs.
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
        ..kind(api::KARPENTER, name, plural)
    }
}

impl Kind {
    /// Whether it is a custom resource, whose CRD may be missing. The groups of Kubernetes' own
    /// kinds that are watched have no domain.
    pub(crate) fn is_custom(&self) -> bool {
        self.group.contains('.')
    }
}

fn workspace(_: &str, value: &Value) -> Result<Item, serde_json::Error> {
    let tracked = TrackedWorkspace::read(value)?;
    Ok(Item::Workspace(Box::new(tracked)))
}

fn read_node_object(kind: &str, value: &Value) -> Result<Item, serde_json::Error> {
    let object = NodeObject::deserialize(value)?;
    Ok(Item::NodeObject(object.metadata.key(kind), object))
}

fn workload(kind: &str, value: &Value) -> Result<Item, serde_json::Error> {
    let workload = Workload::deserialize(value)?;
    Ok(Item::Workload(workload.metadata.key(kind), workload))
}

fn node(_: &str, value: &Value) -> Result<Item, serde_json::Error> {
    let mut node = Node::deserialize(value)?;
    // A large cluster has many nodes, and each has a dozen resources that nothing reads.
    node.status
        .capacity
        .retain(|resource, _| resource == "nvidia.com/gpu");
    Ok(Item::Node(node))
}

fn pod(_: &str, value: &Value) -> Result<Item, serde_json::Error> {
    Pod::deserialize(value).map(Box::new).map(Item::Pod)
}

fn event(_: &str, value: &Value) -> Result<Item, serde_json::Error> {
    Event::deserialize(value).map(Item::Event)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Deserialize;
    use serde_json::Value;

    use super::KINDS;
    use crate::controller::args::LEASE;

    /// The documents of a manifest.
    fn manifest(name: &str) -> Vec<Value> {
        let file = format!("{}/deploy/controller/{name}", env!("CARGO_MANIFEST_DIR"));
        #[expect(clippy::disallowed_methods, reason = "a test reads the manifest")]
        let text = std::fs::read_to_string(file).unwrap();
        serde_yaml::Deserializer::from_str(&text)
            .map(|document| Value::deserialize(document).unwrap())
            .collect()
    }

    /// What the roles of a kind allow, as `VERB GROUP/RESOURCE`, followed by the name of the object
    /// where a rule has one.
    fn allowed(kind: &str) -> BTreeSet<String> {
        let mut allowed = BTreeSet::new();
        for role in manifest("role.yaml")
            .iter()
            .filter(|document| document["kind"] == kind)
        {
            for rule in role["rules"].as_array().unwrap() {
                let strings = |field: &str| {
                    rule[field]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(|string| string.as_str().unwrap())
                };
                let names: String = strings("resourceNames")
                    .map(|name| format!(" {name}"))
                    .collect();
                for group in strings("apiGroups") {
                    for resource in strings("resources") {
                        allowed.extend(
                            strings("verbs")
                                .map(|verb| format!("{verb} {group}/{resource}{names}")),
                        );
                    }
                }
            }
        }
        allowed
    }

    #[test]
    fn the_role_allows_what_the_controller_does_and_no_more() {
        let verbs = ["get", "list", "watch"];
        let read = KINDS
            .iter()
            .flat_map(|kind| verbs.map(|verb| format!("{verb} {}/{}", kind.group, kind.plural)));
        let mut needed: BTreeSet<_> = read.collect();
        needed.insert("patch kaito.sh/workspaces/status".to_owned());
        assert_eq!(allowed("ClusterRole"), needed);

        let leases = manifest("lease.yaml");
        assert_eq!(leases.len(), 1, "the controller may not create one");
        assert_eq!(leases[0]["metadata"]["name"], LEASE);
        let needed =
            ["get", "update"].map(|verb| format!("{verb} coordination.k8s.io/leases {LEASE}"));
        assert_eq!(allowed("Role"), needed.into());
    }
}
