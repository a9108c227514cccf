//! What a run gathers on its way: the texts that it has read, and its diagnostics.
//!
//! Uses `base` and `diagnostic`; `catalogue`, `editor`, `expand`, `overlay`, `report`, `compile`,
//! `upgrade` and `cli` use it.

use crate::base::sources::Sources;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The texts a run has read and what it found in them.
///
/// [`Report::finish`](crate::report::Report::finish) makes it ready to be shown.
#[derive(Debug, Default)]
pub struct Session {
    /// The texts that were read, with the secrets found in them.
    pub sources: Sources,
    /// The diagnostics, in the order in which they were reported.
    pub diagnostics: Diagnostics,
}

impl Session {
    /// Reports a diagnostic of any severity.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.report(diagnostic);
    }

    /// A moment to look back to with [`Self::failed_since`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.diagnostics.mark()
    }

    /// Whether an error was reported since a mark.
    #[must_use]
    pub fn failed_since(&self, mark: usize) -> bool {
        self.diagnostics.failed_since(mark)
    }
}
