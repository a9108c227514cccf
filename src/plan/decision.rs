//! What was decided and why, for people.

/// One thing that was decided about a Workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The fields of the plan that carry it, as dotted paths such as `inference.flags`; none for a
    /// mere comparison.
    pub fields: &'static [&'static str],
    /// What people call it.
    pub title: &'static str,
    /// What was decided, as it is shown, such as `40.32 GiB of each GPU`.
    pub value: String,
    /// How it follows from what is written at the origins.
    pub because: String,
    /// Where what it rests on is written.
    pub origins: Vec<Origin>,
}

/// A place that a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A field of the Workspace, as a JSON Pointer.
    Workspace(String),
    /// A field of the profile, by its name.
    Profile(&'static str),
    /// A field of a file of the library.
    Library {
        /// The file, such as `presets/0.3/models/falcon-7b.yaml`.
        path: String,
        /// The field, as a JSON Pointer.
        pointer: String,
    },
}

impl Decision {
    /// A decision that is its own reason.
    pub(super) fn new(
        fields: &'static [&'static str],
        title: &'static str,
        value: impl Into<String>,
    ) -> Self {
        Self {
            fields,
            title,
            value: value.into(),
            because: String::new(),
            origins: Vec::new(),
        }
    }

    /// Says how it came about.
    pub(super) fn because(self, because: impl Into<String>) -> Self {
        Self {
            because: because.into(),
            ..self
        }
    }

    /// Adds a place that it rests on.
    pub(super) fn from(mut self, origin: Origin) -> Self {
        self.origins.push(origin);
        self
    }
}

impl Origin {
    /// A field of the Workspace.
    pub(super) fn workspace(pointer: impl Into<String>) -> Self {
        Self::Workspace(pointer.into())
    }

    /// A field of a file of the library.
    pub(super) fn library(path: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self::Library {
            path: path.into(),
            pointer: pointer.into(),
        }
    }
}
