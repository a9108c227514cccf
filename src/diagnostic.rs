//! Diagnostics as plain data, the rules that they belong to, and the one sink for them.
//!
//! Uses `vocab` and `base`; the modules above it use it. How diagnostics look is decided in
//! [`report`](crate::report).

mod reporting;
mod respell;
pub mod rule;
mod sink;

pub use reporting::Reporting;
pub use sink::{Diagnostics, LeftOut, Reported};

use crate::base::sources::Span;
use rule::Rule;

/// How serious a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Probably not what was meant; objects are written anyway.
    Warning,
    /// Wrong; no object is written.
    Error,
}

impl Severity {
    /// The name as data has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A second place that explains a diagnostic, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The bytes to show.
    pub span: Span,
    /// What is to be seen there: lower case, no full stop.
    pub text: String,
}

/// A change to the text that `check --fix` makes, because it is certain to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The bytes to replace.
    pub span: Span,
    /// The text to write in their place.
    pub replacement: String,
}

/// Something that a rule found in the input.
///
/// Messages are one line in lower case without a full stop, with names and values in backticks.
/// They may quote secrets: only a [`Report`](crate::report::Report) is ready to be shown.
///
/// ```
/// use kaito_render::base::sources::{Sources, Span};
/// use kaito_render::diagnostic::{Diagnostic, Diagnostics, rule};
///
/// let mut sources = Sources::default();
/// let file = sources.add("a.yaml", "name: Falcon\n");
/// let place = Span { file, start: 6, end: 12 };
///
/// let mut diagnostics = Diagnostics::default();
/// diagnostics.report(
///     Diagnostic::new(&rule::NAME, place, "`Falcon` has a capital letter").hint("write `falcon`"),
/// );
/// assert_eq!(diagnostics.as_slice()[0].rule.id, "KR104");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that was broken.
    pub rule: &'static Rule,
    /// The rule's severity, unless the policy raised or lowered it.
    pub severity: Severity,
    /// What is wrong, with the values concerned.
    pub message: String,
    /// Where it is; none for a diagnostic about the run as a whole.
    pub place: Option<Span>,
    /// Other places that explain it.
    pub also: Vec<Label>,
    /// What to do about it.
    pub hint: Option<String>,
    /// A certain fix, if there is one.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic at a place, with the severity of its rule.
    #[must_use]
    pub fn new(rule: &'static Rule, span: Span, message: impl Into<String>) -> Self {
        Self {
            place: Some(span),
            ..Self::global(rule, message)
        }
    }

    /// A diagnostic about the run as a whole, with the severity of its rule.
    #[must_use]
    pub fn global(rule: &'static Rule, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            rule,
            severity: rule.severity,
            message,
            place: None,
            also: Vec::new(),
            hint: None,
            fix: None,
        }
    }

    /// Whether it forbids writing objects.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// All places that it shows: its own, then the others.
    pub fn places(&self) -> impl Iterator<Item = Span> {
        self.place
            .into_iter()
            .chain(self.also.iter().map(|label| label.span))
    }

    /// `error[KR113]`, which begins a diagnostic in text.
    pub(crate) fn head(&self) -> String {
        format!("{}[{}]", self.severity.name(), self.rule.id)
    }

    /// The message and the hint, for formats that have room for one text.
    pub(crate) fn text(&self) -> String {
        self.hint.as_ref().map_or_else(
            || self.message.clone(),
            |hint| format!("{} (hint: {hint})", self.message),
        )
    }

    /// Adds a hint: what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds another place that explains it.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.also.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a certain fix.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix {
            span,
            replacement: replacement.into(),
        });
        self
    }
}
