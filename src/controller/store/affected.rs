//! Which Workspaces' status depends on an object. The cost depends on the number of Workspaces
//! that are affected, not on the number that there are.

use std::collections::BTreeSet;

use crate::controller::item::ItemId;
use crate::status::index::{IndexKey, NamespacedName, ObjectKey};
use crate::status::objects::Pod;
use crate::vocab::kinds;

use super::Store;

impl Store {
    /// The Workspaces whose status depends on an object as the store has it now.
    pub(super) fn affected(&self, id: &ItemId) -> BTreeSet<NamespacedName> {
        match id {
            ItemId::Workspace(name) => BTreeSet::from([name.clone()]),
            ItemId::NodeObject(key) => self.by_node_object(key),
            ItemId::Node(name) => self.by_node(name),
            ItemId::Workload(key) => self.rendered_into(key).collect(),
            ItemId::Pod(name) => self.by_pod(name).into_iter().collect(),
            ItemId::Event(about, _) if about.kind == "Pod" => {
                let pod = NamespacedName::new(&about.namespace, &about.name);
                self.by_pod(&pod).into_iter().collect()
            }
            ItemId::Event(about, _) => self.rendered_into(about).collect(),
        }
    }

    /// The Workspaces that were rendered into an object.
    fn rendered_into(&self, key: &ObjectKey) -> impl Iterator<Item = NamespacedName> {
        self.workspaces
            .under(&IndexKey::Object(key.clone()))
            .map(|(name, _)| name.clone())
    }

    fn by_pod(&self, name: &NamespacedName) -> Option<NamespacedName> {
        self.cluster.pods.get(name).and_then(Pod::owner)
    }

    fn by_node_object(&self, key: &ObjectKey) -> BTreeSet<NamespacedName> {
        let mut affected: BTreeSet<_> = self.rendered_into(key).collect();
        if let Some(object) = self.cluster.node_objects.get(key) {
            affected.extend(object.owner());
            let pool = object.pool();
            let pool = pool.map(|pool| ObjectKey::new(kinds::NODE_POOL, "", pool));
            affected.extend(pool.iter().flat_map(|pool| self.rendered_into(pool)));
        }
        affected
    }

    fn by_node(&self, name: &str) -> BTreeSet<NamespacedName> {
        let claims = self
            .cluster
            .node_objects
            .under(&IndexKey::Node(name.to_owned()));
        let mut affected: BTreeSet<_> = claims
            .flat_map(|(key, _)| self.by_node_object(key))
            .collect();
        let Some(node) = self.cluster.nodes.get(name) else {
            return affected;
        };
        let labels = &node.metadata.labels;
        for (label, value) in labels {
            let label = IndexKey::Label(label.clone(), value.clone());
            let selecting = self.workspaces.under(&label).filter(|(_, tracked)| {
                let selector = tracked.workspace.selector();
                selector.is_some_and(|selector| selector.matches(labels))
            });
            affected.extend(selecting.map(|(name, _)| name.clone()));
        }
        affected
    }
}
