//! A text that was read, from wherever, becomes documents.

use std::path::PathBuf;

use super::{Reach, parse};
use crate::base::node::{Data, Node};
use crate::base::object::is_of_karpenter;
use crate::base::sources::{FileId, Sources, Span};
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The most bytes of one text.
pub(super) const MAX_TEXT: u64 = 256 << 20;

/// A document of the input.
#[derive(Clone, Debug)]
pub struct Document {
    /// The document.
    pub node: Node,
    /// Whether its file was named, or standard input, rather than found in a folder.
    pub named: bool,
}

/// A text as it was read.
#[derive(Debug)]
pub struct Text {
    /// The name by which people know it.
    pub name: String,
    /// Where it lies on the disk, if it does.
    pub path: Option<PathBuf>,
    /// What it is made of.
    pub bytes: Vec<u8>,
}

/// The documents of a text, with the items of lists one by one.
///
/// Of a text that was not named only KAITO's documents, node objects, ConfigMaps and Secrets are
/// kept, unless everything is wanted, and that it can't be parsed is an error only if it mentions
/// KAITO. What can't be read or parsed is reported as a finding.
pub fn documents(
    text: Text,
    named: bool,
    reach: Reach,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<Document> {
    let mark = diagnostics.mark();
    let matters_anyway = named || mentions_kaito(&text.bytes);
    let nodes = match add(text, sources) {
        Ok(file) => parse(sources, file, diagnostics),
        Err(finding) => {
            diagnostics.report(*finding);
            Vec::new()
        }
    };
    if !matters_anyway {
        pass_over(mark, diagnostics);
    }
    let nodes = nodes.into_iter().flat_map(items).filter(|node| {
        named || reach == Reach::Everything || matters(node) || is_node_object(node)
    });
    nodes.map(|node| Document { node, named }).collect()
}

fn mentions_kaito(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.contains("kaito.sh/"),
        Err(_) => bytes.windows(9).any(|window| window == b"kaito.sh/"),
    }
}

/// Keeps a text. What stands in the way is a finding.
pub fn keep(text: Text, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Option<FileId> {
    add(text, sources)
        .map_err(|finding| diagnostics.report(*finding))
        .ok()
}

/// As [`keep`]. The finding says what stands in the way.
fn add(text: Text, sources: &mut Sources) -> Result<FileId, Box<Diagnostic>> {
    let Text { name, path, bytes } = text;
    if bytes.len() as u64 > MAX_TEXT {
        let place = Span::whole(sources.add(name, ""));
        let message = format!("the file has more than {} MiB", MAX_TEXT >> 20);
        return Err(Box::new(
            Diagnostic::new(&rule::TOO_LARGE, place, message).hint("split it"),
        ));
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            let file = sources.add(name, text);
            sources.locate(file, path);
            Ok(file)
        }
        Err(error) => Err(Box::new(not_utf8(name, &error, sources))),
    }
}

fn not_utf8(name: String, error: &std::string::FromUtf8Error, sources: &mut Sources) -> Diagnostic {
    let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
    let file = sources.add(name, good);
    let end = u32::try_from(sources.text(file).len()).unwrap_or(u32::MAX);
    Diagnostic::new(
        &rule::NOT_UTF8,
        Span {
            file,
            start: end,
            end,
        },
        "here the file is no UTF-8 text",
    )
    .hint("save it as UTF-8")
}

/// Replaces the findings in a file that has nothing to do with KAITO.
fn pass_over(mark: usize, diagnostics: &mut Diagnostics) {
    let error = diagnostics
        .split_off(mark)
        .into_iter()
        .find(Diagnostic::is_error);
    if let Some(Diagnostic {
        place: Some(place),
        message,
        ..
    }) = error
    {
        diagnostics.report(Diagnostic::new(
            &rule::NOT_PARSED,
            place,
            format!("file passed over: {message}"),
        ));
    }
}

/// The items of a List of Kubernetes, however nested; any other document is its own only item.
fn items(mut node: Node) -> Vec<Node> {
    let is_list = node
        .get("kind")
        .and_then(Node::as_str)
        .is_some_and(|kind| kind.ends_with("List"))
        && node.get("apiVersion").and_then(Node::as_str).is_some();
    if is_list
        && let Data::Map(entries) = &mut node.data
        && let Some(entry) = entries.iter_mut().find(|entry| entry.key == "items")
        && let Data::List(items) = &mut entry.value.data
    {
        return std::mem::take(items)
            .into_iter()
            .flat_map(self::items)
            .collect();
    }
    vec![node]
}

/// Whether a document is for Karpenter or gpu-provisioner. One that was found in a folder is looked
/// at, and not passed on.
fn is_node_object(node: &Node) -> bool {
    node.get("apiVersion")
        .and_then(Node::as_str)
        .is_some_and(is_of_karpenter)
}

/// Whether a document that was found in a folder can mean anything to this compiler.
#[must_use]
pub fn matters(node: &Node) -> bool {
    let text = |key| node.get(key).and_then(Node::as_str).unwrap_or_default();
    text("apiVersion").starts_with("kaito.sh/") || matches!(text("kind"), "ConfigMap" | "Secret")
}
