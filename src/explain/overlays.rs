//! The overlays of a Workspace: why each is for it, and what it changed.

use super::{Places, TITLES, line};
use crate::base::json::Json;
use crate::base::object::Identity;
use crate::base::pointer;
use crate::base::shown::Terminal;
use crate::base::wording;
use crate::compile::CompiledWorkspace;
use crate::overlay::Change;

/// The most fields that are listed of a change.
const SHOWN: usize = 6;

/// Each overlay with why it is for the Workspace, and what its parts changed.
pub(super) fn explain(compiled: &CompiledWorkspace, places: &Places, out: &mut Terminal) {
    for (index, overlay) in compiled.overlays.iter().enumerate() {
        let title = if index == 0 { "overlays" } else { "" };
        line(title, &overlay.name, out);
        let place = overlay.place.map(|place| places.line(place) + ": ");
        let reason = place.unwrap_or_default() + &overlay.why;
        out.text(&format!("{:TITLES$}  {reason}", "")).end();
        let changes = compiled.changes.iter();
        for change in changes.filter(|change| change.overlay == overlay.name) {
            let place = change.place.map(|place| places.line(place) + " ");
            let changed = place.unwrap_or_default() + &changed(change);
            out.text(&format!("{:TITLES$}  {changed}", "")).end();
        }
    }
}

/// What a part did to an object: `pod.tolerations changes StatefulSet/phi:
/// spec.template.spec.tolerations`.
fn changed(change: &Change) -> String {
    let is_new = change.before == Json::Null;
    let identity = Identity::of(
        change
            .after
            .as_ref()
            .filter(|_| is_new)
            .unwrap_or(&change.before),
    );
    let name = match change.ordinal {
        // Its name follows from its content, which has still changed then.
        Some(ordinal) => ordinal.to_string(),
        None => identity.name.to_owned(),
    };
    let object = format!("{}/{name}", identity.kind);
    let Some(after) = &change.after else {
        return format!("{} removes {object}", change.part);
    };
    if is_new {
        return format!("{} adds {object}", change.part);
    }
    let mut pointers = Vec::new();
    fields(&change.before, after, "", &mut pointers);
    let mut fields: Vec<_> = pointers.iter().map(|it| wording::field(it)).collect();
    if fields.len() > SHOWN {
        let left = fields.split_off(SHOWN).len();
        fields.push(format!("{left} more"));
    }
    format!("{} changes {object}: {}", change.part, fields.join(", "))
}

/// The fields that differ, as JSON Pointers: of mappings, and of lists of the same length, what
/// differs in them.
fn fields(before: &Json, after: &Json, pointer: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Json::Map(old), Json::Map(new)) => {
            for (key, value) in new {
                let pointer = format!("{pointer}/{}", pointer::escape(key));
                match before.get(key) {
                    Some(old) => fields(old, value, &pointer, found),
                    None => found.push(pointer),
                }
            }
            let gone = old.iter().filter(|(key, _)| after.get(key).is_none());
            found.extend(gone.map(|(key, _)| format!("{pointer}/{}", pointer::escape(key))));
        }
        (Json::List(old), Json::List(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(&**new).enumerate() {
                fields(old, new, &format!("{pointer}/{index}"), found);
            }
        }
        _ if before != after => found.push(pointer.to_owned()),
        _ => {}
    }
}
