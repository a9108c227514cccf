//! Which part of a template made a field.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::Expression;
use super::scope::Scope;
use super::work::Work;
use super::{Map, Tree, render};
use crate::base::pointer;
use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;

/// A step towards a field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into the entry of a mapping.
    Field(String),
    /// Into an item of a list, from 0.
    Item(usize),
}

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The key, the item or the `$merge` of the template that made it.
    pub place: Span,
    /// What was read to make it, as dotted paths such as `plan.name`.
    pub reads: BTreeSet<String>,
}

type Result<T> = std::result::Result<T, Diagnostic>;

/// Follows steps into the object of a number among those that a template makes; none if they lead
/// nowhere.
pub(super) fn root(
    tree: &Tree,
    scope: &Scope,
    object: usize,
    steps: &[Step],
) -> Result<Option<Trace>> {
    let mut tracer = Tracer {
        names: BTreeMap::new(),
        trace: None,
        work: Work::default(),
    };
    tracer.list(std::slice::from_ref(tree), scope, object, steps)?;
    Ok(tracer.trace)
}

struct Tracer {
    /// What the variables of the `$for`s on the way are of.
    names: BTreeMap<String, BTreeSet<String>>,
    /// What is known so far: the deeper the steps lead, the narrower the place.
    trace: Option<Trace>,
    work: Work,
}

impl Tracer {
    /// Into an item of a list. Those before it have to be rendered, because some of them may be
    /// dropped.
    fn list(
        &mut self,
        trees: &[Tree],
        scope: &Scope,
        mut index: usize,
        steps: &[Step],
    ) -> Result<()> {
        for tree in trees {
            for (tree, scope) in render::repeated(tree, scope, &self.work)? {
                if render::value(tree, &scope, &self.work)?.is_none() {
                    continue;
                }
                if index == 0 {
                    self.names_of(tree);
                    return self.tree(tree, &scope, steps);
                }
                index -= 1;
            }
        }
        self.trace = None;
        Ok(())
    }

    fn names_of(&mut self, tree: &Tree) {
        if let Tree::Map(map) = tree
            && let Some((name, each)) = &map.each
        {
            let reads = self.reads(each);
            self.names.insert(name.to_string(), reads);
        }
    }

    fn tree(&mut self, tree: &Tree, scope: &Scope, steps: &[Step]) -> Result<()> {
        match (tree, steps) {
            (Tree::Literal { node, .. }, _) => {
                let pointer: String = steps
                    .iter()
                    .map(|step| format!("/{}", step.pointer()))
                    .collect();
                match node.find(&pointer) {
                    Some(found) if !steps.is_empty() => self.at(found.span),
                    Some(_) => {}
                    None => self.trace = None,
                }
                Ok(())
            }
            (Tree::Expression(expression), _) => {
                self.read(expression);
                Ok(())
            }
            (Tree::Text(text), _) => {
                text.expressions()
                    .for_each(|expression| self.read(expression));
                Ok(())
            }
            (Tree::Map(map), _) => self.map(map, scope, steps),
            (Tree::List(trees), [Step::Item(index), rest @ ..]) => {
                self.list(trees, scope, *index, rest)
            }
            (Tree::List(_), []) => {
                self.everything(tree);
                Ok(())
            }
            (Tree::List(_), _) => {
                self.trace = None;
                Ok(())
            }
        }
    }

    fn map(&mut self, map: &Map, scope: &Scope, steps: &[Step]) -> Result<()> {
        self.at(map.span);
        if let Some(expression) = &map.value {
            self.read(expression);
            return Ok(());
        }
        let (key, rest) = match steps {
            [] => {
                self.everything_of(map);
                return Ok(());
            }
            [Step::Field(key), rest @ ..] => (key, rest),
            [Step::Item(_), ..] => {
                self.trace = None;
                return Ok(());
            }
        };
        for field in map.fields.iter().filter(|field| *field.key == **key) {
            if render::value(&field.tree, scope, &self.work)?.is_some() {
                self.at(field.span);
                self.tree(&field.tree, scope, rest)?;
                // Of a mapping as a whole its key says more than where it begins.
                if let (Some(trace), []) = (&mut self.trace, rest) {
                    trace.place = field.span;
                }
                return Ok(());
            }
        }
        match &map.merge {
            Some(merge) => {
                self.at(merge.span);
                self.read(merge);
            }
            None => self.trace = None,
        }
        Ok(())
    }

    /// All that is read below a part, for a field that is no scalar.
    fn everything(&mut self, tree: &Tree) {
        match tree {
            Tree::Literal { .. } => {}
            Tree::Expression(expression) => self.read(expression),
            Tree::Text(text) => text
                .expressions()
                .for_each(|expression| self.read(expression)),
            Tree::List(trees) => trees.iter().for_each(|tree| self.everything(tree)),
            Tree::Map(map) => {
                self.names_of(tree);
                self.everything_of(map);
            }
        }
    }

    fn everything_of(&mut self, map: &Map) {
        map.condition
            .iter()
            .chain(&map.value)
            .chain(&map.merge)
            .for_each(|expression| self.read(expression));
        map.fields
            .iter()
            .for_each(|field| self.everything(&field.tree));
    }

    fn at(&mut self, place: Span) {
        self.trace = Some(Trace {
            place,
            reads: BTreeSet::new(),
        });
    }

    fn read(&mut self, expression: &Expression) {
        let reads = self.reads(expression);
        let trace = self.trace.get_or_insert_with(|| Trace {
            place: expression.span,
            reads: BTreeSet::new(),
        });
        trace.reads.extend(reads);
    }

    /// What an expression reads, with the variables of `$for` taken back to what they are of.
    fn reads(&self, expression: &Expression) -> BTreeSet<String> {
        let paths = expression.paths().into_iter();
        let known = paths.map(|path| {
            let name = path.split('.').next().unwrap_or_default();
            self.names
                .get(name)
                .cloned()
                .unwrap_or_else(|| BTreeSet::from([path]))
        });
        known.flatten().collect()
    }
}

impl Step {
    fn pointer(&self) -> String {
        match self {
            Self::Field(key) => pointer::escape(key).into_owned(),
            Self::Item(index) => index.to_string(),
        }
    }
}
