//! Workspaces whose pods could run on each other's nodes.

use std::collections::BTreeMap;

use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;
use crate::plan::Plan;
use crate::vocab::Provisioner;

/// The labels by which Workspaces of a run select the nodes that are made for them.
#[derive(Debug, Default)]
pub struct Selectors {
    seen: BTreeMap<BTreeMap<String, String>, Selector>,
}

#[derive(Debug)]
struct Selector {
    place: Span,
    title: String,
    /// Whether these labels alone place no pod of the Workspace.
    is_exclusive: bool,
}

impl Selectors {
    /// Keeps the labels of a Workspace, and warns if those of another one find the same nodes.
    /// `title` is what people call the Workspace.
    pub fn add(&mut self, plan: &Plan, place: Span, title: &str) -> Option<Diagnostic> {
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
        let Some(first) = self.seen.get(&plan.match_labels) else {
            let selector = Selector {
                place,
                title: title.to_owned(),
                is_exclusive,
            };
            self.seen.insert(plan.match_labels.clone(), selector);
            return None;
        };
        if is_exclusive && first.is_exclusive {
            return None;
        }
        let message = format!("{title} selects its nodes by the labels of {}", first.title);
        let finding =
            Diagnostic::new(&rule::SHARED_NODES, place, message).also(first.place, "the other one");
        Some(
            finding.hint(
                "give each labels of its own, so that no pod takes the GPUs of the other one",
            ),
        )
    }
}
