//! The objects after all overlays, held against Kubernetes' schemas and against the templates. What
//! is wrong is reported at the part that wrote it.

use super::part::Part;
use super::place::Spot;
use super::refusal::Refusal;
use super::{Applied, Change, Overlays};
use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::sources::Span;
use crate::diagnostic::{Diagnostics, rule};
use crate::input::schema::{Complaint, Mistake};

impl Overlays {
    /// Reports what is wrong with the objects that overlays changed.
    pub(super) fn check(
        &self,
        originals: &[Option<Object>],
        slots: &[Option<Object>],
        part: Part,
        applied: &Applied,
        diagnostics: &mut Diagnostics,
    ) {
        if applied.changes.is_empty() {
            return;
        }
        let mark = diagnostics.mark();
        self.check_fields(originals, slots, part, applied, diagnostics);
        if diagnostics.failed_since(mark) {
            return;
        }
        self.check_taints(originals, slots, part, applied, diagnostics);
        for (original, object) in originals.iter().zip(slots) {
            if let (Some(original), Some(object)) = (original, object) {
                self.check_variables(original, object, part, applied, diagnostics);
            }
        }
    }

    /// Reports what breaks the schema of an object that overlays changed, and did not before.
    fn check_fields(
        &self,
        originals: &[Option<Object>],
        slots: &[Option<Object>],
        part: Part,
        applied: &Applied,
        diagnostics: &mut Diagnostics,
    ) {
        for (original, slot) in originals.iter().zip(slots) {
            let (Some(original), Some(object)) = (original, slot) else {
                continue;
            };
            if self.schemas.keep(&original.value, &object.value) {
                continue;
            }
            let left = self.schemas.complaints(&object.value);
            for (change, complaint) in self.blamed(original, &applied.changes) {
                if !left.iter().any(|it| shape(it) == shape(&complaint)) {
                    continue;
                }
                let Some(after) = change.after.as_ref() else {
                    continue;
                };
                let part = part.of(change);
                let spot = match &complaint.mistake {
                    Mistake::Unknown(name) => Spot::of_key(after, &complaint.pointer, name),
                    Mistake::Missing | Mistake::Value => Spot::new(after, &complaint.pointer),
                };
                let place = self.place_of(change, &spot, part);
                let refusal = Refusal {
                    hint: complaint.hint.clone(),
                    ..Refusal::new(place, &*complaint.message).about(&*complaint.pointer)
                };
                diagnostics.report(part.diagnostic(refusal, &rule::OBJECT_FIELD, object));
            }
        }
    }

    /// What the changes of an object broke, each with the change that did.
    fn blamed<'a>(&self, object: &Object, changes: &'a [Change]) -> Vec<(&'a Change, Complaint)> {
        let mut blamed = Vec::new();
        let mut value = &object.value;
        let mut known = shapes(&self.schemas.complaints(value));
        for change in changes {
            let Some(after) = change.after.as_ref() else {
                continue;
            };
            if !change.before.is_shared_with(value) {
                continue;
            }
            let complaints = self.schemas.complaints(after);
            let mut old = std::mem::replace(&mut known, shapes(&complaints));
            for complaint in complaints {
                match old.iter().position(|old| *old == shape(&complaint)) {
                    Some(at) => drop(old.swap_remove(at)),
                    None => blamed.push((change, complaint)),
                }
            }
            value = after;
        }
        blamed
    }

    /// Where the part that made a change writes a field; the whole part where that can't be told.
    pub(super) fn place_of(&self, change: &Change, spot: &Spot, part: Part) -> Span {
        let (overlay, piece) = change.id;
        let piece = self.all.get(overlay).and_then(|it| it.pieces.get(piece));
        let place = piece.and_then(|piece| piece.place_of(spot));
        place.unwrap_or_else(|| part.whole())
    }
}

/// The objects with those that changes added, as these were then.
pub(super) fn with_added(objects: &[Option<Object>], changes: &[Change]) -> Vec<Option<Object>> {
    let added = changes.iter().filter_map(added).map(Some);
    objects.iter().cloned().chain(added).collect()
}

/// The object that a change added, as it was then; none of another change.
fn added(change: &Change) -> Option<Object> {
    let value = change
        .after
        .clone()
        .filter(|_| change.before == Json::Null)?;
    Some(Object {
        value,
        ordinal: change.ordinal,
        origin: change.origin.clone(),
    })
}

fn shapes(complaints: &[Complaint]) -> Vec<String> {
    complaints.iter().map(shape).collect()
}

/// A complaint without the indexes of lists, which change where items are added.
fn shape(complaint: &Complaint) -> String {
    let mut shape = String::new();
    let mut is_index = false;
    for letter in complaint.message.chars() {
        is_index = match letter {
            '[' => true,
            _ if is_index => letter.is_ascii_digit(),
            _ => false,
        };
        if !is_index {
            shape.push(letter);
        }
    }
    shape
}
