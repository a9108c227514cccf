//! What may happen when a change is applied.
//!
//! Uses the types of a comparison; [`compare`](super::compare) uses it, object by object.

mod frozen;
mod summary;

use schemars::JsonSchema;
use serde::Serialize;

use self::summary::{fields, touches};
use super::model::{Action, Change, ObjectDiff};
use crate::base::json::Json;
use crate::base::object::{Group, Object};
use crate::vocab::kinds;

/// What applying a change may do to running pods and nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The API server rejects the object, because a field is immutable.
    ApplyFails,
    /// The pod template changes, so that pods are replaced.
    PodsRestart,
    /// Nodes are deleted, and others created in their place.
    NodesReplaced,
    /// Nodes are created, which cost money.
    NodesCreated,
    /// Nodes are deleted, with the pods on them.
    NodesRemoved,
    /// Who can reach a Service changes.
    ExposureChanges,
    /// Running pods keep the settings that they started with.
    ConfigStale,
}

impl Kind {
    /// The risk in two or three words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ApplyFails => "apply fails",
            Self::PodsRestart => "pods restart",
            Self::NodesReplaced => "nodes replaced",
            Self::NodesCreated => "nodes created",
            Self::NodesRemoved => "nodes removed",
            Self::ExposureChanges => "exposure changes",
            Self::ConfigStale => "stale settings",
        }
    }
}

/// One thing that may happen to one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// What may happen to the object.
    pub kind: Kind,
    /// The kind of the object.
    pub object: String,
    /// The namespace of the object; none if it has none.
    pub namespace: Option<String>,
    /// The name of the object. For a node object, whose name is a hash, that of its Workspace.
    pub name: String,
    /// How many nodes or pods it affects; 1 where neither is affected.
    pub count: u64,
    /// Why; may be empty.
    pub reason: String,
    /// What to do about it, with `NAME` and `NAMESPACE` as placeholders, so that equal advice for
    /// many objects can be shown once.
    pub remediation: Option<&'static str>,
}

impl Risk {
    /// What to do about it, for this object.
    #[must_use]
    pub fn remediation(&self) -> Option<String> {
        let namespace = self.namespace.as_deref().unwrap_or("default");
        self.remediation.map(|text| {
            text.replace("NAMESPACE", namespace)
                .replace("NAME", &self.name)
        })
    }
}

/// Fields of a Service that decide who reaches it.
const EXPOSURE: [&str; 7] = [
    "/spec/externalIPs",
    "/spec/externalTrafficPolicy",
    "/spec/loadBalancerClass",
    "/spec/loadBalancerSourceRanges",
    "/spec/ports",
    "/spec/selector",
    "/spec/type",
];

/// Adds what may happen because of one object.
pub(super) fn of(diff: &ObjectDiff, risks: &mut Vec<Risk>) {
    let Some(object) = diff.object() else { return };
    let mut found = Found { object, risks };
    let action = diff.action();
    match (object.identity().kind, action) {
        (kind, _) if kinds::is_node(kind) => found.node(diff),
        (kinds::NODE_POOL, _) => found.pool(diff),
        (kinds::SERVICE, _) => found.exposure(diff),
        (kinds::CONFIG_MAP, Action::Changed) => found.stale_settings(),
        (kinds::DEPLOYMENT | kinds::STATEFUL_SET, Action::Changed) => found.restart(diff),
        _ => {}
    }
    if action == Action::Changed
        && let Some((reason, remediation)) = frozen::rejection(object, &diff.changes)
    {
        found.add(Kind::ApplyFails, 1, reason, Some(remediation));
    }
}

/// The risks of all objects, to which those of one are added.
struct Found<'a> {
    object: &'a Object,
    risks: &'a mut Vec<Risk>,
}

impl Found<'_> {
    /// Adds a risk, unless it affects nothing.
    fn add(
        &mut self,
        kind: Kind,
        count: u64,
        reason: impl Into<String>,
        remediation: Option<&'static str>,
    ) {
        if count == 0 {
            return;
        }
        let identity = self.object.identity();
        let (namespace, name) = match self.object.group() {
            Group::Workspace { namespace, name } if identity.namespace.is_none() => {
                (Some(namespace), name)
            }
            _ => (
                identity.namespace.map(str::to_owned),
                identity.name.to_owned(),
            ),
        };
        self.risks.push(Risk {
            kind,
            object: identity.kind.to_owned(),
            namespace,
            name,
            count,
            reason: reason.into(),
            remediation,
        });
    }

    fn node(&mut self, diff: &ObjectDiff) {
        match diff.action() {
            Action::Added => self.add(Kind::NodesCreated, 1, "", None),
            Action::Removed => self.add(Kind::NodesRemoved, 1, "", None),
            Action::Replaced => self.add(Kind::NodesReplaced, 1, causes(&diff.changes), None),
            Action::Changed => {}
        }
    }

    fn pool(&mut self, diff: &ObjectDiff) {
        let was = diff.before.map_or(0, replicas);
        let is = diff.after.map_or(0, replicas);
        self.add(Kind::NodesCreated, is.saturating_sub(was), "", None);
        self.add(Kind::NodesRemoved, was.saturating_sub(is), "", None);
        if diff.action() == Action::Changed && touches(&diff.changes, "/spec/template") {
            // Karpenter replaces nodes that no longer match the template of their pool.
            let reason = fields(&diff.changes, "/spec/template");
            self.add(Kind::NodesReplaced, was.min(is), reason, None);
        }
    }

    fn restart(&mut self, diff: &ObjectDiff) {
        if touches(&diff.changes, "/spec/template") {
            let reason = fields(&diff.changes, "/spec/template");
            self.add(Kind::PodsRestart, replicas(self.object), reason, None);
        }
    }

    fn stale_settings(&mut self) {
        self.add(
            Kind::ConfigStale,
            1,
            "running pods keep the settings that they read at startup",
            Some("restart the pods that use it, for example with `kubectl rollout restart`"),
        );
    }

    fn exposure(&mut self, diff: &ObjectDiff) {
        let kind = |object: Option<&Object>| {
            object
                .and_then(|object| object.value["spec"]["type"].as_str())
                .unwrap_or("ClusterIP")
                .to_owned()
        };
        let is_open = |kind: &str| kind != "ClusterIP";
        let (was, is) = (kind(diff.before), kind(diff.after));
        let reason = match diff.action() {
            Action::Added if is_open(&is) => format!("a Service of type {is} is added"),
            Action::Removed if is_open(&was) => format!("a Service of type {was} is removed"),
            Action::Changed if was != is => format!("the type changes from {was} to {is}"),
            Action::Changed if EXPOSURE.iter().any(|field| touches(&diff.changes, field)) => {
                fields(&diff.changes, "/spec")
            }
            _ => return,
        };
        self.add(Kind::ExposureChanges, 1, reason, None);
    }
}

/// The fields that make a node another one. Its name only follows from them.
fn causes(changes: &[Change]) -> String {
    let is_name = |change: &&Change| {
        change.pointer.ends_with("/name") && matches!(change.after, Some(Json::String(_)))
    };
    let causes: Vec<_> = changes
        .iter()
        .filter(|change| !is_name(change))
        .cloned()
        .collect();
    fields(&causes, "")
}

fn replicas(object: &Object) -> u64 {
    object.value["spec"]["replicas"].as_u64().unwrap_or(1)
}
