//! Writes the annotation of a rendered Workspace into its own lines, so that its comments and its
//! layout stay.

use serde_json::Value;

use crate::base::node::{Data, Entry, Node};
use crate::base::sources::Sources;
use crate::diagnostic::Diagnostics;
use crate::input;
use crate::vocab::annotations::RENDERED;

/// The lines of an item with an annotation in them, and with its namespace; none if they don't say
/// what is wanted then.
pub(super) fn annotated(lines: &str, annotation: &str, wanted: &Value) -> Option<String> {
    let lines = &with_namespace(lines, wanted["metadata"]["namespace"].as_str())?;
    let document = parse(lines)?;
    let metadata = document.entry("metadata")?;
    let value = format!("'{}'", annotation.replace('\'', "''"));
    let annotations = metadata.value.entry("annotations");
    let edited = if let Some(present) = annotations.and_then(|it| it.value.entry(RENDERED)) {
        let span = present.value.span;
        spliced(lines, span.start, span.end, &value)
    } else if let Some(first) = annotations.and_then(|it| first_entry(&it.value)) {
        let indentation = indentation(lines, first)?;
        let line = format!("{RENDERED}: {value}\n{indentation}");
        spliced(lines, first.key_span.start, first.key_span.start, &line)
    } else {
        let first = first_entry(&metadata.value)?;
        let indentation = indentation(lines, first)?;
        let line = format!("annotations:\n{indentation}  {RENDERED}: {value}\n{indentation}");
        spliced(lines, first.key_span.start, first.key_span.start, &line)
    }?;
    (parse(&edited)?.to_value() == *wanted).then_some(edited)
}

fn with_namespace(lines: &str, namespace: Option<&str>) -> Option<String> {
    let document = parse(lines)?;
    let metadata = document.get("metadata")?;
    let Some(namespace) = namespace.filter(|_| metadata.get("namespace").is_none()) else {
        return Some(lines.to_owned());
    };
    let first = first_entry(metadata)?;
    let line = format!("namespace: {namespace}\n{}", indentation(lines, first)?);
    spliced(lines, first.key_span.start, first.key_span.start, &line)
}

fn parse(lines: &str) -> Option<Node> {
    let mut sources = Sources::default();
    let file = sources.add("item", lines);
    let mut found = Diagnostics::default();
    let documents = input::parse(&sources, file, &mut found);
    let [document] = <[Node; 1]>::try_from(documents).ok()?;
    Some(document)
}

fn first_entry(node: &Node) -> Option<&Entry> {
    match &node.data {
        Data::Map(entries) => entries.first(),
        _ => None,
    }
}

/// The blanks before a key that begins its line.
fn indentation<'a>(lines: &'a str, entry: &Entry) -> Option<&'a str> {
    let before = lines.get(..entry.key_span.start as usize)?;
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    line.trim().is_empty().then_some(line)
}

fn spliced(lines: &str, start: u32, end: u32, text: &str) -> Option<String> {
    let (before, behind) = (lines.get(..start as usize)?, lines.get(end as usize..)?);
    Some(format!("{before}{text}{behind}"))
}
