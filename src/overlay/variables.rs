//! Variables of the templates that overlays overwrite.

use super::part::Part;
use super::place::Spot;
use super::refusal::Refusal;
use super::{Applied, Change, Overlays};
use crate::base::json::Json;
use crate::base::object::Object;
use crate::diagnostic::{Diagnostics, rule};
use crate::vocab::kinds;

const CONTAINERS: &str = "/spec/template/spec/containers";

impl Overlays {
    /// Warns of variables of a main container that a template sets, and an overlay otherwise.
    pub(super) fn check_variables(
        &self,
        original: &Object,
        object: &Object,
        part: Part,
        applied: &Applied,
        diagnostics: &mut Diagnostics,
    ) {
        if !kinds::is_workload(object.identity().kind) {
            return;
        }
        let Some(main) = part.main else {
            return;
        };
        let [old, new] = [original, object].map(|object| variables(&object.value, main));
        for variable in new {
            let name = &variable["name"];
            let is_other = |old: &Json| old["name"] == *name && old != variable;
            if !old.iter().any(is_other) {
                continue;
            }
            let of = |change: &&Change| writes(change, main, variable);
            let Some(change) = applied.changes.iter().rev().find(of) else {
                continue;
            };
            let (name, after) = (name.as_str().unwrap_or_default(), change.after.as_ref());
            let part = part.of(change);
            let holder = format!("{CONTAINERS}/{main}/env");
            let spot = after.map(|after| Spot::of_key(after, &holder, name));
            let place = spot.map(|spot| self.place_of(change, &spot, part));
            let message = format!("`{name}` is set by kaito-render too, and is overwritten");
            let warning = Refusal::new(place.unwrap_or_else(|| part.whole()), message);
            let warning = warning.about(format!("{holder}/{name}"));
            diagnostics.report(part.diagnostic(warning, &rule::VARIABLE_OVERWRITTEN, original));
        }
    }
}

/// The variables of a container.
fn variables<'a>(object: &'a Json, container: &str) -> &'a [Json] {
    let containers = object["spec"]["template"]["spec"]["containers"].items();
    let found = containers
        .iter()
        .find(|it| it["name"].as_str() == Some(container));
    found.map_or(&[][..], |container| container["env"].items())
}

/// Whether a change gives a container a variable.
fn writes(change: &Change, container: &str, variable: &Json) -> bool {
    let has = |object: &Json| variables(object, container).contains(variable);
    change.after.as_ref().is_some_and(has) && !has(&change.before)
}
