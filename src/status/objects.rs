//! Objects of the cluster, reduced to the fields that decide a status.
//!
//! A watch holds every object of its kind in memory, so each field that is left out counts. Every
//! field has a default, because a provisioner or a kubelet may not have written it yet.
//!
//! Uses [`super::conditions`] and [`super::index`]; everything else of `status` uses it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::vocab::annotations::RENDERED;
use crate::vocab::{Provisioner, Rendered, kinds, labels};

use super::conditions::Condition;
use super::index::{IndexKey, Indexed, NamespacedName, ObjectKey};

/// The longest version of a compiler, and of a release.
const LONGEST_VERSION: usize = 64;

/// The longest name of an object in Kubernetes.
const LONGEST_NAME: usize = 253;

/// The part of `metadata` that is read of every kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// The name, unique among objects of the kind in the namespace.
    pub name: String,
    /// `metadata.namespace`; none for a cluster-scoped object.
    pub namespace: Option<String>,
    /// `metadata.generation`: counts the changes of `spec`.
    pub generation: i64,
    /// The labels, by which objects are selected and refer to Workspaces.
    pub labels: BTreeMap<String, String>,
    /// When the API server created the object.
    pub creation_timestamp: Option<Timestamp>,
    /// When its deletion was requested; a finalizer may still hold it.
    pub deletion_timestamp: Option<Timestamp>,
}

/// A Workspace of either API version.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Workspace {
    /// Name, namespace, generation and labels of the Workspace.
    pub metadata: Metadata,
    /// The annotation that `render` writes; none if it is absent or cannot be parsed.
    #[serde(skip)]
    pub rendered: Option<Rendered<'static>>,
    /// The nodes that it requests.
    pub resource: Resource,
    /// Present if the Workspace trains a model; without it, it serves one.
    pub tuning: Option<IgnoredAny>,
    /// The status as it was last written.
    pub status: WorkspaceStatus,
}

/// `resource` of a Workspace.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Resource {
    /// Selects existing nodes where nothing creates nodes for the Workspace.
    pub label_selector: Selector,
}

/// A label selector. `matchExpressions` are not read: the compiler rejects them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// Labels that must all match.
    pub match_labels: BTreeMap<String, String>,
}

/// The fields of a Workspace's status that the controller writes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkspaceStatus {
    /// All conditions, including those of other writers.
    pub conditions: Vec<Condition>,
    /// The names of the ready nodes, sorted.
    pub worker_nodes: Vec<String>,
    /// KAITO 0.12's summary, such as `Pending`; none in release 0.3.
    pub state: Option<String>,
}

/// A Machine, `NodeClaim` or `NodePool`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodeObject {
    /// Name, labels and times of the node object.
    pub metadata: Metadata,
    /// The status that its provisioner writes.
    pub status: NodeObjectStatus,
}

/// The status of a node object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeObjectStatus {
    /// The steps that the provisioner has taken.
    pub conditions: Vec<ObservedCondition>,
    /// The node, once it has joined the cluster.
    pub node_name: Option<String>,
}

/// A condition that another controller wrote. Unlike [`Condition`], any of its fields may be
/// missing or have an unknown value.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ObservedCondition {
    /// The type, such as `Ready`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// The reason in CamelCase.
    pub reason: String,
    /// The reason for people.
    pub message: String,
}

/// A node of the cluster: its readiness and its GPUs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Name, labels and times of the node.
    pub metadata: Metadata,
    /// The status that its kubelet writes.
    pub status: NodeStatus,
}

/// The status of a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    /// `Ready`, and the pressures that the kubelet reports.
    pub conditions: Vec<ObservedCondition>,
    /// The resources of the node as quantities; only `nvidia.com/gpu` is read.
    pub capacity: BTreeMap<String, String>,
}

/// A Deployment, `StatefulSet` or Job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Workload {
    /// Name, namespace, generation and labels of the workload.
    pub metadata: Metadata,
    /// The part of `spec` that the status depends on.
    pub spec: WorkloadSpec,
    /// The status that Kubernetes' controllers write.
    pub status: WorkloadStatus,
}

/// The spec of a workload.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WorkloadSpec {
    /// The number of pods; Kubernetes' default is 1.
    pub replicas: Option<u32>,
    /// Selects the pods of the workload.
    pub selector: Selector,
}

/// The status of a workload: the fields of Deployments, `StatefulSets` and Jobs together.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// The generation that the status describes; Jobs have none.
    pub observed_generation: Option<i64>,
    /// The ready pods of a Deployment or `StatefulSet`.
    pub ready_replicas: u32,
    /// The conditions, such as `Progressing` of a Deployment or `Failed` of a Job.
    pub conditions: Vec<ObservedCondition>,
    /// The pods of a Job that have not terminated.
    pub active: u32,
    /// The active pods of a Job that are ready.
    pub ready: u32,
    /// The pods of a Job that succeeded.
    pub succeeded: u32,
    /// The pods of a Job that failed.
    pub failed: u32,
}

/// A pod of a workload: where it runs, and why it does not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Name, namespace and labels of the pod.
    pub metadata: Metadata,
    /// The part of `spec` that the status depends on.
    pub spec: PodSpec,
    /// The status that the kubelet and the scheduler write.
    pub status: PodStatus,
}

/// The spec of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// The node, once the pod is scheduled.
    pub node_name: Option<String>,
}

/// The status of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    /// A reason in CamelCase, such as `Evicted`.
    pub reason: String,
    /// The reason for people.
    pub message: String,
    /// The conditions, such as `PodScheduled`.
    pub conditions: Vec<ObservedCondition>,
    /// The init containers in order; each has to succeed before the next one starts.
    pub init_container_statuses: Vec<Container>,
    /// The containers that run side by side after those.
    pub container_statuses: Vec<Container>,
}

/// The status of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// The name within the pod.
    pub name: String,
    /// The image as the pod names it.
    pub image: String,
    /// Whether the container passes its readiness probe, or an init container has succeeded.
    pub ready: bool,
    /// What the container does now.
    pub state: ContainerState,
    /// The state before the last restart.
    pub last_state: ContainerState,
}

/// The state of a container; it runs if neither field is set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// Why it has not started, such as `ImagePullBackOff`.
    pub waiting: Option<ContainerStateReason>,
    /// Why it terminated, such as `OOMKilled`.
    pub terminated: Option<ContainerStateReason>,
}

/// Why a container waits or terminated.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerStateReason {
    /// The reason in CamelCase.
    pub reason: String,
    /// The reason for people.
    pub message: String,
}

/// An event of type `Warning`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    /// Name and namespace of the event itself.
    pub metadata: Metadata,
    /// The object that the event is about.
    pub involved_object: InvolvedObject,
    /// The reason in CamelCase, such as `FailedMount`.
    pub reason: String,
    /// The reason for people.
    pub message: String,
    /// When the event last occurred.
    pub last_timestamp: Option<Timestamp>,
}

/// The object that an event is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct InvolvedObject {
    /// The kind of the object, such as `Pod`.
    pub kind: String,
    /// Its namespace; none if it is cluster-scoped.
    pub namespace: Option<String>,
    /// The name of the object, which need not exist any more.
    pub name: String,
}

impl Metadata {
    /// The namespace and the name.
    #[must_use]
    pub fn namespaced_name(&self) -> NamespacedName {
        NamespacedName::new(self.namespace.as_deref().unwrap_or_default(), &self.name)
    }

    /// The key of the object, which is of this kind.
    #[must_use]
    pub fn key(&self, kind: &str) -> ObjectKey {
        ObjectKey::new(
            kind,
            self.namespace.as_deref().unwrap_or_default(),
            &self.name,
        )
    }

    /// The Workspace in the object's own namespace that a label names.
    fn workspace(&self) -> Option<NamespacedName> {
        let (namespace, name) = (
            self.namespace.as_ref()?,
            self.labels.get(labels::WORKSPACE)?,
        );
        Some(NamespacedName::new(namespace, name))
    }
}

impl Workspace {
    /// Reads a Workspace, and parses the annotation that `render` wrote.
    pub fn read(value: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let mut workspace = Self::deserialize(value)?;
        let annotation = value["metadata"]["annotations"][RENDERED].as_str();
        workspace.rendered = annotation.and_then(|text| rendered(text, &workspace.metadata));
        Ok(workspace)
    }

    /// The selector of its nodes, where nothing creates nodes for it.
    #[must_use]
    pub fn selector(&self) -> Option<&Selector> {
        let rendered = self.rendered.as_ref()?;
        let is_made = rendered.provisioner != Provisioner::None
            || rendered
                .objects
                .iter()
                .any(|made| kinds::makes_nodes(&made.kind));
        (!is_made).then_some(&self.resource.label_selector)
    }
}

/// What the annotation of a Workspace says, as far as it is believed: whoever may write the Workspace
/// may write the annotation, and could name the objects of others. Objects of other namespaces are
/// left out here; to whom a cluster-scoped object belongs, its labels say.
fn rendered(annotation: &str, of: &Metadata) -> Option<Rendered<'static>> {
    let mut rendered = Rendered::parse(annotation)?;
    let is_version = |text: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
        text.len() <= LONGEST_VERSION && text.bytes().all(is_part)
    };
    if !is_version(&rendered.release) || !is_version(&rendered.version) {
        return None;
    }
    let mut known = BTreeSet::new();
    rendered.objects.retain(|object| {
        let namespace = object.namespace.as_deref();
        let is_own = kinds::makes_nodes(&object.kind) || namespace == of.namespace.as_deref();
        let is_name = object.name.len() <= LONGEST_NAME && object.kind.len() <= LONGEST_NAME;
        is_own && is_name && known.insert((object.kind.clone(), object.name.clone()))
    });
    Some(rendered)
}

impl Selector {
    /// Whether the selector matches these labels. Unlike in Kubernetes, a selector without labels
    /// matches nothing: such a Workspace has no nodes, rather than all of them.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.match_labels.is_empty()
            && self
                .match_labels
                .iter()
                .all(|(key, value)| labels.get(key) == Some(value))
    }
}

impl NodeObject {
    /// The condition of a type. Machines prefix the types of `NodeClaims` by `Machine`.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&ObservedCondition> {
        self.status.conditions.iter().find(|condition| {
            let observed = &condition.kind;
            observed.strip_prefix(kinds::MACHINE).unwrap_or(observed) == kind
        })
    }

    /// The Workspace that it was rendered for.
    #[must_use]
    pub fn owner(&self) -> Option<NamespacedName> {
        let label = |name: &str| self.metadata.labels.get(name);
        labels::OWNERS.iter().find_map(|[namespace, name]| {
            Some(NamespacedName::new(label(namespace)?, label(name)?))
        })
    }

    /// The name of the `NodePool` that created it.
    #[must_use]
    pub fn pool(&self) -> Option<&str> {
        self.metadata
            .labels
            .get(labels::NODE_POOL)
            .map(String::as_str)
    }

    /// The name of the node that it became.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.status
            .node_name
            .as_deref()
            .filter(|name| !name.is_empty())
    }
}

impl Workload {
    /// The Workspace that it was rendered for.
    #[must_use]
    pub fn owner(&self) -> Option<NamespacedName> {
        self.metadata.workspace()
    }
}

impl Pod {
    /// The Workspace whose workload created it.
    #[must_use]
    pub fn owner(&self) -> Option<NamespacedName> {
        self.metadata.workspace()
    }
}

impl Event {
    /// The key of the object that the event is about.
    #[must_use]
    pub fn involved(&self) -> ObjectKey {
        let InvolvedObject {
            kind,
            namespace,
            name,
        } = &self.involved_object;
        ObjectKey::new(kind, namespace.as_deref().unwrap_or_default(), name)
    }
}

impl ObservedCondition {
    /// Whether the status is `True`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }

    /// Whether the status is `False`.
    #[must_use]
    pub fn is_false(&self) -> bool {
        self.status == "False"
    }
}

/// A Workspace is found by the objects that it was rendered into, and by one of the labels that it
/// selects nodes by: a node that it selects has all of them.
impl Indexed for Workspace {
    fn index_keys(&self) -> Vec<IndexKey> {
        let objects = self.rendered.iter().flat_map(|rendered| &rendered.objects);
        let objects = objects.map(|object| {
            let namespace = object.namespace.as_deref().unwrap_or_default();
            IndexKey::Object(ObjectKey::new(&object.kind, namespace, &object.name))
        });
        let labels = self
            .selector()
            .into_iter()
            .flat_map(|selector| &selector.match_labels);
        objects.chain(labels.take(1).map(label)).collect()
    }
}

impl Indexed for NodeObject {
    fn index_keys(&self) -> Vec<IndexKey> {
        let owner = self.owner().map(IndexKey::Owner);
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
        self.owner().map(IndexKey::Owner).into_iter().collect()
    }
}

impl Indexed for Pod {
    fn index_keys(&self) -> Vec<IndexKey> {
        self.owner().map(IndexKey::Owner).into_iter().collect()
    }
}

/// The index key of a label.
pub(super) fn label((key, value): (&String, &String)) -> IndexKey {
    IndexKey::Label(key.clone(), value.clone())
}
