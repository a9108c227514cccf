//! Objects of the output, from the moment a template made them.

use std::sync::Arc;

use crate::base::json::Json;
use crate::vocab::labels::OWNERS;
use crate::vocab::{api, kinds};

/// One object of the output.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The whole object, from `apiVersion` on.
    pub value: Json,
    /// Its number among the node objects of its Workspace, from 0; none for other kinds.
    pub ordinal: Option<u32>,
    /// What laid it out; none for a document that was read, and for the Workspace itself.
    pub origin: Option<Origin>,
}

/// What laid an object out. It stays the same whatever becomes of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The path of the template in the library, such as `templates/0.12/service.yaml`.
    pub template: Arc<str>,
    /// The number of the object among those that the template made for the Workspace, from 0.
    pub index: usize,
}

/// What an object belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The whole cluster: a cluster-scoped object that no single Workspace owns.
    Cluster,
    /// A namespace: an object in it that no single Workspace owns.
    Shared {
        /// The namespace, as `metadata.namespace` names it.
        namespace: String,
    },
    /// One Workspace: itself and everything made only for it, cluster-scoped objects included.
    Workspace {
        /// The namespace of the Workspace.
        namespace: String,
        /// The name of the Workspace.
        name: String,
    },
}

/// What has the identity of an object, and so its place among others.
pub trait Identified {
    /// The identity; what is lacking of it is empty.
    fn identity(&self) -> Identity<'_>;
}

impl Identified for Object {
    fn identity(&self) -> Identity<'_> {
        Identity::of(&self.value)
    }
}

/// What tells an object from all others of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity<'a> {
    /// The API group and version.
    pub api_version: &'a str,
    /// The kind, such as `StatefulSet`.
    pub kind: &'a str,
    /// The namespace; none for a cluster-scoped object.
    pub namespace: Option<&'a str>,
    /// The name, which `metadata.name` has.
    pub name: &'a str,
}

impl Object {
    /// An object that no template made.
    #[must_use]
    pub fn new(value: Json) -> Self {
        Self {
            value,
            ordinal: None,
            origin: None,
        }
    }

    /// Writes an annotation, in the place of one that has its key.
    pub fn annotate(&mut self, key: &str, value: &str) {
        self.mark("annotations", key, value);
    }

    /// Writes a label, in the place of one that has its key.
    pub fn label(&mut self, key: &str, value: &str) {
        self.mark("labels", key, value);
    }

    /// Writes an entry of `labels` or `annotations`, in the place of one that has its key.
    pub fn mark(&mut self, field: &str, key: &str, value: &str) {
        let metadata = &self.value["metadata"];
        let marks = metadata[field].with(key, Json::String(value.into()));
        let metadata = metadata.with(field, marks);
        self.value = self.value.with("metadata", metadata);
    }

    /// Gives the object another name.
    pub fn rename(&mut self, name: &str) {
        let metadata = self.value["metadata"].with("name", Json::String(name.into()));
        self.value = self.value.with("metadata", metadata);
    }

    /// Writes a namespace, in the place of one that it has.
    pub fn put_into(&mut self, namespace: &str) {
        let metadata = self.value["metadata"].with("namespace", Json::String(namespace.into()));
        self.value = self.value.with("metadata", metadata);
    }

    /// What the object belongs to, by its labels: whatever is not labelled as made for a Workspace
    /// is shared.
    #[must_use]
    pub fn group(&self) -> Group {
        let metadata = &self.value["metadata"];
        let identity = self.identity();
        let label = |key: &str| metadata["labels"][key].as_str();
        let owner = match identity.kind {
            kinds::WORKSPACE => Some(identity.name),
            _ => OWNERS.iter().find_map(|[_, name]| label(name)),
        };
        let of_owner = || OWNERS.iter().find_map(|[namespace, _]| label(namespace));
        let namespace = identity.namespace.or_else(of_owner);
        match (namespace.map(str::to_owned), owner.map(str::to_owned)) {
            (Some(namespace), Some(name)) => Group::Workspace { namespace, name },
            (Some(namespace), None) => Group::Shared { namespace },
            (None, _) => Group::Cluster,
        }
    }

    /// The object's identity; what it lacks is empty.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        Identity::of(&self.value)
    }
}

impl<'a> Identity<'a> {
    /// Whether it is of Karpenter's group: a Machine, NodeClaim or NodePool.
    #[must_use]
    pub fn is_node_object(&self) -> bool {
        api::is_of_karpenter(self.api_version)
    }

    /// Whether anything is missing that every object has.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        [self.api_version, self.kind, self.name].contains(&"")
    }

    /// The identity as a cluster sees it: group, kind, namespace and name. Of these there is one
    /// object, whatever the version; one without a namespace is in `namespace`.
    #[must_use]
    pub fn key(self, namespace: &'a str) -> [&'a str; 4] {
        let group = self.api_version.rsplit_once('/');
        [
            group.map_or("", |(group, _)| group),
            self.kind,
            self.namespace.unwrap_or(namespace),
            self.name,
        ]
    }

    /// The identity of an object; what it lacks is empty.
    #[must_use]
    pub fn of(object: &'a Json) -> Self {
        let metadata = &object["metadata"];
        let text = |value: &'a Json| value.as_str().unwrap_or_default();
        Self {
            api_version: text(&object["apiVersion"]),
            kind: text(&object["kind"]),
            namespace: metadata["namespace"].as_str(),
            name: text(&metadata["name"]),
        }
    }
}
