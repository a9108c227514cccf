//! The second stage: a document becomes a typed Workspace, and every rule about its shape runs.
//!
//! Uses `vocab`, `base`, `diagnostic`, the documents and schemas of `input`, and of `catalogue` what a
//! release says about reading ([`ReadRules`]); the modules above it use it.

mod inference_set;
mod metadata;
mod misplaced;
mod pod_template;
mod reader;
mod rules;
mod secrets;
mod spec;
mod unrecognized;
mod update_rules;

use serde_json::Value;

use crate::base::node::Node;
use crate::base::sources::Span;
pub use crate::input::is_rendered;
use crate::vocab::{api, kinds};

pub use inference_set::{InferenceSet, Replicas, is_inference_set, replicas};
pub use metadata::{DNS_LABEL, Metadata, is_dns_label};
pub use reader::{Draft, ReadRules, Reader};
pub(crate) use rules::{placeholders, scripts};
pub(crate) use secrets::{in_text as secrets_in, is_secret_variable, of as secrets_of, written};
pub use spec::{
    Adapter, DataDestination, DataSource, Inference, Partition, PartitionMode, Preset, Resource,
    Spec, Tuning, schema as spec_schema,
};
pub use unrecognized::unrecognized;
pub use update_rules::{changes, changes_of_set, not_compared};

/// A Workspace that could be understood.
#[derive(Debug)]
pub struct Workspace {
    /// Name, namespace and annotations.
    pub metadata: Metadata,
    /// What is asked for.
    pub spec: Spec,
    /// The document it was read from, for places.
    pub node: Node,
    /// The document without places and nulls, and with its namespace.
    pub value: Value,
}

/// Whether a document is a Workspace of KAITO, whatever its version.
#[must_use]
pub fn is_workspace(node: &Node) -> bool {
    is_of_kaito(node) && node.get("kind").and_then(Node::as_str) == Some(kinds::WORKSPACE)
}

/// Whether objects are made of a document: whether it is a Workspace or an InferenceSet.
#[must_use]
pub fn is_compiled(node: &Node) -> bool {
    is_workspace(node) || is_inference_set(node)
}

/// Whether a document is of any kind of KAITO's.
#[must_use]
pub fn is_of_kaito(node: &Node) -> bool {
    node.get("apiVersion")
        .and_then(Node::as_str)
        .is_some_and(api::is_of_kaito)
}

impl Workspace {
    /// The place to show for a field, given as a JSON Pointer; where it is absent, that of what
    /// would hold it.
    #[must_use]
    pub fn span(&self, pointer: &str) -> Span {
        self.node.at(pointer).span
    }

    /// The Workspace's `namespace/name`, also where the document names no namespace.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.metadata.namespace, self.metadata.name)
    }
}
