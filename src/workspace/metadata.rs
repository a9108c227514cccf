//! Names, namespaces, labels: what Kubernetes asks of every object.

use std::collections::BTreeMap;

use super::rules::Rules;
use crate::base::node::{Data, Entry, Node};
use crate::base::wording;
use crate::diagnostic::rule;

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

/// Reads the metadata of a document. What is absent or of a wrong type is left out.
pub(super) fn read(node: &Node, default_namespace: &str) -> Metadata {
    let namespace = string(node, "/metadata/namespace").unwrap_or(default_namespace);
    Metadata {
        name: string(node, "/metadata/name")
            .unwrap_or_default()
            .to_owned(),
        namespace: namespace.to_owned(),
        labels: strings(node, "/metadata/labels"),
        annotations: strings(node, "/metadata/annotations"),
    }
}

/// Reports what Kubernetes refuses in the metadata of any object.
pub(super) fn check(rules: &mut Rules) {
    names(rules);
    let pointer = "/metadata/labels";
    for entry in rules.node.entries(pointer) {
        if let Some(value) = entry.value.as_str() {
            check_label(rules, pointer, entry, value);
        }
    }
    let pointer = "/metadata/annotations";
    let mut total = 0;
    for entry in rules.node.entries(pointer) {
        check_key(rules, pointer, entry);
        total += entry.key.len() + entry.value.as_str().map_or(0, str::len);
    }
    if total > ALL_ANNOTATIONS {
        let message = format!(
            "the annotations have {total} bytes, but Kubernetes allows {ALL_ANNOTATIONS} in total"
        );
        rules
            .at(pointer)
            .report(&rule::LABEL, message)
            .hint("move large values into a ConfigMap");
    }
}

fn names(rules: &mut Rules) {
    let node = rules.node;
    let name = node.find("/metadata/name");
    if name.is_none_or(|found| found.node.data == Data::Null) {
        let kind = string(node, "/kind").unwrap_or("Workspace");
        rules
            .at("/metadata/name")
            .report(&rule::NAME, format!("the {kind} has no name"))
            .hint("add `metadata.name`: with `generateName`, every run would create new objects");
    }
    for pointer in ["/metadata/name", "/metadata/namespace"] {
        if let Some(value) = string(node, pointer).filter(|value| !is_dns_label(value)) {
            let message = format!("`{value}` is not a valid `{}`", wording::field(pointer));
            rules
                .at(pointer)
                .report(&rule::NAME, message)
                .hint(DNS_LABEL);
        }
    }
}

/// What to do about a name that is none.
pub const DNS_LABEL: &str =
    "use at most 63 lowercase letters, digits and `-`, with a letter or digit at both ends";

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
/// The entry is one of the mapping at `pointer`.
pub(super) fn check_label(rules: &mut Rules, pointer: &str, entry: &Entry, value: &str) {
    check_key(rules, pointer, entry);
    if !value.is_empty() && !is_qualified(value) {
        rules
            .at(pointer)
            .on(entry.value.span)
            .report(
                &rule::LABEL,
                format!("`{value}` is not a valid label value"),
            )
            .hint(QUALIFIED);
    }
}

fn check_key(rules: &mut Rules, pointer: &str, entry: &Entry) {
    let (prefix, name) = match entry.key.rsplit_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, entry.key.as_str()),
    };
    let prefix_is_right =
        prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_dns_label));
    if !prefix_is_right || !is_qualified(name) {
        let message = format!("`{}` is not a valid label or annotation key", entry.key);
        rules
            .at(pointer)
            .on(entry.key_span)
            .report(&rule::LABEL, message)
            .hint(QUALIFIED);
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

/// The string at a pointer; other values are the schema's to report.
fn string<'a>(node: &'a Node, pointer: &str) -> Option<&'a str> {
    node.find(pointer)?.node.as_str()
}

fn strings(node: &Node, pointer: &str) -> BTreeMap<String, String> {
    let entries = node.entries(pointer).iter();
    entries
        .filter_map(|entry| Some((entry.key.clone(), entry.value.as_str()?.to_owned())))
        .collect()
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
