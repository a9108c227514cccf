//! Workspaces whose pods could run on each other's nodes.

use std::collections::BTreeMap;

use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;
use crate::plan::Plan;
use crate::vocab::Provisioner;

/// The labels by which a Workspace selects the nodes that are made for it.
#[derive(Debug)]
pub struct Selector {
    labels: BTreeMap<String, String>,
    place: Span,
    title: String,
    /// Whether these labels by themselves place no pod of the Workspace.
    is_exclusive: bool,
}

/// The selectors of all Workspaces of a run.
#[derive(Debug, Default)]
pub struct Selectors {
    seen: BTreeMap<BTreeMap<String, String>, Selector>,
}

impl Selector {
    /// The selector of a Workspace; none if no nodes are made for it. `place` is that of the
    /// labels, and `title` what people call the Workspace.
    #[must_use]
    pub fn of(plan: &Plan, place: Span, title: &str) -> Option<Self> {
        if plan.provisioner == Provisioner::None || plan.match_labels.is_empty() {
            return None;
        }
        let has_own_labels = plan.affinity.len() > plan.match_labels.len();
        let is_exclusive = match plan.tuning {
            None => has_own_labels,
            // Where nodes have labels of their Workspace, Jobs ask for all but these; elsewhere
            // they ask for none.
            Some(_) => !has_own_labels,
        };
        Some(Self {
            labels: plan.match_labels.clone(),
            place,
            title: title.to_owned(),
            is_exclusive,
        })
    }
}

impl Selectors {
    /// Keeps the selector of a Workspace, and warns if that of another one finds the same nodes.
    pub fn add(&mut self, selector: Selector) -> Option<Diagnostic> {
        let Some(first) = self.seen.get(&selector.labels) else {
            self.seen.insert(selector.labels.clone(), selector);
            return None;
        };
        if selector.is_exclusive && first.is_exclusive {
            return None;
        }
        let message = format!(
            "{} selects nodes by the same labels as {}",
            selector.title, first.title
        );
        let diagnostic = Diagnostic::new(&rule::SHARED_NODES, selector.place, message)
            .also(first.place, "the other one");
        let hint = "give each its own labels, so that no pod uses the GPUs of the other one";
        Some(diagnostic.hint(hint))
    }
}
