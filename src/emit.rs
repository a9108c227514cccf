//! The last stage: puts objects in order and writes them as YAML or JSON, to a file or a directory.
//!
//! Uses `vocab`, `base`, and of `input` the name of the index; `cli` uses it for objects, `diff` and
//! `explain` for values. The same objects always give the same bytes.
//!
//! ```
//! use kaito_render::base::object::Object;
//! use kaito_render::emit::{self, Format, directory};
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
//! let files = directory::layout(&objects, Format::Yaml)?;
//! assert!(files.contains_key("ai/_shared/service-phi.yaml"));
//! # Ok::<(), directory::Clash>(())
//! ```

pub mod directory;
#[cfg(feature = "fs")]
pub mod disk;
mod escape;
#[cfg(feature = "fs")]
mod index;
pub mod json;
mod order;
pub mod yaml;

pub use crate::input::INDEX_FILE;
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
        match self {
            Self::Yaml => yaml::pieces(values).collect(),
            Self::Json => json::list(values),
        }
    }

    /// As [`Self::stream`], in pieces, so that the whole output is never in memory at once.
    pub fn pieces<'a>(
        self,
        values: impl IntoIterator<Item = &'a Json> + 'a,
    ) -> Box<dyn Iterator<Item = String> + 'a> {
        match self {
            Self::Yaml => Box::new(yaml::pieces(values)),
            Self::Json => Box::new(std::iter::once(json::list(values))),
        }
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
