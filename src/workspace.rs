//! The second stage: a document becomes a typed Workspace, or findings about its shape.

mod images;
mod metadata;
mod placeholder;
mod pod_template;
mod rules;
mod v1alpha1;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::rule;
use crate::schema::Checker;
use crate::source::Span;

pub use metadata::Metadata;
use pod_template::PodTemplates;
pub use v1alpha1::{Adapter, DataDestination, DataSource, Inference, Preset, Resource, Spec, Tuning};

/// The annotation by which rendered output is recognised.
pub const RENDERED: &str = "render.kaito.sh/rendered";

/// A Workspace that keeps every rule which it can keep or break on its own.
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
    let text = |key| node.get(key).and_then(Node::as_str);
    text("kind") == Some("Workspace") && text("apiVersion").is_some_and(|version| version.starts_with("kaito.sh/"))
}

/// Whether a document was written by this compiler.
#[must_use]
pub fn is_rendered(node: &Node) -> bool {
    node.get("metadata").and_then(|node| node.get("annotations")).and_then(|node| node.get(RENDERED)).is_some()
}

/// Reads Workspaces, all by the same prepared schema.
#[derive(Debug)]
pub struct Reader {
    schema: Checker,
    pod_templates: PodTemplates,
    namespace: String,
}

impl Reader {
    /// `namespace` is given to Workspaces that name none.
    ///
    /// None if the schema can't be prepared, which the tests rule out.
    #[must_use]
    pub fn new(namespace: String) -> Option<Self> {
        Some(Self { schema: Checker::of::<Spec>().ok()?, pod_templates: PodTemplates::default(), namespace })
    }

    /// `namespace/name` of a document that may be no valid Workspace.
    #[must_use]
    pub fn key(&self, node: &Node) -> String {
        let text = |pointer| node.find(pointer).and_then(|found| found.node.as_str());
        let namespace = text("/metadata/namespace").unwrap_or(&self.namespace);
        format!("{namespace}/{}", text("/metadata/name").unwrap_or_default())
    }

    /// Turns a document into a Workspace, or reports why it is none.
    pub fn read(&self, node: Node, diagnostics: &mut Vec<Diagnostic>) -> Option<Workspace> {
        let mark = diagnostics.len();
        let mut value = without_nulls(node.to_value());
        self.schema.check(&node, &value, &rule::FIELD, diagnostics);
        let metadata = metadata::read(&node, &self.namespace, diagnostics);
        let template = value.pointer("/inference/template");
        let template = template.and_then(|template| self.pod_templates.read(&node, template, diagnostics));
        if failed_since(mark, diagnostics) {
            return None;
        }
        if let Some(metadata) = value["metadata"].as_object_mut() {
            metadata.entry("namespace").or_insert_with(|| Value::String(self.namespace.clone()));
        }
        let spec = match serde_json::from_value::<Spec>(value.clone()) {
            Ok(spec) => with_template(spec, template),
            Err(error) => {
                diagnostics.push(Diagnostic::new(&rule::FIELD, node.span, error.to_string()));
                return None;
            }
        };
        let workspace = Workspace { metadata, spec, node, value };
        rules::check(&workspace, diagnostics);
        (!failed_since(mark, diagnostics)).then_some(workspace)
    }
}

impl Workspace {
    /// The place to show for a field, given as a JSON Pointer; where it is absent, that of what would hold it.
    #[must_use]
    pub fn span(&self, pointer: &str) -> Span {
        self.node.at(pointer).span
    }

    /// `namespace/name`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.metadata.namespace, self.metadata.name)
    }
}

/// Puts what was read of a pod template in the place of what was written.
fn with_template(mut spec: Spec, template: Option<Value>) -> Spec {
    if let Some(inference) = &mut spec.inference {
        inference.template = template;
    }
    spec
}

fn failed_since(mark: usize, diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().skip(mark).any(Diagnostic::is_error)
}

/// Drops null fields, as the API server does before it looks at anything else.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        scalar => scalar,
    }
}
