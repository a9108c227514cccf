//! Differences as one JSON document, by which the objects before can be made into those after.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::object::{Group, Identity, Object};
use crate::diff::resources as bill;
use crate::diff::risk;
use crate::diff::view::MASK;
use crate::diff::{Change, Comparison, Fate, GroupDiff, ObjectDiff};
use crate::emit;

/// The version of the document's shape.
const VERSION: u32 = 1;

/// What `kaito-render diff --format json` prints.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The version of this shape: 1.
    version: u32,
    /// How many Workspaces came, went and changed.
    workspaces: Counts,
    /// How many objects did.
    objects: Counts,
    /// What may happen when the change is applied.
    risks: Vec<RiskEntry>,
    /// What the objects stand for.
    bill: BillEntry,
    /// Every object that differs, by Workspace.
    changes: Vec<ObjectEntry>,
}

/// How many there are of each fate.
#[derive(Serialize, JsonSchema, Default)]
pub(in crate::diff) struct Counts {
    pub(in crate::diff) added: usize,
    pub(in crate::diff) removed: usize,
    /// Node objects with another name, and so other nodes.
    pub(in crate::diff) replaced: usize,
    pub(in crate::diff) changed: usize,
}

/// One thing that may happen to one object.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RiskEntry {
    /// What may happen.
    risk: risk::Kind,
    /// The kind of the object.
    kind: String,
    /// The namespace of the object, or of its Workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// The name of the object; of a node object that of its Workspace.
    name: String,
    /// How many nodes or pods it is about.
    count: u64,
    /// Why.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
}

/// What the objects of both sides stand for.
#[derive(Serialize, JsonSchema)]
struct BillEntry {
    before: SideBill,
    after: SideBill,
}

/// What the objects of one side stand for.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SideBill {
    /// The nodes that are made.
    nodes: u64,
    /// Their GPUs; where no nodes are made, those that pods ask for.
    gpus: u64,
    /// The memory of these GPUs.
    #[serde(rename = "gpuMemoryGiB")]
    gpu_memory_gib: u64,
    /// The disks that nodes are asked for with.
    #[serde(rename = "diskGiB")]
    disk_gib: f64,
    /// Nodes of machine types that are not known, and so not counted in GPUs.
    nodes_of_unknown_size: u64,
}

/// An object that differs.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ObjectEntry {
    /// What became of it.
    fate: Fate,
    /// The Workspace it was made for; absent if several share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace: Option<WorkspaceName>,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Named>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Named>,
    /// What makes the one of the other, as JSON Patch (RFC 6902), one operation after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    patch: Vec<Operation>,
    /// The whole object, if it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Value>,
}

#[derive(Serialize, JsonSchema)]
struct WorkspaceName {
    namespace: String,
    name: String,
}

/// What tells an object from all others of a cluster.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Named {
    api_version: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
}

/// An operation of JSON Patch, with what stood there before.
#[derive(Serialize, JsonSchema)]
struct Operation {
    /// `add`, `remove` or `replace`.
    op: &'static str,
    /// The place, as a JSON Pointer (RFC 6901).
    path: String,
    /// What stands there then; values of Secrets are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    /// What stood there; values of Secrets are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
}

/// Writes the document, over several lines and with a line break at the end.
#[must_use]
pub fn render(comparison: &Comparison) -> String {
    let workspaces = comparison
        .groups
        .iter()
        .filter(|group| group.is_workspace());
    let document = Document {
        version: VERSION,
        workspaces: Counts::of(workspaces.map(|group| group.fate)),
        objects: Counts::of(
            comparison
                .groups
                .iter()
                .flat_map(|group| &group.objects)
                .map(ObjectDiff::fate),
        ),
        risks: comparison.risks.iter().map(risk_entry).collect(),
        bill: BillEntry {
            before: side(&comparison.bill.0),
            after: side(&comparison.bill.1),
        },
        changes: comparison
            .groups
            .iter()
            .flat_map(|group| entries(group))
            .collect(),
    };
    // Texts, numbers and lists can always be written.
    emit::json::document(&serde_json::to_value(document).unwrap_or_default())
}

impl Counts {
    pub(in crate::diff) fn of(fates: impl Iterator<Item = Fate>) -> Self {
        let mut counts = Self::default();
        for fate in fates {
            *match fate {
                Fate::Added => &mut counts.added,
                Fate::Removed => &mut counts.removed,
                Fate::Replaced => &mut counts.replaced,
                Fate::Changed => &mut counts.changed,
            } += 1;
        }
        counts
    }
}

fn risk_entry(risk: &risk::Risk) -> RiskEntry {
    RiskEntry {
        risk: risk.kind,
        kind: risk.object.clone(),
        namespace: risk.namespace.clone(),
        name: risk.name.clone(),
        count: risk.count,
        reason: risk.reason.clone(),
        way_out: risk
            .way_out
            .map(|way_out| risk::filled(way_out, risk.namespace.as_deref(), &risk.name)),
    }
}

fn side(bill: &bill::Bill) -> SideBill {
    SideBill {
        nodes: bill.nodes,
        gpus: bill.gpus(),
        gpu_memory_gib: bill.gpu_memory_gib,
        disk_gib: bill.disk_gib,
        nodes_of_unknown_size: bill.unknown,
    }
}

fn entries(group: &GroupDiff) -> Vec<ObjectEntry> {
    let entry = |diff: &ObjectDiff| ObjectEntry {
        fate: diff.fate(),
        workspace: match &group.group {
            Group::Workspace { namespace, name } => Some(WorkspaceName {
                namespace: namespace.clone(),
                name: name.clone(),
            }),
            _ => None,
        },
        before: diff.before.map(|object| named(&object.identity())),
        after: diff.after.map(|object| named(&object.identity())),
        patch: diff
            .changes
            .iter()
            .map(|change| operation(diff, change))
            .collect(),
        object: diff.after.filter(|_| diff.before.is_none()).map(shown),
    };
    group.objects.iter().map(entry).collect()
}

fn named(identity: &Identity) -> Named {
    Named {
        api_version: identity.api_version.to_owned(),
        kind: identity.kind.to_owned(),
        namespace: identity.namespace.map(str::to_owned),
        name: identity.name.to_owned(),
    }
}

fn operation(diff: &ObjectDiff, change: &Change) -> Operation {
    let is_hidden = diff
        .object()
        .is_some_and(|object| risk::is_secret(object, &change.pointer));
    let value = |value: &Option<Value>| {
        value
            .clone()
            .map(|value| if is_hidden { MASK.into() } else { value })
    };
    Operation {
        op: match (&change.before, &change.after) {
            (None, _) => "add",
            (_, None) => "remove",
            _ => "replace",
        },
        path: change.pointer.clone(),
        value: value(&change.after),
        before: value(&change.before),
    }
}

/// A new object, with the values of a Secret hidden.
fn shown(object: &Object) -> Value {
    let mut value = Value::from(&object.value);
    if object.identity().kind == "Secret" {
        for field in ["data", "stringData"] {
            if let Some(Value::Object(entries)) = value.get_mut(field) {
                *entries = entries
                    .iter()
                    .map(|(key, _)| (key.clone(), MASK.into()))
                    .collect::<Map<_, _>>();
            }
        }
    }
    value
}
