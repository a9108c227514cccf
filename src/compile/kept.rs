//! What a run keeps of an object.

use super::Keep;
use crate::assemble::Finished;
use crate::base::object::Object;
use crate::emit::Manifest;

/// What is left of an object when its document is done.
#[derive(Debug)]
pub(super) enum Kept {
    Fingerprint(u64),
    Manifest(Manifest),
    Object(Object),
    /// That of a Workspace in [`Options::unchanged`](super::Options::unchanged).
    Unchanged(Object),
}

/// Two are equal if their objects have one value, whatever made them: as a fingerprint says it,
/// which is the same for two values once in 2^64.
impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fingerprint(one), Self::Fingerprint(other)) => one == other,
            (Self::Manifest(one), Self::Manifest(other)) => one == other,
            (
                Self::Object(one) | Self::Unchanged(one),
                Self::Object(other) | Self::Unchanged(other),
            ) => one.value == other.value,
            _ => false,
        }
    }
}

/// Lets go of everything of an object but what is to be kept.
pub(super) fn finished(object: Object, keep: Keep, namespace: &str) -> Finished<Kept> {
    let finished = Finished::new(&object, namespace);
    finished.keeping(match keep {
        Keep::Nothing | Keep::Outlines => Kept::Fingerprint(object.value.fingerprint()),
        Keep::Manifests(form) => Kept::Manifest(Manifest::new(&object, form)),
        Keep::Objects | Keep::Everything => Kept::Object(object),
    })
}

/// The same for an object of a Workspace that is unchanged.
pub(super) fn unchanged(object: Object, namespace: &str) -> Finished<Kept> {
    Finished::new(&object, namespace).keeping(Kept::Unchanged(object))
}
