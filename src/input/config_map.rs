//! The ConfigMaps of the input, which Workspaces may name.

use std::collections::BTreeMap;

use crate::base::node::Node;
use crate::base::pointer;
use crate::base::sources::Span;
use crate::input::embedded::Embedded;
use crate::vocab::kinds;

/// ConfigMaps by namespace and name.
#[derive(Debug, Default)]
pub struct ConfigMaps<'a> {
    by_key: BTreeMap<(&'a str, &'a str), &'a Node>,
}

/// A ConfigMap of the input, as a document with places.
#[derive(Clone, Copy, Debug)]
pub struct ConfigMap<'a> {
    node: &'a Node,
}

impl<'a> ConfigMaps<'a> {
    /// Finds the ConfigMaps among documents; those that name no namespace are of `namespace`.
    pub fn among(documents: impl Iterator<Item = &'a Node>, namespace: &'a str) -> Self {
        let string =
            |node: &'a Node, pointer| node.find(pointer).and_then(|found| found.node.as_str());
        let config_maps = documents.filter(|node| string(node, "/kind") == Some(kinds::CONFIG_MAP));
        let keyed = config_maps.filter_map(|node| {
            let namespace = string(node, "/metadata/namespace").unwrap_or(namespace);
            Some(((namespace, string(node, "/metadata/name")?), node))
        });
        Self {
            by_key: keyed.collect(),
        }
    }

    /// The ConfigMap of a name in a namespace.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<ConfigMap<'a>> {
        self.by_key
            .get(&(namespace, name))
            .map(|node| ConfigMap { node })
    }
}

impl<'a> ConfigMap<'a> {
    /// The ConfigMap as it was read, with all its fields.
    #[must_use]
    pub fn node(self) -> &'a Node {
        self.node
    }

    /// The YAML under a key of `data`.
    #[must_use]
    pub fn yaml(self, key: &str) -> Option<Embedded<'a>> {
        let found = self.node.find(&pointer(key))?;
        Some(Embedded {
            text: found.node.as_str()?,
            place: found.node.span,
        })
    }

    /// The place of a key of `data`; where it is absent, that of what would hold it.
    #[must_use]
    pub fn span(self, key: &str) -> Span {
        self.node
            .get("data")
            .and_then(|data| data.entry(key))
            .map_or_else(|| self.node.at("/data").span, |entry| entry.key_span)
    }
}

fn pointer(key: &str) -> String {
    format!("/data/{}", pointer::escape(key))
}
