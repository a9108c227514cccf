//! The configuration of a call: a `Render`, or a Workspace that is to be rendered itself.

use serde::Deserialize;
use serde_json::Value;

use super::annotations::OF_CONFIGURATION;
use crate::base::node::{Data, Node};
use crate::vocab::api::RENDER_PREFIX;
use crate::vocab::kinds;
use crate::workspace;

/// The kind of a configuration.
const KIND: &str = "Render";

/// What a configuration asks for.
#[derive(Debug, Default)]
pub struct Config {
    /// The namespace of Workspaces that have none.
    pub namespace: Option<String>,
    /// Files and directories to render, from the directory that the host calls the function in.
    pub files: Vec<String>,
    /// The keys of the labels of a Workspace that its objects get too, but for node objects.
    pub labels: Vec<String>,
    /// The Workspace or InferenceSet that the configuration is.
    pub document: Option<Node>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Fields {
    namespace: Option<String>,
    files: Vec<String>,
    labels: Vec<String>,
}

impl Config {
    /// Reads a configuration. A host sends an empty ConfigMap where somebody gives none.
    ///
    /// # Errors
    ///
    /// If it is of another kind, or has fields that are not known.
    pub fn read(config: Option<&Node>) -> Result<Self, String> {
        let Some(node) = config else {
            return Ok(Self::default());
        };
        if workspace::is_compiled(node) {
            let mut document = node.clone();
            remove_annotations(&mut document, |key| OF_CONFIGURATION.contains(&key));
            return Ok(Self {
                document: Some(document),
                ..Self::default()
            });
        }
        let text = |key| node.get(key).and_then(Node::as_str).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        if kind == kinds::CONFIG_MAP && node.entries("/data").is_empty() {
            return Ok(Self::default());
        }
        let is_render = version.starts_with(RENDER_PREFIX) && kind == KIND;
        if !is_render {
            return Err(format!(
                "the functionConfig is a `{kind}` of `{version}`: use `apiVersion: \
                 {RENDER_PREFIX}v1alpha1` and `kind: {KIND}`, or a Workspace"
            ));
        }
        let mut fields = node.to_value();
        if let Value::Object(fields) = &mut fields {
            fields.retain(|key, _| !["apiVersion", "kind", "metadata"].contains(&key.as_str()));
        }
        let fields: Fields = serde_json::from_value(fields)
            .map_err(|error| format!("the functionConfig can't be read: {error}"))?;
        if let Some(namespace) = fields.namespace.as_deref()
            && !workspace::is_dns_label(namespace)
        {
            let rule = workspace::DNS_LABEL;
            return Err(format!(
                "the namespace `{namespace}` of the functionConfig: {rule}"
            ));
        }
        Ok(Self {
            namespace: fields.namespace,
            files: fields.files,
            labels: fields.labels,
            document: None,
        })
    }
}

/// Removes annotations of a document, by their keys.
pub(super) fn remove_annotations(document: &mut Node, is_removed: impl Fn(&str) -> bool) {
    let Some(metadata) = value_mut(document, "metadata") else {
        return;
    };
    let Some(annotations) = value_mut(metadata, "annotations") else {
        return;
    };
    if let Data::Map(entries) = &mut annotations.data {
        entries.retain(|entry| !is_removed(&entry.key));
        if entries.is_empty()
            && let Data::Map(metadata) = &mut metadata.data
        {
            metadata.retain(|entry| entry.key != "annotations");
        }
    }
}

fn value_mut<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match &mut node.data {
        Data::Map(entries) => entries
            .iter_mut()
            .find(|entry| entry.key == key)
            .map(|entry| &mut entry.value),
        _ => None,
    }
}
