//! Which Workspaces an overlay is for.

use globset::GlobMatcher;

use super::selector::LabelSelector;
use super::{InDirectory, Overlay, Overlays};
use crate::base::pointer;
use crate::base::similar;
use crate::base::sources::Span;
use crate::catalogue::profile::Purpose;
use crate::diagnostic::{Diagnostics, rule};
use crate::plan::Plan;
use crate::vocab::annotations::OVERLAYS;
use crate::workspace::Workspace;

/// The conditions of an overlay, each of which a Workspace has to meet.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// What people call the directory in which a Workspace has to be; none if it may be anywhere.
    pub(super) directory: Option<String>,
    pub(super) labels: Option<(String, LabelSelector)>,
    pub(super) names: Vec<GlobMatcher>,
    pub(super) namespaces: Vec<GlobMatcher>,
    pub(super) releases: Vec<String>,
    pub(super) purpose: Option<Purpose>,
    /// Whether the Workspace has to name the overlay.
    pub(super) is_named: bool,
    /// Whether something names it for all Workspaces of the run.
    pub(super) is_named_for_all: bool,
}

impl Selection {
    /// Why the overlay of a name is for a Workspace; none if it is not.
    pub(super) fn why(&self, name: &str, workspace: &Workspace, plan: &Plan) -> Option<String> {
        if !self.holds(workspace, plan) {
            return None;
        }
        let is_named_here = self.is_named && names(workspace).any(|it| it == name);
        if self.is_named && !is_named_here && !self.is_named_for_all {
            return None;
        }
        let globs = |globs: &[GlobMatcher]| {
            let globs: Vec<_> = globs.iter().map(|glob| glob.glob().glob()).collect();
            globs.join(", ")
        };
        let labels = self.labels.as_ref().map(|(text, _)| text.clone());
        let purpose = self.purpose.map(|purpose| match purpose {
            Purpose::Inference => "inference".to_owned(),
            Purpose::Tuning => "tuning".to_owned(),
        });
        let conditions = [
            ("in", self.directory.clone().unwrap_or_default()),
            ("labels", labels.unwrap_or_default()),
            ("names", globs(&self.names)),
            ("namespaces", globs(&self.namespaces)),
            ("releases", self.releases.join(", ")),
            ("purpose", purpose.unwrap_or_default()),
        ];
        let conditions = conditions.iter().filter(|(_, value)| !value.is_empty());
        let mut why: Vec<_> = conditions
            .map(|(field, value)| format!("{field} {value}"))
            .collect();
        if is_named_here {
            why.push(format!("named by {OVERLAYS}"));
        } else if self.is_named {
            why.push("named for every Workspace".to_owned());
        }
        if why.is_empty() {
            why.push("every Workspace".to_owned());
        }
        Some(why.join("; "))
    }

    /// Whether a Workspace meets the conditions, whatever it names.
    fn holds(&self, workspace: &Workspace, plan: &Plan) -> bool {
        let metadata = &workspace.metadata;
        let is_one = |globs: &[GlobMatcher], name: &str| {
            globs.is_empty() || globs.iter().any(|it| it.is_match(name))
        };
        let label = |key: &str| metadata.labels.get(key).map(String::as_str);
        let purpose = match workspace.spec.tuning {
            Some(_) => Purpose::Tuning,
            None => Purpose::Inference,
        };
        let has_labels = |(_, selector): &(String, LabelSelector)| selector.matches(label);
        self.labels.as_ref().is_none_or(has_labels)
            && is_one(&self.names, &metadata.name)
            && is_one(&self.namespaces, &metadata.namespace)
            && (self.releases.is_empty() || self.releases.contains(&plan.release))
            && self.purpose.is_none_or(|wanted| wanted == purpose)
    }
}

/// The overlays that a Workspace names.
fn names(workspace: &Workspace) -> impl Iterator<Item = &str> {
    let annotation = workspace.metadata.annotations.get(OVERLAYS);
    let names = annotation.into_iter().flat_map(|text| text.split(','));
    names.map(str::trim).filter(|name| !name.is_empty())
}

/// Reports names in the annotation of a Workspace that pick no overlay.
pub(super) fn check_named(
    overlays: &InDirectory,
    workspace: &Workspace,
    plan: &Plan,
    diagnostics: &mut Diagnostics,
) {
    let mut names = names(workspace).peekable();
    if names.peek().is_none() {
        return;
    }
    let all: Vec<_> = overlays.iter().map(|(_, overlay)| overlay).collect();
    for name in names {
        let (message, hint) = match all.iter().find(|overlay| overlay.name == name) {
            None => (
                format!("there is no overlay `{name}`"),
                if overlays.overlays.all.iter().any(|it| it.name == name) {
                    "one of that name is for Workspaces in another directory: move the Workspace or \
                     the overlay, or remove the name here"
                        .to_owned()
                } else {
                    meant(name, &all)
                },
            ),
            Some(overlay) if !overlay.selection.is_named => (
                selects_itself(name),
                "remove the name here, or add `select: named` to the overlay".to_owned(),
            ),
            Some(overlay) if !overlay.selection.holds(workspace, plan) => (
                format!("`workspaces` of the overlay `{name}` leaves this Workspace out"),
                "remove the name here, or change `workspaces` of the overlay".to_owned(),
            ),
            Some(_) => continue,
        };
        let place = workspace.span(&pointer::to_annotation(OVERLAYS));
        diagnostics
            .add(&rule::OVERLAY_NAME, place, message)
            .hint(hint);
    }
}

/// What to do about a name that no overlay has of those that may be meant.
fn meant(name: &str, all: &[&Overlay]) -> String {
    let known = all.iter().filter(|it| it.selection.is_named);
    let known: Vec<_> = known.map(|it| it.name.as_str()).collect();
    match similar::nearest(name, known.iter().copied()) {
        Some(near) => format!("write `{near}`"),
        None if known.is_empty() => "there is no overlay with `select: named`".to_owned(),
        None => format!("those with `select: named` are `{}`", known.join("`, `")),
    }
}

impl Overlays {
    /// Has all Workspaces name some overlays, each at the place that says so.
    pub fn name_all(&mut self, names: &[(String, Span)], diagnostics: &mut Diagnostics) {
        if self.is_off {
            return;
        }
        for (name, place) in names {
            let mut of_name = self.all.iter_mut().filter(|it| it.name == *name).peekable();
            let (message, hint) = if of_name.peek().is_none() {
                let all: Vec<_> = self.all.iter().collect();
                (format!("there is no overlay `{name}`"), meant(name, &all))
            } else {
                let mut is_one = false;
                for selection in of_name.map(|overlay| &mut overlay.selection) {
                    selection.is_named_for_all = selection.is_named;
                    is_one |= selection.is_named;
                }
                if is_one {
                    continue;
                }
                let hint = "remove the name here, or add `select: named` to the overlay";
                (selects_itself(name), hint.to_owned())
            };
            diagnostics
                .add(&rule::PARAMETER, *place, message)
                .hint(hint);
        }
    }
}

fn selects_itself(name: &str) -> String {
    format!("the overlay `{name}` is for Workspaces that its `workspaces` selects")
}
