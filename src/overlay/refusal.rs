//! Why a part of an overlay can't be applied to an object.

use crate::base::sources::Span;
use crate::diagnostic::Fix;

/// Why a part of an overlay can't be applied, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) place: Span,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// The field of the object that it is about, as a JSON Pointer.
    pub(super) field: String,
    /// The change of the patch that mends it.
    pub(super) fix: Option<Fix>,
}

impl Refusal {
    pub(super) fn new(place: Span, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            hint: None,
            field: String::new(),
            fix: None,
        }
    }

    pub(super) fn about(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
