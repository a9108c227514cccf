//! What a run keeps of an object.

use super::Keep;
use crate::assemble::Finished;
use crate::base::object::Object;
use crate::emit::Manifest;

/// What is left of an object when its document is done.
#[derive(Debug)]
pub(super) enum Kept {
    Nothing,
    Manifest(Manifest),
    Object(Object),
}

/// Lets go of everything of an object but what is to be kept.
pub(super) fn finished(object: Object, keep: Keep) -> Finished<Kept> {
    let finished = Finished::new(&object);
    finished.keeping(match keep {
        Keep::Nothing | Keep::Outlines => Kept::Nothing,
        Keep::Manifests(form) => Kept::Manifest(Manifest::new(&object, form)),
        Keep::Objects | Keep::Everything => Kept::Object(object),
    })
}
