//! Walking a template.

use std::sync::Arc;

use super::expression::Expression;
use super::plain::kind;
use super::scope::Scope;
use super::work::{self, Work};
use super::{Map, Tree, failure};
use crate::base::json::{self, Entry, Json};
use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;

type Result<T, E = Diagnostic> = std::result::Result<T, E>;

/// The objects that a template makes.
pub(super) fn root(tree: &Tree, scope: &Scope, work: &Work) -> Result<Vec<Json>> {
    let mut objects = Vec::new();
    item(tree, scope, work, &mut objects)?;
    Ok(objects)
}

/// A part of a template; none if it is dropped.
pub(super) fn value(tree: &Tree, scope: &Scope, work: &Work) -> Result<Option<Json>> {
    match tree {
        Tree::Literal { value, node, bytes } => {
            work.charge(*bytes, node.span)?;
            Ok(Some(value.clone()))
        }
        Tree::Expression(expression) => typed(expression, scope, work),
        Tree::Text(text) => {
            let rendered = text.render(scope, work)?;
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
fn item(tree: &Tree, scope: &Scope, work: &Work, list: &mut Vec<Json>) -> Result<()> {
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
    scope: &Scope,
    work: &Work,
) -> Result<Vec<(&'a Tree, Scope)>> {
    let each = match tree {
        Tree::Map(map) => map.each.as_ref(),
        _ => None,
    };
    let Some((name, each)) = each else {
        return Ok(vec![(tree, scope.clone())]);
    };
    let items: Arc<[Json]> = match &*each.value(scope, work)? {
        Json::List(items) => items.clone(),
        Json::Map(map) => map
            .iter()
            .map(|(key, _)| Json::String(key.clone()))
            .collect(),
        other => return Err(failure(each.span, format!("{} has no items", kind(other)))),
    };
    let item = |item: &Json| {
        work.charge(work::SCOPE, each.span)?;
        Ok((tree, scope.with(name, item.clone())))
    };
    items.iter().map(item).collect()
}

fn mapping(map: &Map, scope: &Scope, work: &Work) -> Result<Option<Json>> {
    if let Some(condition) = &map.condition
        && !condition.is_true(scope)?
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

fn merged(merge: &Expression, scope: &Scope, work: &Work) -> Result<Vec<Entry>> {
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
fn typed(expression: &Expression, scope: &Scope, work: &Work) -> Result<Option<Json>> {
    let value = expression.value(scope, work)?;
    charge(&value, expression.span, work)?;
    Ok(value.without_nulls())
}

/// Pays for a value that stands in an object.
fn charge(value: &Json, place: Span, work: &Work) -> Result<()> {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => work.charge(0, place),
        Json::String(text) => work.charge(text.len(), place),
        Json::List(items) => {
            work.charge(0, place)?;
            items.iter().try_for_each(|item| charge(item, place, work))
        }
        Json::Map(map) => {
            work.charge(0, place)?;
            map.iter().try_for_each(|(key, value)| {
                work.charge(key.len(), place)?;
                charge(value, place, work)
            })
        }
    }
}
