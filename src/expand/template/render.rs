//! Walking a template.

use minijinja::Value as Variable;
use minijinja::value::{DynObject, ValueKind};

use super::expression::Expression;
use super::{Map, Tree, failure};
use crate::base::json::{self, Entry, Json};
use crate::diagnostic::Diagnostic;

type Result<T, E = Diagnostic> = std::result::Result<T, E>;

/// The objects that a template makes.
pub(super) fn root(tree: &Tree, scope: &Variable) -> Result<Vec<Json>> {
    let mut objects = Vec::new();
    item(tree, scope, &mut objects)?;
    Ok(objects)
}

/// A part of a template; none if it is dropped.
pub(super) fn value(tree: &Tree, scope: &Variable) -> Result<Option<Json>> {
    match tree {
        Tree::Literal { value, .. } => Ok(Some(value.clone())),
        Tree::Expression(expression) => typed(expression, scope),
        Tree::Text(text) => text
            .render(scope)
            .map(|text| Some(Json::String(text.into()))),
        Tree::List(items) => {
            let mut list = Vec::with_capacity(items.len());
            for tree in items {
                item(tree, scope, &mut list)?;
            }
            Ok((!list.is_empty()).then_some(Json::List(list.into())))
        }
        Tree::Map(map) => mapping(map, scope),
    }
}

/// An item of a list, or the root: with `$for`, as many as there are.
fn item(tree: &Tree, scope: &Variable, list: &mut Vec<Json>) -> Result<()> {
    if !matches!(tree, Tree::Map(map) if map.each.is_some()) {
        list.extend(value(tree, scope)?);
        return Ok(());
    }
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
    Ok(items.map(|item| (tree, with(scope, name, item))).collect())
}

/// A scope with one more name in it.
fn with(scope: &Variable, name: &str, item: Variable) -> Variable {
    let names = scope.try_iter().into_iter().flatten();
    let known = names.filter_map(|name| Some((name.clone(), scope.get_item(&name).ok()?)));
    Variable::from_pairs(known.chain([(Variable::from(name), item)]))
}

fn mapping(map: &Map, scope: &Variable) -> Result<Option<Json>> {
    if let Some(condition) = &map.condition
        && !condition.value(scope)?.is_true()
    {
        return Ok(None);
    }
    if let Some(expression) = &map.value {
        return typed(expression, scope);
    }
    let mut entries = match &map.merge {
        Some(merge) => merged(merge, scope)?,
        None => Vec::with_capacity(map.fields.len()),
    };
    let merged = entries.len();
    for field in &map.fields {
        let Some(value) = value(&field.tree, scope)? else {
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

fn merged(merge: &Expression, scope: &Variable) -> Result<Vec<Entry>> {
    match typed(merge, scope)? {
        None => Ok(Vec::new()),
        Some(Json::Map(map)) => Ok(map.iter().cloned().collect()),
        Some(_) => Err(failure(
            merge.span,
            "`$merge` takes a mapping, and this is none",
        )),
    }
}

/// The value of an expression with its type; none if there is none.
fn typed(expression: &Expression, scope: &Variable) -> Result<Option<Json>> {
    written(&expression.value(scope)?).map_err(|problem| failure(expression.span, problem))
}

/// A value as it stands in an object, or why it can't. None drops its key or its item, also inside
/// of others.
fn written(value: &Variable) -> Result<Option<Json>, String> {
    let problem = match value.kind() {
        ValueKind::None => return Ok(None),
        ValueKind::Bool => return Ok(Some(Json::Bool(value.is_true()))),
        ValueKind::String => return Ok(value.as_str().map(|text| Json::String(text.into()))),
        ValueKind::Seq | ValueKind::Iterable => return written_list(value).map(Some),
        ValueKind::Map => return written_map(value).map(Some),
        ValueKind::Undefined => "a part of this is undefined",
        ValueKind::Invalid => "a part of this is invalid",
        ValueKind::Number
            if f64::try_from(value.clone()).is_ok_and(|number| !number.is_finite()) =>
        {
            "this is no number that JSON has"
        }
        _ => {
            let value = serde_json::to_value(value)
                .map_err(|error| format!("this can't be written: {error}"))?;
            return Ok(Some(value.into()));
        }
    };
    Err(problem.to_owned())
}

fn written_list(list: &Variable) -> Result<Json, String> {
    let items = list.try_iter().map_err(|error| error.to_string())?;
    let items = items
        .filter_map(|item| written(&item).transpose())
        .collect::<Result<_, String>>()?;
    Ok(Json::List(items))
}

fn written_map(map: &Variable) -> Result<Json, String> {
    let mut entries = Vec::new();
    for (key, value) in map
        .as_object()
        .into_iter()
        .filter_map(DynObject::try_iter_pairs)
        .flatten()
    {
        let key = key.as_str().ok_or("a key of this is no text")?;
        if let Some(value) = written(&value)? {
            entries.push((key.into(), value));
        }
    }
    Ok(Json::Map(json::Map::new(entries)))
}
