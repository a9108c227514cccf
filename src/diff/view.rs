//! What may be shown of a comparison.
//!
//! Formats have no other way to the values of objects, and everything that a view gives out went
//! through its `Redactor`: so no format can print a secret. Uses the types of a comparison;
//! [`formats`](super::formats) use it.

mod fold;
mod lines;
mod redact;
mod summary;

use self::redact::Redactor;
use super::comparison::{Comparison, GroupDiff};
use super::model::{Action, Change, ObjectDiff};
use super::resources::Resources;
use super::risk::Risk;
use crate::base::json::Json;
use crate::base::object::{Group, Identity, Object};
use crate::base::sources::Mask;

pub use fold::Fold;
pub use lines::{Line, Mark};
pub use summary::{Counts, RiskRow};
pub(super) use summary::{NAMED, names};

/// A comparison without secrets.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    comparison: &'a Comparison<'a>,
    redactor: Redactor<'a>,
}

/// A Workspace with its objects, or objects that Workspaces share, without secrets.
#[derive(Clone, Copy, Debug)]
pub struct GroupView<'a> {
    diff: &'a GroupDiff<'a>,
    redactor: Redactor<'a>,
}

/// An object that differs, without secrets.
#[derive(Clone, Copy, Debug)]
pub struct ObjectView<'a> {
    diff: &'a ObjectDiff<'a>,
    redactor: Redactor<'a>,
}

/// An [`Identity`] without secrets.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the fields of an Identity")]
pub(super) struct Name {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

impl<'a> View<'a> {
    /// What may be shown of a comparison. `mask` has the secrets that were found in the input;
    /// those that are known by their form or their place are hidden without it.
    #[must_use]
    pub fn new(comparison: &'a Comparison<'a>, mask: &'a Mask) -> Self {
        Self {
            comparison,
            redactor: Redactor { mask },
        }
    }

    /// Whether there is nothing to show: the two sides have equal objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.comparison.is_empty()
    }

    /// How many Workspaces are added, removed and changed.
    #[must_use]
    pub fn workspaces(&self) -> Counts {
        let groups = self.groups().filter(GroupView::is_workspace);
        Counts::of(groups.map(|group| group.action()))
    }

    /// How many objects are added, removed, replaced and changed.
    #[must_use]
    pub fn objects(&self) -> Counts {
        Counts::of(
            self.groups()
                .flat_map(|group| group.objects())
                .map(|object| object.action()),
        )
    }

    /// How many Workspaces and objects differ, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let (workspaces, objects) = (self.workspaces().text(), self.objects().text());
        format!("Workspaces: {workspaces}. Objects: {objects}.")
    }

    /// What may happen, object by object.
    pub fn risks(&self) -> impl Iterator<Item = Risk> {
        let text = |text: &str| self.redactor.text(text);
        self.comparison.risks.iter().map(move |risk| Risk {
            object: text(&risk.object),
            namespace: risk.namespace.as_deref().map(text),
            name: text(&risk.name),
            reason: text(&risk.reason),
            ..*risk
        })
    }

    /// What may happen, with the same risk of many objects in one row.
    #[must_use]
    pub fn risk_rows(&self) -> Vec<RiskRow> {
        summary::risks(&self.risks().collect::<Vec<_>>())
    }

    /// What the objects before and after ask for.
    #[must_use]
    pub fn resources(&self) -> &(Resources, Resources) {
        &self.comparison.resources
    }

    /// The resources as rows of name, before, after and difference; only those that either side
    /// has.
    #[must_use]
    pub fn resource_rows(&self) -> Vec<[String; 4]> {
        let (before, after) = &self.comparison.resources;
        summary::resources(before, after)
    }

    /// The groups that differ, in their order.
    pub fn groups(&self) -> impl Iterator<Item = GroupView<'a>> + use<'a> {
        let redactor = self.redactor;
        let groups = self.comparison.groups.iter();
        groups.map(move |diff| GroupView { diff, redactor })
    }
}

impl<'a> GroupView<'a> {
    /// What happens to the group as a whole.
    #[must_use]
    pub fn action(&self) -> Action {
        self.diff.action
    }

    /// Whether the objects belong to one Workspace.
    #[must_use]
    pub fn is_workspace(&self) -> bool {
        self.diff.is_workspace()
    }

    /// The namespace and name of the Workspace; none if several share the objects.
    #[must_use]
    pub fn workspace(&self) -> Option<(String, String)> {
        match &self.diff.group {
            Group::Workspace { namespace, name } => {
                Some((self.redactor.text(namespace), self.redactor.text(name)))
            }
            _ => None,
        }
    }

    /// Whose objects these are: the namespace and name of a Workspace, or who shares them.
    #[must_use]
    pub fn owner(&self) -> String {
        self.redactor.text(&match &self.diff.group {
            Group::Workspace { namespace, name } => format!("{namespace}/{name}"),
            Group::Shared { namespace } => format!("shared objects in namespace {namespace}"),
            Group::Cluster => "shared cluster-scoped objects".to_owned(),
        })
    }

    /// As [`Self::owner`], with the kind of a Workspace before its name.
    #[must_use]
    pub fn title(&self) -> String {
        let kind = if self.is_workspace() {
            "Workspace "
        } else {
            ""
        };
        format!("{kind}{}", self.owner())
    }

    /// How many of its objects are added, removed, replaced and changed.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(self.objects().map(|object| object.action()))
    }

    /// The objects that differ, in their order.
    pub fn objects(&self) -> impl Iterator<Item = ObjectView<'a>> + use<'a> {
        let redactor = self.redactor;
        let objects = self.diff.objects.iter();
        objects.map(move |diff| ObjectView { diff, redactor })
    }
}

impl ObjectView<'_> {
    /// What happens to the object.
    #[must_use]
    pub fn action(&self) -> Action {
        self.diff.action()
    }

    /// Whether it is one of the numbered node objects of its Workspace, whose name is a hash.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        self.diff
            .object()
            .is_some_and(|object| object.ordinal.is_some())
    }

    fn kind(&self) -> &str {
        self.diff
            .object()
            .map_or("", |object| object.identity().kind)
    }

    /// Kind and name of the object; both names if it is replaced.
    #[must_use]
    pub fn title(&self) -> String {
        let name = |object: Option<&Object>| {
            object
                .map_or("", |object| object.identity().name)
                .to_owned()
        };
        let (before, after) = (self.diff.before, self.diff.after);
        let name = match self.action() {
            Action::Replaced => format!("{} → {}", name(before), name(after)),
            _ => name(after.or(before)),
        };
        self.redactor.text(&format!("{} {name}", self.kind()))
    }

    /// What differs in the object, without its title.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for change in self
            .diff
            .changes
            .iter()
            .filter(|change| !self.is_name(change))
        {
            lines::push(&self.redactor.change(change), 0, &mut lines);
        }
        lines
    }

    /// Whether a change only repeats what the title of a replaced object says.
    fn is_name(&self, change: &Change) -> bool {
        let is = |value: &Option<Json>, object: Option<&Object>| {
            value.as_ref().and_then(Json::as_str) == object.map(|object| object.identity().name)
        };
        self.action() == Action::Replaced
            && is(&change.before, self.diff.before)
            && is(&change.after, self.diff.after)
    }

    /// The operations that turn the object before into the one after.
    pub(super) fn changes(&self) -> impl Iterator<Item = Change> {
        let changes = self.diff.changes.iter();
        changes.map(|change| self.redactor.change(change))
    }

    /// The whole object, if it is added.
    pub(super) fn created(&self) -> Option<Json> {
        let object = self.diff.after.filter(|_| self.diff.before.is_none());
        object.map(|object| self.redactor.value(&object.value))
    }

    /// The names of the object before and after.
    pub(super) fn names(&self) -> [Option<Name>; 2] {
        let text = |text: &str| self.redactor.text(text);
        [self.diff.before, self.diff.after].map(|object| {
            let Identity {
                api_version,
                kind,
                namespace,
                name,
            } = object?.identity();
            Some(Name {
                api_version: text(api_version),
                kind: text(kind),
                namespace: namespace.map(text),
                name: text(name),
            })
        })
    }
}
