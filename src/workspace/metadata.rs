//! The metadata of a Workspace: its name, namespace, labels and annotations.

use std::collections::BTreeMap;

use crate::base::node::Node;

/// The metadata of a Workspace that objects are made from.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// The Workspace's name; empty if it could not be read.
    pub name: String,
    /// Its namespace, also if the document names none.
    pub namespace: String,
    /// Its labels, without those whose value is no string.
    pub labels: BTreeMap<String, String>,
    /// Its annotations, without those whose value is no string.
    pub annotations: BTreeMap<String, String>,
}

/// Reads the metadata of a document. What is absent or of a wrong type is left out.
pub(super) fn read(node: &Node, default_namespace: &str) -> Metadata {
    let namespace = node
        .str_at("/metadata/namespace")
        .unwrap_or(default_namespace);
    Metadata {
        name: node.str_at("/metadata/name").unwrap_or_default().to_owned(),
        namespace: namespace.to_owned(),
        labels: strings(node, "/metadata/labels"),
        annotations: strings(node, "/metadata/annotations"),
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

fn strings(node: &Node, pointer: &str) -> BTreeMap<String, String> {
    let entries = node.entries(pointer).iter();
    entries
        .filter_map(|entry| Some((entry.key.clone(), entry.value.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::is_dns_label;

    #[test]
    fn names_are_dns_labels() {
        for good in ["a", "0-a", "workspace-falcon-7b"] {
            assert!(is_dns_label(good), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", &"a".repeat(64)] {
            assert!(!is_dns_label(bad), "{bad}");
        }
    }
}
