//! What overlays met in a run, and what that says of them.

use std::collections::BTreeSet;

use super::target::Target;
use super::{Overlay, Overlays};
use crate::base::similar;
use crate::diagnostic::{Diagnostics, Severity, rule};

/// What the overlays of a run met, by their numbers and those of their patches.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    selected: BTreeSet<usize>,
    matched: BTreeSet<(usize, usize)>,
    changed: BTreeSet<(usize, usize)>,
    /// Names of objects, where a patch names one.
    names: BTreeSet<String>,
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

    pub(super) fn meet<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.names.extend(names.map(str::to_owned));
    }

    /// Adds what was met elsewhere.
    pub fn extend(&mut self, other: Self) {
        self.selected.extend(other.selected);
        self.matched.extend(other.matched);
        self.changed.extend(other.changed);
        self.names.extend(other.names);
    }
}

impl Overlays {
    /// Reports overlays and patches that changed nothing in a run.
    pub fn judge(&self, tally: &Tally, diagnostics: &mut Diagnostics) {
        for (index, overlay) in self.all.iter().enumerate() {
            if !tally.selected.contains(&index) {
                not_selected(overlay, diagnostics);
                continue;
            }
            for (number, patch) in overlay.patches.iter().enumerate() {
                let id = (index, number);
                if tally.changed.contains(&id) || patch.only_tests() && tally.matched.contains(&id)
                {
                    continue;
                }
                if tally.matched.contains(&id) {
                    let message = "this patch changes nothing: the objects are so already";
                    diagnostics.add(&rule::NO_CHANGE, patch.place, message);
                    continue;
                }
                if let Target::Named(named) = &patch.target {
                    let message = format!("there is no {}", named.title());
                    let known = tally.names.iter().map(String::as_str);
                    let hint = match similar::nearest(&named.name, known) {
                        Some(near) => format!("there is `{near}`"),
                        None => "add a `target` if the patch is for more than one object".into(),
                    };
                    let reporting =
                        diagnostics.add(&rule::NO_OBJECT_OF_PATCH, patch.place, message);
                    reporting.hint(hint);
                    continue;
                }
                let message = "no object of this run is a target of this patch";
                let hint = "`kaito-render explain` lists the objects of each Workspace";
                diagnostics
                    .add(&rule::NO_CHANGE, patch.place, message)
                    .hint(hint);
            }
        }
    }
}

/// A profile for many may meet a small input, so that this is only worth knowing.
fn not_selected(overlay: &Overlay, diagnostics: &mut Diagnostics) {
    if overlay.selection.is_named {
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
