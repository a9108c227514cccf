//! Scalars with expressions in them.

use super::expression::Expression;
use super::failure;
use super::plain::{kind, plain};
use super::scope::Scope;
use super::work::Work;
use crate::diagnostic::Diagnostic;

/// A scalar taken apart: the expressions, and the text around them.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) parts: Vec<Part>,
}

/// A part of a text.
#[derive(Debug)]
pub(super) enum Part {
    /// Text as it is.
    Literal(String),
    /// An expression, of whose value the text is taken.
    Expression(Expression),
}

impl Text {
    /// The text with the values in their places.
    pub(super) fn render(&self, scope: &Scope, work: &Work) -> Result<String, Diagnostic> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text += literal,
                Part::Expression(expression) => {
                    let value = expression.value(scope, work)?;
                    let Some(plain) = plain(&value) else {
                        return Err(failure(
                            expression.span,
                            format!("{} can't stand in a text", kind(&value)),
                        ));
                    };
                    text.push_str(&plain);
                }
            }
        }
        Ok(text)
    }

    /// The expressions, in order.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Expression(expression) => Some(expression),
        })
    }
}

/// A piece of a scalar that has not been compiled.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text as it is.
    Literal(&'a str),
    /// What stands between `{{` and `}}`.
    Expression(&'a str),
    /// `{{` without its `}}`.
    Open(&'a str),
    /// `{%` or `{#`: Jinja that has no meaning here.
    Statement(&'a str),
}

/// Takes a scalar apart.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = open(rest) {
        let (literal, behind) = rest.split_at(start);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        if !behind.starts_with("{{") {
            pieces.push(Piece::Statement(behind));
            return pieces;
        }
        let Some(length) = end(&behind[2..]) else {
            pieces.push(Piece::Open(behind));
            return pieces;
        };
        pieces.push(Piece::Expression(&behind[2..2 + length]));
        rest = &behind[2 + length + 2..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

/// Where the first expression, or statement or comment of Jinja, begins; a shell's `${#name}` is
/// none.
fn open(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'{', bytes).find(|at| match bytes.get(at + 1) {
        Some(b'{' | b'%') => true,
        Some(b'#') => !text[..*at].ends_with('$'),
        _ => false,
    })
}

/// The length of an expression up to its `}}`, which counts neither inside quotes nor inside
/// brackets.
fn end(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_u32;
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match (quote, char) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), _) if char == open => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            (None, '}') if text[at..].starts_with("}}") => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn braces_in_quotes_and_brackets_do_not_end_an_expression() {
        let expression = |text| vec![Piece::Expression(text)];
        assert_eq!(pieces("{{ a }}"), expression(" a "));
        assert_eq!(
            pieces("{{ '}}' ~ \"\\\"}}\" }}"),
            expression(" '}}' ~ \"\\\"}}\" ")
        );
        assert_eq!(
            pieces("{{ {'a': {'b': 1}} }}"),
            expression(" {'a': {'b': 1}} ")
        );
        assert_eq!(
            pieces("a{{b}}c"),
            [
                Piece::Literal("a"),
                Piece::Expression("b"),
                Piece::Literal("c")
            ]
        );
        assert_eq!(
            pieces("a }} {b} ${#c} $((1))"),
            [Piece::Literal("a }} {b} ${#c} $((1))")]
        );
        assert_eq!(
            pieces("a {{ b"),
            [Piece::Literal("a "), Piece::Open("{{ b")]
        );
        assert_eq!(
            pieces("{{a}}{% if b %}"),
            [Piece::Expression("a"), Piece::Statement("{% if b %}")]
        );
        assert_eq!(pieces("{# b #}"), [Piece::Statement("{# b #}")]);
    }
}
