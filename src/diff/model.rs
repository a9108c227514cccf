//! The differences of one object. They hold values as they are, secrets included: what may be shown
//! of them is for [`view`](super::view) to say.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::json::Json;
use crate::base::object::Object;

/// What applying the change does to an object, or to all objects of a Workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Only the side after has it: it is created.
    Added,
    /// Only the side before has it: it is deleted.
    Removed,
    /// A node object gets another name: another node takes the place of the old one.
    Replaced,
    /// Some of its fields change.
    Changed,
}

/// One difference between two values, as an operation of JSON Patch (RFC 6902).
///
/// The operations of an object are meant to be applied in order: an index into a list counts the
/// items that the operations before it leave there.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The place, as a JSON Pointer (RFC 6901). Empty inside a string.
    pub pointer: String,
    /// The place as people write it, with the items of lists by their keys, such as
    /// `spec.containers[main].image`.
    pub field: String,
    /// The value before; none if the field is new.
    pub before: Option<Json>,
    /// The value after; none if the field is removed.
    pub after: Option<Json>,
    /// What differs inside two strings that are YAML or command lines, by key or flag.
    pub inside: Vec<Change>,
    /// Whether the field holds a secret by its place, such as `data` of a Secret.
    pub is_secret: bool,
}

/// An object that differs.
#[derive(Debug)]
pub struct ObjectDiff<'a> {
    /// The object before; none if it is added.
    pub before: Option<&'a Object>,
    /// The object after; none if it is removed.
    pub after: Option<&'a Object>,
    /// What differs, if it is on both sides.
    pub changes: Vec<Change>,
}

impl ObjectDiff<'_> {
    /// What applying the change does to the object.
    #[must_use]
    pub fn action(&self) -> Action {
        match (self.before, self.after) {
            (None, _) => Action::Added,
            (_, None) => Action::Removed,
            (Some(before), Some(after)) if before.identity().name != after.identity().name => {
                Action::Replaced
            }
            _ => Action::Changed,
        }
    }

    /// The object after, or before if it is removed.
    #[must_use]
    pub fn object(&self) -> Option<&Object> {
        self.after.or(self.before)
    }
}
