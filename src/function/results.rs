//! What was found, as a host of functions reads it: by item and field, because nobody has the list
//! that the host made.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::annotations;
use super::items::{Item, ResourceList};
use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::{FileId, Span};
use crate::base::wording;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::Report;
use crate::report::headline;

/// All diagnostics, in their order.
#[must_use]
pub fn results(report: &Report, list: &ResourceList) -> Vec<Value> {
    let places = Places::of(list);
    let diagnostics = report.diagnostics().iter();
    diagnostics.map(|it| result(it, &places)).collect()
}

fn result(diagnostic: &Diagnostic, places: &Places) -> Value {
    let mut result = json!({
        "message": diagnostic.text(),
        "severity": severity(diagnostic.severity),
        "tags": {"rule": diagnostic.rule.id},
    });
    let Some((item, field)) = diagnostic.place.and_then(|place| places.find(place)) else {
        return result;
    };
    let value = item.node.to_value();
    result["resourceRef"] = json!({
        "apiVersion": value["apiVersion"],
        "kind": value["kind"],
        "name": value["metadata"]["name"],
    });
    if let Some(namespace) = value["metadata"]["namespace"].as_str() {
        result["resourceRef"]["namespace"] = namespace.into();
    }
    if !field.is_empty() {
        result["field"] = json!({"path": wording::field(&field)});
    }
    if let Some(path) = annotations::path(&value) {
        result["file"] = json!({"path": path});
        let index = [
            "internal.config.kubernetes.io/index",
            "config.kubernetes.io/index",
        ];
        let annotations = &value["metadata"]["annotations"];
        let index = index
            .iter()
            .find_map(|key| annotations[key].as_str()?.parse::<u32>().ok());
        if let Some(index) = index {
            result["file"]["index"] = index.into();
        }
    }
    result
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "info",
    }
}

/// The first error on one line of at most 200 characters, with its file, its Workspace and its field:
/// what a host shows of stderr begins with it. None without errors.
#[must_use]
pub fn first_line(report: &Report, list: &ResourceList) -> Option<String> {
    headline::first_error(report, |first| {
        let places = Places::of(list);
        let (item, field) = places.find(first.place?)?;
        let value = item.node.to_value();
        let path = annotations::path(&value);
        let path = path.map(|path| format!("{path}: ")).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &value["metadata"];
        let namespace = text(&metadata["namespace"]);
        let separator = if namespace.is_empty() { "" } else { "/" };
        let (kind, name) = (text(&value["kind"]), text(&metadata["name"]));
        let field = wording::field(&field);
        let place = format!("{path}{kind} {namespace}{separator}{name} {field}");
        Some(place.trim_end().to_owned())
    })
}

/// The items of a list, by where they begin.
struct Places<'a>(BTreeMap<(FileId, u32), &'a Item>);

impl<'a> Places<'a> {
    fn of(list: &'a ResourceList) -> Self {
        let start = |item: &'a Item| ((item.node.span.file, item.node.span.start), item);
        Self(list.items.iter().map(start).collect())
    }

    /// The item that a place is in, and the field, as a JSON Pointer.
    fn find(&self, place: Span) -> Option<(&'a Item, String)> {
        let mut before = self.0.range(..=(place.file, place.start));
        let (_, item) = before.next_back()?;
        Some((item, field(&item.node, place)?))
    }
}

/// The field at a place in a node; the last one that begins before it, where no field is at it.
fn field(node: &Node, place: Span) -> Option<String> {
    let holds = |span: Span| {
        span.file == place.file
            && span.start <= place.start
            && place.end <= span.end.max(span.start)
    };
    match &node.data {
        Data::Map(entries) => entries.iter().find_map(|entry| {
            let step = pointer::escape(&entry.key);
            if holds(entry.key_span) {
                return Some(format!("/{step}"));
            }
            Some(format!("/{step}{}", field(&entry.value, place)?))
        }),
        Data::List(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| Some(format!("/{index}{}", field(item, place)?)))
        }
        _ => holds(node.span).then(String::new),
    }
    .or_else(|| holds(node.span).then(String::new))
}
