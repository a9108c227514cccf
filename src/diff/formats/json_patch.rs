//! A comparison as one JSON document, whose operations of JSON Patch turn the objects before into
//! those after.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::json::Json;
use crate::diff::model::{Action, Change};
use crate::diff::resources::Resources;
use crate::diff::risk::{Kind, Risk};
use crate::diff::view::{Counts, GroupView, Name, ObjectView, View};
use crate::emit;

/// The version of the document's shape.
const VERSION: u32 = 1;

/// What `kaito-render diff --format json` prints.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The version of this shape: 1.
    version: u32,
    /// How many Workspaces are added, removed and changed.
    workspaces: Counts,
    /// How many objects are added, removed, replaced and changed.
    objects: Counts,
    /// What may happen when the change is applied.
    risks: Vec<RiskEntry>,
    /// What the objects ask for.
    resources: BothResources,
    /// Every object that differs, by Workspace.
    changes: Vec<ObjectEntry>,
}

/// One thing that may happen to one object.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RiskEntry {
    /// What may happen.
    risk: Kind,
    /// The kind of the object.
    kind: String,
    /// The namespace of the object, or of its Workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// The name of the object; of a node object, that of its Workspace.
    name: String,
    /// How many nodes or pods it affects.
    count: u64,
    /// Why.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<String>,
}

/// What the objects of both sides ask for.
#[derive(Serialize, JsonSchema)]
struct BothResources {
    before: SideResources,
    after: SideResources,
}

/// What the objects of one side ask for.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SideResources {
    /// The nodes that are created.
    nodes: u64,
    /// Their GPUs; where no nodes are created, those that pods request.
    gpus: u64,
    /// The memory of the nodes' GPUs, in GiB.
    #[serde(rename = "gpuMemoryGiB")]
    gpu_memory_gib: u64,
    /// The disks that node objects request, in GiB.
    #[serde(rename = "diskGiB")]
    disk_gib: f64,
    /// Nodes whose instance type is unknown, and whose GPUs are therefore not counted.
    nodes_of_unknown_type: u64,
}

/// An object that differs.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ObjectEntry {
    /// What applying the change does to the object.
    action: Action,
    /// The Workspace that the object is for; absent if several share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace: Option<WorkspaceName>,
    /// The object before; absent if it is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<ObjectName>,
    /// The object after; absent if it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<ObjectName>,
    /// The operations of JSON Patch (RFC 6902) that turn the object before into the one after, to
    /// be applied in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    patch: Vec<Operation>,
    /// The whole object, if it is added; secrets are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    object: Option<Json>,
}

/// The namespace and name of a Workspace.
#[derive(Serialize, JsonSchema)]
struct WorkspaceName {
    namespace: String,
    name: String,
}

/// What identifies an object in a cluster.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ObjectName {
    api_version: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
}

/// An operation of JSON Patch, with the value before it.
#[derive(Serialize, JsonSchema)]
struct Operation {
    /// `add`, `remove` or `replace`.
    op: &'static str,
    /// The place, as a JSON Pointer (RFC 6901).
    path: String,
    /// The value after the operation; secrets are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    value: Option<Json>,
    /// The value before the operation; secrets are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    before: Option<Json>,
}

/// Writes the document on several lines, with a line break at the end.
#[must_use]
pub fn render(view: &View) -> String {
    let (before, after) = view.resources();
    emit::json::document(&Document {
        version: VERSION,
        workspaces: view.workspaces(),
        objects: view.objects(),
        risks: view.risks().map(risk_entry).collect(),
        resources: BothResources {
            before: side(before),
            after: side(after),
        },
        changes: view.groups().flat_map(|group| entries(&group)).collect(),
    })
}

fn risk_entry(risk: Risk) -> RiskEntry {
    RiskEntry {
        remediation: risk.remediation(),
        risk: risk.kind,
        kind: risk.object,
        namespace: risk.namespace,
        name: risk.name,
        count: risk.count,
        reason: risk.reason,
    }
}

fn side(resources: &Resources) -> SideResources {
    SideResources {
        nodes: resources.nodes,
        gpus: resources.gpus(),
        gpu_memory_gib: resources.gpu_memory_gib,
        disk_gib: resources.disk_gib,
        nodes_of_unknown_type: resources.nodes_of_unknown_type,
    }
}

fn entries(group: &GroupView) -> Vec<ObjectEntry> {
    let entry = |object: ObjectView| {
        let [before, after] = object.names().map(|name| name.map(object_name));
        let workspace = group.workspace();
        ObjectEntry {
            action: object.action(),
            workspace: workspace.map(|(namespace, name)| WorkspaceName { namespace, name }),
            before,
            after,
            patch: object.changes().map(operation).collect(),
            object: object.created(),
        }
    };
    group.objects().map(entry).collect()
}

fn object_name(name: Name) -> ObjectName {
    ObjectName {
        api_version: name.api_version,
        kind: name.kind,
        namespace: name.namespace,
        name: name.name,
    }
}

fn operation(change: Change) -> Operation {
    Operation {
        op: match (&change.before, &change.after) {
            (None, _) => "add",
            (_, None) => "remove",
            _ => "replace",
        },
        path: change.pointer,
        value: change.after,
        before: change.before,
    }
}
