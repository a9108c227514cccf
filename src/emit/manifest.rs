//! An object as it is written: nothing else of it is needed until the end of a run.

use std::sync::Arc;

use super::{Form, directory};
use crate::base::object::{Identified, Identity, Object};

/// The text of an object, and what says where it belongs in the output.
#[derive(Clone, Debug)]
pub struct Manifest {
    api_version: Arc<str>,
    kind: Arc<str>,
    namespace: Option<Arc<str>>,
    name: Arc<str>,
    /// The file in an output directory; empty for a part of a stream.
    pub(super) path: String,
    text: Box<str>,
}

impl Manifest {
    /// Writes an object in the form that the output has.
    #[must_use]
    pub fn new(object: &Object, form: Form) -> Self {
        let value = &object.value;
        let metadata = &value["metadata"];
        let (path, text) = match form {
            Form::Stream(format) => (String::new(), format.part(value)),
            Form::File(format) => (directory::path(object, format), format.document(value)),
        };
        Self {
            api_version: value["apiVersion"].shared_str().unwrap_or_default(),
            kind: value["kind"].shared_str().unwrap_or_default(),
            namespace: metadata["namespace"].shared_str(),
            name: metadata["name"].shared_str().unwrap_or_default(),
            path,
            // It is kept until the end: without the room that it was written in.
            text: text.into_boxed_str(),
        }
    }

    /// What is written to the output, byte by byte.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Two manifests are equal if they have the same object, in whatever order its keys are.
impl PartialEq for Manifest {
    fn eq(&self, other: &Self) -> bool {
        let object = |text| serde_yaml::from_str::<serde_json::Value>(text).ok();
        // Two with one identity have nearly always one text. The order of keys does not change how
        // long it is, so nobody can have a long one read again for each of many short ones.
        let is_long_as = self.text.len() == other.text.len();
        self.text == other.text
            || is_long_as
                && object(&self.text).is_some_and(|value| Some(value) == object(&other.text))
    }
}

impl Identified for Manifest {
    fn identity(&self) -> Identity<'_> {
        Identity {
            api_version: &self.api_version,
            kind: &self.kind,
            namespace: self.namespace.as_deref(),
            name: &self.name,
        }
    }
}
