//! Everything that is known of the cluster at present.

use std::collections::BTreeSet;

use crate::status::index::{Index, IndexKey, Indexed, Key};
use crate::status::observed::{
    ClusterState, Event, Metadata, Node, NodeObject, Pod, Workload, Workspace,
};
use serde_json::Value;

use crate::controller::conflicting_writers::{self, Write};
use crate::controller::kinds::{KINDS, Kind};

/// An object, reduced to the fields that are read.
#[derive(Debug)]
pub(crate) enum Item {
    /// A Workspace.
    Workspace(Box<TrackedWorkspace>),
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
pub(crate) struct TrackedWorkspace {
    /// What decides.
    pub(crate) workspace: Workspace,
    /// Its apiVersion.
    pub(crate) api_version: String,
    /// Which write this is.
    pub(crate) resource_version: String,
    /// The last write of somebody else to its status.
    pub(crate) foreign: Option<Write>,
}

impl TrackedWorkspace {
    /// Reads a Workspace.
    pub(crate) fn read(value: &Value) -> Result<Self, serde_json::Error> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Self {
            workspace: Workspace::read(value)?,
            api_version: text(&value["apiVersion"]),
            resource_version: text(&value["metadata"]["resourceVersion"]),
            foreign: conflicting_writers::last_write(&value["metadata"]["managedFields"]),
        })
    }

    /// Whether it is an earlier state of the same Workspace. Servers that number their writes
    /// otherwise are never said to be late.
    fn is_older(&self, other: &Self) -> bool {
        let number = |held: &Self| held.resource_version.parse::<u64>().ok();
        number(self)
            .zip(number(other))
            .is_some_and(|(this, other)| this < other)
    }
}

impl Indexed for TrackedWorkspace {
    fn index_keys(&self) -> Vec<IndexKey> {
        self.workspace.index_keys()
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

/// Namespace and name.
pub(crate) type Name = (String, String);

/// Everything that is known.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// What Workspaces are made into.
    pub(crate) world: ClusterState,
    /// The Workspaces.
    pub(crate) workspaces: Index<Name, TrackedWorkspace>,
    orphans: BTreeSet<Key>,
    known: BTreeSet<&'static str>,
}

/// Which object a change is about.
enum Id {
    Workspace(Name),
    NodeObject(Key),
    Node(String),
    Workload(Key),
    Pod(Name),
    Event(Key, String),
}

impl Item {
    fn id(&self) -> Id {
        match self {
            Self::Workspace(held) => Id::Workspace(of(&held.workspace.metadata)),
            Self::NodeObject(key, _) => Id::NodeObject(key.clone()),
            Self::Node(node) => Id::Node(node.metadata.name.clone()),
            Self::Workload(key, _) => Id::Workload(key.clone()),
            Self::Pod(pod) => Id::Pod(of(&pod.metadata)),
            Self::Event((about, name), _) => Id::Event(about.clone(), name.clone()),
        }
    }
}

impl Store {
    /// Which kinds have not been listed yet, and may exist: before there is none, nothing can be
    /// decided.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &'static str> {
        KINDS
            .iter()
            .map(|kind| kind.name)
            .filter(|name| !self.known.contains(name))
    }

    /// Takes in what a watch told, and says which Workspaces that concerns.
    pub(crate) fn change(&mut self, kind: &'static Kind, change: Change) -> BTreeSet<Name> {
        match change {
            Change::Absent => self.replace(kind, Vec::new()),
            Change::All(items) => self.replace(kind, items),
            Change::Apply(item) => {
                let id = item.id();
                let mut concerned = self.concerned(&id);
                self.apply(item);
                concerned.extend(self.concerned(&id));
                concerned
            }
            Change::Delete(item) => {
                let id = item.id();
                let concerned = self.concerned(&id);
                self.delete(id);
                concerned
            }
        }
    }

    /// Takes in what the API server answered to a write, unless the watch already knows better.
    pub(crate) fn written(&mut self, held: TrackedWorkspace) {
        if self.workspaces.get(&of(&held.workspace.metadata)).is_some() {
            self.apply(Item::Workspace(Box::new(held)));
        }
    }

    /// A list is rare, and may differ from what was known in anything: it concerns all Workspaces.
    fn replace(&mut self, kind: &'static Kind, items: Vec<Item>) -> BTreeSet<Name> {
        let mut concerned: BTreeSet<_> = self.workspaces.keys().cloned().collect();
        let world = &mut self.world;
        match kind.name {
            "Workspace" => self.workspaces = Index::default(),
            "Node" => world.nodes = Index::default(),
            "Pod" => world.pods = Index::default(),
            "Event" => world.events.clear(),
            name => {
                let keys = world.node_objects.keys().chain(world.workloads.keys());
                let gone: Vec<_> = keys.filter(|(kind, _, _)| kind == name).cloned().collect();
                for key in gone {
                    world.node_objects.remove(&key);
                    world.workloads.remove(&key);
                }
            }
        }
        for item in items {
            self.apply(item);
        }
        let made = self
            .world
            .node_objects
            .keys()
            .chain(self.world.workloads.keys());
        let orphans = made.filter(|key| self.is_orphan(key));
        self.orphans = orphans.cloned().collect();
        self.known.insert(kind.name);
        concerned.extend(self.workspaces.keys().cloned());
        concerned
    }

    fn apply(&mut self, item: Item) {
        let world = &mut self.world;
        match item {
            Item::Workspace(held) => {
                let name = of(&held.workspace.metadata);
                if !self
                    .workspaces
                    .get(&name)
                    .is_some_and(|known| held.is_older(known))
                {
                    self.workspaces.insert(name.clone(), *held);
                    self.judge_all(name);
                }
            }
            Item::NodeObject(key, object) => {
                world.node_objects.insert(key.clone(), object);
                self.judge(key);
            }
            Item::Node(node) => world.nodes.insert(node.metadata.name.clone(), node),
            Item::Workload(key, workload) => {
                world.workloads.insert(key.clone(), workload);
                self.judge(key);
            }
            Item::Pod(pod) => world.pods.insert(of(&pod.metadata), *pod),
            Item::Event(key, event) => drop(world.events.insert(key, event)),
        }
    }

    fn delete(&mut self, id: Id) {
        let world = &mut self.world;
        match id {
            Id::Workspace(name) => {
                self.workspaces.remove(&name);
                self.judge_all(name);
            }
            Id::NodeObject(key) => {
                world.node_objects.remove(&key);
                self.judge(key);
            }
            Id::Node(name) => drop(world.nodes.remove(&name)),
            Id::Workload(key) => {
                world.workloads.remove(&key);
                self.judge(key);
            }
            Id::Pod(name) => drop(world.pods.remove(&name)),
            Id::Event(about, name) => drop(world.events.remove(&(about, name))),
        }
    }

    /// The Workspaces whose status depends on an object as it is known now.
    fn concerned(&self, id: &Id) -> BTreeSet<Name> {
        match id {
            Id::Workspace(name) => BTreeSet::from([name.clone()]),
            Id::NodeObject(key) => self.of_node_object(key),
            Id::Node(name) => self.of_node(name),
            Id::Workload(key) => self.naming(key).collect(),
            Id::Pod(name) => self.of_pod(name).collect(),
            Id::Event(about, _) if about.0 == "Pod" => {
                self.of_pod(&(about.1.clone(), about.2.clone())).collect()
            }
            Id::Event(about, _) => self.naming(about).collect(),
        }
    }

    /// The Workspaces that were made into an object.
    fn naming(&self, key: &Key) -> impl Iterator<Item = Name> {
        self.workspaces
            .under(&IndexKey::Object(key.clone()))
            .map(|(name, _)| name.clone())
    }

    fn of_pod(&self, name: &Name) -> impl Iterator<Item = Name> {
        self.world
            .pods
            .get(name)
            .and_then(Pod::owner)
            .map(owned)
            .into_iter()
    }

    fn of_node_object(&self, key: &Key) -> BTreeSet<Name> {
        let mut concerned: BTreeSet<_> = self.naming(key).collect();
        if let Some(object) = self.world.node_objects.get(key) {
            concerned.extend(object.owner().map(owned));
            let pool = object
                .pool()
                .map(|pool| ("NodePool".to_owned(), String::new(), pool.to_owned()));
            concerned.extend(pool.iter().flat_map(|pool| self.naming(pool)));
        }
        concerned
    }

    fn of_node(&self, name: &str) -> BTreeSet<Name> {
        let claims = self
            .world
            .node_objects
            .under(&IndexKey::Node(name.to_owned()));
        let mut concerned: BTreeSet<_> = claims
            .flat_map(|(key, _)| self.of_node_object(key))
            .collect();
        let Some(node) = self.world.nodes.get(name) else {
            return concerned;
        };
        for label in node.index_keys() {
            let selecting = self.workspaces.under(&label).filter(|(_, held)| {
                held.workspace
                    .selector()
                    .is_some_and(|selector| selector.chooses(&node.metadata.labels))
            });
            concerned.extend(selecting.map(|(name, _)| name.clone()));
        }
        concerned
    }

    /// How many objects were made for Workspaces that are gone, in a namespace or in all. Nothing
    /// deletes them, and nodes cost money.
    pub(crate) fn orphans(&self, namespace: Option<&str>) -> usize {
        let Some(namespace) = namespace else {
            return self.orphans.len();
        };
        self.orphans
            .iter()
            .filter_map(|key| self.owner(key))
            .filter(|(of, _)| *of == namespace)
            .count()
    }

    /// The Workspace that a node object or a workload was made for.
    fn owner(&self, key: &Key) -> Option<(&str, &str)> {
        let node_object = self.world.node_objects.get(key).and_then(NodeObject::owner);
        node_object.or_else(|| self.world.workloads.get(key).and_then(Workload::owner))
    }

    fn is_orphan(&self, key: &Key) -> bool {
        self.owner(key)
            .is_some_and(|owner| self.workspaces.get(&owned(owner)).is_none())
    }

    fn judge(&mut self, key: Key) {
        if self.is_orphan(&key) {
            self.orphans.insert(key);
        } else {
            self.orphans.remove(&key);
        }
    }

    fn judge_all(&mut self, (namespace, name): Name) {
        let owner = IndexKey::Owner(namespace, name);
        let node_objects = self
            .world
            .node_objects
            .under(&owner)
            .map(|(key, _)| key.clone());
        let workloads = self
            .world
            .workloads
            .under(&owner)
            .map(|(key, _)| key.clone());
        for key in node_objects.chain(workloads).collect::<Vec<_>>() {
            self.judge(key);
        }
    }
}

fn of(metadata: &Metadata) -> Name {
    (
        metadata.namespace.clone().unwrap_or_default(),
        metadata.name.clone(),
    )
}

fn owned((namespace, name): (&str, &str)) -> Name {
    (namespace.to_owned(), name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{Change, Item, Name, Store, TrackedWorkspace};
    use crate::controller::kinds::{KINDS, Kind};

    fn kind(name: &str) -> &'static Kind {
        KINDS.iter().find(|kind| kind.name == name).unwrap()
    }

    fn item(object: &Value) -> (&'static Kind, Item) {
        let kind = kind(object["kind"].as_str().unwrap());
        (kind, (kind.read)(kind.name, object).unwrap())
    }

    fn apply(store: &mut Store, object: &Value) -> Vec<String> {
        let (kind, item) = item(object);
        names(store.change(kind, Change::Apply(item)))
    }

    fn delete(store: &mut Store, object: &Value) -> Vec<String> {
        let (kind, item) = item(object);
        names(store.change(kind, Change::Delete(item)))
    }

    fn names(concerned: BTreeSet<Name>) -> Vec<String> {
        concerned.into_iter().map(|(_, name)| name).collect()
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
    fn a_change_concerns_those_whose_status_depends_on_the_object() {
        let mut store = store();
        let owner = json!({"kaito.sh/workspace": "a", "kaito.sh/workspacenamespace": "n"});
        let pool = json!({"karpenter.sh/nodepool": "p"});
        let pod = json!({"kaito.sh/workspace": "d"});
        for (object, concerned) in [
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
            assert_eq!(apply(&mut store, &object), concerned, "{object}");
            assert_eq!(delete(&mut store, &object), concerned, "{object}");
        }
    }

    #[test]
    fn a_change_concerns_also_those_who_lose_the_object() {
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
    fn a_warning_concerns_those_of_the_workload_or_the_pod() {
        let mut store = store();
        apply(
            &mut store,
            &object("Pod", Some("n"), "d-0", &json!({"kaito.sh/workspace": "d"})),
        );
        for (kind, name, concerned) in [
            ("Pod", "d-0", &["d"][..]),
            ("Deployment", "a", &["a"]),
            ("Pod", "a", &[]),
            ("Deployment", "x", &[]),
        ] {
            let about = json!({"kind": kind, "namespace": "n", "name": name});
            let event = json!({"kind": "Event", "metadata": {"namespace": "n", "name": "e"}, "involvedObject": about});
            assert_eq!(apply(&mut store, &event), concerned, "{kind} {name}");
        }
    }

    #[test]
    fn what_is_without_its_workspace_is_counted_as_they_come_and_go() {
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
        store.change(workspaces, Change::All(vec![item]));
        assert_eq!(counts(&store), [1, 1, 0]);
        store.change(kind("NodeClaim"), Change::Absent);
        assert_eq!(counts(&store), [0, 0, 0]);
    }

    #[test]
    fn what_is_late_changes_nothing_and_brings_nobody_back() {
        let mut store = store();
        let version = |store: &Store| {
            let held = store.workspaces.get(&("n".to_owned(), "a".to_owned()));
            held.map(|held| held.resource_version.clone())
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
        store.change(workspaces, Change::All(vec![item]));
        assert_eq!(
            version(&store).as_deref(),
            Some("3"),
            "a list is how things are, even after a restore"
        );
    }

    #[test]
    fn a_list_concerns_all_and_nothing_is_missing_after_one_of_each_kind() {
        let mut store = store();
        assert_eq!(store.missing().count(), KINDS.len());
        for kind in &KINDS {
            if kind.name != "Workspace" {
                assert_eq!(
                    names(store.change(kind, Change::All(Vec::new()))),
                    ["a", "b", "d"],
                    "{}",
                    kind.name
                );
            }
        }
        assert_eq!(store.missing().collect::<Vec<_>>(), ["Workspace"]);
        let (kind, item) = item(&workspace("new", "1", None));
        assert_eq!(
            names(store.change(kind, Change::All(vec![item]))),
            ["a", "b", "d", "new"]
        );
        assert_eq!(store.missing().count(), 0);
    }
}
