//! From a document to a template, with everything checked that can be before there is a plan.

use std::sync::Arc;

use memchr::memmem;
use serde_json::Value;

use super::expression::Expression;
use super::fields::{self, Known};
use super::text::{Part, Piece, Text, pieces};
use super::{Field, Map, Tree, work};
use crate::base::node::{Data, Entry, Node};
use crate::base::similar::nearest;
use crate::base::sources::Span;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input::Prepared;

const STRUCTURAL: [&str; 4] = ["$if", "$for", "$value", "$merge"];

/// Reads a template; none if anything is wrong with it.
pub(super) fn root(
    node: Node,
    schema: Option<&Value>,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Tree> {
    let variables = schema.and_then(|schema| schema["properties"].as_object());
    let scope = variables
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), Some(schema)))
        .collect();
    let mark = diagnostics.mark();
    let mut parser = Parser {
        text,
        scope,
        is_known: schema.is_none(),
        diagnostics,
    };
    if !matches!(node.data, Data::Map(_)) {
        parser.report(
            node.span,
            "a template has to be a mapping",
            "write one object",
        );
    }
    let tree = parser.tree(node, Place::Item);
    (diagnostics.mark() == mark).then_some(tree)
}

/// Where a part stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a list, or at the root: there may be many of it.
    Item,
    /// Under a key, which holds one.
    Field,
}

struct Parser<'a> {
    /// The text of the file.
    text: &'a str,
    /// The variables by name, the innermost last.
    scope: Vec<(String, Known<'a>)>,
    /// Whether the template is known to read no field that there is not.
    is_known: bool,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Parser<'a> {
    fn tree(&mut self, node: Node, place: Place) -> Tree {
        if is_literal(&node) {
            return literal(node);
        }
        match node.data {
            Data::List(items) => {
                let items = items.into_iter();
                Tree::List(items.map(|item| self.tree(item, Place::Item)).collect())
            }
            Data::Map(entries) => Tree::Map(Box::new(self.map(node.span, entries, place))),
            Data::Null => {
                self.report(
                    node.span,
                    "null has no meaning in a template",
                    "leave the key out",
                );
                literal(node)
            }
            Data::String(_) | Data::Bool(_) | Data::Number(_) => self.scalar(node),
        }
    }

    fn map(&mut self, start: Span, entries: Vec<Entry>, place: Place) -> Map {
        self.value_stands_alone(&entries);
        let span = entries.first().map_or(start, |entry| entry.key_span);
        let mut map = Map {
            span,
            condition: None,
            each: None,
            value: None,
            merge: None,
            fields: Vec::new(),
        };
        let depth = self.scope.len();
        // The name that `$for` gives is known to its neighbours, whatever their order.
        if let Some(entry) = entries.iter().find(|entry| entry.key == "$for") {
            map.each = self.each(entry, place);
        }
        for entry in entries {
            match entry.key.as_str() {
                "$for" => {}
                "$if" => map.condition = self.structural(&entry),
                "$value" => map.value = self.structural(&entry),
                "$merge" => map.merge = self.structural(&entry),
                key => {
                    self.key(&entry);
                    map.fields.push(Field {
                        key: key.into(),
                        span: entry.key_span,
                        tree: self.tree(entry.value, Place::Field),
                    });
                }
            }
        }
        self.scope.truncate(depth);
        map
    }

    fn value_stands_alone(&mut self, entries: &[Entry]) {
        let Some(entry) = entries.iter().find(|entry| entry.key == "$value") else {
            return;
        };
        let has = |key: &str| entries.iter().any(|entry| entry.key == key);
        let is_beside = |entry: &Entry| !["$if", "$for", "$value"].contains(&entry.key.as_str());
        if entries.iter().any(is_beside) {
            self.report(
                entry.key_span,
                "`$value` takes the place of the whole mapping",
                "remove the other keys",
            );
        } else if !has("$if") && !has("$for") {
            let hint = "write the expression itself in the place of the mapping";
            self.report(
                entry.key_span,
                "`$value` needs `$if` or `$for` beside it",
                hint,
            );
        }
    }

    fn key(&mut self, entry: &Entry) {
        if entry.key.starts_with('$') {
            let message = format!("`{}` is not a structural key", entry.key);
            let hint = match nearest(&entry.key, STRUCTURAL.into_iter()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "there are `$if`, `$for`, `$value` and `$merge`".to_owned(),
            };
            self.report(entry.key_span, message, hint);
        } else if !is_literal_text(&entry.key) {
            self.report(
                entry.key_span,
                "a key can't hold an expression",
                "merge the entry with `$merge`",
            );
        }
    }

    /// `name in expression`.
    fn each(&mut self, entry: &Entry, place: Place) -> Option<(Arc<str>, Expression)> {
        if place == Place::Field {
            self.report(
                entry.key_span,
                "`$for` makes many, and a key holds one",
                "put it into an item of a list",
            );
        }
        let Some((name, text)) = entry
            .value
            .as_str()
            .and_then(|text| text.split_once(" in "))
        else {
            self.report(
                entry.value.span,
                "`$for` has the form `name in expression`",
                "such as `node in plan.nodes`",
            );
            return None;
        };
        let name = name.trim();
        let is_name = name
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || char == '_')
            && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !is_name {
            self.report(
                entry.value.span,
                format!("`{name}` is not a name"),
                "use letters, digits and `_`",
            );
        } else if self.scope.iter().any(|(known, _)| known == name) {
            self.report(
                entry.value.span,
                format!("`{name}` has a meaning here already"),
                "choose another name",
            );
        }
        let expression = self.expression(text, entry.value.span);
        let items = expression
            .as_ref()
            .and_then(|expression| self.items(text, expression));
        self.scope.push((name.to_owned(), items));
        Some((name.into(), expression?))
    }

    /// What is known of the items of an expression that is a path and nothing more.
    fn items(&self, text: &str, expression: &Expression) -> Known<'a> {
        let path = text.trim();
        expression
            .paths()
            .contains(path)
            .then(|| self.follow(path).ok().flatten()?.get("items"))
            .flatten()
    }

    fn structural(&mut self, entry: &Entry) -> Option<Expression> {
        let Some(text) = entry.value.as_str() else {
            let message = format!("`{}` takes an expression", entry.key);
            self.report(
                entry.value.span,
                message,
                "write it without braces, as a text",
            );
            return None;
        };
        self.expression(text, entry.value.span)
    }

    fn scalar(&mut self, node: Node) -> Tree {
        let pieces = pieces(node.as_str().unwrap_or_default());
        if let [Piece::Expression(expression)] = pieces.as_slice() {
            return match self.expression(expression, node.span) {
                Some(expression) => Tree::Expression(expression),
                None => literal(node),
            };
        }
        let parts = pieces
            .iter()
            .filter_map(|piece| self.part(piece, node.span))
            .collect();
        Tree::Text(Text { parts })
    }

    fn part(&mut self, piece: &Piece, span: Span) -> Option<Part> {
        match piece {
            Piece::Literal(literal) => Some(Part::Literal((*literal).to_owned())),
            Piece::Expression(expression) => {
                self.expression(expression, span).map(Part::Expression)
            }
            Piece::Open(text) => {
                let place = locate(self.text, text, span).unwrap_or(span);
                self.report(
                    place,
                    "`{{` without `}}`",
                    "write `{{ '{{' }}` if the braces themselves are meant",
                );
                None
            }
            Piece::Statement(text) => {
                let place = locate(self.text, text, span).unwrap_or(span);
                let hint = "use `$if` and `$for`; a comment is YAML's `#`";
                self.report(
                    place,
                    "Jinja's statements and comments have no meaning here",
                    hint,
                );
                None
            }
        }
    }

    /// Compiles an expression of a scalar and holds the fields that it reads against the schema.
    fn expression(&mut self, text: &str, span: Span) -> Option<Expression> {
        if self.is_known {
            return Some(known(self.text, text, span));
        }
        let exact = locate(self.text, text, span);
        match Expression::compile(text, exact.unwrap_or(span), exact.is_some()) {
            Ok(expression) => {
                self.check_fields(&expression);
                Some(expression)
            }
            Err(diagnostic) => {
                self.diagnostics.report(diagnostic);
                None
            }
        }
    }

    fn check_fields(&mut self, expression: &Expression) {
        for path in expression.paths() {
            if let Err((message, hint)) = self.follow(&path) {
                self.diagnostics.report(
                    Diagnostic::new(&rule::TEMPLATE_FIELD, expression.span, message).hint(hint),
                );
            }
        }
    }

    /// What is known of a dotted path; an error says what is wrong with it, and what to do.
    fn follow(&self, path: &str) -> Result<Known<'a>, (String, String)> {
        let steps: Vec<_> = path.split('.').collect();
        let Some((name, steps)) = steps.split_first() else {
            return Ok(None);
        };
        let Some((_, known)) = self.scope.iter().rev().find(|(known, _)| known == name) else {
            let names: Vec<_> = self.scope.iter().map(|(name, _)| name.as_str()).collect();
            let hint =
                nearest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            let hint = hint.unwrap_or_else(|| {
                format!("the names here are {}", crate::base::wording::and(&names))
            });
            return Err((format!("`{name}` is not a name"), hint));
        };
        let Some(schema) = known else { return Ok(None) };
        fields::follow(name, schema, steps).map_err(|unknown| {
            (
                format!("`{}` has no field `{}`", unknown.known, unknown.step),
                unknown.hint(),
            )
        })
    }

    fn report(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.diagnostics
            .report(Diagnostic::new(&rule::TEMPLATE_SYNTAX, span, message).hint(hint));
    }
}

/// The place of a part of a scalar in the text of its file, if it stands there as it is, without
/// escapes, and once.
fn locate(text: &str, part: &str, span: Span) -> Option<Span> {
    let raw = text.as_bytes();
    let raw = raw.get(span.start as usize..span.end as usize)?;
    let at = memmem::find(raw, part.as_bytes())?;
    let is_again = |rest| memmem::find(rest, part.as_bytes()).is_some();
    if raw.get(at + 1..).is_some_and(is_again) {
        return None;
    }
    let start = span.start + u32::try_from(at).ok()?;
    Some(Span {
        start,
        end: start + u32::try_from(part.len()).ok()?,
        ..span
    })
}

/// An expression that is known to be one.
fn known(file: &str, text: &str, span: Span) -> Expression {
    let exact = locate(file, text, span);
    Expression::new(text, exact.unwrap_or(span), exact.is_some())
}

/// The `$if` of a template that is known to be well formed, if the template begins with it.
pub(super) fn condition(prepared: Prepared) -> Option<Expression> {
    let entry = prepared.first().filter(|entry| entry.key == "$if")?;
    Some(known(
        prepared.text,
        entry.value.as_str()?,
        entry.value.span,
    ))
}

/// A part in which nothing changes is kept ready.
fn literal(node: Node) -> Tree {
    Tree::Literal {
        value: (&node).into(),
        bytes: work::size(&node),
        node,
    }
}

/// Whether nothing in a part changes, and nothing of it can be wrong.
fn is_literal(node: &Node) -> bool {
    match &node.data {
        Data::Null => false,
        Data::Bool(_) | Data::Number(_) => true,
        Data::String(text) => is_literal_text(text),
        Data::List(items) => items.iter().all(is_literal),
        Data::Map(entries) => entries.iter().all(|entry| {
            !entry.key.starts_with('$') && is_literal_text(&entry.key) && is_literal(&entry.value)
        }),
    }
}

fn is_literal_text(text: &str) -> bool {
    // Most have none, and need no second look.
    !text.contains('{') || matches!(pieces(text).as_slice(), [Piece::Literal(_)])
}
