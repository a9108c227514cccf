//! One expression, compiled.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use minijinja::{Environment, Error, UndefinedBehavior, Value};

use super::{command, failure};
use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;
use crate::vocab::limits::{EXPRESSION_BYTES, EXPRESSION_OPERATORS, EXPRESSION_STEPS};

/// An expression and its place in the template.
pub(super) struct Expression {
    pub(super) span: Span,
    /// Whether the span is that of the expression itself, so that places in the one are places in
    /// the other.
    is_exact: bool,
    /// The steps of an expression that is a path and nothing else, such as `plan.name`. Most are,
    /// and to follow one costs a fraction of what starting the engine does.
    path: Option<Vec<String>>,
    compiled: minijinja::Expression<'static, 'static>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Expression")
            .field("span", &self.span)
            .finish_non_exhaustive()
    }
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.set_fuel(Some(EXPRESSION_STEPS));
        environment.add_filter("command", |value: Value| command::command(&value));
        environment.remove_global("debug");
        environment
    })
}

impl Expression {
    /// Compiles an expression. `is_exact` tells whether the span holds the text as it is and
    /// nothing else.
    pub(super) fn compile(text: &str, span: Span, is_exact: bool) -> Result<Self, Diagnostic> {
        check_size(text, span)?;
        match environment().compile_expression_owned(text.to_owned()) {
            Ok(compiled) => Ok(Self {
                span,
                is_exact,
                path: path(text),
                compiled,
            }),
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
        if let Some(value) = self.followed(scope) {
            return Ok(value);
        }
        match self.compiled.eval(scope.clone()) {
            Ok(value) if value.is_undefined() => Err(failure(self.span, "this is undefined")),
            Ok(value) => Ok(value),
            Err(error) => Err(failure(
                place(self.span, self.is_exact, &error),
                reason(&error),
            )),
        }
    }

    /// What the path leads to; none if it leads nowhere, about which the engine has more to say.
    fn followed(&self, scope: &Value) -> Option<Value> {
        let (first, rest) = self.path.as_deref()?.split_first()?;
        let mut value = scope.get_attr(first).ok()?;
        for step in rest {
            value = value.get_attr(step).ok()?;
        }
        (!value.is_undefined()).then_some(value)
    }

    /// The variables that the expression reads, with the fields of fields as dotted paths.
    pub(super) fn paths(&self) -> BTreeSet<String> {
        self.compiled
            .undeclared_variables(true)
            .into_iter()
            .collect()
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
    const WORDS: [&str; 7] = ["not", "and", "or", "in", "is", "if", "else"];
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
    let words = words.filter(|word| WORDS.contains(word)).count();
    let is_operator = |letter: &char| !is_word(*letter) && !letter.is_whitespace();
    words + bare.chars().filter(is_operator).count()
}

fn path(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    let is_path = text
        .chars()
        .all(|char| char.is_ascii_alphanumeric() || "_.".contains(char));
    is_path.then(|| text.split('.').map(str::to_owned).collect())
}

fn reason(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

fn place(span: Span, is_exact: bool, error: &Error) -> Span {
    let Some(range) = error.range().filter(|range| is_exact && !range.is_empty()) else {
        return span;
    };
    let offset = |at: usize| {
        span.start
            .saturating_add(u32::try_from(at).unwrap_or(u32::MAX))
            .min(span.end)
    };
    Span {
        start: offset(range.start),
        end: offset(range.end),
        ..span
    }
}
