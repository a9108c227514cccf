//! The state of a cluster, and what of it belongs to one Workspace at one time.
//!
//! Uses [`super::objects`] and [`super::index`]. The controller's store fills a [`ClusterState`];
//! the rest of `status` judges an [`Observed`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::vocab::{Rendered, kinds};

use super::cause::PROGRESS_DEADLINE;
use super::index::{Index, IndexKey, NamespacedName, ObjectKey};
use super::objects::{Event, Node, NodeObject, Pod, Workload, Workspace, label};

/// All objects of a cluster that Workspaces are rendered into, or that those objects create.
#[derive(Debug, Default)]
pub struct ClusterState {
    /// Machines, `NodeClaims` and `NodePools`.
    pub node_objects: Index<ObjectKey, NodeObject>,
    /// All nodes, by their names.
    pub nodes: Index<String, Node>,
    /// Deployments, `StatefulSets` and Jobs.
    pub workloads: Index<ObjectKey, Workload>,
    /// Pods of workloads, by namespace and name.
    pub pods: Index<NamespacedName, Pod>,
    /// Warnings, by the object that they are about and their own name.
    pub events: BTreeMap<(ObjectKey, String), Event>,
}

/// What is observed of one Workspace at one time.
#[derive(Debug)]
pub struct Observed<'a> {
    /// The Workspace as the cluster has it.
    pub workspace: &'a Workspace,
    /// The name of its `NodePool`, if it was rendered into one, and the object if it exists.
    pub pool: Option<(&'a str, Option<&'a NodeObject>)>,
    /// The names of its Machines or `NodeClaims`, and the objects that exist.
    pub claims: Vec<(&'a str, Option<&'a NodeObject>)>,
    /// The names of its nodes, and the objects that exist.
    pub nodes: Vec<(&'a str, Option<&'a Node>)>,
    /// The kind and the name of its workload, and the object if it exists.
    pub workload: Option<(&'a str, &'a str, Option<&'a Workload>)>,
    /// The pods of its workload.
    pub pods: Vec<&'a Pod>,
    /// The last warning about the workload, then that about each pod.
    pub warnings: Vec<&'a Event>,
    /// The time of the observation.
    pub now: Timestamp,
}

impl<'a> Observed<'a> {
    /// Selects what belongs to a Workspace.
    #[must_use]
    pub fn of(workspace: &'a Workspace, cluster: &'a ClusterState, now: Timestamp) -> Self {
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
            observed.find_claims(rendered, cluster);
            observed.find_nodes(cluster);
            observed.find_workload(rendered, cluster);
        }
        observed
    }

    fn find_claims(&mut self, rendered: &'a Rendered<'static>, cluster: &'a ClusterState) {
        let owner = self.workspace.metadata.namespaced_name();
        for object in &rendered.objects {
            let key = || ObjectKey::new(&object.kind, "", &object.name);
            // One of another Workspace is as good as none: its state is nobody else's concern.
            let found = || {
                let object = cluster.node_objects.get(&key());
                object.filter(|object| object.owner().as_ref() == Some(&owner))
            };
            match &*object.kind {
                kinds::NODE_POOL => self.pool = Some((&object.name, found())),
                kind if kinds::is_node(kind) => self.claims.push((&object.name, found())),
                _ => {}
            }
        }
        // The annotation names a limited number of objects, and no NodeClaims of a NodePool: the
        // rest is found by labels.
        let unnamed = match self.pool {
            Some((pool, Some(_))) => IndexKey::Pool(pool.to_owned()),
            None if rendered.more.is_some() && !self.claims.is_empty() => self.owner(),
            _ => return,
        };
        let mut known: BTreeSet<_> = self.claims.iter().map(|(name, _)| *name).collect();
        for (key, object) in cluster.node_objects.under(&unnamed) {
            if key.kind != kinds::NODE_POOL && known.insert(&key.name) {
                self.claims.push((&key.name, Some(object)));
            }
        }
    }

    /// Finds the nodes that the claims became, or where nothing creates nodes, those that the
    /// Workspace selects.
    fn find_nodes(&mut self, cluster: &'a ClusterState) {
        let Some(selector) = self.workspace.selector() else {
            let names = self
                .claims
                .iter()
                .filter_map(|(_, claim)| claim.as_ref()?.node());
            self.nodes = names.map(|name| (name, cluster.nodes.get(name))).collect();
            return;
        };
        // A selected node has all labels, so the rarest label leaves the fewest nodes to check.
        let rarest = selector
            .match_labels
            .iter()
            .map(label)
            .min_by_key(|label| cluster.nodes.count(label));
        let nodes = rarest.iter().flat_map(|label| cluster.nodes.under(label));
        let selected = nodes.filter(|(_, node)| selector.matches(&node.metadata.labels));
        self.nodes = selected
            .map(|(name, node)| (name.as_str(), Some(node)))
            .collect();
    }

    fn find_workload(&mut self, rendered: &'a Rendered<'static>, cluster: &'a ClusterState) {
        let mut objects = rendered.objects.iter();
        let Some(object) = objects.find(|object| kinds::is_workload(&object.kind)) else {
            return;
        };
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let key = ObjectKey::new(&object.kind, namespace, &object.name);
        let workload = cluster.workloads.get(&key);
        self.workload = Some((&object.kind, &object.name, workload));
        let Some(workload) = workload else { return };
        let pods = cluster.pods.under(&self.owner()).map(|(_, pod)| pod);
        self.pods = pods
            .filter(|pod| workload.spec.selector.matches(&pod.metadata.labels))
            .collect();
        let pods = self.pods.iter().map(|pod| pod.metadata.key("Pod"));
        self.warnings = std::iter::once(key)
            .chain(pods)
            .filter_map(|key| last_warning(&key, cluster))
            .collect();
    }

    /// The key of everything that was rendered for the Workspace.
    fn owner(&self) -> IndexKey {
        IndexKey::Owner(self.workspace.metadata.namespaced_name())
    }

    /// When the status may change although no object changes: when the next of the objects that
    /// are waited for is 15 minutes old. None if all of them are.
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
        objects
            .chain(nodes)
            .chain(pods)
            .chain([&self.workspace.metadata])
            .filter_map(|metadata| {
                metadata
                    .creation_timestamp?
                    .checked_add(PROGRESS_DEADLINE)
                    .ok()
            })
            .filter(|deadline| *deadline > self.now)
            .min()
    }
}

fn last_warning<'a>(about: &ObjectKey, cluster: &'a ClusterState) -> Option<&'a Event> {
    let events = cluster
        .events
        .range((about.clone(), String::new())..)
        .take_while(|((object, _), _)| object == about);
    events
        .map(|(_, event)| event)
        .max_by_key(|event| event.last_timestamp)
}
