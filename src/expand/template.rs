//! Templates: YAML trees with Jinja expressions in their scalars, parsed once and walked to render.
//!
//! ARCHITECTURE.md has the rules. A value can't break out of its place, because templates yield
//! trees and never text.

mod command;
mod expression;
mod fields;
mod parse;
mod plain;
mod render;
mod scope;
#[cfg(test)]
mod tests;
mod text;
mod trace;
mod work;

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::base::json::Json;
use crate::base::node::Node;
use crate::base::sources::{Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input::Prepared;
use expression::Expression;
pub use scope::Scope;
use text::Text;
pub use trace::{Step, Trace};
use work::Work;

/// A template that is known to be well formed and to read no field that the schema lacks.
#[derive(Debug)]
pub struct Template {
    /// Without which it makes nothing; not of every template.
    condition: Option<Expression>,
    /// What it was parsed to when the program was built, if it was.
    prepared: Option<Prepared>,
    /// Read when it is first needed, since few templates make objects of most Workspaces.
    root: OnceLock<Option<Tree>>,
}

/// A part of a template.
#[derive(Debug)]
enum Tree {
    /// What is the same in every rendering, and what it was read from.
    Literal {
        value: Json,
        node: Node,
        /// The bytes that it takes, roughly.
        bytes: usize,
    },
    /// A scalar that is one whole expression, and becomes its value.
    Expression(Expression),
    /// A scalar with text around expressions, which becomes a text.
    Text(Text),
    /// A list; one that becomes empty is dropped.
    List(Vec<Tree>),
    /// A mapping; one that becomes empty is dropped.
    Map(Box<Map>),
}

/// A mapping with what its structural keys say.
#[derive(Debug)]
struct Map {
    /// Its first key.
    span: Span,
    /// `$if`: whether the mapping is there.
    condition: Option<Expression>,
    /// `$for`: the name for the items, and what they are of.
    each: Option<(Arc<str>, Expression)>,
    /// `$value`: what stands in the place of the mapping.
    value: Option<Expression>,
    /// `$merge`: the entries under the literal ones.
    merge: Option<Expression>,
    fields: Vec<Field>,
}

/// A literal key and what stands under it.
#[derive(Debug)]
struct Field {
    key: Arc<str>,
    span: Span,
    tree: Tree,
}

impl Template {
    /// Reads a template from its document. `schema` is the JSON Schema of the variables, as
    /// properties of an object.
    ///
    /// None if something is wrong with it, all of which is reported.
    pub fn parse(
        node: Node,
        schema: &Value,
        sources: &Sources,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let text = sources.text(node.span.file);
        let root = parse::root(node, Some(schema), text, diagnostics)?;
        Some(Self {
            condition: None,
            prepared: None,
            root: OnceLock::from(Some(root)),
        })
    }

    /// A template that the binary carries. The tests show that [`Self::parse`] finds nothing wrong
    /// with it.
    pub(super) fn prepared(prepared: Prepared) -> Self {
        Self {
            condition: parse::condition(prepared),
            prepared: Some(prepared),
            root: OnceLock::new(),
        }
    }

    fn root(&self) -> Option<&Tree> {
        let read = || {
            let prepared = self.prepared?;
            let node = prepared.read()?;
            parse::root(node, None, prepared.text, &mut Diagnostics::default())
        };
        self.root.get_or_init(read).as_ref()
    }

    /// Lays what is in scope out as objects: one, or for a `$if` or `$for` at the root also none or
    /// many.
    ///
    /// # Errors
    ///
    /// Where an expression has no value, or none that can stand in its place.
    pub fn render(&self, scope: &Scope) -> Result<Vec<Json>, Diagnostic> {
        // Once it is read, it decides itself. An item of a `$for` that stands beside the condition is
        // not known here: then the template is read.
        let is_not = |condition: &Expression| condition.is_true(scope).is_ok_and(|is| !is);
        let condition = self.condition.as_ref();
        if self.root.get().is_none() && condition.is_some_and(is_not) {
            return Ok(Vec::new());
        }
        match self.root() {
            Some(root) => render::root(root, scope, &Work::default()),
            None => Ok(Vec::new()),
        }
    }
}

impl Template {
    /// Finds what made a field of the object of a number among those that [`Self::render`] gives
    /// for what is in scope.
    ///
    /// None if there is no such object or field.
    ///
    /// # Errors
    ///
    /// As [`Self::render`].
    pub fn trace(
        &self,
        scope: &Scope,
        object: usize,
        steps: &[Step],
    ) -> Result<Option<Trace>, Diagnostic> {
        let root = self.root();
        root.map_or(Ok(None), |root| trace::root(root, scope, object, steps))
    }
}

/// A diagnostic about a template that is being rendered.
fn failure(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&crate::diagnostic::rule::TEMPLATE_VALUE, span, message)
}
