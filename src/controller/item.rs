//! Objects as the watches send them to the store.
//!
//! Uses [`crate::status`] and the controller's `conflicting_writers`; `kinds` makes items, the
//! store keeps them.

use serde_json::Value;

use crate::controller::conflicting_writers::{self, ForeignWrite};
use crate::status::index::{IndexKey, Indexed, NamespacedName, ObjectKey};
use crate::status::objects::{Event, Node, NodeObject, Pod, Workload, Workspace};

/// An object of one of the watched kinds, reduced to the fields that are read.
#[derive(Debug)]
pub(crate) enum Item {
    Workspace(Box<TrackedWorkspace>),
    /// A Machine, `NodeClaim` or `NodePool`.
    NodeObject(ObjectKey, NodeObject),
    Node(Node),
    /// A Deployment, `StatefulSet` or Job.
    Workload(ObjectKey, Workload),
    Pod(Box<Pod>),
    /// An event of type `Warning`.
    Event(Event),
}

/// Which object an item is.
pub(crate) enum ItemId {
    Workspace(NamespacedName),
    NodeObject(ObjectKey),
    Node(String),
    Workload(ObjectKey),
    Pod(NamespacedName),
    /// The object that the event is about, and the event's own name.
    Event(ObjectKey, String),
}

/// A Workspace, with what writing its status needs.
#[derive(Debug)]
pub(crate) struct TrackedWorkspace {
    pub(crate) workspace: Workspace,
    /// The `apiVersion` that it was read with, at which its status is written.
    pub(crate) api_version: String,
    /// Its `resourceVersion`, on which a write is conditional.
    pub(crate) resource_version: String,
    /// The last write of another client to its status.
    pub(crate) foreign_write: Option<ForeignWrite>,
}

/// What a watch reports.
#[derive(Debug)]
pub(crate) enum Change {
    /// The API server does not serve the kind.
    KindAbsent,
    /// The kind was listed: these are all its objects.
    Listed(Vec<Item>),
    /// An object was created or changed.
    Applied(Item),
    /// An object was deleted.
    Deleted(Item),
}

impl Item {
    pub(crate) fn id(&self) -> ItemId {
        match self {
            Self::Workspace(tracked) => ItemId::Workspace(tracked.name()),
            Self::NodeObject(key, _) => ItemId::NodeObject(key.clone()),
            Self::Node(node) => ItemId::Node(node.metadata.name.clone()),
            Self::Workload(key, _) => ItemId::Workload(key.clone()),
            Self::Pod(pod) => ItemId::Pod(pod.metadata.namespaced_name()),
            Self::Event(event) => ItemId::Event(event.involved(), event.metadata.name.clone()),
        }
    }
}

impl TrackedWorkspace {
    /// Reads a Workspace of either API version.
    pub(crate) fn read(value: &Value) -> Result<Self, serde_json::Error> {
        let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Self {
            workspace: Workspace::read(value)?,
            api_version: string(&value["apiVersion"]),
            resource_version: string(&value["metadata"]["resourceVersion"]),
            foreign_write: conflicting_writers::last_write(&value["metadata"]["managedFields"]),
        })
    }

    pub(crate) fn name(&self) -> NamespacedName {
        self.workspace.metadata.namespaced_name()
    }

    /// Whether this is an earlier state of the same Workspace. API servers number their writes in
    /// ascending order; where a version is not a number, nothing is known to be older.
    pub(crate) fn is_older(&self, other: &Self) -> bool {
        let version = |tracked: &Self| tracked.resource_version.parse::<u64>().ok();
        version(self)
            .zip(version(other))
            .is_some_and(|(this, other)| this < other)
    }
}

impl Indexed for TrackedWorkspace {
    fn index_keys(&self) -> Vec<IndexKey> {
        self.workspace.index_keys()
    }
}
