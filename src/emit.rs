//! The last stage: puts objects in order and writes them as YAML or JSON, to a file or a directory.

pub mod directory;
pub mod disk;
mod escape;
mod index;
pub mod json;
mod order;
pub mod yaml;

pub use index::INDEX_FILE;
pub use order::sort;

use serde_json::Value;

/// One object of the output and what decides its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The object itself.
    pub value: Value,
    /// What it belongs to.
    pub group: Group,
    /// Its number among the node objects of its Workspace, from 0; none for other kinds.
    pub ordinal: Option<u32>,
}

/// What an object belongs to, in the order in which groups are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The whole cluster: a cluster-scoped object that no single Workspace owns.
    Cluster,
    /// A namespace: an object in it that no single Workspace owns.
    Shared {
        /// The namespace.
        namespace: String,
    },
    /// One Workspace: itself and everything made for it alone, cluster-scoped objects included.
    Workspace {
        /// The namespace of the Workspace.
        namespace: String,
        /// The name of the Workspace.
        name: String,
    },
}

impl Object {
    fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_default()
    }
}

/// How objects are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML: a stream of documents.
    #[default]
    Yaml,
    /// JSON: a `List`, or one object a file.
    Json,
}

impl Format {
    /// Writes one object.
    #[must_use]
    pub fn document(self, value: &Value) -> String {
        match self {
            Self::Yaml => yaml::document(value),
            Self::Json => json::document(value),
        }
    }

    /// Writes objects into one text, in the order given.
    #[must_use]
    pub fn stream<'a>(self, values: impl IntoIterator<Item = &'a Value>) -> String {
        match self {
            Self::Yaml => yaml::stream(values),
            Self::Json => json::list(values),
        }
    }

    /// What the names of files end in, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }
}
