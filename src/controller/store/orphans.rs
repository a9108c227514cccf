//! Node objects and workloads whose Workspace does not exist any more. Rendered objects have no
//! owner references, so the cluster does not delete them, and their nodes cost money.

use crate::status::index::{IndexKey, NamespacedName, ObjectKey};
use crate::status::objects::{NodeObject, Workload};

use super::Store;

impl Store {
    /// The number of orphans of Workspaces in a namespace, or in all namespaces.
    pub(crate) fn orphans(&self, namespace: Option<&str>) -> usize {
        let Some(namespace) = namespace else {
            return self.orphans.len();
        };
        self.orphans
            .iter()
            .filter_map(|key| self.owner(key))
            .filter(|owner| owner.namespace == namespace)
            .count()
    }

    /// The Workspace that a node object or a workload was rendered for.
    fn owner(&self, key: &ObjectKey) -> Option<NamespacedName> {
        let node_object = self.cluster.node_objects.get(key);
        let workload = self.cluster.workloads.get(key);
        node_object
            .and_then(NodeObject::owner)
            .or_else(|| workload.and_then(Workload::owner))
    }

    fn is_orphan(&self, key: &ObjectKey) -> bool {
        let owner = self.owner(key);
        owner.is_some_and(|owner| self.workspaces.get(&owner).is_none())
    }

    /// Finds all orphans anew.
    pub(super) fn find_orphans(&mut self) {
        let node_objects = self.cluster.node_objects.keys();
        let keys = node_objects.chain(self.cluster.workloads.keys());
        self.orphans = keys.filter(|key| self.is_orphan(key)).cloned().collect();
    }

    /// Decides anew whether an object is an orphan, after it has changed.
    pub(super) fn update_orphan(&mut self, key: ObjectKey) {
        if self.is_orphan(&key) {
            self.orphans.insert(key);
        } else {
            self.orphans.remove(&key);
        }
    }

    /// Decides anew about all objects of a Workspace, after it was created or deleted.
    pub(super) fn update_orphans_of(&mut self, workspace: NamespacedName) {
        let owner = IndexKey::Owner(workspace);
        let node_objects = self.cluster.node_objects.under(&owner);
        let workloads = self.cluster.workloads.under(&owner);
        let keys = node_objects
            .map(|(key, _)| key.clone())
            .chain(workloads.map(|(key, _)| key.clone()));
        for key in keys.collect::<Vec<_>>() {
            self.update_orphan(key);
        }
    }
}
