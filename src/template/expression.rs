//! One expression, compiled.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use minijinja::{Environment, Error, UndefinedBehavior, Value};

use super::{command, failure};
use crate::diagnostic::Diagnostic;
use crate::rule;
use crate::source::Span;

/// An expression and its place in the template.
pub(super) struct Expression {
    pub(super) span: Span,
    /// Whether the span is that of the expression alone, so that places in the one are places in the other.
    is_exact: bool,
    compiled: minijinja::Expression<'static, 'static>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Expression").field("span", &self.span).finish_non_exhaustive()
    }
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.add_filter("command", |value: Value| command::command(&value));
        environment.remove_global("debug");
        environment
    })
}

impl Expression {
    /// Compiles an expression. `is_exact` tells whether the span holds the text as it is and nothing else.
    pub(super) fn compile(text: &str, span: Span, is_exact: bool) -> Result<Self, Diagnostic> {
        match environment().compile_expression_owned(text.to_owned()) {
            Ok(compiled) => Ok(Self { span, is_exact, compiled }),
            Err(error) => {
                let place = place(span, is_exact, &error);
                Err(Diagnostic::new(
                    &rule::TEMPLATE_SYNTAX,
                    place,
                    format!("`{text}` is no expression: {}", reason(&error)),
                ))
            }
        }
    }

    /// The value; one that is undefined is an error.
    pub(super) fn value(&self, scope: &Value) -> Result<Value, Diagnostic> {
        match self.compiled.eval(scope.clone()) {
            Ok(value) if value.is_undefined() => Err(failure(self.span, "this is undefined")),
            Ok(value) => Ok(value),
            Err(error) => Err(failure(place(self.span, self.is_exact, &error), reason(&error))),
        }
    }

    /// The variables that the expression reads, with the fields of fields as dotted paths.
    pub(super) fn paths(&self) -> BTreeSet<String> {
        self.compiled.undeclared_variables(true).into_iter().collect()
    }
}

fn reason(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

fn place(span: Span, is_exact: bool, error: &Error) -> Span {
    let Some(range) = error.range().filter(|range| is_exact && !range.is_empty()) else { return span };
    let offset = |at: usize| span.start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)).min(span.end);
    Span { start: offset(range.start), end: offset(range.end), ..span }
}
