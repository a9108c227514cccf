//! What is seen of a cluster: objects reduced to the fields that are read, and those of one
//! Workspace among them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::assemble::rendered::Rendered;
use crate::vocab::Provisioner;
use crate::workspace::RENDERED;

use super::cause::PROGRESS_DEADLINE;
use super::conditions::Condition;
use super::index::{Index, IndexKey, Indexed, Key};

/// The label that Karpenter gives to the `NodeClaims` of a `NodePool`.
const NODE_POOL: &str = "karpenter.sh/nodepool";

/// The label by which workloads, their pods and most node objects know their Workspace.
const WORKSPACE: &str = "kaito.sh/workspace";

/// The labels by which a node object knows the namespace and the name of its Workspace: all, and
/// those of `NodePools`.
const OWNERS: [[&str; 2]; 2] = [
    ["kaito.sh/workspacenamespace", WORKSPACE],
    [
        "karpenter.kaito.sh/workspace-namespace",
        "karpenter.kaito.sh/workspace-name",
    ],
];

/// What every object has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The namespace; none for a cluster-scoped object.
    pub namespace: Option<String>,
    /// Counts the changes of what is wanted.
    pub generation: i64,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// When it was made.
    pub creation_timestamp: Option<Timestamp>,
    /// When somebody asked for its deletion.
    pub deletion_timestamp: Option<Timestamp>,
}

/// A Workspace as the cluster has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Workspace {
    /// What every object has.
    pub metadata: Metadata,
    /// What was made of it, if its annotation can be read.
    #[serde(skip)]
    pub rendered: Option<Rendered<'static>>,
    /// The nodes it asks for.
    pub resource: Resource,
    /// There if it trains; otherwise it serves.
    pub tuning: Option<IgnoredAny>,
    /// What was last written.
    pub status: WorkspaceStatus,
}

/// The nodes that a Workspace asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Resource {
    /// By which labels.
    pub label_selector: Selector,
}

/// A choice by labels. The compiler takes no other kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// All of these.
    pub match_labels: BTreeMap<String, String>,
}

/// The status of a Workspace as far as it is written here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkspaceStatus {
    /// The answers, other writers' included.
    pub conditions: Vec<Condition>,
    /// The names of its nodes.
    pub worker_nodes: Vec<String>,
    /// Where it stands, in one word.
    pub state: Option<String>,
}

/// A Machine, `NodeClaim` or `NodePool`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodeObject {
    /// What every object has.
    pub metadata: Metadata,
    /// What its provisioner says.
    pub status: NodeObjectStatus,
}

/// What a provisioner says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeObjectStatus {
    /// How far it is.
    pub conditions: Vec<ObservedCondition>,
    /// The node, once it has joined.
    pub node_name: Option<String>,
}

/// A condition of somebody else's.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ObservedCondition {
    /// The question.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// A node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Node {
    /// What every object has.
    pub metadata: Metadata,
    /// What its kubelet says.
    pub status: NodeStatus,
}

/// What a kubelet says of its node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    /// Whether it is ready, and whether it lacks anything.
    pub conditions: Vec<ObservedCondition>,
    /// What it has, by resource.
    pub capacity: BTreeMap<String, String>,
}

/// A Deployment, `StatefulSet` or Job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Workload {
    /// What every object has.
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: WorkloadSpec,
    /// How far its controller is.
    pub status: WorkloadStatus,
}

/// What a workload wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WorkloadSpec {
    /// The number of pods; one if none is said.
    pub replicas: Option<u32>,
    /// Which pods are its own.
    pub selector: Selector,
}

/// How far the controller of a workload is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// The generation that all this is about; a Job has none.
    pub observed_generation: Option<i64>,
    /// The pods of a Deployment or `StatefulSet` that are ready.
    pub ready_replicas: u32,
    /// What its controller says.
    pub conditions: Vec<ObservedCondition>,
    /// The pods of a Job that are not finished.
    pub active: u32,
    /// Those of them that are ready.
    pub ready: u32,
    /// The pods of a Job that did their work.
    pub succeeded: u32,
    /// The pods of a Job that failed.
    pub failed: u32,
}

/// A pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// What every object has.
    pub metadata: Metadata,
    /// Where it runs.
    pub spec: PodSpec,
    /// How it is.
    pub status: PodStatus,
}

/// Where a pod runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// The node, once there is one for it.
    pub node_name: Option<String>,
}

/// How a pod is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    /// Why it is as it is, such as `Evicted`.
    pub reason: String,
    /// The same for people.
    pub message: String,
    /// Whether it was scheduled, and is ready.
    pub conditions: Vec<ObservedCondition>,
    /// Its init containers.
    pub init_container_statuses: Vec<Container>,
    /// Its other containers.
    pub container_statuses: Vec<Container>,
}

/// A container of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Whether it does its work, or for an init container has done it.
    pub ready: bool,
    /// How it is now.
    pub state: ContainerState,
    /// How it was before it was started again.
    pub last_state: ContainerState,
}

/// How a container is; running if neither.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// What it waits for.
    pub waiting: Option<ContainerStateReason>,
    /// How it ended.
    pub terminated: Option<ContainerStateReason>,
}

/// A reason.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerStateReason {
    /// In one word.
    pub reason: String,
    /// For people.
    pub message: String,
}

/// A warning about an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    /// What every object has.
    pub metadata: Metadata,
    /// The object that it is about.
    pub involved_object: Involved,
    /// Why, in one word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
    /// When it last happened.
    pub last_timestamp: Option<Timestamp>,
}

/// The object that an event is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Involved {
    /// Its kind.
    pub kind: String,
    /// Its namespace; none if it is cluster-scoped.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// Everything that is seen of a cluster.
#[derive(Debug, Default)]
pub struct ClusterState {
    /// Machines, `NodeClaims` and `NodePools`.
    pub node_objects: Index<Key, NodeObject>,
    /// Nodes by name.
    pub nodes: Index<String, Node>,
    /// Deployments, `StatefulSets` and Jobs.
    pub workloads: Index<Key, Workload>,
    /// Pods by namespace and name.
    pub pods: Index<(String, String), Pod>,
    /// Warnings, by the object that they are about and their own name.
    pub events: BTreeMap<(Key, String), Event>,
}

/// What is seen of one Workspace at one time.
#[derive(Debug)]
pub struct Observed<'a> {
    /// The Workspace.
    pub workspace: &'a Workspace,
    /// Its `NodePool`, if it was made one: the name, and the object if it is there.
    pub pool: Option<(&'a str, Option<&'a NodeObject>)>,
    /// Its Machines or `NodeClaims`, by name; none for those that are not there.
    pub claims: Vec<(&'a str, Option<&'a NodeObject>)>,
    /// Its nodes by name; none for those that are not there.
    pub nodes: Vec<(&'a str, Option<&'a Node>)>,
    /// Its workload: the kind, the name, and the object if it is there.
    pub workload: Option<(&'a str, &'a str, Option<&'a Workload>)>,
    /// The pods of its workload.
    pub pods: Vec<&'a Pod>,
    /// The last warning about each object that a cause may be found at: the workload, then its
    /// pods.
    pub warnings: Vec<&'a Event>,
    /// The time.
    pub now: Timestamp,
}

impl Workspace {
    /// Reads a Workspace of either version.
    pub fn read(value: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let mut workspace = Self::deserialize(value)?;
        let annotation = value["metadata"]["annotations"][RENDERED].as_str();
        workspace.rendered = annotation.and_then(|text| serde_json::from_str(text).ok());
        Ok(workspace)
    }

    fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// The labels by which it takes its nodes, where nobody makes them.
    #[must_use]
    pub fn selector(&self) -> Option<&Selector> {
        let rendered = self.rendered.as_ref()?;
        let makes = |kind: &str| matches!(kind, "NodePool" | "Machine" | "NodeClaim");
        let is_made = rendered.provisioner != Provisioner::None
            || rendered.objects.iter().any(|made| makes(&made.kind));
        (!is_made).then_some(&self.resource.label_selector)
    }
}

/// A Workspace is found by the objects that were made of it, and by one of the labels that its
/// nodes have to have.
impl Indexed for Workspace {
    fn index_keys(&self) -> Vec<IndexKey> {
        let objects = self.rendered.iter().flat_map(|rendered| &rendered.objects);
        let named = objects.map(|object| {
            IndexKey::Object(key(
                &object.kind,
                object.namespace.as_deref().unwrap_or_default(),
                &object.name,
            ))
        });
        let labels = self
            .selector()
            .into_iter()
            .flat_map(|selector| &selector.match_labels);
        named.chain(labels.take(1).map(label)).collect()
    }
}

impl Indexed for NodeObject {
    fn index_keys(&self) -> Vec<IndexKey> {
        let owner = self
            .owner()
            .map(|(namespace, name)| IndexKey::Owner(namespace.to_owned(), name.to_owned()));
        let pool = self.pool().map(|pool| IndexKey::Pool(pool.to_owned()));
        let node = self.node().map(|node| IndexKey::Node(node.to_owned()));
        [owner, pool, node].into_iter().flatten().collect()
    }
}

impl Indexed for Node {
    fn index_keys(&self) -> Vec<IndexKey> {
        self.metadata.labels.iter().map(label).collect()
    }
}

impl Indexed for Workload {
    fn index_keys(&self) -> Vec<IndexKey> {
        self.owner()
            .map(|(namespace, name)| IndexKey::Owner(namespace.to_owned(), name.to_owned()))
            .into_iter()
            .collect()
    }
}

impl Indexed for Pod {
    fn index_keys(&self) -> Vec<IndexKey> {
        self.owner()
            .map(|(namespace, name)| IndexKey::Owner(namespace.to_owned(), name.to_owned()))
            .into_iter()
            .collect()
    }
}

fn label((name, value): (&String, &String)) -> IndexKey {
    IndexKey::Label(name.clone(), value.clone())
}

impl Selector {
    /// Whether something with these labels is chosen. A selector without labels chooses nothing.
    #[must_use]
    pub fn chooses(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.match_labels.is_empty()
            && self
                .match_labels
                .iter()
                .all(|(key, value)| labels.get(key) == Some(value))
    }
}

impl NodeObject {
    /// The condition of a type. Those of Machines are called as those of `NodeClaims`, behind the
    /// word Machine.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&ObservedCondition> {
        let is_meant = |seen: &&ObservedCondition| {
            seen.kind.strip_prefix("Machine").unwrap_or(&seen.kind) == kind
        };
        self.status.conditions.iter().find(is_meant)
    }

    /// The namespace and the name of the Workspace that it was made for.
    #[must_use]
    pub fn owner(&self) -> Option<(&str, &str)> {
        let label = |name: &str| self.metadata.labels.get(name).map(String::as_str);
        OWNERS
            .iter()
            .find_map(|[namespace, name]| label(namespace).zip(label(name)))
    }

    /// The `NodePool` that made it.
    #[must_use]
    pub fn pool(&self) -> Option<&str> {
        self.metadata.labels.get(NODE_POOL).map(String::as_str)
    }

    /// The node that it has become.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.status
            .node_name
            .as_deref()
            .filter(|name| !name.is_empty())
    }
}

impl Metadata {
    /// The namespace and the name of the Workspace that a label of an object in its namespace
    /// names.
    fn labelled(&self) -> Option<(&str, &str)> {
        self.namespace
            .as_deref()
            .zip(self.labels.get(WORKSPACE).map(String::as_str))
    }
}

impl Workload {
    /// The namespace and the name of the Workspace that it was made for.
    #[must_use]
    pub fn owner(&self) -> Option<(&str, &str)> {
        self.metadata.labelled()
    }
}

impl Pod {
    /// The namespace and the name of the Workspace that it works for.
    #[must_use]
    pub fn owner(&self) -> Option<(&str, &str)> {
        self.metadata.labelled()
    }
}

impl ObservedCondition {
    /// Whether the answer is yes.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }

    /// Whether the answer is no.
    #[must_use]
    pub fn is_false(&self) -> bool {
        self.status == "False"
    }
}

impl<'a> Observed<'a> {
    /// Picks what belongs to a Workspace.
    #[must_use]
    pub fn of(workspace: &'a Workspace, world: &'a ClusterState, now: Timestamp) -> Self {
        let mut observed = Self {
            workspace,
            pool: None,
            claims: Vec::new(),
            nodes: Vec::new(),
            workload: None,
            pods: Vec::new(),
            warnings: Vec::new(),
            now,
        };
        if let Some(rendered) = &workspace.rendered {
            observed.find_claims(rendered, world);
            observed.find_nodes(world);
            observed.find_workload(rendered, world);
        }
        observed
    }

    fn find_claims(&mut self, rendered: &'a Rendered<'static>, world: &'a ClusterState) {
        for object in &rendered.objects {
            let found = || world.node_objects.get(&key(&object.kind, "", &object.name));
            match &*object.kind {
                "NodePool" => self.pool = Some((&object.name, found())),
                "Machine" | "NodeClaim" => self.claims.push((&object.name, found())),
                _ => {}
            }
        }
        // Those that the annotation had no room for are known by their labels, and so are those of
        // a NodePool.
        let unnamed = match self.pool {
            Some((pool, _)) => IndexKey::Pool(pool.to_owned()),
            None if rendered.more.is_some() && !self.claims.is_empty() => self.owner(),
            None => return,
        };
        for ((kind, _, name), object) in world.node_objects.under(&unnamed) {
            if kind != "NodePool" && !self.claims.iter().any(|(known, _)| known == name) {
                self.claims.push((name, Some(object)));
            }
        }
    }

    /// The nodes of the claims; where nobody makes nodes, those that the Workspace selects.
    fn find_nodes(&mut self, world: &'a ClusterState) {
        let Some(selector) = self.workspace.selector() else {
            let names = self
                .claims
                .iter()
                .filter_map(|(_, claim)| claim.as_ref()?.node());
            self.nodes = names.map(|name| (name, world.nodes.get(name))).collect();
            return;
        };
        // The rarest of the labels leaves the fewest to look at.
        let rarest = selector
            .match_labels
            .iter()
            .map(label)
            .min_by_key(|term| world.nodes.count(term));
        let nodes = rarest.iter().flat_map(|term| world.nodes.under(term));
        let chosen = nodes.filter(|(_, node)| selector.chooses(&node.metadata.labels));
        self.nodes = chosen
            .map(|(name, node)| (name.as_str(), Some(node)))
            .collect();
    }

    fn find_workload(&mut self, rendered: &'a Rendered<'static>, world: &'a ClusterState) {
        let is_workload = |kind: &str| matches!(kind, "Deployment" | "StatefulSet" | "Job");
        let Some(object) = rendered
            .objects
            .iter()
            .find(|object| is_workload(&object.kind))
        else {
            return;
        };
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let own = key(&object.kind, namespace, &object.name);
        let workload = world.workloads.get(&own);
        self.workload = Some((&object.kind, &object.name, workload));
        let Some(workload) = workload else { return };
        let pods = world.pods.under(&self.owner()).map(|(_, pod)| pod);
        self.pods = pods
            .filter(|pod| workload.spec.selector.chooses(&pod.metadata.labels))
            .collect();
        let pods = self
            .pods
            .iter()
            .map(|pod| key("Pod", namespace, &pod.metadata.name));
        self.warnings = std::iter::once(own)
            .chain(pods)
            .filter_map(|key| last_warning(&key, world))
            .collect();
    }

    /// What is made for the Workspace carries this.
    fn owner(&self) -> IndexKey {
        IndexKey::Owner(
            self.workspace.namespace().to_owned(),
            self.workspace.metadata.name.clone(),
        )
    }

    /// When time alone will next change what is decided: the first of what is waited for is overdue
    /// then.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        let objects = self
            .pool
            .iter()
            .chain(&self.claims)
            .filter_map(|(_, object)| Some(&(*object)?.metadata));
        let nodes = self
            .nodes
            .iter()
            .filter_map(|(_, node)| Some(&(*node)?.metadata));
        let pods = self.pods.iter().map(|pod| &pod.metadata);
        let all = objects
            .chain(nodes)
            .chain(pods)
            .chain([&self.workspace.metadata]);
        let due = all.filter_map(|metadata| {
            metadata
                .creation_timestamp?
                .checked_add(PROGRESS_DEADLINE)
                .ok()
        });
        due.filter(|due| *due > self.now).min()
    }
}

fn last_warning<'a>(about: &Key, world: &'a ClusterState) -> Option<&'a Event> {
    let events = world
        .events
        .range((about.clone(), String::new())..)
        .take_while(|((of, _), _)| of == about);
    events
        .map(|(_, event)| event)
        .max_by_key(|event| event.last_timestamp)
}

fn key(kind: &str, namespace: &str, name: &str) -> Key {
    (kind.to_owned(), namespace.to_owned(), name.to_owned())
}
