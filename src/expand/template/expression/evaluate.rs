//! The values of the expressions that are read by ourselves.
//!
//! `None` stands for everything that is odd: what leads nowhere, or has a meaning that only the
//! engine knows. The engine then says what is wrong.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Number;

use super::super::command;
use super::super::scope::Scope;
use super::syntax::{Comparison, Filter, Term};
use crate::base::json::{self, Json};

/// The bytes of the longest string that is made here of a shorter one. Longer ones are left to the
/// engine, which counts its steps.
const LONGEST: usize = 1 << 16;

impl Term {
    pub(super) fn value<'a>(&'a self, scope: &'a Scope) -> Option<Cow<'a, Json>> {
        let value = match self {
            Self::Literal(value) => return Some(Cow::Borrowed(value)),
            Self::Name(name) => return scope.get(name).map(Cow::Borrowed),
            Self::Entry { value, key, .. } => {
                return match entry(value.value(scope)?, key)? {
                    Entry::Found(found) => Some(found),
                    Entry::Missing => None,
                };
            }
            Self::Item { value, index } => return item(value.value(scope)?, *index),
            Self::And(terms) => {
                let left = terms[0].value(scope)?;
                return if is_true(&left) {
                    terms[1].value(scope)
                } else {
                    Some(left)
                };
            }
            Self::Or(terms) => {
                let left = terms[0].value(scope)?;
                return if is_true(&left) {
                    Some(left)
                } else {
                    terms[1].value(scope)
                };
            }
            Self::Choice(terms) => {
                let [value, condition, other] = &**terms;
                let is_met = is_true(&*condition.value(scope)?);
                return if is_met { value } else { other }.value(scope);
            }
            Self::Filter(filter, value) => return filter.value(value, scope),
            Self::List(items) => {
                let items = items
                    .iter()
                    .map(|item| Some(item.value(scope)?.into_owned()));
                Json::List(items.collect::<Option<_>>()?)
            }
            Self::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| Some((key.clone(), value.value(scope)?.into_owned())));
                Json::Map(json::Map::new(entries.collect::<Option<_>>()?))
            }
            Self::Not(value) => Json::Bool(!is_true(&*value.value(scope)?)),
            Self::Compare(comparison, terms) => {
                let [left, right] = &**terms;
                Json::Bool(comparison.holds(&*left.value(scope)?, &*right.value(scope)?)?)
            }
            Self::IsNone(value) => Json::Bool(*value.value(scope)? == Json::Null),
            Self::Join(terms) => {
                let [left, right] = &**terms;
                let (left, right) = (left.value(scope)?, right.value(scope)?);
                Json::from(text(&left)?.into_owned() + &text(&right)?)
            }
        };
        Some(Cow::Owned(value))
    }
}

impl Filter {
    fn value<'a>(&'a self, value: &'a Term, scope: &'a Scope) -> Option<Cow<'a, Json>> {
        if let Self::Default(other) = self {
            return match value {
                Term::Entry { value, key, .. } => match entry(value.value(scope)?, key)? {
                    Entry::Found(found) => Some(found),
                    Entry::Missing => other.value(scope),
                },
                _ => value.value(scope),
            };
        }
        let value = value.value(scope)?;
        let filtered = match (self, &*value) {
            (Self::Command, value) => Json::from(command::of_json(value)?),
            (Self::Items, Json::Map(map)) => pairs(map.iter()),
            (Self::Dictsort, Json::Map(map)) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by_cached_key(|(key, _)| key.to_lowercase());
                pairs(entries.into_iter())
            }
            (Self::String, value) => Json::from(text(value)?.into_owned()),
            (Self::Join(between), Json::List(items)) => {
                let texts: Vec<_> = items.iter().map(Json::as_str).collect::<Option<_>>()?;
                Json::from(texts.join(between))
            }
            (Self::Replace(from, to), Json::String(text)) => {
                let added = text.matches(&**from).count().saturating_mul(to.len());
                let is_short = text.len().saturating_add(added) <= LONGEST;
                is_short.then(|| Json::from(text.replace(&**from, to)))?
            }
            _ => return None,
        };
        Some(Cow::Owned(filtered))
    }
}

impl Comparison {
    fn holds(self, left: &Json, right: &Json) -> Option<bool> {
        match self {
            Self::Equal => is_equal(left, right),
            Self::NotEqual => is_equal(left, right).map(|is_equal| !is_equal),
            Self::Less => order(left, right).map(Ordering::is_lt),
            Self::LessOrEqual => order(left, right).map(Ordering::is_le),
            Self::Greater => order(left, right).map(Ordering::is_gt),
            Self::GreaterOrEqual => order(left, right).map(Ordering::is_ge),
        }
    }
}

/// Keys and values, a list of two each.
fn pairs<'a>(entries: impl Iterator<Item = &'a json::Entry>) -> Json {
    let pair = |(key, value): &json::Entry| {
        Json::List(Arc::new([Json::String(key.clone()), value.clone()]))
    };
    Json::List(entries.map(pair).collect())
}

/// What a mapping has under a key.
enum Entry<'a> {
    Found(Cow<'a, Json>),
    Missing,
}

/// An entry of a mapping; none of anything else.
fn entry<'a>(value: Cow<'a, Json>, key: &str) -> Option<Entry<'a>> {
    let found = match value {
        Cow::Borrowed(Json::Map(map)) => map.get(key).map(Cow::Borrowed),
        Cow::Owned(Json::Map(map)) => map.get(key).cloned().map(Cow::Owned),
        _ => return None,
    };
    Some(found.map_or(Entry::Missing, Entry::Found))
}

fn item(value: Cow<Json>, index: usize) -> Option<Cow<Json>> {
    match value {
        Cow::Borrowed(value) => value.items().get(index).map(Cow::Borrowed),
        Cow::Owned(value) => value.items().get(index).cloned().map(Cow::Owned),
    }
}

/// Whether a value counts as true, as in Python.
pub(super) fn is_true(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::List(items) => !items.is_empty(),
        Json::Map(map) => !map.is_empty(),
    }
}

fn is_equal(left: &Json, right: &Json) -> Option<bool> {
    match (left, right) {
        (Json::String(left), Json::String(right)) => Some(left == right),
        (Json::Bool(left), Json::Bool(right)) => Some(left == right),
        (Json::Null, Json::Null) => Some(true),
        (Json::Number(left), Json::Number(right)) => Some(integer(left)? == integer(right)?),
        (Json::String(_) | Json::Null, _) | (_, Json::String(_) | Json::Null) => Some(false),
        _ => None,
    }
}

fn order(left: &Json, right: &Json) -> Option<Ordering> {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => Some(integer(left)?.cmp(&integer(right)?)),
        _ => None,
    }
}

fn integer(number: &Number) -> Option<i128> {
    let unsigned = number.as_u64().map(i128::from);
    unsigned.or_else(|| number.as_i64().map(i128::from))
}

/// A string or an integer as a part of a longer string.
fn text(value: &Json) -> Option<Cow<'_, str>> {
    match value {
        Json::String(text) => Some(Cow::Borrowed(text)),
        Json::Number(number) => integer(number).map(|number| Cow::Owned(number.to_string())),
        _ => None,
    }
}
