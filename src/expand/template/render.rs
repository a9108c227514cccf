//! Walking a template.

use minijinja::Value as Variable;
use minijinja::value::{DynObject, ValueKind};

use super::expression::Expression;
use super::work::{self, Work};
use super::{Map, Tree, failure};
use crate::base::json::{self, Entry, Json};
use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;

type Result<T, E = Diagnostic> = std::result::Result<T, E>;

/// The objects that a template makes.
pub(super) fn root(tree: &Tree, scope: &Variable, work: &Work) -> Result<Vec<Json>> {
    let mut objects = Vec::new();
    item(tree, scope, work, &mut objects)?;
    Ok(objects)
}

/// A part of a template; none if it is dropped.
pub(super) fn value(tree: &Tree, scope: &Variable, work: &Work) -> Result<Option<Json>> {
    match tree {
        Tree::Literal { value, node, bytes } => {
            work.charge(*bytes, node.span)?;
            Ok(Some(value.clone()))
        }
        Tree::Expression(expression) => typed(expression, scope, work),
        Tree::Text(text) => {
            let rendered = text.render(scope)?;
            if let Some(expression) = text.expressions().next() {
                work.charge(rendered.len(), expression.span)?;
            }
            Ok(Some(Json::String(rendered.into())))
        }
        Tree::List(items) => {
            let mut list = Vec::with_capacity(items.len());
            for tree in items {
                item(tree, scope, work, &mut list)?;
            }
            Ok((!list.is_empty()).then_some(Json::List(list.into())))
        }
        Tree::Map(map) => mapping(map, scope, work),
    }
}

/// An item of a list, or the root: with `$for`, as many as there are.
fn item(tree: &Tree, scope: &Variable, work: &Work, list: &mut Vec<Json>) -> Result<()> {
    if !matches!(tree, Tree::Map(map) if map.each.is_some()) {
        list.extend(value(tree, scope, work)?);
        return Ok(());
    }
    for (tree, scope) in repeated(tree, scope, work)? {
        list.extend(value(tree, &scope, work)?);
    }
    Ok(())
}

/// An item of a list as often as its `$for` says, each with its scope.
pub(super) fn repeated<'a>(
    tree: &'a Tree,
    scope: &Variable,
    work: &Work,
) -> Result<Vec<(&'a Tree, Variable)>> {
    let each = match tree {
        Tree::Map(map) => map.each.as_ref(),
        _ => None,
    };
    let Some((name, each)) = each else {
        return Ok(vec![(tree, scope.clone())]);
    };
    let items = each.value(scope)?;
    if !matches!(
        items.kind(),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable
    ) {
        return Err(failure(each.span, format!("{} has no items", items.kind())));
    }
    let items = items
        .try_iter()
        .map_err(|error| failure(each.span, error.to_string()))?;
    let item = |item| {
        work.charge(work::SCOPE, each.span)?;
        Ok((tree, with(scope, name, item)))
    };
    items.map(item).collect()
}

/// A scope with one more name in it.
fn with(scope: &Variable, name: &str, item: Variable) -> Variable {
    let names = scope.try_iter().into_iter().flatten();
    let known = names.filter_map(|name| Some((name.clone(), scope.get_item(&name).ok()?)));
    Variable::from_pairs(known.chain([(Variable::from(name), item)]))
}

fn mapping(map: &Map, scope: &Variable, work: &Work) -> Result<Option<Json>> {
    if let Some(condition) = &map.condition
        && !condition.value(scope)?.is_true()
    {
        return Ok(None);
    }
    if let Some(expression) = &map.value {
        return typed(expression, scope, work);
    }
    let mut entries = match &map.merge {
        Some(merge) => merged(merge, scope, work)?,
        None => Vec::with_capacity(map.fields.len()),
    };
    let merged = entries.len();
    for field in &map.fields {
        let Some(value) = value(&field.tree, scope, work)? else {
            continue;
        };
        // Among themselves, fields never share a key.
        match entries[..merged]
            .iter_mut()
            .find(|(key, _)| *key == field.key)
        {
            Some(entry) => entry.1 = value,
            None => entries.push((field.key.clone(), value)),
        }
    }
    Ok((!entries.is_empty()).then(|| Json::Map(json::Map::new(entries))))
}

fn merged(merge: &Expression, scope: &Variable, work: &Work) -> Result<Vec<Entry>> {
    match typed(merge, scope, work)? {
        None => Ok(Vec::new()),
        Some(Json::Map(map)) => Ok(map.iter().cloned().collect()),
        Some(_) => Err(failure(
            merge.span,
            "`$merge` takes a mapping, and this is none",
        )),
    }
}

/// The value of an expression with its type; none if there is none.
fn typed(expression: &Expression, scope: &Variable, work: &Work) -> Result<Option<Json>> {
    let writer = Writer {
        place: expression.span,
        work,
    };
    writer.value(&expression.value(scope)?)
}

/// Makes of the values of an expression what stands in an object.
#[derive(Clone, Copy)]
struct Writer<'a> {
    place: Span,
    work: &'a Work,
}

impl Writer<'_> {
    /// A value, or why it can't stand there. None drops its key or its item, also inside of others.
    fn value(self, value: &Variable) -> Result<Option<Json>> {
        self.work
            .charge(value.as_str().map_or(0, str::len), self.place)?;
        let problem = match value.kind() {
            ValueKind::None => return Ok(None),
            ValueKind::Bool => return Ok(Some(Json::Bool(value.is_true()))),
            ValueKind::String => return Ok(value.as_str().map(|text| Json::String(text.into()))),
            ValueKind::Seq | ValueKind::Iterable => return self.list(value).map(Some),
            ValueKind::Map => return self.map(value).map(Some),
            ValueKind::Undefined => "a part of this is undefined",
            ValueKind::Invalid => "a part of this is invalid",
            ValueKind::Number
                if f64::try_from(value.clone()).is_ok_and(|number| !number.is_finite()) =>
            {
                "this is no number that JSON has"
            }
            _ => {
                let value = serde_json::to_value(value);
                let value = value.map_err(|error| {
                    failure(self.place, format!("this can't be written: {error}"))
                })?;
                return Ok(Some(value.into()));
            }
        };
        Err(failure(self.place, problem))
    }

    fn list(self, list: &Variable) -> Result<Json> {
        let items = list.try_iter();
        let items = items.map_err(|error| failure(self.place, error.to_string()))?;
        let items = items
            .filter_map(|item| self.value(&item).transpose())
            .collect::<Result<_>>()?;
        Ok(Json::List(items))
    }

    fn map(self, map: &Variable) -> Result<Json> {
        let mut entries = Vec::new();
        for (key, value) in map
            .as_object()
            .into_iter()
            .filter_map(DynObject::try_iter_pairs)
            .flatten()
        {
            let key = key
                .as_str()
                .ok_or_else(|| failure(self.place, "a key of this is no text"))?;
            self.work.charge(key.len(), self.place)?;
            if let Some(value) = self.value(&value)? {
                entries.push((key.into(), value));
            }
        }
        Ok(Json::Map(json::Map::new(entries)))
    }
}
