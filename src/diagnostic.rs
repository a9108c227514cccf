//! Findings as plain data. How they look is decided by one file per format.

pub mod rule;
mod sink;

pub use sink::{Diagnostics, Reported};

use crate::base::sources::{Sources, Span};
use rule::Rule;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Probably not what was meant; objects are written all the same.
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

/// A place with a word on why it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to see there: lower case, no full stop.
    pub text: String,
}

/// A change to the text that is certain to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The bytes to replace.
    pub span: Span,
    /// What to put there.
    pub replacement: String,
}

/// One finding.
///
/// Messages are one line in lower case without a full stop, with names and values in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// How much it matters: the rule's own severity unless something raised or lowered it.
    pub severity: Severity,
    /// What is wrong, with the values concerned.
    pub message: String,
    /// Where; none for a finding about the run as a whole.
    pub place: Option<Span>,
    /// Other places that explain it.
    pub also: Vec<Label>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The certain repair, if there is one.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding at a place.
    #[must_use]
    pub fn new(rule: &'static Rule, span: Span, message: impl Into<String>) -> Self {
        Self {
            place: Some(span),
            ..Self::global(rule, message)
        }
    }

    /// A finding about the run as a whole.
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

    /// Everywhere that it shows.
    pub fn places(&self) -> impl Iterator<Item = Span> {
        self.place
            .into_iter()
            .chain(self.also.iter().map(|label| label.span))
    }

    /// `error[KR113]`, which begins a finding in text.
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

    /// Adds what to do about it.
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

    /// Adds the certain repair.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix {
            span,
            replacement: replacement.into(),
        });
        self
    }

    /// Adds the certain repair of a word by another, which gets quotes where the word has them.
    #[must_use]
    pub fn respell(self, span: Span, word: &str, replacement: &str) -> Self {
        let is_bare = (span.end - span.start) as usize == word.len();
        let replacement = if is_bare {
            replacement.to_owned()
        } else {
            format!("\"{replacement}\"")
        };
        self.fix(span, replacement)
    }
}

/// Puts findings into the order in which people read: by file, place and rule, those without a
/// place last. Equal ones are kept once.
pub(crate) fn sort(diagnostics: &mut Vec<Diagnostic>, sources: &Sources) {
    let key = |finding: &Diagnostic| {
        (
            finding.place.is_none(),
            finding.place.map(|span| (span.start, span.end)),
        )
    };
    let name = |finding: &Diagnostic| {
        finding
            .place
            .map_or("", |span| sources.name(span.file))
            .to_owned()
    };
    diagnostics.sort_by_cached_key(|finding| {
        (
            key(finding).0,
            name(finding),
            key(finding).1,
            finding.rule.id,
            finding.message.clone(),
        )
    });
    diagnostics.dedup();
}
