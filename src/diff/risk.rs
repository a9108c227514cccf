//! What may happen when a change is applied.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Change, Fate, ObjectDiff};
use crate::base::json::Json;
use crate::base::object::{Group, Object};

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The API server refuses the object.
    ApplyFails,
    /// Pods are made anew.
    PodsRestart,
    /// Nodes go and others come in their place.
    NodesReplaced,
    /// Nodes come.
    NodesCreated,
    /// Nodes go.
    NodesRemoved,
    /// Who can reach a Service changes.
    ExposureChanges,
    /// Pods run on with the content that they started with.
    ConfigStale,
}

impl Kind {
    /// What people are told.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ApplyFails => "apply fails",
            Self::PodsRestart => "pods restart",
            Self::NodesReplaced => "nodes replaced",
            Self::NodesCreated => "nodes created",
            Self::NodesRemoved => "nodes removed",
            Self::ExposureChanges => "exposure changes",
            Self::ConfigStale => "old settings stay",
        }
    }
}

/// One thing that may happen to one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// What may happen.
    pub kind: Kind,
    /// The kind of the object.
    pub object: String,
    /// Its namespace, if it has one.
    pub namespace: Option<String>,
    /// Its name; for a node object the Workspace that it is made for, which says more.
    pub name: String,
    /// How many nodes or objects it is.
    pub count: u64,
    /// Why.
    pub reason: String,
    /// What to do about it, with `NAME` and `NAMESPACE` to be filled in.
    pub way_out: Option<&'static str>,
}

/// Fields that the API server lets nobody change, by kind: all of `spec` but what stands here
/// (Kubernetes 1.34, pkg/apis/apps/validation and pkg/apis/batch/validation; Karpenter's CRDs).
const MUTABLE: [(&str, &[&str]); 3] = [
    (
        "StatefulSet",
        &[
            "minReadySeconds",
            "ordinals",
            "persistentVolumeClaimRetentionPolicy",
            "replicas",
            "revisionHistoryLimit",
            "template",
            "updateStrategy",
        ],
    ),
    (
        "Job",
        &[
            "activeDeadlineSeconds",
            "backoffLimit",
            "maxFailedIndexes",
            "parallelism",
            "suspend",
            "ttlSecondsAfterFinished",
        ],
    ),
    ("NodeClaim", &[]),
];

/// Fields of other kinds that nobody may change.
const IMMUTABLE: [(&str, &str); 3] = [
    ("Deployment", "/spec/selector"),
    ("Service", "/spec/clusterIP"),
    ("PersistentVolumeClaim", "/spec/accessModes"),
];

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

/// Finds what may happen because of one object.
pub(super) fn of(diff: &ObjectDiff, risks: &mut Vec<Risk>) {
    let Some(object) = diff.object() else { return };
    let mut push = |kind, count: u64, reason: String, way_out| {
        if count > 0 {
            risks.push(risk(object, kind, count, reason, way_out));
        }
    };
    match (object.identity().kind, diff.fate()) {
        ("Machine" | "NodeClaim", fate) => node(diff, fate, &mut push),
        ("NodePool", fate) => pool(diff, fate, &mut push),
        ("Service", fate) => exposure(diff, fate, &mut push),
        ("ConfigMap", Fate::Changed) => {
            let reason = "pods that run keep the content they started with".to_owned();
            push(
                Kind::ConfigStale,
                1,
                reason,
                Some("restart those that use it, such as by kubectl rollout restart"),
            );
        }
        ("Deployment" | "StatefulSet", Fate::Changed)
            if touches(&diff.changes, "/spec/template") =>
        {
            push(
                Kind::PodsRestart,
                replicas(object),
                fields(&diff.changes, "/spec/template"),
                None,
            );
        }
        _ => {}
    }
    if diff.fate() == Fate::Changed {
        immutable(object, &diff.changes, &mut push);
    }
}

fn risk(
    object: &Object,
    kind: Kind,
    count: u64,
    reason: String,
    way_out: Option<&'static str>,
) -> Risk {
    let identity = object.identity();
    let (namespace, name) = match object.group() {
        Group::Workspace { namespace, name } if identity.namespace.is_none() => {
            (Some(namespace), name)
        }
        _ => (
            identity.namespace.map(str::to_owned),
            identity.name.to_owned(),
        ),
    };
    Risk {
        kind,
        object: identity.kind.to_owned(),
        namespace,
        name,
        count,
        reason,
        way_out,
    }
}

type Push<'a> = dyn FnMut(Kind, u64, String, Option<&'static str>) + 'a;

fn node(diff: &ObjectDiff, fate: Fate, push: &mut Push) {
    match fate {
        Fate::Added => push(Kind::NodesCreated, 1, String::new(), None),
        Fate::Removed => push(Kind::NodesRemoved, 1, String::new(), None),
        Fate::Replaced => push(Kind::NodesReplaced, 1, causes(&diff.changes), None),
        Fate::Changed => {}
    }
}

/// What makes a node another one. Its own name is none of it.
fn causes(changes: &[Change]) -> String {
    let is_name = |change: &Change| {
        change.pointer.ends_with("/name") && change.after.as_ref().is_some_and(Value::is_string)
    };
    fields(
        &changes
            .iter()
            .filter(|change| !is_name(change))
            .cloned()
            .collect::<Vec<_>>(),
        "",
    )
}

fn pool(diff: &ObjectDiff, fate: Fate, push: &mut Push) {
    let (was, is) = (
        diff.before.map_or(0, replicas),
        diff.after.map_or(0, replicas),
    );
    push(
        Kind::NodesCreated,
        is.saturating_sub(was),
        String::new(),
        None,
    );
    push(
        Kind::NodesRemoved,
        was.saturating_sub(is),
        String::new(),
        None,
    );
    if fate == Fate::Changed && touches(&diff.changes, "/spec/template") {
        push(
            Kind::NodesReplaced,
            was.min(is),
            fields(&diff.changes, "/spec/template"),
            None,
        );
    }
}

fn exposure(diff: &ObjectDiff, fate: Fate, push: &mut Push) {
    let kind = |object: Option<&Object>| {
        object
            .and_then(|object| object.value["spec"]["type"].as_str())
            .unwrap_or("ClusterIP")
            .to_owned()
    };
    let is_open = |kind: &str| kind != "ClusterIP";
    let (was, is) = (kind(diff.before), kind(diff.after));
    match fate {
        Fate::Added if is_open(&is) => push(Kind::ExposureChanges, 1, format!("a new {is}"), None),
        Fate::Removed if is_open(&was) => {
            push(Kind::ExposureChanges, 1, format!("the {was} goes"), None);
        }
        Fate::Changed if was != is => push(
            Kind::ExposureChanges,
            1,
            format!("{was} becomes {is}"),
            None,
        ),
        Fate::Changed if EXPOSURE.iter().any(|field| touches(&diff.changes, field)) => {
            push(
                Kind::ExposureChanges,
                1,
                fields(&diff.changes, "/spec"),
                None,
            );
        }
        _ => {}
    }
}

/// Reports changes that the API server refuses.
fn immutable(object: &Object, changes: &[Change], push: &mut Push) {
    let kind = object.identity().kind;
    let is_frozen = |change: &&Change| {
        let mutable = MUTABLE
            .iter()
            .find(|(known, _)| *known == kind)
            .map(|(_, fields)| *fields);
        let mut steps = change.pointer.split('/').skip(1);
        let is_spec = steps.next() == Some("spec");
        let field = steps.next().unwrap_or_default();
        mutable.is_some_and(|fields| is_spec && !fields.contains(&field))
            || IMMUTABLE
                .iter()
                .any(|(known, field)| *known == kind && is_at(&change.pointer, field))
    };
    let frozen: Vec<_> = changes.iter().filter(is_frozen).cloned().collect();
    let is_sealed = object.value["immutable"] == Json::Bool(true) && touches(changes, "/data");
    if frozen.is_empty() && !is_sealed {
        return;
    }
    let way_out = match kind {
        "StatefulSet" if !touches(&frozen, "/spec/selector") => {
            "kubectl delete statefulset NAME -n NAMESPACE --cascade=orphan, and apply: the pods run on meanwhile"
        }
        "StatefulSet" => "kubectl delete statefulset NAME -n NAMESPACE, and apply",
        "Job" => {
            "give the Workspace a new name, or kubectl delete job NAME -n NAMESPACE, and apply"
        }
        "Deployment" => "kubectl delete deployment NAME -n NAMESPACE, and apply",
        "Service" => "kubectl delete service NAME -n NAMESPACE, and apply",
        _ => "delete it, and apply",
    };
    push(
        Kind::ApplyFails,
        1,
        format!("{} can't be changed", fields(&frozen, "")),
        Some(way_out),
    );
}

fn replicas(object: &Object) -> u64 {
    object.value["spec"]["replicas"].as_u64().unwrap_or(1)
}

fn touches(changes: &[Change], pointer: &str) -> bool {
    changes.iter().any(|change| is_at(&change.pointer, pointer))
}

/// Whether a pointer leads to a field, into it, or to what holds it.
fn is_at(pointer: &str, field: &str) -> bool {
    let is_below = |long: &str, short: &str| {
        long.strip_prefix(short)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_below(pointer, field) || is_below(field, pointer)
}

/// The fields below a pointer that differ, without what all of them have in common.
fn fields(changes: &[Change], below: &str) -> String {
    const SHOWN: usize = 3;
    let prefix = below.trim_start_matches('/').replace('/', ".");
    let short = |change: &Change| {
        let field = change
            .field
            .strip_prefix(&prefix)
            .unwrap_or(&change.field)
            .trim_start_matches('.');
        brief(field.strip_prefix("spec.").unwrap_or(field))
    };
    let mut names: Vec<_> = changes
        .iter()
        .filter(|change| is_at(&change.pointer, below))
        .map(short)
        .collect();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let names = names.join(", ");
    if more > 0 {
        format!("{names} and {more} more")
    } else {
        names
    }
}

/// The first two steps of a field, without the keys of items, which are often those of one
/// Workspace.
fn brief(field: &str) -> String {
    let (mut brief, mut steps, mut depth) = (String::new(), 0, 0_usize);
    for char in field.chars() {
        match char {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => steps += 1,
            _ => {}
        }
        if steps == 2 {
            break;
        }
        if depth == 0 && char != ']' {
            brief.push(char);
        }
    }
    brief
}

/// Fills in the name and namespace of what a way out is about.
#[must_use]
pub fn filled(way_out: &str, namespace: Option<&str>, name: &str) -> String {
    way_out
        .replace("NAMESPACE", namespace.unwrap_or("default"))
        .replace("NAME", name)
}

/// The values of Secrets, which nobody is shown.
pub(super) fn is_secret(object: &Object, pointer: &str) -> bool {
    object.identity().kind == "Secret"
        && ["/data", "/stringData"]
            .iter()
            .any(|field| is_at(pointer, field))
}
