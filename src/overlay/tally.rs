//! What overlays met in a run, and what that says of them.

use std::collections::{BTreeMap, BTreeSet};

use super::insertion::FOR_SOME;
use super::target::{Named, Target};
use super::{Overlay, Overlays, Piece};
use crate::base::similar;
use crate::base::sources::Span;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, rule};

/// What the overlays of a run met, by their numbers and those of their patches.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    selected: BTreeSet<usize>,
    matched: BTreeSet<(usize, usize)>,
    changed: BTreeSet<(usize, usize)>,
    /// The patches that could be applied to an object.
    applied: BTreeSet<(usize, usize)>,
    /// Names of objects, where a patch names one.
    names: BTreeSet<String>,
    /// The Workspaces that take requests at an address.
    routes: BTreeMap<String, Vec<TakenRoute>>,
}

/// A Workspace that takes requests at an address.
#[derive(Clone, Debug)]
pub(super) struct TakenRoute {
    pub(super) workspace: String,
    /// Where the name of the Workspace stands.
    pub(super) name: Span,
    /// Where the overlay says so.
    pub(super) place: Option<Span>,
}

impl Tally {
    pub(super) fn select(&mut self, overlay: usize) {
        self.selected.insert(overlay);
    }

    pub(super) fn match_one(&mut self, patch: (usize, usize)) {
        self.matched.insert(patch);
    }

    pub(super) fn change_one(&mut self, patch: (usize, usize)) {
        self.changed.insert(patch);
    }

    pub(super) fn apply_one(&mut self, patch: (usize, usize)) {
        self.applied.insert(patch);
    }

    pub(super) fn is_applied(&self, patch: (usize, usize)) -> bool {
        self.applied.contains(&patch)
    }

    pub(super) fn meet<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.names.extend(names.map(str::to_owned));
    }

    pub(super) fn take_route(&mut self, address: String, route: TakenRoute) {
        self.routes.entry(address).or_default().push(route);
    }

    /// Adds what was met elsewhere.
    pub fn extend(&mut self, other: Self) {
        self.selected.extend(other.selected);
        self.matched.extend(other.matched);
        self.changed.extend(other.changed);
        self.applied.extend(other.applied);
        self.names.extend(other.names);
        for (address, routes) in other.routes {
            self.routes.entry(address).or_default().extend(routes);
        }
    }
}

impl Overlays {
    /// A diagnostic about an overlay, with a fix only if that is right for all objects of the run: an
    /// operation that adds what some lack would take it from those that have it.
    #[must_use]
    pub fn settled(&self, diagnostic: Diagnostic, tally: &Tally) -> Diagnostic {
        let mut patches = tally.applied.iter().filter_map(|(overlay, piece)| {
            match self.all.get(*overlay)?.pieces.get(*piece)? {
                Piece::Patch(patch) => Some(patch),
                _ => None,
            }
        });
        if diagnostic.fix.is_none() || !patches.any(|it| it.has_operation(diagnostic.place)) {
            return diagnostic;
        }
        Diagnostic {
            fix: None,
            ..diagnostic.hint(FOR_SOME)
        }
    }

    /// Reports overlays and patches that changed nothing in a run.
    pub fn judge(&self, tally: &Tally, diagnostics: &mut Diagnostics) {
        clashes(tally, diagnostics);
        for (index, overlay) in self.all.iter().enumerate() {
            if !tally.selected.contains(&index) {
                not_selected(overlay, diagnostics);
                continue;
            }
            for (number, piece) in overlay.pieces.iter().enumerate() {
                let id = (index, number);
                if tally.changed.contains(&id) || piece.only_tests() && tally.matched.contains(&id)
                {
                    continue;
                }
                if tally.matched.contains(&id) {
                    let message = format!(
                        "`{}` changes nothing: the objects are so already",
                        piece.name()
                    );
                    diagnostics.add(&rule::NO_CHANGE, piece.place(), message);
                    continue;
                }
                if let Some(named) = piece.named() {
                    let message = format!("there is no {}", named.title());
                    let known = tally.names.iter().map(String::as_str);
                    let hint = match similar::nearest(&named.name, known) {
                        Some(near) => format!("there is `{near}`"),
                        None => "add a `target` if the patch is for more than one object".into(),
                    };
                    let reporting =
                        diagnostics.add(&rule::NO_OBJECT_OF_PATCH, piece.place(), message);
                    reporting.hint(hint);
                    continue;
                }
                let message = format!("`{}` is for no object of this run", piece.name());
                let hint = "`kaito-render explain` lists the objects of each Workspace";
                diagnostics
                    .add(&rule::NO_CHANGE, piece.place(), message)
                    .hint(hint);
            }
        }
    }
}

/// Reports routes that two Workspaces have for one address, once for what asks for them.
fn clashes(tally: &Tally, diagnostics: &mut Diagnostics) {
    let mut reported = BTreeSet::new();
    for (address, routes) in &tally.routes {
        let [first, .., second] = &**routes else {
            continue;
        };
        if !reported.insert(second.place) {
            continue;
        }
        let message = format!(
            "the Workspaces `{}` and `{}` both have a route for {address}, of which only the older \
             one gets requests",
            first.workspace, second.workspace
        );
        diagnostics
            .add(&rule::ROUTE_TWICE, second.place, message)
            .hint("put `$name` into `hostnames` or `path`")
            .also(first.name, "one of the Workspaces")
            .also(second.name, "the other one");
    }
}

/// A profile for many may meet a small input, so that this is only worth knowing.
fn not_selected(overlay: &Overlay, diagnostics: &mut Diagnostics) {
    if overlay.selection.is_named && !overlay.selection.is_named_for_all {
        return;
    }
    let message = format!(
        "the overlay `{}` is for no Workspace of this run",
        overlay.name
    );
    diagnostics
        .add(&rule::NO_CHANGE, overlay.place, message)
        .severity(Severity::Note);
}

impl Piece {
    /// The object that a patch names, if it does.
    fn named(&self) -> Option<&Named> {
        match self {
            Self::Patch(patch) => match &patch.target {
                Target::Named(named) => Some(named),
                Target::Conditions(_) => None,
            },
            _ => None,
        }
    }

    fn only_tests(&self) -> bool {
        matches!(self, Self::Patch(patch) if patch.only_tests())
    }
}
