//! An object as it is written: nothing else of it is needed until the end of a run.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::{Form, Spool, directory};
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
    text: Text,
    fingerprint: u64,
}

/// Where a text is.
#[derive(Clone, Debug)]
enum Text {
    Held(Box<str>),
    Spooled { place: u64, length: u32 },
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
            text: Text::Held(text.into_boxed_str()),
            fingerprint: value.fingerprint(),
        }
    }

    /// What is written to the output, byte by byte.
    ///
    /// # Errors
    ///
    /// If it is in the spool, and can't be read again.
    pub fn text(&self, spool: &dyn Spool) -> io::Result<Cow<'_, str>> {
        match self.text {
            Text::Held(ref text) => Ok(Cow::Borrowed(text)),
            Text::Spooled { place, length } => spool.get(place, length).map(Cow::Owned),
        }
    }

    /// The bytes of the text, as far as it is in memory.
    #[must_use]
    pub fn held(&self) -> usize {
        match &self.text {
            Text::Held(text) => text.len(),
            Text::Spooled { .. } => 0,
        }
    }

    /// Moves the text out of memory, if the spool has room for it.
    pub fn put_into(&mut self, spool: &dyn Spool) {
        if let Text::Held(text) = &self.text
            && let Ok(length) = u32::try_from(text.len())
            && let Some(place) = spool.put(text)
        {
            self.text = Text::Spooled { place, length };
        }
    }
}

/// Two manifests are equal if they have the same object, in whatever order its keys are.
impl PartialEq for Manifest {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
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
