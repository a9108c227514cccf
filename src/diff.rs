//! What separates two sets of objects: object by object and field by field, and what it means for
//! pods, nodes and the bill.
//!
//! `pair` finds out which object became which, `tree` compares two of them, `risk` and `bill` say
//! what follows, `fold` puts together what is the same in many Workspaces. How it looks is decided
//! by one file per format.

pub mod formats;
pub mod ignore;
pub mod resources;
pub mod risk;

mod command_line;
mod equivalent;
mod fields;
mod list_keys;
mod pair;
mod view;

use std::collections::BTreeMap;

use ignore::Ignore;
use resources::{Bill, Machines};
use risk::Risk;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::object::{Group, Object};

/// What became of an object, or of all objects of a Workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another name, and so is another node in the place of the old one.
    Replaced,
    /// Its fields differ.
    Changed,
}

/// One difference between two values, as an operation of JSON Patch (RFC 6902).
///
/// The operations of an object apply one after the other: a pointer into a list counts with what
/// those before did.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The place, as a JSON Pointer.
    pub pointer: String,
    /// The place as people write it, with the items of lists by their keys.
    pub field: String,
    /// What stood there; none if it is new.
    pub before: Option<Value>,
    /// What stands there; none if it is gone.
    pub after: Option<Value>,
    /// What differs inside two texts that are YAML or command lines, by key or flag.
    pub inside: Vec<Change>,
}

/// An object of which something differs.
#[derive(Debug)]
pub struct ObjectDiff<'a> {
    /// What it was; none if it is new.
    pub before: Option<&'a Object>,
    /// What it is; none if it is gone.
    pub after: Option<&'a Object>,
    /// What differs, if it was and is.
    pub changes: Vec<Change>,
}

/// A Workspace, or what Workspaces share, of which something differs.
#[derive(Debug)]
pub struct GroupDiff<'a> {
    /// Whose objects these are.
    pub group: Group,
    /// What became of it as a whole.
    pub fate: Fate,
    /// The objects that differ, in the order of the output.
    pub objects: Vec<ObjectDiff<'a>>,
}

/// All that separates two sets of objects.
#[derive(Debug, Default)]
pub struct Comparison<'a> {
    /// The Workspaces that differ, by namespace and name, behind what they share.
    pub groups: Vec<GroupDiff<'a>>,
    /// What may happen when the change is applied.
    pub risks: Vec<Risk>,
    /// What the objects before and after stand for.
    pub bill: (Bill, Bill),
}

impl ObjectDiff<'_> {
    /// What became of it.
    #[must_use]
    pub fn fate(&self) -> Fate {
        match (self.before, self.after) {
            (None, _) => Fate::Added,
            (_, None) => Fate::Removed,
            (Some(before), Some(after)) if before.identity().name != after.identity().name => {
                Fate::Replaced
            }
            _ => Fate::Changed,
        }
    }

    /// The object as it is, or was if it is gone.
    #[must_use]
    pub fn object(&self) -> Option<&Object> {
        self.after.or(self.before)
    }
}

impl GroupDiff<'_> {
    /// Whether it is a Workspace, and nothing that Workspaces share.
    #[must_use]
    pub fn is_workspace(&self) -> bool {
        matches!(self.group, Group::Workspace { .. })
    }
}

impl Comparison<'_> {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// Compares two sets of objects. What is ignored counts as equal; machine types give the bill its
/// GPUs.
#[must_use]
pub fn compare<'a>(
    before: &'a [Object],
    after: &'a [Object],
    ignore: &Ignore,
    machines: &Machines,
) -> Comparison<'a> {
    let mut groups = BTreeMap::<Group, Vec<ObjectDiff>>::new();
    let mut there = BTreeMap::<Group, (bool, bool)>::new();
    let mut comparison = Comparison::default();
    for (before, after) in pair::pairs(&kept(before, ignore), &kept(after, ignore)) {
        let Some(object) = after.or(before) else {
            continue;
        };
        let group = object.group();
        let (was, is) = there.entry(group.clone()).or_default();
        (*was, *is) = (*was || before.is_some(), *is || after.is_some());
        for (object, bill) in [
            (before, &mut comparison.bill.0),
            (after, &mut comparison.bill.1),
        ] {
            bill.add(object, machines);
        }
        let changes = match (before, after) {
            (Some(before), Some(after)) => fields::changes(before, after, ignore),
            _ => Vec::new(),
        };
        let diff = ObjectDiff {
            before,
            after,
            changes,
        };
        if before.is_none() || after.is_none() || !diff.changes.is_empty() {
            risk::of(&diff, &mut comparison.risks);
            groups.entry(group).or_default().push(diff);
        }
    }
    let fate = |group: &Group| match there.get(group) {
        Some((false, _)) => Fate::Added,
        Some((_, false)) => Fate::Removed,
        _ => Fate::Changed,
    };
    comparison.groups = groups
        .into_iter()
        .map(|(group, objects)| GroupDiff {
            fate: fate(&group),
            group,
            objects,
        })
        .collect();
    comparison
}

fn kept<'a>(objects: &'a [Object], ignore: &Ignore) -> Vec<&'a Object> {
    objects
        .iter()
        .filter(|object| !ignore.is_object(object))
        .collect()
}
