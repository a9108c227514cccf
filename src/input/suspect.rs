//! Documents that somebody may have meant as KAITO's, and that are none: a slip in `apiVersion` or
//! `kind`, or a document inside of another that is no List.
//!
//! Such a document would be left out in silence, and the nodes of its Workspace would be pruned.

use super::encoding::{mentions_kaito, names_kind};
use crate::base::node::{Data, Node};
use crate::vocab::{api, kinds};

/// What a document may have been meant to be.
#[derive(Debug)]
pub enum Suspect<'a> {
    /// A document of this kind, but for a slip in what names it.
    Misnamed {
        /// The kind that was probably meant.
        kind: &'static str,
    },
    /// A document of KAITO's inside of one that is taken for a whole.
    Inside {
        /// The inner document.
        node: &'a Node,
        /// Whether the outer one can only have been meant as a list of documents.
        is_list: bool,
    },
    /// A document of KAITO's in a string, such as the values of a Helm chart.
    InText {
        /// The string.
        node: &'a Node,
        /// The kind of the inner document.
        kind: &'static str,
    },
}

/// The label of KAITO's group that no other has.
const GROUP: &str = "kaito";

/// What stands in KAITO's documents, and in no mere reference to one.
const CONTENTS: [&str; 5] = ["metadata", "resource", "inference", "tuning", "spec"];

/// What a document that is not KAITO's may have been meant to be.
#[must_use]
pub fn suspect(node: &Node) -> Option<Suspect<'_>> {
    if is_of_kaito(node) {
        return None;
    }
    if let Some(kind) = misnamed(node) {
        return Some(Suspect::Misnamed { kind });
    }
    let inner = inside(node)?;
    if let Data::String(text) = &inner.data {
        let (_, kind) = names_kind(text)?;
        return Some(Suspect::InText { node: inner, kind });
    }
    let is_list = matches!(node.data, Data::List(_))
        || node.get("items").is_some()
            && near_text(node, "kind").is_none_or(|kind| kind.ends_with("list"));
    Some(Suspect::Inside {
        node: inner,
        is_list,
    })
}

fn is_of_kaito(node: &Node) -> bool {
    let version = node.get("apiVersion").and_then(Node::as_str);
    version.is_some_and(api::is_of_kaito)
}

/// The kind that a document would have, were it not for a slip.
fn misnamed(node: &Node) -> Option<&'static str> {
    let Data::Map(_) = node.data else { return None };
    let kind = near_text(node, "kind");
    let meant = kind.as_deref().and_then(near_kind);
    let has_contents = CONTENTS[1..].iter().any(|key| node.get(key).is_some());
    match near_version(node) {
        // Of the group, or nearly.
        Some(true) => {
            meant.or_else(|| (kind.is_none() && has_contents).then_some(kinds::WORKSPACE))
        }
        // Of another group.
        Some(false) => None,
        // Files of other programs have a `kind` too.
        None => meant.filter(|_| has_contents || node.get("metadata").is_some()),
    }
}

/// Whether the version of a document is nearly one of KAITO's; none if there is no version.
fn near_version(node: &Node) -> Option<bool> {
    let found = near(node, "apiversion")?;
    let version = match &found.data {
        Data::String(version) => version.as_str(),
        Data::Null => return None,
        Data::List(items) => items.first().and_then(Node::as_str).unwrap_or_default(),
        _ => "",
    };
    let folded = fold(version);
    let has_no_group = !version.contains(['/', '.']) && folded.starts_with('v');
    let is_near = |label: String| label.contains(GROUP) || strsim::osa_distance(&label, GROUP) <= 1;
    let mut labels = version.split(['.', '/']).map(fold);
    Some(folded.is_empty() || has_no_group || labels.any(is_near))
}

/// The kind of KAITO's that a text is, or is nearly.
fn near_kind(kind: &str) -> Option<&'static str> {
    let kind = kind.strip_suffix("list").unwrap_or(kind);
    let of_kaito = [kinds::WORKSPACE, kinds::INFERENCE_SET, kinds::RAG_ENGINE];
    of_kaito
        .into_iter()
        .find(|known| strsim::osa_distance(kind, &known.to_lowercase()) <= 1)
}

/// The value of a key, however that is written.
fn near<'a>(node: &'a Node, folded: &str) -> Option<&'a Node> {
    let Data::Map(entries) = &node.data else {
        return None;
    };
    let entry = entries
        .iter()
        .find(|entry| letters(&entry.key).eq(folded.chars()));
    entry.map(|entry| &entry.value)
}

fn near_text(node: &Node, key: &str) -> Option<String> {
    near(node, key).and_then(Node::as_str).map(fold)
}

/// A text without blanks, signs and characters that nobody sees, in lower case.
fn fold(text: &str) -> String {
    letters(text).collect()
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    let letters = text.chars().filter(|char| char.is_alphanumeric());
    letters.flat_map(char::to_lowercase)
}

/// The first document of KAITO's inside of a value, or the first string that has one.
fn inside(node: &Node) -> Option<&Node> {
    let is_document = |node: &Node| {
        let kind = |node: &Node| node.get("kind").and_then(Node::as_str).map(fold);
        // The version first: that is cheap, and hardly anything has one.
        is_of_kaito(node)
            && kind(node).is_some_and(|kind| near_kind(&kind).is_some())
            && CONTENTS.iter().any(|key| node.get(key).is_some())
    };
    let look = |node| {
        if is_document(node) {
            Some(node)
        } else {
            inside(node)
        }
    };
    match &node.data {
        Data::Map(entries) => entries.iter().find_map(|entry| look(&entry.value)),
        Data::List(items) => items.iter().find_map(look),
        Data::String(text) => (mentions_kaito(text) && names_kind(text).is_some()).then_some(node),
        _ => None,
    }
}
