//! The last stage: puts objects in order and writes them as YAML or JSON, to a file or a directory.
//!
//! Uses `vocab`, `base`, and of `input` the name of the index; `compile`, `cli` and `function` use it
//! for objects, `diff` and `explain` for values. The same objects always give the same bytes.
//!
//! ```
//! use kaito_render::base::object::Object;
//! use kaito_render::emit::{self, Form, Format, Manifest, NoSpool, directory};
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
//! let files = directory::layout(&manifests, &NoSpool).unwrap();
//! assert!(files.contains_key("ai/_shared/service-phi.yaml"));
//! ```

#[cfg(feature = "fs")]
pub mod check;
#[cfg(feature = "fs")]
mod comparison;
mod content;
pub mod directory;
#[cfg(feature = "fs")]
pub mod disk;
mod escape;
#[cfg(feature = "fs")]
mod has_text;
#[cfg(feature = "fs")]
mod index;
pub mod json;
pub mod kustomization;
mod manifest;
mod order;
#[cfg(feature = "fs")]
mod owner;
#[cfg(feature = "fs")]
mod present;
mod spool;
#[cfg(feature = "fs")]
mod spool_file;
#[cfg(feature = "fs")]
mod write_error;
pub mod yaml;

pub use crate::input::INDEX_FILE;
pub use content::{Content, FileText, Stream};
pub use manifest::Manifest;
pub use order::sort;
pub use spool::{NoSpool, Spool};
#[cfg(feature = "fs")]
pub use spool_file::SpoolFile;

use crate::base::json::Json;

/// How objects are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML: a stream of documents.
    #[default]
    Yaml,
    /// JSON: a `List`, or one object a file.
    Json,
    /// JSON: each object on a line of its own, and nothing between.
    JsonLines,
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
            Self::JsonLines => json::line(value),
        }
    }

    /// Writes objects into one string, in the order given.
    #[must_use]
    pub fn stream<'a>(self, values: impl IntoIterator<Item = &'a Json>) -> String {
        let mut values = values.into_iter().peekable();
        let [before, between, behind] = self.marks(values.peek().is_none());
        let mut stream = String::new();
        for (index, value) in values.enumerate() {
            stream += if index == 0 { before } else { between };
            stream += &self.part(value);
        }
        stream + behind
    }

    /// Writes one object as a part of a stream.
    fn part(self, value: &Json) -> String {
        match self {
            Self::Yaml => yaml::document(value),
            Self::Json => json::item(value),
            Self::JsonLines => json::line(value),
        }
    }

    /// What stands before, between and behind the parts of a stream.
    fn marks(self, is_empty: bool) -> [&'static str; 3] {
        match self {
            Self::Yaml => ["", "---\n", ""],
            Self::Json if is_empty => ["", "", json::EMPTY_LIST],
            Self::Json => json::LIST,
            Self::JsonLines => ["", "", ""],
        }
    }

    /// The extension of file names, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json | Self::JsonLines => "json",
        }
    }
}
