//! What Kubernetes asks of the metadata of every object.

use super::Rules;
use crate::base::node::{Data, Entry};
use crate::base::wording;
use crate::diagnostic::rule;
use crate::workspace::metadata::{DNS_LABEL, is_dns_label};

/// The most bytes that the annotations of an object have together (`k8s.io/apimachinery`,
/// `TotalAnnotationSizeLimitB`).
const ALL_ANNOTATIONS: usize = 256 << 10;

/// Reports what Kubernetes refuses in the metadata of any object.
pub(in crate::workspace) fn check(rules: &mut Rules) {
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
        let kind = node.str_at("/kind").unwrap_or("Workspace");
        rules
            .at("/metadata/name")
            .report(&rule::NAME, format!("the {kind} has no name"))
            .hint("add `metadata.name`: with `generateName`, every run would create new objects");
    }
    for pointer in ["/metadata/name", "/metadata/namespace"] {
        if let Some(value) = node.str_at(pointer).filter(|value| !is_dns_label(value)) {
            let message = format!("`{value}` is not a valid `{}`", wording::field(pointer));
            rules
                .at(pointer)
                .report(&rule::NAME, message)
                .hint(DNS_LABEL);
        }
    }
}

/// Reports a label that Kubernetes would refuse (Kubernetes documentation, "Labels and Selectors").
/// The entry is one of the mapping at `pointer`.
pub(super) fn check_label(rules: &mut Rules, pointer: &str, entry: &Entry, value: &str) {
    check_key(rules, pointer, entry);
    if !is_label_value(value) {
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

/// Whether Kubernetes accepts a value of a label.
pub(super) fn is_label_value(value: &str) -> bool {
    value.is_empty() || is_qualified(value)
}

fn is_qualified(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    bytes.len() <= 63
        && bytes.iter().all(|byte| inner(*byte))
        && ends(bytes.first())
        && ends(bytes.last())
}

#[cfg(test)]
mod tests {
    use super::is_qualified;

    #[test]
    fn label_values_follow_kubernetes() {
        assert!(is_qualified("My.Label_1") && !is_qualified("a b") && !is_qualified(".a"));
    }
}
