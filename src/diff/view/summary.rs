//! What a comparison comes to: how many objects change, the risks, and the resources.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::wording;
use crate::diff::model::Action;
use crate::diff::resources::Resources;
use crate::diff::risk::{Kind, Risk};

/// How many names are listed in a line before the rest is only counted.
pub(in crate::diff) const NAMED: usize = 10;

/// How many there are of each action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// How many are created.
    added: usize,
    /// How many are deleted.
    removed: usize,
    /// Node objects that get another name: other nodes take their places.
    replaced: usize,
    /// How many change.
    changed: usize,
}

impl Counts {
    /// Counts the actions of each kind.
    pub(in crate::diff) fn of(actions: impl Iterator<Item = Action>) -> Self {
        let mut counts = Self::default();
        for action in actions {
            *match action {
                Action::Added => &mut counts.added,
                Action::Removed => &mut counts.removed,
                Action::Replaced => &mut counts.replaced,
                Action::Changed => &mut counts.changed,
            } += 1;
        }
        counts
    }

    /// Such as `1 added, 2 changed`; `none` if there are none.
    #[must_use]
    pub fn text(self) -> String {
        let parts = [
            (self.added, "added"),
            (self.removed, "removed"),
            (self.replaced, "replaced"),
            (self.changed, "changed"),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        if parts.is_empty() {
            "none".to_owned()
        } else {
            parts.join(", ")
        }
    }
}

/// The same risk of many objects, shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskRow {
    /// What may happen to all of them.
    pub kind: Kind,
    /// To what, and why.
    pub text: String,
    /// What to do about it, for the first of the objects.
    pub remediation: Option<String>,
}

/// Puts together what may happen to many objects for the same reason.
pub(super) fn risks(risks: &[Risk]) -> Vec<RiskRow> {
    let mut together = BTreeMap::<(Kind, &str, &str, Option<&str>), Vec<&Risk>>::new();
    for risk in risks {
        let key = (
            risk.kind,
            risk.object.as_str(),
            risk.reason.as_str(),
            risk.remediation,
        );
        together.entry(key).or_default().push(risk);
    }
    let row = |((kind, object, reason, _), risks): ((Kind, &str, &str, _), Vec<&Risk>)| {
        let mut places: Vec<_> = risks.iter().map(|risk| place(risk)).collect();
        places.dedup();
        let places = names(&places, NAMED);
        let total = risks.iter().map(|risk| risk.count).sum::<u64>();
        let total = |noun| wording::count(usize::try_from(total).unwrap_or(usize::MAX), noun);
        let mut text = match kind {
            Kind::NodesCreated | Kind::NodesRemoved | Kind::NodesReplaced => {
                format!("{} ({object}) of {places}", total("node"))
            }
            Kind::PodsRestart => format!("{} of {object} {places}", total("pod")),
            _ => format!("{object} {places}"),
        };
        if !reason.is_empty() {
            text += &format!(": {reason}");
        }
        RiskRow {
            kind,
            text,
            remediation: risks.first().and_then(|risk| risk.remediation()),
        }
    };
    together.into_iter().map(row).collect()
}

fn place(risk: &Risk) -> String {
    match &risk.namespace {
        Some(namespace) => format!("{namespace}/{}", risk.name),
        None => risk.name.clone(),
    }
}

/// The first names, and how many more there are.
pub(in crate::diff) fn names(names: &[String], most: usize) -> String {
    let (shown, more) = names.split_at(names.len().min(most));
    let shown = shown.join(", ");
    if more.is_empty() {
        shown
    } else {
        format!("{shown} and {} more", more.len())
    }
}

/// The resources as rows of name, before, after and difference; only those that either side has.
pub(super) fn resources(before: &Resources, after: &Resources) -> Vec<[String; 4]> {
    let mut rows = Vec::new();
    let mut row = |name: &str, before: f64, after: f64, unit: &str| {
        if before > 0.0 || after > 0.0 {
            let delta = if before.total_cmp(&after).is_eq() {
                "=".to_owned()
            } else {
                format!("{:+}{unit}", rounded(after - before))
            };
            let cell = |value: f64| format!("{}{unit}", rounded(value));
            rows.push([name.to_owned(), cell(before), cell(after), delta]);
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "shown, not counted with")]
    let mut counted = |name: &str, before: u64, after: u64, unit: &str| {
        row(name, before as f64, after as f64, unit);
    };
    counted("nodes", before.nodes, after.nodes, "");
    counted("GPUs", before.gpus(), after.gpus(), "");
    counted(
        "GPU memory",
        before.gpu_memory_gib,
        after.gpu_memory_gib,
        " GiB",
    );
    counted(
        "nodes of unknown type",
        before.nodes_of_unknown_type,
        after.nodes_of_unknown_type,
        "",
    );
    row("requested disk", before.disk_gib, after.disk_gib, " GiB");
    rows
}

/// A number with at most one decimal.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
