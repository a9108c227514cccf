//! Walking a template.

use minijinja::Value as Variable;
use minijinja::value::ValueKind;
use serde_json::{Map as Object, Value};

use super::expression::Expression;
use super::{Map, Tree, failure};
use crate::diagnostic::Diagnostic;

type Result<T> = std::result::Result<T, Diagnostic>;

/// The objects that a template makes.
pub(super) fn root(tree: &Tree, scope: &Variable) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    item(tree, scope, &mut objects)?;
    Ok(objects)
}

/// A part of a template; none if it is dropped.
pub(super) fn value(tree: &Tree, scope: &Variable) -> Result<Option<Value>> {
    match tree {
        Tree::Literal { value, .. } => Ok(Some(value.clone())),
        Tree::Expression(expression) => typed(expression, scope),
        Tree::Text(text) => text.render(scope).map(|text| Some(Value::String(text))),
        Tree::List(items) => {
            let mut list = Vec::with_capacity(items.len());
            for tree in items {
                item(tree, scope, &mut list)?;
            }
            Ok((!list.is_empty()).then_some(Value::Array(list)))
        }
        Tree::Map(map) => mapping(map, scope),
    }
}

/// An item of a list, or the root: with `$for`, as many as there are.
fn item(tree: &Tree, scope: &Variable, list: &mut Vec<Value>) -> Result<()> {
    for (tree, scope) in repeated(tree, scope)? {
        list.extend(value(tree, &scope)?);
    }
    Ok(())
}

/// An item of a list as often as its `$for` says, each with its scope.
pub(super) fn repeated<'a>(tree: &'a Tree, scope: &Variable) -> Result<Vec<(&'a Tree, Variable)>> {
    let each = match tree {
        Tree::Map(map) => map.each.as_ref(),
        _ => None,
    };
    let Some((name, each)) = each else { return Ok(vec![(tree, scope.clone())]) };
    let items = each.value(scope)?;
    if !matches!(items.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable) {
        return Err(failure(each.span, format!("{} has no items", items.kind())));
    }
    let items = items.try_iter().map_err(|error| failure(each.span, error.to_string()))?;
    Ok(items.map(|item| (tree, with(scope, name, item))).collect())
}

/// A scope with one more name in it.
fn with(scope: &Variable, name: &str, item: Variable) -> Variable {
    let names = scope.try_iter().into_iter().flatten();
    let known = names.filter_map(|name| Some((name.clone(), scope.get_item(&name).ok()?)));
    Variable::from_pairs(known.chain([(Variable::from(name), item)]))
}

fn mapping(map: &Map, scope: &Variable) -> Result<Option<Value>> {
    if let Some(condition) = &map.condition
        && !condition.value(scope)?.is_true()
    {
        return Ok(None);
    }
    if let Some(expression) = &map.value {
        return typed(expression, scope);
    }
    let mut fields = match &map.merge {
        Some(merge) => merged(merge, scope)?,
        None => Object::with_capacity(map.fields.len()),
    };
    for field in &map.fields {
        if let Some(value) = value(&field.tree, scope)? {
            fields.insert(field.key.clone(), value);
        }
    }
    Ok((!fields.is_empty()).then_some(Value::Object(fields)))
}

fn merged(merge: &Expression, scope: &Variable) -> Result<Object<String, Value>> {
    match typed(merge, scope)? {
        None => Ok(Object::new()),
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err(failure(merge.span, "`$merge` takes a mapping, and this is none")),
    }
}

/// The value of an expression with its type; none if there is none.
fn typed(expression: &Expression, scope: &Variable) -> Result<Option<Value>> {
    let value = expression.value(scope)?;
    if value.is_none() {
        return Ok(None);
    }
    if let Some(problem) = unwritable(&value) {
        return Err(failure(expression.span, problem));
    }
    let mut value = serde_json::to_value(&value)
        .map_err(|error| failure(expression.span, format!("this can't be written: {error}")))?;
    drop_nulls(&mut value);
    Ok(Some(value))
}

/// Why a value, or one inside of it, can't stand in an object.
fn unwritable(value: &Variable) -> Option<&'static str> {
    match value.kind() {
        ValueKind::Undefined => Some("a part of this is undefined"),
        ValueKind::Invalid => Some("a part of this is invalid"),
        ValueKind::Number if f64::try_from(value.clone()).is_ok_and(|number| !number.is_finite()) => {
            Some("this is no number that JSON has")
        }
        ValueKind::Seq | ValueKind::Iterable => value.try_iter().ok()?.find_map(|item| unwritable(&item)),
        ValueKind::Map => value.try_iter().ok()?.find_map(|key| unwritable(&value.get_item(&key).ok()?)),
        _ => None,
    }
}

/// None drops its key or its item, also inside of a value that comes as a whole.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}
