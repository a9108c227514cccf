//! The second stage: a document becomes a typed Workspace, or findings about its shape.

mod annotations;
mod images;
mod inference_set;
mod metadata;
mod placeholder;
mod pod_rules;
mod pod_template;
mod rules;
mod secrets;
mod spec;
mod strength;
mod update_rules;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::base::node::Node;
use crate::base::sources::Span;
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::input::schema::{self, Checker};
use crate::vocab::WorkspaceApi;

pub(crate) use images::reference as image_reference;
pub(crate) use inference_set::{CREATED_BY, without_repeats};
pub use inference_set::{InferenceSet, is_inference_set, replicas};
pub use metadata::{DNS_LABEL, Metadata, is_dns_label};
use pod_template::PodTemplates;
pub(crate) use secrets::{check as check_secrets, hide_in as hide_secrets};
pub use spec::{
    Adapter, DataDestination, DataSource, Inference, Partition, PartitionMode, Preset, Resource,
    Spec, Tuning, V1ALPHA1, V1BETA1, schema as spec_schema,
};
pub use update_rules::{changes, changes_of_set, not_compared};

/// The annotation by which rendered output is recognised.
pub const RENDERED: &str = "render.kaito.sh/rendered";

/// The annotation of a Workspace or InferenceSet that names the rules whose findings in it are not
/// to be shown.
pub const ALLOW: &str = "render.kaito.sh/allow";

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
    is_of_kaito(node) && node.get("kind").and_then(Node::as_str) == Some("Workspace")
}

/// Whether a document is of any kind of KAITO's.
#[must_use]
pub fn is_of_kaito(node: &Node) -> bool {
    node.get("apiVersion")
        .and_then(Node::as_str)
        .is_some_and(|version| version.starts_with("kaito.sh/"))
}

/// Reports a document that nobody compiles although it is KAITO's, or was probably meant to be.
#[must_use]
pub fn misfit(node: &Node) -> Option<Diagnostic> {
    let text = |key| node.get(key).and_then(Node::as_str);
    let (version, kind) = (text("apiVersion").unwrap_or_default(), text("kind"));
    if !is_of_kaito(node) {
        let is_near = version
            .split_once('/')
            .is_none_or(|(group, _)| group.contains("kaito"));
        let is_meant = matches!(kind, Some("Workspace" | "InferenceSet")) && is_near;
        let message = match version {
            "" => "a Workspace without KAITO's `apiVersion`".to_owned(),
            version => format!("`{version}` is not KAITO's `apiVersion`"),
        };
        let finding = || Diagnostic::new(&rule::MISFIT, node.at("/apiVersion").span, message);
        return is_meant.then(|| finding().hint("write `apiVersion: kaito.sh/v1beta1`"));
    }
    let place = node.at("/kind").span;
    let Some(kind) = kind else {
        return Some(
            Diagnostic::new(
                &rule::MISFIT,
                place,
                format!("a document of `{version}` has no `kind`"),
            )
            .hint("add it"),
        );
    };
    if let Some(near) = wording::nearest(kind, ["Workspace", "InferenceSet"].into_iter())
        .filter(|near| *near != kind)
    {
        let message = format!("`{kind}` is not a kind of `{version}`");
        return Some(
            Diagnostic::new(&rule::MISFIT, place, message).hint(format!("did you mean `{near}`?")),
        );
    }
    if kind == "InferenceSet" {
        return None; // in rendered output
    }
    let message =
        format!("nothing is made of a `{kind}`: only Workspaces and InferenceSets are compiled");
    Some(Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::new(&rule::NOT_YET, place, message)
    })
}

/// Whether a document was written by this compiler.
#[must_use]
pub fn is_rendered(node: &Node) -> bool {
    node.get("metadata")
        .and_then(|node| node.get("annotations"))
        .and_then(|node| node.get(RENDERED))
        .is_some()
}

/// How a release reads Workspaces.
#[derive(Clone, Copy, Debug)]
pub struct Dialect<'a> {
    /// The version whose rules hold.
    pub api: WorkspaceApi,
    /// The machine type of Workspaces of v1alpha1 that name none; none where the nodes are there
    /// already.
    pub default_instance_type: Option<&'a str>,
}

/// Reads Workspaces, those of one version all by the same prepared schema.
#[derive(Debug)]
pub struct Reader {
    schemas: BTreeMap<(String, WorkspaceApi), Option<Checker>>,
    pod_templates: PodTemplates,
    namespace: String,
}

impl Reader {
    /// `namespace` is given to Workspaces that name none.
    #[must_use]
    pub fn new(namespace: String) -> Self {
        Self {
            schemas: BTreeMap::new(),
            pod_templates: PodTemplates::default(),
            namespace,
        }
    }

    /// `namespace/name` of a document that may be no valid Workspace.
    #[must_use]
    pub fn key(&self, node: &Node) -> String {
        let text = |pointer| node.find(pointer).and_then(|found| found.node.as_str());
        let namespace = text("/metadata/namespace").unwrap_or(&self.namespace);
        format!("{namespace}/{}", text("/metadata/name").unwrap_or_default())
    }

    /// Turns a document into a Workspace, and reports everything that is wrong with it.
    ///
    /// None if it can't be understood. A Workspace that breaks rules is still one, so that later
    /// stages can say what else is wrong with it.
    pub fn read(
        &mut self,
        node: Node,
        dialect: Dialect,
        diagnostics: &mut Diagnostics,
    ) -> Option<Workspace> {
        let mark = diagnostics.mark();
        let mut value = node.to_value();
        drop_nulls(&mut value);
        let version = node
            .get("apiVersion")
            .and_then(Node::as_str)
            .unwrap_or_default()
            .to_owned();
        let checker = self
            .schemas
            .entry((version, dialect.api))
            .or_insert_with_key(|(version, api)| {
                Checker::new(spec_schema(version, *api)).ok() // the tests show that it can be prepared
            });
        let checker = checker.as_ref()?;
        let is_right = checker.check(&node, &value, &rule::FIELD, diagnostics);
        let is_readable = diagnostics
            .iter()
            .skip(mark)
            .all(|finding| *finding.rule == rule::UNKNOWN_FIELD);
        let metadata = metadata::read(&node, &self.namespace, diagnostics);
        annotations::check(
            &node,
            annotations::Holder::Workspace(dialect.api),
            diagnostics,
        );
        images::check_tags(&node, dialect.api, diagnostics);
        let template = value.pointer("/inference/template");
        let template =
            template.and_then(|template| self.pod_templates.read(&node, template, diagnostics));
        if template.is_some() {
            pod_rules::check(&node, diagnostics);
        }
        if !is_readable {
            return None;
        }
        if !is_right {
            schema::remove_unknown(&mut value, checker.schema());
        }
        if let Some(metadata) = value["metadata"].as_object_mut() {
            metadata
                .entry("namespace")
                .or_insert_with(|| Value::String(self.namespace.clone()));
        }
        let mut spec = match Spec::deserialize(&value) {
            Ok(spec) => spec,
            Err(error) => {
                diagnostics.report(Diagnostic::new(&rule::FIELD, node.span, error.to_string()));
                return None;
            }
        };
        if let (Some(inference), Some(template)) = (&mut spec.inference, template) {
            inference.template = Some(template);
        }
        if let (Some(resource), Some(default), V1ALPHA1) = (
            &mut spec.resource,
            dialect.default_instance_type,
            spec.api_version.as_str(),
        ) && resource.instance_type.is_empty()
            && node.find("/resource/instanceType").is_none()
        {
            default.clone_into(&mut resource.instance_type);
        }
        let workspace = Workspace {
            metadata,
            spec,
            node,
            value,
        };
        rules::check(&workspace, dialect.api, diagnostics);
        Some(workspace)
    }
}

impl Workspace {
    /// The place to show for a field, given as a JSON Pointer; where it is absent, that of what
    /// would hold it.
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

/// Drops null fields, as the API server does before it looks at anything else.
pub(crate) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
