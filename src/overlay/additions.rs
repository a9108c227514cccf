//! `add` of an overlay: objects beside those of the templates.

mod disruption;
mod monitoring;
mod network;
mod read;
mod route;
pub(super) mod weights;

use super::part::Part;
use super::refusal::Refusal;
use super::{Applied, Change};
use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::sources::Span;
use crate::catalogue::profile::{Monitoring, Network, Route};
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::expand::Layout;
use crate::vocab::kinds;
pub(super) use read::read;
pub(super) use route::count_routes;

/// What to do about an object that a Workspace can't have.
const LEAVE_OUT: &str = "leave it out: `workspaces` of the overlay says for which Workspaces it is";
const ONLY_INFERENCE: &str = "add `purpose: inference` to `workspaces` of the overlay";

/// An object that is ready to be added.
#[derive(Debug)]
pub(super) struct Addition {
    /// The name of the part, such as `add.monitoring`.
    pub(super) part: String,
    pub(super) place: Option<Span>,
    kind: Kind,
    layout: Layout,
}

#[derive(Debug)]
enum Kind {
    Monitoring(Monitoring),
    Disruption,
    Network(Network),
    Route(Route),
}

impl Addition {
    /// Adds the object, in the place of one that an earlier overlay added.
    pub(super) fn apply(
        &self,
        part: Part,
        slots: &mut Vec<Option<Object>>,
        applied: &mut Applied,
        diagnostics: &mut Diagnostics,
    ) {
        applied.tally.match_one(part.id);
        applied.tally.change_one(part.id);
        let values = match self.values(part, slots) {
            Ok(values) => values,
            Err(refusal) => {
                diagnostics.report(refused(part, refusal));
                return;
            }
        };
        let objects = match self.layout.objects(values) {
            Ok(objects) => objects,
            Err(diagnostic) => {
                diagnostics.report(diagnostic);
                return;
            }
        };
        let change = |object: &Object, before: Json, after: Option<Json>| Change {
            overlay: part.overlay.to_owned(),
            part: part.name.to_owned(),
            id: part.id,
            place: part.place,
            origin: object.origin.clone(),
            ordinal: None,
            before,
            after,
        };
        for slot in slots.iter_mut() {
            if let Some(object) = slot.take_if(|object| self.is_alike(object)) {
                let removed = change(&object, object.value.clone(), None);
                applied.changes.push(removed);
            }
        }
        for object in objects {
            let added = change(&object, Json::Null, Some(object.value.clone()));
            applied.changes.push(added);
            slots.push(Some(object));
        }
    }

    /// What the template reads.
    fn values(&self, part: Part, slots: &[Option<Object>]) -> Result<Json, Refusal> {
        match &self.kind {
            Kind::Monitoring(monitoring) => monitoring::values(monitoring, part),
            Kind::Disruption => Ok(disruption::values(part)),
            Kind::Network(network) => Ok(network::values(network, part, slots)),
            Kind::Route(route) => route::values(route, part, slots),
        }
    }

    /// Whether an object is what another overlay added for the same purpose.
    fn is_alike(&self, object: &Object) -> bool {
        let origin = object.origin.as_ref();
        let files = self.kind.files().iter();
        origin.is_some_and(|origin| {
            files
                .map(|it| Layout::path(it))
                .any(|it| *origin.template == *it)
        })
    }
}

impl Kind {
    /// The templates that lay such objects out.
    fn files(&self) -> &'static [&'static str] {
        match self {
            Self::Monitoring(_) => &[monitoring::POD_MONITOR, monitoring::SERVICE_MONITOR],
            Self::Disruption => &[disruption::FILE],
            Self::Network(_) => &[network::FILE],
            Self::Route(_) => &[route::FILE],
        }
    }
}

/// What is to be said of an object that a Workspace can't have.
fn refused(part: Part, refusal: Refusal) -> Diagnostic {
    let diagnostic = Diagnostic::new(&rule::ADDITION, refusal.place, refusal.message)
        .also(part.workspace.span("/metadata/name"), "the Workspace");
    match refusal.hint {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// The Service by which a model is asked, as it is now.
fn service<'a>(part: Part, slots: &'a [Option<Object>]) -> Option<&'a Object> {
    slots.iter().flatten().find(|object| {
        let identity = object.identity();
        identity.kind == kinds::SERVICE && identity.name == part.plan.name
    })
}
