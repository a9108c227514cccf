//! A diagnostic that is reported where it is made: rule, place and message, then what else there is
//! to say.

use std::mem;

use super::rule::Rule;
use super::{Diagnostic, Diagnostics, Reported, Severity};
use crate::base::sources::{Sources, Span};

/// A diagnostic on its way into the sink: it is reported at the end of the statement.
///
/// ```
/// use kaito_render::base::sources::{Sources, Span};
/// use kaito_render::diagnostic::{Diagnostics, Reported, rule};
///
/// fn read(place: Span, diagnostics: &mut Diagnostics) -> Result<u32, Reported> {
///     diagnostics
///         .add(&rule::PROFILE_COUNT, place, "a profile must have exactly one document")
///         .hint("remove the others");
///     Err(diagnostics.add(&rule::NO_WORKSPACE, None, "the input holds no Workspace").fail())
/// }
///
/// let mut sources = Sources::default();
/// let file = sources.add("a.yaml", "");
/// let mut diagnostics = Diagnostics::default();
/// assert!(read(Span::whole(file), &mut diagnostics).is_err());
/// assert_eq!(diagnostics.as_slice().len(), 2);
/// ```
#[derive(Debug)]
pub struct Reporting<'a> {
    diagnostic: Diagnostic,
    /// Whether it is to be reported when this is dropped.
    is_wanted: bool,
    diagnostics: &'a mut Diagnostics,
}

impl Diagnostics {
    /// Reports a diagnostic, to which the rest of the statement can add. `None` as its place stands
    /// for the run as a whole.
    pub fn add(
        &mut self,
        rule: &'static Rule,
        place: impl Into<Option<Span>>,
        message: impl Into<String>,
    ) -> Reporting<'_> {
        Reporting {
            diagnostic: Diagnostic {
                place: place.into(),
                ..Diagnostic::global(rule, message)
            },
            is_wanted: true,
            diagnostics: self,
        }
    }
}

#[expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "it is reported when it is dropped"
)]
impl Reporting<'_> {
    /// Reports it only under a condition, such as that the fields could be read that a rule needs.
    pub fn only_if(mut self, condition: bool) -> Self {
        self.is_wanted &= condition;
        self
    }

    /// Adds a hint: what to do about it.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        self.with(|diagnostic| diagnostic.hint(hint))
    }

    /// Adds another place that explains it.
    pub fn also(self, place: Span, text: impl Into<String>) -> Self {
        self.with(|diagnostic| diagnostic.also(place, text))
    }

    /// Adds a certain fix.
    pub fn fix(self, place: Span, replacement: impl Into<String>) -> Self {
        self.with(|diagnostic| diagnostic.fix(place, replacement))
    }

    /// Adds the fix of a word, as [`Diagnostic::respell`] does.
    pub fn respell(self, place: Span, word: &str, replacement: &str) -> Self {
        self.with(|diagnostic| diagnostic.respell(place, word, replacement))
    }

    /// Adds the fix of the value at its place, as [`Diagnostic::respelt`] does.
    pub fn respelt(self, old: &str, new: &str, sources: &Sources) -> Self {
        self.with(|diagnostic| diagnostic.respelt(old, new, sources))
    }

    /// Gives it another severity than its rule has.
    pub fn severity(self, severity: Severity) -> Self {
        self.with(|diagnostic| Diagnostic {
            severity,
            ..diagnostic
        })
    }

    /// Reports it as an error in any case, and proves that. What has a lower severity becomes an
    /// error, because what it stands for is missing from the output.
    pub fn fail(mut self) -> Reported {
        self.is_wanted = false;
        let diagnostic = self.take();
        self.diagnostics.fail(diagnostic)
    }

    fn with(mut self, change: impl FnOnce(Diagnostic) -> Diagnostic) -> Self {
        self.diagnostic = change(self.take());
        self
    }

    fn take(&mut self) -> Diagnostic {
        let nothing = Diagnostic::global(self.diagnostic.rule, String::new());
        mem::replace(&mut self.diagnostic, nothing)
    }
}

impl Drop for Reporting<'_> {
    fn drop(&mut self) {
        if self.is_wanted {
            let diagnostic = self.take();
            self.diagnostics.report(diagnostic);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Diagnostics, Severity, rule};

    #[test]
    fn a_diagnostic_is_reported_at_the_end_of_its_statement() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.add(&rule::NAME, None, "odd").hint("mend it");
        diagnostics.add(&rule::NAME, None, "unread").only_if(false);
        let failed = diagnostics.add(&rule::TIGHT_MEMORY, None, "tight");
        let _ = failed.only_if(false).fail();
        let [odd, tight] = diagnostics.as_slice() else {
            panic!("{diagnostics:?}")
        };
        assert_eq!(odd.hint.as_deref(), Some("mend it"));
        assert_eq!(
            (&*tight.message, tight.severity),
            ("tight", Severity::Error)
        );
    }
}
