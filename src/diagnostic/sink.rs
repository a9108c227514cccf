//! The one sink that every stage reports to.

use std::collections::BTreeMap;

use super::rule::Rule;
use super::{Diagnostic, Severity};
use crate::vocab::limits::RULE_DIAGNOSTICS;

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
    /// How many there are of each rule.
    of_rules: BTreeMap<&'static str, usize>,
    left_out: BTreeMap<(&'static str, Severity), LeftOut>,
}

/// Diagnostics that are only counted, because there are too many of their rule.
#[derive(Clone, Copy, Debug)]
pub struct LeftOut {
    /// The rule that was broken.
    pub rule: &'static Rule,
    /// The severity with which they were reported.
    pub severity: Severity,
    /// How many of them there are.
    pub count: usize,
}

/// Proof that an error was reported.
///
/// Only [`Diagnostics`] makes one, so a stage that returns `Err(Reported)` can't have dropped its
/// value in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reported(());

impl Diagnostics {
    /// Reports a diagnostic of any severity. Of one rule, no more than
    /// [`RULE_DIAGNOSTICS`] are kept beside errors, on which the stages rely.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        if diagnostic.is_error() {
            self.keep(diagnostic);
        } else {
            self.report_or_count(diagnostic);
        }
    }

    /// Reports a diagnostic, or only counts it if there are enough of its rule: also an error, so
    /// no stage may ask for it by a [mark](Self::mark).
    pub fn report_or_count(&mut self, diagnostic: Diagnostic) {
        if self.has_room(&diagnostic) {
            self.keep(diagnostic);
        } else {
            self.leave_out(diagnostic.rule, diagnostic.severity, 1);
        }
    }

    /// Adds what was reported elsewhere, about which no stage will ask again: of one rule, no more
    /// errors are kept than of anything else.
    pub fn absorb(&mut self, other: Self) {
        for left_out in other.left_out.into_values() {
            self.leave_out(left_out.rule, left_out.severity, left_out.count);
        }
        for diagnostic in other.reported {
            self.report_or_count(diagnostic);
        }
    }

    /// The diagnostics that were not kept, by rule and severity.
    pub fn left_out(&self) -> impl Iterator<Item = LeftOut> {
        self.left_out.values().copied()
    }

    fn leave_out(&mut self, rule: &'static Rule, severity: Severity, count: usize) {
        let none = LeftOut {
            rule,
            severity,
            count: 0,
        };
        let known = self.left_out.entry((rule.id, severity)).or_insert(none);
        known.count += count;
    }

    fn has_room(&self, diagnostic: &Diagnostic) -> bool {
        let count = self.of_rules.get(diagnostic.rule.id);
        count.is_none_or(|count| *count < RULE_DIAGNOSTICS)
    }

    fn keep(&mut self, diagnostic: Diagnostic) {
        *self.of_rules.entry(diagnostic.rule.id).or_default() += 1;
        self.reported.push(diagnostic);
    }

    /// Reports an error, and proves it. What has a lower severity becomes an error, because what
    /// it stands for is missing from the output.
    pub fn fail(&mut self, mut diagnostic: Diagnostic) -> Reported {
        diagnostic.severity = Severity::Error;
        self.keep(diagnostic);
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
        let taken = self.reported.split_off(mark.min(self.reported.len()));
        for diagnostic in &taken {
            if let Some(count) = self.of_rules.get_mut(diagnostic.rule.id) {
                *count -= 1;
            }
        }
        taken
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
        for diagnostic in diagnostics {
            self.report(diagnostic);
        }
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

#[cfg(test)]
mod tests {
    use super::Diagnostics;
    use crate::diagnostic::{Diagnostic, Severity, rule};
    use crate::vocab::limits::RULE_DIAGNOSTICS;

    fn many(rule: &'static rule::Rule, count: usize) -> Vec<Diagnostic> {
        (0..count)
            .map(|index| Diagnostic::global(rule, index.to_string()))
            .collect()
    }

    fn left_out(diagnostics: &Diagnostics) -> Vec<(&str, Severity, usize)> {
        let all = diagnostics.left_out();
        all.map(|left_out| (left_out.rule.id, left_out.severity, left_out.count))
            .collect()
    }

    #[test]
    fn of_a_rule_no_more_than_a_thousand_are_kept() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.extend(many(&rule::TIGHT_MEMORY, RULE_DIAGNOSTICS));
        assert!(diagnostics.left_out().next().is_none());
        diagnostics.extend(many(&rule::TIGHT_MEMORY, 2));
        diagnostics.extend(many(&rule::NAME, RULE_DIAGNOSTICS + 1));
        assert_eq!(diagnostics.iter().count(), 2 * RULE_DIAGNOSTICS + 1);
        assert_eq!(
            left_out(&diagnostics),
            [(rule::TIGHT_MEMORY.id, Severity::Warning, 2)]
        );

        let mut all = Diagnostics::default();
        all.absorb(diagnostics);
        assert_eq!(all.iter().count(), 2 * RULE_DIAGNOSTICS);
        assert_eq!(
            left_out(&all),
            [
                (rule::NAME.id, Severity::Error, 1),
                (rule::TIGHT_MEMORY.id, Severity::Warning, 2)
            ]
        );
        assert!(all.failed_since(0));
        all.split_off(0);
        all.extend(many(&rule::TIGHT_MEMORY, RULE_DIAGNOSTICS));
        assert_eq!(all.iter().count(), RULE_DIAGNOSTICS);
    }
}
