//! The one sink that every stage reports to.

use super::Diagnostic;

/// The diagnostics of a run, in the order in which they were reported.
///
/// ```
/// use kaito_render::diagnostic::{Diagnostic, Diagnostics, Reported};
/// use kaito_render::diagnostic::rule;
///
/// fn stage(diagnostics: &mut Diagnostics) -> Result<u32, Reported> {
///     Err(diagnostics.fail(Diagnostic::global(&rule::NO_WORKSPACE, "no Workspace")))
/// }
///
/// let mut diagnostics = Diagnostics::default();
/// assert!(stage(&mut diagnostics).is_err());
/// assert!(diagnostics.failed_since(0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    reported: Vec<Diagnostic>,
}

/// Proof that an error was reported.
///
/// Only [`Diagnostics`] makes one, so a stage that returns `Err(Reported)` can't have dropped its
/// value in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reported(());

impl Diagnostics {
    /// Reports a diagnostic of any severity.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.reported.push(diagnostic);
    }

    /// Reports an error, and proves it. What has a lower severity becomes an error, because what
    /// it stands for is missing from the output.
    pub fn fail(&mut self, mut diagnostic: Diagnostic) -> Reported {
        diagnostic.severity = super::Severity::Error;
        self.reported.push(diagnostic);
        Reported(())
    }

    /// A moment to look back to with [`Self::failed_since`] and [`Self::checked`].
    #[must_use]
    pub fn mark(&self) -> usize {
        self.reported.len()
    }

    /// Whether an error was reported since a mark.
    #[must_use]
    pub fn failed_since(&self, mark: usize) -> bool {
        self.reported.iter().skip(mark).any(Diagnostic::is_error)
    }

    /// The proof that an error was reported since a mark, if one was.
    pub fn checked(&self, mark: usize) -> Result<(), Reported> {
        if self.failed_since(mark) {
            Err(Reported(()))
        } else {
            Ok(())
        }
    }

    /// Takes what was reported since a mark.
    pub fn split_off(&mut self, mark: usize) -> Vec<Diagnostic> {
        self.reported.split_off(mark.min(self.reported.len()))
    }

    /// Whether nothing was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reported.is_empty()
    }

    /// What was reported, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.reported.iter()
    }

    /// What was reported, in order, as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.reported
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: T) {
        self.reported.extend(diagnostics);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.reported.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
