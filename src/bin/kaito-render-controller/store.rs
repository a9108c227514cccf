//! Everything that is known of the cluster at present.

use std::collections::{BTreeMap, BTreeSet};

use kaito_render::status::observed::{Event, Key, Metadata, Node, NodeObject, Pod, Workload, Workspace, World};
use serde_json::Value;

use crate::kinds::{KINDS, Kind};
use crate::rival::{self, Write};

/// An object, reduced to the fields that are read.
#[derive(Debug)]
pub(crate) enum Item {
    /// A Workspace.
    Workspace(Box<Held>),
    /// A Machine, `NodeClaim` or `NodePool`.
    NodeObject(Key, NodeObject),
    /// A node.
    Node(Node),
    /// A Deployment, `StatefulSet` or Job.
    Workload(Key, Workload),
    /// A pod.
    Pod(Box<Pod>),
    /// A warning.
    Event((Key, String), Event),
}

/// A Workspace, with what is needed to write into it.
#[derive(Debug)]
pub(crate) struct Held {
    /// What decides.
    pub(crate) workspace: Workspace,
    /// Its apiVersion.
    pub(crate) api_version: String,
    /// Which write this is.
    pub(crate) resource_version: String,
    /// The last write of somebody else to its status.
    pub(crate) foreign: Option<Write>,
}

impl Held {
    /// Reads a Workspace.
    pub(crate) fn read(value: &Value) -> Result<Self, serde_json::Error> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Self {
            workspace: Workspace::read(value)?,
            api_version: text(&value["apiVersion"]),
            resource_version: text(&value["metadata"]["resourceVersion"]),
            foreign: rival::last_write(&value["metadata"]["managedFields"]),
        })
    }
}

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Change {
    /// The kind does not exist here.
    Absent,
    /// These are all objects of the kind.
    All(Vec<Item>),
    /// An object is new or different.
    Apply(Item),
    /// An object is gone.
    Delete(Item),
}

/// Everything that is known.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// What Workspaces are made into.
    pub(crate) world: World,
    /// The Workspaces, by namespace and name.
    pub(crate) workspaces: BTreeMap<(String, String), Held>,
    known: BTreeSet<&'static str>,
}

impl Store {
    /// Whether every kind has been listed, or is known not to exist: before, nothing can be decided.
    pub(crate) fn is_complete(&self) -> bool {
        self.known.len() == KINDS.len()
    }

    /// Takes in what a watch told.
    pub(crate) fn change(&mut self, kind: &'static Kind, change: Change) {
        match change {
            Change::Absent => self.replace(kind, Vec::new()),
            Change::All(items) => self.replace(kind, items),
            Change::Apply(item) => self.apply(item),
            Change::Delete(item) => self.delete(&item),
        }
    }

    fn replace(&mut self, kind: &'static Kind, items: Vec<Item>) {
        let world = &mut self.world;
        match kind.name {
            "Workspace" => self.workspaces.clear(),
            "Node" => world.nodes.clear(),
            "Pod" => world.pods.clear(),
            "Event" => world.events.clear(),
            name => {
                world.node_objects.retain(|(kind, _, _), _| kind != name);
                world.workloads.retain(|(kind, _, _), _| kind != name);
            }
        }
        for item in items {
            self.apply(item);
        }
        self.known.insert(kind.name);
    }

    /// Takes in one object.
    pub(crate) fn apply(&mut self, item: Item) {
        let world = &mut self.world;
        match item {
            Item::Workspace(held) => drop(self.workspaces.insert(of(&held.workspace.metadata), *held)),
            Item::NodeObject(key, object) => drop(world.node_objects.insert(key, object)),
            Item::Node(node) => drop(world.nodes.insert(node.metadata.name.clone(), node)),
            Item::Workload(key, workload) => drop(world.workloads.insert(key, workload)),
            Item::Pod(pod) => drop(world.pods.insert(of(&pod.metadata), *pod)),
            Item::Event(key, event) => drop(world.events.insert(key, event)),
        }
    }

    fn delete(&mut self, item: &Item) {
        let world = &mut self.world;
        match item {
            Item::Workspace(held) => drop(self.workspaces.remove(&of(&held.workspace.metadata))),
            Item::NodeObject(key, _) => drop(world.node_objects.remove(key)),
            Item::Node(node) => drop(world.nodes.remove(&node.metadata.name)),
            Item::Workload(key, _) => drop(world.workloads.remove(key)),
            Item::Pod(pod) => drop(world.pods.remove(&of(&pod.metadata))),
            Item::Event(key, _) => drop(world.events.remove(key)),
        }
    }

    /// How many node objects were made for Workspaces that are gone, in a namespace or in all. Nothing deletes them, and they
    /// cost money.
    pub(crate) fn orphans(&self, namespace: Option<&str>) -> usize {
        let owner = |object: &NodeObject| {
            let label = |names: [&str; 2]| names.iter().find_map(|name| object.metadata.labels.get(*name)).cloned();
            let namespace = label(["kaito.sh/workspacenamespace", "karpenter.kaito.sh/workspace-namespace"]);
            namespace.zip(label(["kaito.sh/workspace", "karpenter.kaito.sh/workspace-name"]))
        };
        let owners = self.world.node_objects.values().filter_map(owner);
        let owners = owners.filter(|(of, _)| namespace.is_none_or(|namespace| of == namespace));
        owners.filter(|owner| !self.workspaces.contains_key(owner)).count()
    }
}

fn of(metadata: &Metadata) -> (String, String) {
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone())
}
