//! Overlays: what a team changes in the objects of its Workspaces, kept apart from them.
//!
//! Uses `vocab`, `base`, `diagnostic`, `session`, `input`, `catalogue`, `workspace` and `plan`;
//! `assemble`, `compile`, `explain` and `cli` use it.
//!
//! Objects of one Workspace in, objects out, before node objects get their names. The overlays of a
//! profile are read once ([`Overlays::of`]); a Workspace that none selects costs nothing.

mod affinity;
mod files;
mod guard;
mod images;
mod merge;
mod metadata;
mod operations;
mod part;
mod patch;
mod pod;
mod pods;
mod read;
mod reader;
mod refusal;
mod selection;
mod selector;
mod tally;
mod target;
mod text;
mod types;

use crate::base::json::Json;
use crate::base::object::{Object, Origin};
use crate::base::sources::Span;
use crate::diagnostic::{Diagnostics, Reported};
use crate::plan::Plan;
use crate::workspace::Workspace;
pub use files::read_files;
use images::Replacement;
use metadata::Marks;
use part::Part;
use patch::Patch;
use pod::Field;
use selection::Selection;
pub use tally::Tally;

/// The overlays of a profile, ready to be applied.
#[derive(Debug, Default)]
pub struct Overlays {
    all: Vec<Overlay>,
}

/// An overlay that is ready to be applied.
#[derive(Debug)]
struct Overlay {
    name: String,
    /// Where its name stands.
    place: Option<Span>,
    selection: Selection,
    pieces: Vec<Piece>,
}

/// A part of an overlay that is ready to be applied.
#[derive(Debug)]
enum Piece {
    Metadata(Marks),
    Image(Replacement),
    Pod(Field),
    Patch(Patch),
}

/// The objects of a Workspace after its overlays, and what these did.
#[derive(Debug, Default)]
pub struct Applied {
    /// The objects, without those that an overlay removed.
    pub objects: Vec<Object>,
    /// The overlays that are for the Workspace, from first to last.
    pub overlays: Vec<Selected>,
    /// What they changed, in order.
    pub changes: Vec<Change>,
    /// What is to be written on the Workspace itself: `labels` or `annotations`, key and value.
    pub of_workspace: Vec<(&'static str, String, String)>,
    /// What the whole run can judge.
    pub tally: Tally,
}

/// An overlay that is for a Workspace.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The name of the overlay.
    pub name: String,
    /// Where its name stands; none for a profile without a document.
    pub place: Option<Span>,
    /// Why it is for the Workspace, such as `names phi-*`; `every Workspace` if nothing is asked.
    pub why: String,
}

/// What a part of an overlay did to one object.
#[derive(Clone, Debug)]
pub struct Change {
    /// The name of the overlay.
    pub overlay: String,
    /// The part of it, such as `patches[0]`.
    pub part: String,
    /// Where the part stands.
    pub place: Option<Span>,
    /// What laid the object out.
    pub origin: Option<Origin>,
    /// The number of the object among the node objects; none for other kinds.
    pub ordinal: Option<u32>,
    /// The object as it was.
    pub before: Json,
    /// The object as it is then; none if it was removed.
    pub after: Option<Json>,
}

impl Overlays {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Applies the overlays that are for a Workspace to its objects.
    ///
    /// # Errors
    ///
    /// If one of them can't be applied, or changes what the plan decides.
    pub fn apply(
        &self,
        objects: Vec<Object>,
        workspace: &Workspace,
        plan: &Plan,
        diagnostics: &mut Diagnostics,
    ) -> Result<Applied, Reported> {
        let mark = diagnostics.mark();
        selection::check_named(&self.all, workspace, plan, diagnostics);
        let mut applied = Applied::default();
        let mut slots: Vec<_> = objects.into_iter().map(Some).collect();
        for (index, overlay) in self.all.iter().enumerate() {
            let Some(why) = overlay.selection.why(&overlay.name, workspace, plan) else {
                continue;
            };
            applied.tally.select(index);
            applied.overlays.push(Selected {
                name: overlay.name.clone(),
                place: overlay.place,
                why,
            });
            let part = Part {
                overlay: &overlay.name,
                name: "",
                place: overlay.place,
                workspace,
                plan,
            };
            for (number, piece) in overlay.pieces.iter().enumerate() {
                let id = (index, number);
                piece.apply(part, id, &mut slots, &mut applied, diagnostics);
            }
        }
        diagnostics.checked(mark)?;
        applied.objects = slots.into_iter().flatten().collect();
        Ok(applied)
    }
}

impl Piece {
    fn apply(
        &self,
        part: Part,
        id: (usize, usize),
        slots: &mut [Option<Object>],
        applied: &mut Applied,
        diagnostics: &mut Diagnostics,
    ) {
        let part = Part {
            name: self.name(),
            place: self.place(),
            ..part
        };
        match self {
            Self::Metadata(marks) => marks.apply(part, id, slots, applied, diagnostics),
            Self::Image(image) => image.apply(part, id, slots, applied, diagnostics),
            Self::Pod(field) => field.apply(part, id, slots, applied, diagnostics),
            Self::Patch(patch) => patch.apply(part, id, slots, applied, diagnostics),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Metadata(_) => "metadata",
            Self::Image(image) => &image.part,
            Self::Pod(field) => &field.part,
            Self::Patch(patch) => &patch.part,
        }
    }

    /// Where it stands.
    fn place(&self) -> Option<Span> {
        match self {
            Self::Metadata(marks) => marks.place,
            Self::Image(image) => image.place,
            Self::Pod(field) => field.place,
            Self::Patch(patch) => patch.place,
        }
    }
}
