//! Overlays: what a team changes in the objects of its Workspaces, kept apart from them.
//!
//! Uses `vocab`, `base`, `diagnostic`, `session`, `input`, `catalogue`, `workspace`, `plan` and
//! `expand`; `assemble`, `compile`, `explain` and `cli` use it.
//!
//! Objects of one Workspace in, objects out, before node objects get their names. Overlays are read
//! once, those of a profile and those in the input ([`Overlays::of`]); a Workspace that none selects
//! costs nothing.

mod additions;
mod affinity;
mod check;
mod files;
mod guard;
mod images;
mod insertion;
mod kustomization;
mod merge;
mod metadata;
mod operations;
mod part;
mod patch;
mod place;
mod pod;
mod pods;
mod read;
mod reader;
mod refusal;
mod schemas;
mod selection;
mod selector;
mod source;
mod taints;
mod tally;
mod target;
mod text;
mod types;
mod variables;
mod written;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::json::Json;
use crate::base::node::Node;
use crate::base::object::{Object, Origin};
use crate::base::sources::{Sources, Span};
use crate::diagnostic::{Diagnostics, Reported};
use crate::expand::Templates;
use crate::plan::Plan;
use crate::workspace::Workspace;
use additions::Addition;
use additions::weights::Kept;
pub use files::{read_files, read_files_of_input};
use images::Replacement;
use metadata::Marks;
use part::Part;
use patch::Patch;
use place::Spot;
use pod::Field;
use schemas::Schemas;
use selection::Selection;
pub use source::unknown_kind;
pub use tally::Tally;

/// The overlays of a run, ready to be applied.
#[derive(Debug, Default)]
pub struct Overlays {
    all: Vec<Overlay>,
    /// Those that are for Workspaces of every directory, from first to last.
    of_profile: Vec<usize>,
    /// Those of the input, by the directory whose Workspaces they are for.
    directories: BTreeMap<PathBuf, Vec<usize>>,
    /// Whether none is applied: one of them can't be used, or nobody wants them.
    is_off: bool,
    schemas: Schemas,
}

/// The overlays that may be for a Workspace by where it is, from first to last.
#[derive(Debug)]
pub struct InDirectory<'a> {
    overlays: &'a Overlays,
    indices: Cow<'a, [usize]>,
}

/// An overlay that is ready to be applied.
#[derive(Debug)]
struct Overlay {
    name: String,
    /// Where its name stands.
    place: Option<Span>,
    /// For one of the input, the directory whose Workspaces it is for.
    directory: Option<PathBuf>,
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
    Addition(Box<Addition>),
    Weights(Kept),
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
    /// The numbers of the overlay and of the part of it.
    id: (usize, usize),
    /// Where the part stands.
    pub place: Option<Span>,
    /// What laid the object out.
    pub origin: Option<Origin>,
    /// The number of the object among the node objects; none for other kinds.
    pub ordinal: Option<u32>,
    /// The object as it was; null if the part added it.
    pub before: Json,
    /// The object as it is then; none if it was removed.
    pub after: Option<Json>,
}

impl Overlays {
    /// Whether none is applied to anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_off || self.all.is_empty()
    }

    /// Has none of them applied.
    pub fn turn_off(&mut self) {
        self.is_off = true;
    }

    /// Those that are for the directory of a document, from the root downward.
    #[must_use]
    pub fn at(&self, document: &Node, sources: &Sources) -> InDirectory<'_> {
        let mut indices = Cow::Borrowed(self.of_profile.as_slice());
        if !self.directories.is_empty() {
            let directory = written::directory(document, sources);
            let mut above: Vec<_> = directory.ancestors().collect();
            // The root of all, also where the path is absolute.
            above.push(Path::new(""));
            above.dedup();
            for directory in above.into_iter().rev() {
                let here = self.directories.get(directory).into_iter().flatten();
                indices.to_mut().extend(here);
            }
        }
        InDirectory {
            overlays: self,
            indices,
        }
    }
}

impl<'a> InDirectory<'a> {
    fn iter(&self) -> impl Iterator<Item = (usize, &'a Overlay)> {
        let all = &self.overlays.all;
        self.indices.iter().map(|index| (*index, &all[*index]))
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
        templates: &Templates,
        diagnostics: &mut Diagnostics,
    ) -> Result<Applied, Reported> {
        let mark = diagnostics.mark();
        if self.overlays.is_off {
            return Ok(Applied {
                objects,
                ..Applied::default()
            });
        }
        selection::check_named(self, workspace, plan, diagnostics);
        let selected = self.selected(workspace, plan);
        if selected.is_empty() {
            diagnostics.checked(mark)?;
            return Ok(Applied {
                objects,
                ..Applied::default()
            });
        }
        let originals: Vec<_> = objects.into_iter().map(Some).collect();
        let of_all = Part {
            overlay: "",
            name: "",
            id: (0, 0),
            place: None,
            is_guarded: false,
            main: guard::main_of(&originals, plan),
            workspace,
            plan,
            templates,
        };
        // Where all is well, the result alone is looked at. Otherwise each change is, so that all
        // mistakes are found at their places.
        let mut found = Diagnostics::default();
        let made = if let Some(made) = Self::made(&selected, &originals, of_all, &mut found) {
            diagnostics.extend(found);
            made
        } else {
            let part = Part {
                is_guarded: true,
                ..of_all
            };
            // None goes with an error.
            let made = Self::made(&selected, &originals, part, diagnostics);
            diagnostics.checked(mark)?;
            made.unwrap_or_default()
        };
        let Made {
            originals,
            slots,
            mut applied,
        } = made;
        self.overlays
            .check(&originals, &slots, of_all, &applied, diagnostics);
        diagnostics.checked(mark)?;
        applied.objects = slots.into_iter().flatten().collect();
        let overlays = selected.into_iter().map(|(_, overlay, why)| Selected {
            name: overlay.name.clone(),
            place: overlay.place,
            why,
        });
        applied.overlays = overlays.collect();
        additions::count_routes(&mut applied, workspace);
        Ok(applied)
    }

    /// The overlays that are for a Workspace, each with its number and why.
    fn selected(&self, workspace: &Workspace, plan: &Plan) -> Vec<(usize, &'a Overlay, String)> {
        let selected = self.iter().filter_map(|(index, overlay)| {
            let why = overlay.selection.why(&overlay.name, workspace, plan)?;
            Some((index, overlay, why))
        });
        selected.collect()
    }

    /// What the overlays make of objects; none if something is wrong with it.
    fn made(
        selected: &[(usize, &Overlay, String)],
        objects: &[Option<Object>],
        of_all: Part,
        diagnostics: &mut Diagnostics,
    ) -> Option<Made> {
        let mark = diagnostics.mark();
        let mut applied = Applied::default();
        let mut slots = objects.to_vec();
        for (index, overlay, _) in selected {
            applied.tally.select(*index);
            for (number, piece) in overlay.pieces.iter().enumerate() {
                let part = Part {
                    overlay: &overlay.name,
                    id: (*index, number),
                    ..of_all
                };
                piece.apply(part, &mut slots, &mut applied, diagnostics);
            }
        }
        if diagnostics.failed_since(mark) {
            return None;
        }
        let originals = check::with_added(objects, &applied.changes);
        for pair in originals.iter().zip(&slots) {
            let (Some(original), Some(object)) = pair else {
                continue;
            };
            if object.value.is_shared_with(&original.value) {
                continue;
            }
            let broken = guard::broken(original, Some(&object.value), of_all.planned());
            let Some(broken) = broken else { continue };
            if of_all.is_guarded {
                // No change alone has broken it, but all together.
                diagnostics.report(of_all.protected(broken, of_all.whole(), original));
            }
            return None;
        }
        Some(Made {
            originals,
            slots,
            applied,
        })
    }
}

/// What overlays made of the objects of a Workspace.
#[derive(Default)]
struct Made {
    /// The objects before, and those that overlays added, as they were then.
    originals: Vec<Option<Object>>,
    /// The same objects after; none in the place of one that was removed.
    slots: Vec<Option<Object>>,
    applied: Applied,
}

impl Piece {
    fn apply(
        &self,
        part: Part,
        slots: &mut Vec<Option<Object>>,
        applied: &mut Applied,
        diagnostics: &mut Diagnostics,
    ) {
        let part = Part {
            name: self.name(),
            place: self.place(),
            ..part
        };
        match self {
            Self::Metadata(marks) => marks.apply(part, slots, applied, diagnostics),
            Self::Image(image) => image.apply(part, slots, applied, diagnostics),
            Self::Pod(field) => field.apply(part, slots, applied, diagnostics),
            Self::Patch(patch) => patch.apply(part, slots, applied, diagnostics),
            Self::Addition(addition) => addition.apply(part, slots, applied, diagnostics),
            Self::Weights(kept) => kept.apply(part, slots, applied, diagnostics),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Metadata(_) => "metadata",
            Self::Image(image) => &image.part,
            Self::Pod(field) => &field.part,
            Self::Patch(patch) => &patch.part,
            Self::Addition(addition) => &addition.part,
            Self::Weights(_) => "add.weights",
        }
    }

    /// Where it writes a field, as far as that can be told.
    fn place_of(&self, spot: &Spot) -> Option<Span> {
        match self {
            Self::Pod(field) => field.place_of(spot),
            Self::Patch(patch) => patch.place_of(spot),
            _ => self.place(),
        }
    }

    /// Where it stands.
    fn place(&self) -> Option<Span> {
        match self {
            Self::Metadata(marks) => marks.place,
            Self::Image(image) => image.place,
            Self::Pod(field) => field.place,
            Self::Patch(patch) => patch.place,
            Self::Addition(addition) => addition.place,
            Self::Weights(kept) => kept.place,
        }
    }
}
