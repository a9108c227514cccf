//! One expression: read by ourselves where we know it, by minijinja otherwise.

mod engine;
mod evaluate;
mod syntax;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use super::failure;
use super::scope::Scope;
use super::work::Work;
use crate::base::json::Json;
use crate::base::sources::Span;
use crate::diagnostic::{Diagnostic, rule};
use crate::vocab::limits::{EXPRESSION_BYTES, EXPRESSION_OPERATORS};
use engine::Compiled;
use syntax::{OPERATORS, Term};

/// An expression and its place in the template.
pub(super) struct Expression {
    pub(super) span: Span,
    text: String,
    /// Whether the span is that of the expression itself, so that places in the one are places in
    /// the other.
    is_exact: bool,
    /// The expression as we read it, once it is needed; none if only the engine knows it.
    term: OnceLock<Option<Term>>,
    /// The expression as the engine has it, once it is needed.
    compiled: OnceLock<Compiled>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Expression")
            .field("span", &self.span)
            .field("text", &self.text)
            .field("is_exact", &self.is_exact)
            .field("term", &self.term())
            .finish_non_exhaustive()
    }
}

impl Expression {
    /// An expression that is known to be one. `is_exact` tells whether the span holds the text as
    /// it is and nothing else.
    pub(super) fn new(text: &str, span: Span, is_exact: bool) -> Self {
        Self {
            span,
            text: text.to_owned(),
            is_exact,
            term: OnceLock::new(),
            compiled: OnceLock::new(),
        }
    }

    /// As [`Self::new`], of any text.
    pub(super) fn compile(text: &str, span: Span, is_exact: bool) -> Result<Self, Diagnostic> {
        check_size(text, span)?;
        let expression = Self::new(text, span, is_exact);
        if expression.term().is_none() {
            expression.compiled()?;
        }
        Ok(expression)
    }

    /// The value. One that is undefined, or that has a part which JSON lacks, is an error.
    pub(super) fn value<'a>(
        &'a self,
        scope: &'a Scope,
        work: &Work,
    ) -> Result<Cow<'a, Json>, Diagnostic> {
        if let Some(value) = self.known(scope) {
            return Ok(value);
        }
        let reader = engine::Reader {
            place: self.span,
            work,
        };
        reader.json(&self.evaluated(scope)?).map(Cow::Owned)
    }

    /// Whether the value counts as true.
    pub(super) fn is_true(&self, scope: &Scope) -> Result<bool, Diagnostic> {
        match self.known(scope) {
            Some(value) => Ok(evaluate::is_true(&value)),
            None => Ok(self.evaluated(scope)?.is_true()),
        }
    }

    /// The variables that the expression reads, with the fields of fields as dotted paths.
    pub(super) fn paths(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        match self.term() {
            Some(term) => term.add_paths(&mut paths),
            None => paths.extend(
                self.compiled()
                    .ok()
                    .map(Compiled::paths)
                    .into_iter()
                    .flatten(),
            ),
        }
        paths
    }

    fn known<'a>(&'a self, scope: &'a Scope) -> Option<Cow<'a, Json>> {
        self.term()?.value(scope)
    }

    fn term(&self) -> Option<&Term> {
        self.term.get_or_init(|| Term::parse(&self.text)).as_ref()
    }

    fn evaluated(&self, scope: &Scope) -> Result<minijinja::Value, Diagnostic> {
        match self.compiled()?.value(scope.variables()) {
            Ok(value) if value.is_undefined() => Err(failure(self.span, "this is undefined")),
            Ok(value) => Ok(value),
            Err(error) => Err(failure(self.place(&error), engine::reason(&error))),
        }
    }

    fn compiled(&self) -> Result<&Compiled, Diagnostic> {
        if let Some(compiled) = self.compiled.get() {
            return Ok(compiled);
        }
        let compiled = Compiled::new(&self.text).map_err(|error| {
            let message = format!(
                "`{}` is no expression: {}",
                self.text,
                engine::reason(&error)
            );
            Diagnostic::new(&rule::TEMPLATE_SYNTAX, self.place(&error), message)
        })?;
        Ok(self.compiled.get_or_init(|| compiled))
    }

    /// The place of what the engine complains of.
    fn place(&self, error: &minijinja::Error) -> Span {
        let Some(range) = error
            .range()
            .filter(|range| self.is_exact && !range.is_empty())
        else {
            return self.span;
        };
        let offset = |at: usize| {
            self.span
                .start
                .saturating_add(u32::try_from(at).unwrap_or(u32::MAX))
                .min(self.span.end)
        };
        Span {
            start: offset(range.start),
            end: offset(range.end),
            ..self.span
        }
    }
}

/// Reports an expression that the engine, which calls itself for each part, might not stand.
fn check_size(text: &str, span: Span) -> Result<(), Diagnostic> {
    let message = if text.len() > EXPRESSION_BYTES {
        format!("an expression has at most {EXPRESSION_BYTES} bytes")
    } else if operators(text) > EXPRESSION_OPERATORS {
        format!("an expression has at most {EXPRESSION_OPERATORS} operators and brackets")
    } else {
        return Ok(());
    };
    let hint = "split it, or let `$if` and `$for` do a part of its work";
    Err(Diagnostic::new(&rule::TEMPLATE_SYNTAX, span, message).hint(hint))
}

/// The operators and brackets outside of quotes. Every part of an expression that has another one in
/// it has one of its own, or a word such as `not`: so no expression is nested deeper.
fn operators(text: &str) -> usize {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut bare = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        bare.push(letter);
        if matches!(letter, '"' | '\'') {
            while let Some(inside) = letters.next().filter(|inside| *inside != letter) {
                if inside == '\\' {
                    letters.next();
                }
            }
        }
    }
    let words = bare.split(|letter| !is_word(letter));
    let words = words.filter(|word| OPERATORS.contains(word)).count();
    let is_operator = |letter: &char| !is_word(*letter) && !letter.is_whitespace();
    words + bare.chars().filter(is_operator).count()
}
