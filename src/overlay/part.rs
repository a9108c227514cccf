//! One object through one part of an overlay: what may be changed is, and what is wrong is said.

use super::guard::{self, Broken, Planned};
use super::place::{Spot, index};
use super::refusal::Refusal;
use super::target::has_name;
use super::{Applied, Change};
use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::pointer;
use crate::base::sources::Span;
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expand::template::Step;
use crate::expand::{self, Templates};
use crate::plan::Plan;
use crate::workspace::Workspace;

/// A part of an overlay, such as one of its patches, for the objects of a Workspace.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// The name of the overlay.
    pub(super) overlay: &'a str,
    /// The part of it, such as `patches[0]`.
    pub(super) name: &'a str,
    /// The numbers of the overlay and of the part.
    pub(super) id: (usize, usize),
    pub(super) place: Option<Span>,
    /// Whether each change is held against what may not change, and not only the result.
    pub(super) is_guarded: bool,
    /// The name of the main container, as the templates have it.
    pub(super) main: Option<&'a str>,
    pub(super) workspace: &'a Workspace,
    pub(super) plan: &'a Plan,
    /// What laid the objects out.
    pub(super) templates: &'a Templates,
}

/// What an object becomes; none if it is removed.
pub(super) type Outcome = Result<Option<Json>, Refusal>;

impl<'a> Part<'a> {
    /// The part that made a change.
    pub(super) fn of(self, change: &'a Change) -> Self {
        Self {
            overlay: &change.overlay,
            name: &change.part,
            id: change.id,
            place: change.place,
            ..self
        }
    }

    /// Puts an object into the place of the one that was there, if it may become that, and counts what
    /// the part met and changed. `place_of` says where the part writes a field.
    pub(super) fn put(
        &self,
        slot: &mut Option<Object>,
        outcome: Outcome,
        place_of: impl Fn(&Spot) -> Option<Span>,
        applied: &mut Applied,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(object) = slot else { return };
        applied.tally.match_one(self.id);
        if matches!(&outcome, Ok(Some(after)) if *after == object.value) {
            return;
        }
        applied.tally.change_one(self.id);
        let after = match outcome {
            Ok(after) => after,
            Err(refusal) => {
                diagnostics.report(self.diagnostic(refusal, &rule::PATCH_REFUSED, object));
                return;
            }
        };
        let is_checked = self.is_guarded || after.is_none();
        if let Some(broken) = is_checked
            .then(|| guard::broken(object, after.as_ref(), self.planned()))
            .flatten()
        {
            let changed = after.as_ref().unwrap_or(&object.value);
            let place = place_of(&Spot::new(changed, &broken.pointer));
            let place = place.unwrap_or_else(|| self.whole());
            diagnostics.report(self.protected(broken, place, object));
            return;
        }
        applied.changes.push(Change {
            overlay: self.overlay.to_owned(),
            part: self.name.to_owned(),
            id: self.id,
            place: self.place,
            origin: object.origin.clone(),
            ordinal: object.ordinal,
            before: object.value.clone(),
            after: after.clone(),
        });
        match after {
            Some(after) => object.value = after,
            None => *slot = None,
        }
    }

    /// What is to be said of an object that may not become what it is.
    pub(super) fn protected(&self, broken: Broken, place: Span, object: &Object) -> Diagnostic {
        let refusal = Refusal::new(place, broken.message).hint(broken.hint);
        let refusal = refusal.about(broken.pointer);
        self.diagnostic(refusal, &rule::PROTECTED, object)
    }

    /// What is decided before overlays.
    pub(super) fn planned(&self) -> Planned<'a> {
        Planned {
            plan: self.plan,
            main: self.main,
        }
    }

    /// Where the part stands; that of the Workspace where nothing is known of it.
    pub(super) fn whole(&self) -> Span {
        self.place
            .unwrap_or_else(|| self.workspace.span("/metadata/name"))
    }

    /// What is to be said of the part for one object.
    pub(super) fn diagnostic(
        &self,
        refusal: Refusal,
        rule: &'static Rule,
        object: &Object,
    ) -> Diagnostic {
        let message = format!("{}, in {}", refusal.message, title(object));
        let mut diagnostic = Diagnostic::new(rule, refusal.place, message);
        if let Some(place) = self.template_line(object, &refusal.field) {
            diagnostic = diagnostic.also(place, "laid out here");
        }
        let workspace = self.workspace.span("/metadata/name");
        let mut diagnostic = diagnostic.also(workspace, "the Workspace of the object");
        diagnostic.fix = refusal.fix;
        match refusal.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
    }
}

impl Part<'_> {
    /// Where the template of an object lays out a field, or what is nearest around it.
    fn template_line(&self, object: &Object, field: &str) -> Option<Span> {
        let mut steps = Vec::new();
        let mut value = Some(&object.value);
        for step in pointer::steps(field) {
            let index = value.and_then(|value| index(value, &step));
            let inner = match index {
                Some(index) => value.and_then(|value| value.items().get(index)),
                None => value.and_then(|value| value.get(&step)),
            };
            steps.push(index.map_or_else(|| Step::Field(step.into_owned()), Step::Item));
            value = inner;
        }
        loop {
            let trace = expand::trace(self.plan, self.templates, object, &steps);
            if let Ok(Some(trace)) = trace {
                return Some(trace.place);
            }
            steps.pop()?;
        }
    }
}

/// An object by kind and name; a node object by its number.
fn title(object: &Object) -> String {
    let identity = object.identity();
    match object.ordinal {
        Some(ordinal) if !has_name(identity.name) => format!("{} {ordinal}", identity.kind),
        _ => format!("{} `{}`", identity.kind, identity.name),
    }
}
