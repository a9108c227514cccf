//! The last stage: puts objects in order and writes them as YAML or JSON, to a file or a directory.
//!
//! Uses `vocab`, `base`, and of `input` the name of the index; `compile` and `cli` use it for objects,
//! `diff` and `explain` for values. The same objects always give the same bytes.
//!
//! ```
//! use kaito_render::base::object::Object;
//! use kaito_render::emit::{self, Form, Format, Manifest, directory};
//!
//! let object = |kind: &str| {
//!     let value = serde_json::json!({
//!         "apiVersion": "v1",
//!         "kind": kind,
//!         "metadata": {"namespace": "ai", "name": "phi"},
//!     });
//!     Object::new(value.into())
//! };
//! let mut objects = vec![object("Service"), object("ConfigMap")];
//! emit::sort(&mut objects);
//!
//! let stream = Format::Yaml.stream(objects.iter().map(|object| &object.value));
//! assert!(stream.starts_with("apiVersion: v1\nkind: ConfigMap\n"));
//!
//! let manifest = |object| Manifest::new(object, Form::File(Format::Yaml));
//! let manifests: Vec<_> = objects.iter().map(manifest).collect();
//! let files = directory::layout(&manifests).unwrap();
//! assert!(files.contains_key("ai/_shared/service-phi.yaml"));
//! ```

pub mod directory;
#[cfg(feature = "fs")]
pub mod disk;
mod escape;
#[cfg(feature = "fs")]
mod index;
pub mod json;
mod manifest;
mod order;
#[cfg(feature = "fs")]
mod owner;
pub mod yaml;

pub use crate::input::INDEX_FILE;
pub use manifest::Manifest;
pub use order::sort;

use crate::base::json::Json;

/// How objects are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML: a stream of documents.
    #[default]
    Yaml,
    /// JSON: a `List`, or one object a file.
    Json,
}

/// What an object is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A part of a stream.
    Stream(Format),
    /// A file of an output directory.
    File(Format),
}

impl Format {
    /// Writes one object: a document of YAML without a separator, or a JSON object.
    #[must_use]
    pub fn document(self, value: &Json) -> String {
        match self {
            Self::Yaml => yaml::document(value),
            Self::Json => json::document(value),
        }
    }

    /// Writes objects into one string, in the order given.
    #[must_use]
    pub fn stream<'a>(self, values: impl IntoIterator<Item = &'a Json>) -> String {
        let parts: Vec<_> = values.into_iter().map(|value| self.part(value)).collect();
        self.pieces(parts.iter().map(String::as_str)).collect()
    }

    /// Writes one object as a part of a stream.
    fn part(self, value: &Json) -> String {
        match self {
            Self::Yaml => yaml::document(value),
            Self::Json => json::item(value),
        }
    }

    /// The pieces of a stream, by its parts.
    pub fn pieces<'a>(
        self,
        parts: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
    ) -> impl Iterator<Item = &'a str> + Clone {
        let mut parts = parts.into_iter().peekable();
        let [before, between, behind] = match self {
            Self::Yaml => ["", "---\n", ""],
            Self::Json if parts.peek().is_none() => ["", "", json::EMPTY_LIST],
            Self::Json => json::LIST,
        };
        let parts = parts.enumerate().flat_map(move |(index, part)| {
            let mark = if index == 0 { before } else { between };
            [mark, part]
        });
        parts.chain([behind])
    }

    /// The extension of file names, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }
}
