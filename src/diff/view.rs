//! A difference as lines, whatever they are shown in.

use std::collections::BTreeMap;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::formats::json_patch::Counts;
use super::resources::Bill;
use super::risk::{self, Kind, Risk};
use super::{Change, Comparison, Fate, ObjectDiff};
use crate::base::object::{Group, Object};
use crate::base::wording;
use crate::emit::Format;

/// What stands in the place of the value of a Secret.
pub(in crate::diff) const MASK: &str = "(hidden)";

pub(in crate::diff) mod fold;

/// Where a command line is broken.
const FLAG: &str = " --";

/// The most lines that one value takes; more are counted.
const LONG: usize = 40;

/// How many names are listed in a line before the rest is counted.
pub(in crate::diff) const NAMED: usize = 10;

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diff) enum Mark {
    /// What is there on both sides.
    Context,
    /// What is new.
    Added,
    /// What is gone.
    Removed,
    /// What is another.
    Changed,
}

impl Mark {
    pub(in crate::diff) fn sign(self) -> char {
        match self {
            Self::Context => ' ',
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
        }
    }
}

impl From<Fate> for Mark {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Added => Self::Added,
            Fate::Removed => Self::Removed,
            Fate::Replaced | Fate::Changed => Self::Changed,
        }
    }
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::diff) struct Line {
    pub(in crate::diff) mark: Mark,
    /// How far it is indented, in steps of two blanks.
    pub(in crate::diff) depth: usize,
    pub(in crate::diff) text: String,
}

fn line(mark: Mark, depth: usize, text: &str) -> Line {
    Line {
        mark,
        depth,
        text: text.trim_end().to_owned(),
    }
}

/// Whose objects a group holds.
pub(in crate::diff) fn owner(group: &Group) -> String {
    match group {
        Group::Workspace { namespace, name } => format!("{namespace}/{name}"),
        Group::Shared { namespace } => format!("shared in {namespace}"),
        Group::Cluster => "shared in the cluster".to_owned(),
    }
}

/// Kind and name of an object; both names if it has another one than before.
pub(in crate::diff) fn title(diff: &ObjectDiff) -> String {
    let name = |object: Option<&Object>| {
        object
            .map_or("", |object| object.identity().name)
            .to_owned()
    };
    let kind = diff.object().map_or("", |object| object.identity().kind);
    match diff.fate() {
        Fate::Replaced => format!("{kind} {} → {}", name(diff.before), name(diff.after)),
        _ => format!("{kind} {}", name(diff.after.or(diff.before))),
    }
}

/// What differs in an object, without its title.
pub(in crate::diff) fn lines(diff: &ObjectDiff) -> Vec<Line> {
    let (before, after) = (
        diff.before.map(Object::identity),
        diff.after.map(Object::identity),
    );
    // Where an object has another name, it stands in the title.
    let is_name = |change: &&Change| {
        let is = |value: &Option<Value>, name: Option<&str>| {
            value.as_ref().and_then(Value::as_str) == name
        };
        diff.fate() == Fate::Replaced
            && is(&change.before, before.map(|identity| identity.name))
            && is(&change.after, after.map(|identity| identity.name))
    };
    let mut lines = Vec::new();
    for change in diff.changes.iter().filter(|change| !is_name(change)) {
        let is_hidden = diff
            .object()
            .is_some_and(|object| risk::is_secret(object, &change.pointer));
        if is_hidden {
            lines.push(hidden(change));
        } else {
            push(change, 0, &mut lines);
        }
    }
    lines
}

fn hidden(change: &Change) -> Line {
    let (mark, value) = match (&change.before, &change.after) {
        (None, _) => (Mark::Added, MASK.to_owned()),
        (_, None) => (Mark::Removed, MASK.to_owned()),
        _ => (Mark::Changed, format!("{MASK} → {MASK}, another value")),
    };
    line(mark, 0, &format!("{}: {value}", change.field))
}

fn push(change: &Change, depth: usize, lines: &mut Vec<Line>) {
    let field = &change.field;
    match (&change.before, &change.after) {
        (Some(_), Some(_)) if !change.inside.is_empty() => {
            lines.push(line(Mark::Changed, depth, &format!("{field}:")));
            change
                .inside
                .iter()
                .for_each(|inside| push(inside, depth + 1, lines));
        }
        (Some(Value::String(before)), Some(Value::String(after)))
            if is_long(before) || is_long(after) =>
        {
            lines.push(line(Mark::Changed, depth, &format!("{field}:")));
            texts(before, after, depth + 1, lines);
        }
        (Some(before), Some(after)) if is_short(before) && is_short(after) => {
            let (before, after) = (short(before), short(after));
            lines.push(line(
                Mark::Changed,
                depth,
                &format!("{field}: {before} → {after}"),
            ));
        }
        (before, after) => {
            for (mark, value) in [(Mark::Removed, before), (Mark::Added, after)] {
                if let Some(value) = value {
                    whole(mark, field, value, depth, lines);
                }
            }
        }
    }
}

/// Whether a text is easier to compare line by line.
fn is_long(text: &str) -> bool {
    text.contains('\n') || text.len() > 80 && text.contains(FLAG)
}

/// Two texts of several lines, with one line around what differs. A command line is one flag a
/// line.
fn texts(before: &str, after: &str, depth: usize, lines: &mut Vec<Line>) {
    let apart = |text: &str| text.replace(FLAG, "\n  --");
    let (before, after) = (&*apart(before), &*apart(after));
    let diff = TextDiff::from_lines(before, after);
    let mut found = Vec::new();
    for (index, group) in diff.grouped_ops(1).iter().enumerate() {
        if index > 0 {
            found.push(line(Mark::Context, depth, "…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Equal => Mark::Context,
                ChangeTag::Delete => Mark::Removed,
                ChangeTag::Insert => Mark::Added,
            };
            found.push(line(mark, depth, change.value()));
        }
    }
    shortened(found, depth, lines);
}

/// A value that is new or gone.
fn whole(mark: Mark, field: &str, value: &Value, depth: usize, lines: &mut Vec<Line>) {
    if is_short(value) {
        lines.push(line(mark, depth, &format!("{field}: {}", short(value))));
        return;
    }
    lines.push(line(mark, depth, &format!("{field}:")));
    let text = Format::Yaml.document(&value.clone().into());
    let found = text
        .lines()
        .filter(|text| *text != "---")
        .map(|text| line(mark, depth + 1, text))
        .collect();
    shortened(found, depth + 1, lines);
}

fn shortened(mut found: Vec<Line>, depth: usize, lines: &mut Vec<Line>) {
    let more = found.len().saturating_sub(LONG);
    found.truncate(LONG);
    lines.append(&mut found);
    if more > 0 {
        lines.push(line(
            Mark::Context,
            depth,
            &format!("… {}", wording::count(more, "more line")),
        ));
    }
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains('\n'),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => true,
    }
}

/// A value on one line; what a terminal could take for more than text is made visible.
fn short(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().any(char::is_control) => {
            text.escape_debug().to_string()
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
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

/// How many Workspaces and objects came, went and changed.
pub(in crate::diff) fn summary(comparison: &Comparison) -> String {
    let workspaces = comparison
        .groups
        .iter()
        .filter(|group| group.is_workspace());
    let workspaces = counts(workspaces.map(|group| group.fate));
    let objects = counts(
        comparison
            .groups
            .iter()
            .flat_map(|group| &group.objects)
            .map(ObjectDiff::fate),
    );
    format!("Workspaces: {workspaces}. Objects: {objects}.")
}

/// Such as `1 added, 2 changed`.
pub(in crate::diff) fn counts(fates: impl Iterator<Item = Fate>) -> String {
    let Counts {
        added,
        removed,
        replaced,
        changed,
    } = Counts::of(fates);
    let parts = [
        (added, "added"),
        (removed, "removed"),
        (replaced, "replaced"),
        (changed, "changed"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}

/// What may happen: a title, and what it is about. The same about many objects is said once.
pub(in crate::diff) fn risks(risks: &[Risk]) -> Vec<(Kind, String)> {
    let mut together = BTreeMap::<(Kind, &str, &str, Option<&str>), Vec<&Risk>>::new();
    for risk in risks {
        let key = (
            risk.kind,
            risk.object.as_str(),
            risk.reason.as_str(),
            risk.way_out,
        );
        together.entry(key).or_default().push(risk);
    }
    let said = together
        .into_iter()
        .map(|((kind, object, reason, way_out), risks)| {
            let mut names: Vec<_> = risks.iter().map(|risk| place(risk)).collect();
            names.dedup();
            let total: u64 = risks.iter().map(|risk| risk.count).sum();
            let names = self::names(&names, NAMED);
            let mut text = match kind {
                Kind::NodesCreated | Kind::NodesRemoved | Kind::NodesReplaced => {
                    format!("{total} ({object}) of {names}")
                }
                Kind::PodsRestart => format!("{total} of {object} {names}"),
                _ => format!("{object} {names}"),
            };
            if !reason.is_empty() {
                text += &format!(": {reason}");
            }
            if let (Some(way_out), Some(first)) = (way_out, risks.first()) {
                text += &format!(
                    "\n{}",
                    risk::filled(way_out, first.namespace.as_deref(), &first.name)
                );
            }
            (kind, text)
        });
    said.collect()
}

fn place(risk: &Risk) -> String {
    let namespace = risk
        .namespace
        .as_ref()
        .map(|namespace| format!("{namespace}/"));
    format!("{}{}", namespace.unwrap_or_default(), risk.name)
}

/// The rows of the bill: name, before, after, difference. Only what either side has.
pub(in crate::diff) fn bill(before: &Bill, after: &Bill) -> Vec<[String; 4]> {
    let mut rows = Vec::new();
    let mut row = |name: &str, before: f64, after: f64, unit: &str| {
        if before > 0.0 || after > 0.0 {
            let delta = if before.total_cmp(&after).is_eq() {
                "=".to_owned()
            } else {
                format!("{:+}{unit}", number(after - before))
            };
            let cell = |value: f64| format!("{}{unit}", number(value));
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
    counted("nodes of unknown size", before.unknown, after.unknown, "");
    row("disk asked for", before.disk_gib, after.disk_gib, " GiB");
    rows
}

/// A number without a fraction that nobody reads.
fn number(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
