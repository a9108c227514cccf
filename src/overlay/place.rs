//! Where a part of an overlay writes a field of an object.

use std::borrow::Cow;

use super::merge::MAIN;
use crate::base::json::Json;
use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::Span;

/// A field of an object, as a part of an overlay left it.
#[derive(Debug)]
pub(super) struct Spot<'a> {
    pub(super) object: &'a Json,
    /// The keys and indexes that lead to the field.
    pub(super) steps: Vec<Cow<'a, str>>,
    /// Whether the key is meant, and not its value.
    pub(super) is_key: bool,
}

/// Something that is written, and the place to show if nothing in it is meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    pub(super) node: &'a Node,
    pub(super) span: Span,
}

impl<'a> Spot<'a> {
    /// What a pointer leads to, which may name items of lists.
    pub(super) fn new(object: &'a Json, pointer: &'a str) -> Self {
        let mut spot = Self {
            object,
            steps: Vec::new(),
            is_key: false,
        };
        pointer::steps(pointer).for_each(|step| spot.push(step));
        spot
    }

    /// The key of a field in the mapping that a pointer leads to, or an item of a list by its name.
    pub(super) fn of_key(object: &'a Json, pointer: &'a str, key: &'a str) -> Self {
        let mut spot = Self::new(object, pointer);
        spot.push(Cow::Borrowed(key));
        spot.is_key = true;
        spot
    }

    fn push(&mut self, step: Cow<'a, str>) {
        let index = self.at(self.steps.len()).and_then(|it| index(it, &step));
        let step = index.map_or(step, |index| Cow::Owned(index.to_string()));
        self.steps.push(step);
    }

    /// What the first steps lead to.
    pub(super) fn at(&self, steps: usize) -> Option<&'a Json> {
        let mut steps = self.steps.iter().take(steps);
        steps.try_fold(self.object, |value, step| child(value, step))
    }

    /// The place of the field in what was written for the value that the first `from` steps lead
    /// to, as far as that has it.
    pub(super) fn within(&self, written: Written, from: usize) -> Span {
        let Written { mut node, mut span } = written;
        let Some(mut value) = self.at(from) else {
            return span;
        };
        for (index, step) in self.steps.iter().enumerate().skip(from) {
            let next = child(value, step);
            let is_last = index + 1 == self.steps.len();
            let found = match &node.data {
                Data::Map(_) => {
                    // A list of names and values may be written as a mapping.
                    let name = next
                        .and_then(|next| next.get("name"))
                        .and_then(Json::as_str);
                    let name = name.filter(|_| matches!(value, Json::List(_)));
                    node.entry(name.unwrap_or(step)).map(|entry| {
                        let is_whole = matches!(entry.value.data, Data::Map(_) | Data::List(_));
                        let is_key = is_whole || is_last && self.is_key;
                        let span = if is_key {
                            entry.key_span
                        } else {
                            entry.value.span
                        };
                        (&entry.value, span)
                    })
                }
                Data::List(items) => {
                    let of = |item: &&Node| next.is_some_and(|next| became(item, next));
                    items.iter().find(of).map(|item| (item, item.span))
                }
                _ => None,
            };
            let (Some((inner, place)), Some(next)) = (found, next) else {
                return found.map_or(span, |(_, place)| place);
            };
            (node, span, value) = (inner, place, next);
        }
        span
    }
}

/// The value under a key or index.
fn child<'a>(value: &'a Json, step: &str) -> Option<&'a Json> {
    match value {
        Json::List(items) => items.get(index(value, step)?),
        other => other.get(step),
    }
}

/// The index of an item of a list, by itself or by the name of the item; none in anything else.
pub(super) fn index(list: &Json, step: &str) -> Option<usize> {
    let Json::List(items) = list else { return None };
    let named = || {
        items
            .iter()
            .position(|it| it["name"].as_str() == Some(step))
    };
    step.parse().ok().or_else(named)
}

/// Whether a value may have become of what was written: it has all of it.
pub(super) fn became(written: &Node, value: &Json) -> bool {
    match &written.data {
        Data::Map(entries) => entries.iter().all(|entry| {
            entry.key.starts_with('$')
                || entry.value.data == Data::Null
                || entry.value.as_str() == Some(MAIN)
                || value
                    .get(&entry.key)
                    .is_some_and(|it| became(&entry.value, it))
        }),
        Data::List(items) => items
            .iter()
            .all(|item| value.items().iter().any(|it| became(item, it))),
        _ => *value == Json::from(written),
    }
}
