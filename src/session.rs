//! What a run gathers on its way.

use std::collections::BTreeSet;

use crate::base::sources::Sources;
use crate::diagnostic::{self, Diagnostic, Diagnostics};
use crate::report::fix;
use crate::report::policy::Policy;
use crate::workspace;

/// The texts a run has read and what it found in them.
#[derive(Debug, Default)]
pub struct Session {
    /// The texts.
    pub sources: Sources,
    /// The findings, in the order in which they were made.
    pub diagnostics: Diagnostics,
    /// How much they matter, as far as somebody has said so.
    pub policy: Policy,
}

impl Session {
    /// Adds a finding.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.report(diagnostic);
    }

    /// A moment to look back to with [`Self::failed_since`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.diagnostics.mark()
    }

    /// Lets the policy raise, lower and take away findings, and takes away repairs that are not
    /// certain. Once, at the end: a stage that stops at an error must not be told that it is
    /// none.
    pub fn settle(&mut self) {
        self.policy.apply(self.diagnostics.as_mut_vec());
        for finding in self.diagnostics.as_mut_vec() {
            finding
                .fix
                .take_if(|fix| !fix::is_certain(fix, &self.sources));
        }
    }

    /// Puts the findings into the order in which people read, without the secrets that they quote.
    pub fn sort(&mut self) {
        let places = self.diagnostics.iter().flat_map(Diagnostic::places);
        for file in places.map(|place| place.file).collect::<BTreeSet<_>>() {
            workspace::hide_secrets(file, &mut self.sources);
        }
        let mask = self.sources.mask();
        for finding in self.diagnostics.as_mut_vec() {
            let texts = finding
                .also
                .iter_mut()
                .map(|label| &mut label.text)
                .chain(&mut finding.hint);
            texts
                .chain([&mut finding.message])
                .for_each(|text| mask.apply(text));
        }
        diagnostic::sort(self.diagnostics.as_mut_vec(), &self.sources);
    }

    /// Whether a finding since then forbids writing objects.
    #[must_use]
    pub fn failed_since(&self, mark: usize) -> bool {
        self.diagnostics.iter().skip(mark).any(Diagnostic::is_error)
    }
}
