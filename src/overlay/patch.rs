//! A patch of an overlay: read once, applied to each object that it is for.

mod read;

use super::Applied;
use super::insertion::FOR_SOME;
use super::merge::{Merge, ReplacedList};
use super::operations::{self, Operation};
use super::part::{Outcome, Part};
use super::place::{Spot, Written};
use super::refusal::Refusal;
use super::target::Target;
use crate::base::json::Json;
use crate::base::node::Node;
use crate::base::object::Object;
use crate::base::sources::Span;
use crate::base::wording;
use crate::diagnostic::{Diagnostics, rule};
pub(super) use read::read;

/// The lists without merge keys that `pod` of an overlay adds to.
const ADDED_BY_POD: [&str; 1] = ["tolerations"];

/// A patch that is ready to be applied.
#[derive(Debug)]
pub(super) struct Patch {
    /// The name of the part, such as `patches[0]`.
    pub(super) part: String,
    pub(super) place: Option<Span>,
    pub(super) target: Target,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A strategic merge patch.
    Merge(Node),
    /// The operations of JSON Patch.
    Operations(Vec<Operation>),
}

impl Patch {
    /// Applies the patch, to the objects that it is for.
    pub(super) fn apply(
        &self,
        part: Part,
        slots: &mut [Option<Object>],
        applied: &mut Applied,
        diagnostics: &mut Diagnostics,
    ) {
        if let Target::Named(named) = &self.target {
            let objects = slots.iter().flatten().map(Object::identity);
            let names = objects.filter(|it| it.kind == named.kind).map(|it| it.name);
            applied.tally.meet(names);
        }
        let outcome = |slot: &Option<Object>, diagnostics: &mut Diagnostics| {
            let object = slot.as_ref().filter(|object| self.target.matches(object));
            object.map(|object| self.outcome(object, part, diagnostics))
        };
        let slots = slots.iter_mut();
        let outcomes = slots.map(|slot| (outcome(slot, diagnostics), slot));
        let outcomes: Vec<_> = outcomes.collect();
        if outcomes
            .iter()
            .any(|(outcome, _)| matches!(outcome, Some(Ok(_))))
        {
            applied.tally.apply_one(part.id);
        }
        for (outcome, slot) in outcomes {
            let Some(mut outcome) = outcome else {
                continue;
            };
            if let (Err(refusal), true) = (&mut outcome, applied.tally.is_applied(part.id))
                && refusal.fix.take().is_some()
            {
                refusal.hint = Some(FOR_SOME.to_owned());
            }
            let place_of = |spot: &Spot| self.place_of(spot);
            part.put(slot, outcome, place_of, applied, diagnostics);
        }
    }

    /// Whether one of its operations stands at a place.
    pub(super) fn has_operation(&self, place: Option<Span>) -> bool {
        match &self.kind {
            Kind::Operations(operations) => operations.iter().any(|it| Some(it.place()) == place),
            Kind::Merge(_) => false,
        }
    }

    /// Whether it changes nothing by itself.
    pub(super) fn only_tests(&self) -> bool {
        match &self.kind {
            Kind::Operations(operations) => operations.iter().all(|it| it.is_test),
            Kind::Merge(_) => false,
        }
    }

    /// An object with the patch applied; none if it is removed.
    fn outcome(&self, object: &Object, part: Part, diagnostics: &mut Diagnostics) -> Outcome {
        let patch = match &self.kind {
            Kind::Operations(operations) => {
                return operations::apply(&object.value, operations).map(Some);
            }
            Kind::Merge(patch) => patch,
        };
        let mut merge = Merge::new(part.main);
        let kind = object.identity().kind;
        let merged = merge.object(&object.value, patch, kind);
        // Where it failed, it has left the way on which it was.
        let merged = merged.map_err(|refusal| refusal.about(merge.pointer()))?;
        for replaced in &merge.replaced {
            let warning = lost_items(replaced);
            diagnostics.report(part.diagnostic(warning, &rule::LIST_REPLACED, object));
        }
        // With a target, a patch may call the object as it likes, as in kustomize.
        Ok(match &self.target {
            Target::Conditions(_) => merged.map(|merged| with_identity(&merged, &object.value)),
            Target::Named(_) => merged,
        })
    }

    /// Where the patch writes a field of an object, as far as that can be told.
    pub(super) fn place_of(&self, spot: &Spot) -> Option<Span> {
        match &self.kind {
            Kind::Merge(node) => {
                let span = node.span;
                Some(spot.within(Written { node, span }, 0))
            }
            Kind::Operations(operations) => {
                let operations = || operations.iter().rev();
                let written = operations().find_map(|it| it.place_of(spot));
                written.or_else(|| operations().find_map(|it| it.place_around(spot)))
            }
        }
    }
}

/// An object with the apiVersion, kind, name and namespace of another one.
fn with_identity(object: &Json, other: &Json) -> Json {
    let mut metadata = object["metadata"].clone();
    for key in ["name", "namespace"] {
        match other["metadata"].get(key) {
            Some(value) => metadata = metadata.with(key, value.clone()),
            None => metadata = metadata.without(key),
        }
    }
    object
        .with("apiVersion", other["apiVersion"].clone())
        .with("kind", other["kind"].clone())
        .with("metadata", metadata)
}

fn lost_items(replaced: &ReplacedList) -> Refusal {
    const SHOWN: usize = 3;
    let mut lost: Vec<_> = replaced
        .lost
        .iter()
        .take(SHOWN)
        .map(|item| {
            format!(
                "`{}`",
                item.canonical().chars().take(80).collect::<String>()
            )
        })
        .collect();
    if replaced.lost.len() > SHOWN {
        lost.push(format!("{} more", replaced.lost.len() - SHOWN));
    }
    let message = format!(
        "`{}` has no merge keys, so the patch replaces it and removes {}",
        replaced.key,
        wording::and(&lost)
    );
    let hint = if replaced.is_of_pod && ADDED_BY_POD.contains(&&*replaced.key) {
        format!(
            "write the items under `pod.{}` of an overlay, which adds them, or repeat what is to stay",
            replaced.key
        )
    } else {
        format!(
            "repeat what is to stay, or add each item with JSON Patch: `{{op: add, path: {}/-, \
             value: …}}`",
            replaced.pointer
        )
    };
    Refusal::new(replaced.place, message)
        .hint(hint)
        .about(&*replaced.pointer)
}
