//! The state of the cluster as the watches have reported it.
//!
//! Every change says which Workspaces it affects, so that nothing else is reconciled.
//!
//! Uses [`crate::status`] and the controller's `item` and `kinds`; the reconciler owns it.

mod affected;
mod orphans;

use std::collections::BTreeSet;

use crate::controller::item::{Change, Item, ItemId, TrackedWorkspace};
use crate::controller::kinds::{KINDS, Kind};
use crate::status::index::{Index, NamespacedName, ObjectKey};
use crate::status::observed::ClusterState;

/// The state of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// What Workspaces were rendered into.
    pub(crate) cluster: ClusterState,
    /// The Workspaces, with what writing their status needs.
    pub(crate) workspaces: Index<NamespacedName, TrackedWorkspace>,
    /// Node objects and workloads whose Workspace does not exist.
    orphans: BTreeSet<ObjectKey>,
    /// The names of the kinds that have been listed, or do not exist.
    synced: BTreeSet<&'static str>,
}

impl Store {
    /// The kinds that have not been listed yet. While there are any, nothing can be decided:
    /// objects that have not been seen would count as deleted.
    pub(crate) fn unsynced_kinds(&self) -> impl Iterator<Item = &'static str> {
        KINDS
            .iter()
            .map(|kind| kind.name)
            .filter(|name| !self.synced.contains(name))
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.unsynced_kinds().next().is_none()
    }

    /// Applies a change, and returns the Workspaces that it affects: those whose status depends
    /// on the object as it was, or as it is now.
    pub(crate) fn change(
        &mut self,
        kind: &'static Kind,
        change: Change,
    ) -> BTreeSet<NamespacedName> {
        match change {
            Change::KindAbsent => self.replace(kind, Vec::new()),
            Change::Listed(items) => self.replace(kind, items),
            Change::Applied(item) => {
                let id = item.id();
                let mut affected = self.affected(&id);
                self.apply(item);
                affected.extend(self.affected(&id));
                affected
            }
            Change::Deleted(item) => {
                let id = item.id();
                let affected = self.affected(&id);
                self.delete(id);
                affected
            }
        }
    }

    /// Applies the Workspace that the API server returned for a write. The watch reports it too,
    /// but later, and until then each reconciliation would write the same status again.
    pub(crate) fn written(&mut self, tracked: TrackedWorkspace) {
        // If the watch has already reported the deletion, it stays deleted.
        if self.workspaces.get(&tracked.name()).is_some() {
            self.apply(Item::Workspace(Box::new(tracked)));
        }
    }

    /// Replaces all objects of a kind. A list is rare and may differ in anything, so it affects
    /// all Workspaces.
    fn replace(&mut self, kind: &'static Kind, items: Vec<Item>) -> BTreeSet<NamespacedName> {
        let mut affected: BTreeSet<_> = self.workspaces.keys().cloned().collect();
        self.clear(kind);
        for item in items {
            self.apply(item);
        }
        self.find_orphans();
        self.synced.insert(kind.name);
        affected.extend(self.workspaces.keys().cloned());
        affected
    }

    fn clear(&mut self, kind: &'static Kind) {
        let cluster = &mut self.cluster;
        match kind.name {
            "Workspace" => self.workspaces = Index::default(),
            "Node" => cluster.nodes = Index::default(),
            "Pod" => cluster.pods = Index::default(),
            "Event" => cluster.events.clear(),
            name => {
                let keys = cluster.node_objects.keys().chain(cluster.workloads.keys());
                let of_kind: Vec<_> = keys.filter(|key| key.kind == name).cloned().collect();
                for key in of_kind {
                    cluster.node_objects.remove(&key);
                    cluster.workloads.remove(&key);
                }
            }
        }
    }

    fn apply(&mut self, item: Item) {
        let cluster = &mut self.cluster;
        match item {
            Item::Workspace(tracked) => self.apply_workspace(*tracked),
            Item::NodeObject(key, object) => {
                cluster.node_objects.insert(key.clone(), object);
                self.update_orphan(key);
            }
            Item::Node(node) => cluster.nodes.insert(node.metadata.name.clone(), node),
            Item::Workload(key, workload) => {
                cluster.workloads.insert(key.clone(), workload);
                self.update_orphan(key);
            }
            Item::Pod(pod) => cluster.pods.insert(pod.metadata.namespaced_name(), *pod),
            Item::Event(event) => {
                let key = (event.involved(), event.metadata.name.clone());
                cluster.events.insert(key, event);
            }
        }
    }

    /// The watch may report a Workspace as it was before a write whose result is known already.
    fn apply_workspace(&mut self, tracked: TrackedWorkspace) {
        let name = tracked.name();
        let known = self.workspaces.get(&name);
        if !known.is_some_and(|known| tracked.is_older(known)) {
            self.workspaces.insert(name.clone(), tracked);
            self.update_orphans_of(name);
        }
    }

    fn delete(&mut self, id: ItemId) {
        let cluster = &mut self.cluster;
        match id {
            ItemId::Workspace(name) => {
                self.workspaces.remove(&name);
                self.update_orphans_of(name);
            }
            ItemId::NodeObject(key) => {
                cluster.node_objects.remove(&key);
                self.update_orphan(key);
            }
            ItemId::Node(name) => drop(cluster.nodes.remove(&name)),
            ItemId::Workload(key) => {
                cluster.workloads.remove(&key);
                self.update_orphan(key);
            }
            ItemId::Pod(name) => drop(cluster.pods.remove(&name)),
            ItemId::Event(about, name) => drop(cluster.events.remove(&(about, name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::Store;
    use crate::controller::item::{Change, Item, TrackedWorkspace};
    use crate::controller::kinds::{KINDS, Kind};
    use crate::status::index::NamespacedName;

    fn kind(name: &str) -> &'static Kind {
        KINDS.iter().find(|kind| kind.name == name).unwrap()
    }

    fn item(object: &Value) -> (&'static Kind, Item) {
        let kind = kind(object["kind"].as_str().unwrap());
        (kind, (kind.read)(kind.name, object).unwrap())
    }

    fn apply(store: &mut Store, object: &Value) -> Vec<String> {
        let (kind, item) = item(object);
        names(store.change(kind, Change::Applied(item)))
    }

    fn delete(store: &mut Store, object: &Value) -> Vec<String> {
        let (kind, item) = item(object);
        names(store.change(kind, Change::Deleted(item)))
    }

    fn names(affected: BTreeSet<NamespacedName>) -> Vec<String> {
        affected.into_iter().map(|it| it.name).collect()
    }

    /// A Workspace that was made into a Deployment of its name and a node object; without the
    /// latter, it takes nodes by its label.
    fn workspace(name: &str, version: &str, node_object: Option<(&str, &str)>) -> Value {
        let mut objects = vec![
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "n", "name": name}),
        ];
        objects.extend(
            node_object.map(|(kind, name)| json!({"apiVersion": "x", "kind": kind, "name": name})),
        );
        let provisioner = if node_object.is_some() {
            "nodeclaim"
        } else {
            "none"
        };
        let rendered =
            json!({"version": "1", "release": "0.3", "provisioner": provisioner, "nodes": 1, "objects": objects})
                .to_string();
        json!({
            "kind": "Workspace",
            "metadata": {"namespace": "n", "name": name, "resourceVersion": version,
                "annotations": {"render.kaito.sh/rendered": rendered}},
            "resource": {"labelSelector": {"matchLabels": {"apps": name, "zone": "a"}}},
        })
    }

    fn object(kind: &str, namespace: Option<&str>, name: &str, labels: &Value) -> Value {
        json!({"kind": kind, "metadata": {"namespace": namespace, "name": name, "labels": labels}})
    }

    /// `a` has the NodeClaim `c`, `b` the NodePool `p`, and `d` nodes by labels.
    fn store() -> Store {
        let mut store = Store::default();
        for (name, node_object) in [
            ("a", Some(("NodeClaim", "c"))),
            ("b", Some(("NodePool", "p"))),
            ("d", None),
        ] {
            assert_eq!(
                apply(&mut store, &workspace(name, "1", node_object)),
                [name]
            );
        }
        store
    }

    #[test]
    fn a_change_affects_the_workspaces_whose_status_depends_on_the_object() {
        let mut store = store();
        let owner = json!({"kaito.sh/workspace": "a", "kaito.sh/workspacenamespace": "n"});
        let pool = json!({"karpenter.sh/nodepool": "p"});
        let pod = json!({"kaito.sh/workspace": "d"});
        for (object, affected) in [
            (object("Deployment", Some("n"), "a", &json!({})), &["a"][..]),
            (object("Deployment", Some("m"), "a", &json!({})), &[]),
            (object("Job", Some("n"), "a", &json!({})), &[]),
            (object("NodeClaim", None, "c", &json!({})), &["a"]),
            (object("NodeClaim", None, "more", &owner), &["a"]),
            (object("NodeClaim", None, "p-1", &pool), &["b"]),
            (object("NodePool", None, "p", &json!({})), &["b"]),
            (object("Pod", Some("n"), "d-0", &pod), &["d"]),
            (
                object(
                    "Node",
                    None,
                    "chosen",
                    &json!({"apps": "d", "zone": "a", "x": "y"}),
                ),
                &["d"],
            ),
            (
                object("Node", None, "other", &json!({"apps": "d", "zone": "b"})),
                &[],
            ),
        ] {
            assert_eq!(apply(&mut store, &object), affected, "{object}");
            assert_eq!(delete(&mut store, &object), affected, "{object}");
        }
    }

    #[test]
    fn a_change_also_affects_the_workspaces_that_lose_the_object() {
        let mut store = store();
        apply(
            &mut store,
            &object("Node", None, "m", &json!({"apps": "d", "zone": "a"})),
        );
        assert_eq!(
            apply(
                &mut store,
                &object("Node", None, "m", &json!({"apps": "e"}))
            ),
            ["d"]
        );
        let mut claim = object("NodeClaim", None, "c", &json!({}));
        claim["status"] = json!({"nodeName": "m"});
        apply(&mut store, &claim);
        assert_eq!(
            apply(&mut store, &object("Node", None, "m", &json!({}))),
            ["a"],
            "it has become this node"
        );
        claim["metadata"]["labels"] = json!({"karpenter.sh/nodepool": "p"});
        apply(&mut store, &claim);
        claim["metadata"]["labels"] = json!({});
        assert_eq!(apply(&mut store, &claim), ["a", "b"]);
    }

    #[test]
    fn a_warning_affects_the_workspace_of_the_workload_or_the_pod() {
        let mut store = store();
        apply(
            &mut store,
            &object("Pod", Some("n"), "d-0", &json!({"kaito.sh/workspace": "d"})),
        );
        for (kind, name, affected) in [
            ("Pod", "d-0", &["d"][..]),
            ("Deployment", "a", &["a"]),
            ("Pod", "a", &[]),
            ("Deployment", "x", &[]),
        ] {
            let about = json!({"kind": kind, "namespace": "n", "name": name});
            let event = json!({"kind": "Event", "metadata": {"namespace": "n", "name": "e"}, "involvedObject": about});
            assert_eq!(apply(&mut store, &event), affected, "{kind} {name}");
        }
    }

    #[test]
    fn orphans_are_counted_as_workspaces_come_and_go() {
        let mut store = store();
        let of =
            |name: &str| json!({"kaito.sh/workspace": name, "kaito.sh/workspacenamespace": "n"});
        apply(&mut store, &object("NodeClaim", None, "c", &of("a")));
        apply(
            &mut store,
            &object(
                "StatefulSet",
                Some("n"),
                "left",
                &json!({"kaito.sh/workspace": "gone"}),
            ),
        );
        let counts =
            |store: &Store| [None, Some("n"), Some("m")].map(|namespace| store.orphans(namespace));
        assert_eq!(counts(&store), [1, 1, 0]);
        delete(&mut store, &workspace("a", "1", None));
        assert_eq!(counts(&store), [2, 2, 0]);
        let (workspaces, item) = item(&workspace("gone", "2", None));
        store.change(workspaces, Change::Listed(vec![item]));
        assert_eq!(counts(&store), [1, 1, 0]);
        store.change(kind("NodeClaim"), Change::KindAbsent);
        assert_eq!(counts(&store), [0, 0, 0]);
    }

    #[test]
    fn an_outdated_workspace_changes_nothing() {
        let mut store = store();
        let version = |store: &Store| {
            let tracked = store.workspaces.get(&NamespacedName::new("n", "a"));
            tracked.map(|tracked| tracked.resource_version.clone())
        };
        store.written(TrackedWorkspace::read(&workspace("a", "12", None)).unwrap());
        apply(&mut store, &workspace("a", "9", None));
        assert_eq!(version(&store).as_deref(), Some("12"));
        apply(&mut store, &workspace("a", "13", None));
        store.written(TrackedWorkspace::read(&workspace("a", "12", None)).unwrap());
        assert_eq!(version(&store).as_deref(), Some("13"));
        delete(&mut store, &workspace("a", "13", None));
        store.written(TrackedWorkspace::read(&workspace("a", "14", None)).unwrap());
        assert_eq!(version(&store), None);
        apply(&mut store, &workspace("a", "15", None));
        let (workspaces, item) = item(&workspace("a", "3", None));
        store.change(workspaces, Change::Listed(vec![item]));
        assert_eq!(
            version(&store).as_deref(),
            Some("3"),
            "a list is how things are, even after a restore"
        );
    }

    #[test]
    fn a_list_affects_all_workspaces_and_all_kinds_are_synced_after_one_each() {
        let mut store = store();
        assert_eq!(store.unsynced_kinds().count(), KINDS.len());
        for kind in &KINDS {
            if kind.name != "Workspace" {
                assert_eq!(
                    names(store.change(kind, Change::Listed(Vec::new()))),
                    ["a", "b", "d"],
                    "{}",
                    kind.name
                );
            }
        }
        assert_eq!(store.unsynced_kinds().collect::<Vec<_>>(), ["Workspace"]);
        let (kind, item) = item(&workspace("new", "1", None));
        assert_eq!(
            names(store.change(kind, Change::Listed(vec![item]))),
            ["a", "b", "d", "new"]
        );
        assert_eq!(store.unsynced_kinds().count(), 0);
    }
}
