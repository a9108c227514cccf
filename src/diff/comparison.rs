//! All differences between two sets of objects, with what follows from them.

use super::model::{Action, ObjectDiff};
use super::resources::Resources;
use super::risk::Risk;
use crate::base::object::Group;

/// A Workspace with its objects, or objects that Workspaces share, of which something differs.
#[derive(Debug)]
pub struct GroupDiff<'a> {
    /// Whose objects these are.
    pub group: Group,
    /// What happens to the group as a whole.
    pub action: Action,
    /// The objects that differ, in the order of the output.
    pub objects: Vec<ObjectDiff<'a>>,
}

/// All differences between two sets of objects.
#[derive(Debug, Default)]
pub struct Comparison<'a> {
    /// The groups that differ: first shared objects, then Workspaces by namespace and name.
    pub groups: Vec<GroupDiff<'a>>,
    /// What may happen when the change is applied.
    pub risks: Vec<Risk>,
    /// The nodes, GPUs and disks of all objects before and after, equal ones included.
    pub resources: (Resources, Resources),
}

impl GroupDiff<'_> {
    /// Whether the objects belong to one Workspace.
    #[must_use]
    pub fn is_workspace(&self) -> bool {
        matches!(self.group, Group::Workspace { .. })
    }
}

impl Comparison<'_> {
    /// Whether the two sides have equal objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}
