//! Names, namespaces, labels: what Kubernetes asks of every object.

use std::collections::BTreeMap;

use crate::base::node::{Data, Entry, Node};
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The metadata of a Workspace that objects are made from.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// The Workspace's name.
    pub name: String,
    /// Its namespace, also if the document names none.
    pub namespace: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The most bytes that the annotations of an object have together (`k8s.io/apimachinery`,
/// `TotalAnnotationSizeLimitB`).
const ALL_ANNOTATIONS: usize = 256 << 10;

/// Reads the metadata of a document and reports what Kubernetes would refuse.
pub(super) fn read(
    node: &Node,
    default_namespace: &str,
    diagnostics: &mut Diagnostics,
) -> Metadata {
    let name = string(node, "/metadata/name");
    if node
        .find("/metadata/name")
        .is_none_or(|found| found.node.data == Data::Null)
    {
        let kind = node
            .get("kind")
            .and_then(Node::as_str)
            .unwrap_or("Workspace");
        let message = format!("the {kind} has no name");
        let missing = Diagnostic::new(&rule::NAME, node.at("/metadata/name").span, message);
        diagnostics.report(
            missing
                .hint("add `metadata.name`; `generateName` would give other objects in every run"),
        );
    }
    let namespace = string(node, "/metadata/namespace");
    for (pointer, value) in [
        ("/metadata/name", &name),
        ("/metadata/namespace", &namespace),
    ] {
        if let Some(value) = value.as_ref().filter(|value| !is_dns_label(value)) {
            let message = format!("`{value}` is not a valid `{}`", wording::field(pointer));
            diagnostics.report(
                Diagnostic::new(&rule::NAME, node.at(pointer).span, message).hint(DNS_LABEL),
            );
        }
    }
    let labels = strings(node, "/metadata/labels", check_label, diagnostics);
    let annotations = strings(
        node,
        "/metadata/annotations",
        |entry, _, found| check_key(entry, found),
        diagnostics,
    );
    let total: usize = annotations
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    if total > ALL_ANNOTATIONS {
        let message = format!(
            "the annotations have {total} bytes together, and Kubernetes takes {ALL_ANNOTATIONS}"
        );
        let place = node.at("/metadata/annotations").span;
        diagnostics.report(
            Diagnostic::new(&rule::LABEL, place, message).hint("move large texts into a ConfigMap"),
        );
    }
    Metadata {
        name: name.unwrap_or_default(),
        namespace: namespace.unwrap_or_else(|| default_namespace.to_owned()),
        labels,
        annotations,
    }
}

/// What to do about a name that is none.
pub const DNS_LABEL: &str =
    "use at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends";

/// A lower-case DNS label of RFC 1123. Kubernetes lets a Workspace's name be longer and have dots,
/// but its containers and labels are named after it, and they may not.
#[must_use]
pub fn is_dns_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Reports a label that Kubernetes would refuse (Kubernetes documentation, "Labels and Selectors").
pub(super) fn check_label(entry: &Entry, value: &str, diagnostics: &mut Diagnostics) {
    check_key(entry, diagnostics);
    if !value.is_empty() && !is_qualified(value) {
        let message = format!("`{value}` is not a valid value of a label");
        diagnostics
            .report(Diagnostic::new(&rule::LABEL, entry.value.span, message).hint(QUALIFIED));
    }
}

fn check_key(entry: &Entry, diagnostics: &mut Diagnostics) {
    let (prefix, name) = match entry.key.rsplit_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, entry.key.as_str()),
    };
    let prefix_is_right =
        prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_dns_label));
    if !prefix_is_right || !is_qualified(name) {
        let message = format!(
            "`{}` is not a valid key of a label or annotation",
            entry.key
        );
        diagnostics.report(Diagnostic::new(&rule::LABEL, entry.key_span, message).hint(QUALIFIED));
    }
}

const QUALIFIED: &str = "use at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; \
                         a key may have a DNS name and `/` before it";

fn is_qualified(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    bytes.len() <= 63
        && bytes.iter().all(|byte| inner(*byte))
        && ends(bytes.first())
        && ends(bytes.last())
}

/// The text at a pointer; other values are the schema's to report.
fn string(node: &Node, pointer: &str) -> Option<String> {
    node.find(pointer)?.node.as_str().map(str::to_owned)
}

/// Reads a mapping of strings, and has each entry checked.
fn strings(
    node: &Node,
    pointer: &str,
    check: impl Fn(&Entry, &str, &mut Diagnostics),
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    for entry in node.entries(pointer) {
        if let Data::String(value) = &entry.value.data {
            check(entry, value, diagnostics);
            read.insert(entry.key.clone(), value.clone());
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::{is_dns_label, is_qualified};

    #[test]
    fn names_follow_kubernetes() {
        for good in ["a", "0-a", "workspace-falcon-7b"] {
            assert!(is_dns_label(good), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", &"a".repeat(64)] {
            assert!(!is_dns_label(bad), "{bad}");
        }
        assert!(is_qualified("My.Label_1") && !is_qualified("a b") && !is_qualified(".a"));
    }
}
