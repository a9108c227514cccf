//! JSON Patch (RFC 6902), operation by operation, so that what is wrong has a place.

use std::borrow::Cow;

use json_patch::{PatchErrorKind, PatchOperation};
use serde_json::Value;

use super::insertion::{Addition, Insertion};
use super::place::{Spot, Written, became};
use super::refusal::Refusal;
use crate::base::json::Json;
use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::{Sources, Span};
use crate::base::{similar, wording};

const OPERATIONS: [&str; 6] = ["add", "copy", "move", "remove", "replace", "test"];

/// The most levels of an object, as the reader of YAML has it.
const MAX_DEPTH: usize = 100;

/// The most values that the operations of a patch may copy in an object; objects have some hundreds.
const MAX_COPIED: usize = 10_000;

/// The most keys that are listed of a mapping.
const SHOWN: usize = 12;

/// An operation that was read.
#[derive(Debug)]
pub(super) struct Operation {
    parsed: PatchOperation,
    /// Where its path stands.
    path_place: Span,
    /// Where `from` stands, as far as there is one.
    from_place: Span,
    pub(super) path: String,
    from: Option<String>,
    /// What it writes, and where that stands.
    value: Option<(Node, Span)>,
    /// Where another one can be written in front of it.
    insertion: Option<Insertion>,
    /// Whether it only looks.
    pub(super) is_test: bool,
}

/// Reads the operations of a patch.
pub(super) fn read(items: &[Node], sources: &Sources) -> Result<Vec<Operation>, Refusal> {
    let items = items.iter();
    items.map(|item| Operation::read(item, sources)).collect()
}

/// An object with the operations applied, in their order.
pub(super) fn apply(object: &Json, operations: &[Operation]) -> Result<Json, Refusal> {
    let mut value = Value::from(object);
    let mut copied = 0;
    for operation in operations {
        if operation.expects_nothing(&value) {
            continue;
        }
        let (depth, size) = operation.weight(&value);
        copied += size;
        if depth > MAX_DEPTH || copied > MAX_COPIED {
            let message = format!(
                "`{}` makes the object too large, or nests it too deeply",
                operation.path
            );
            return Err(Refusal::new(operation.path_place, message));
        }
        let one = std::slice::from_ref(&operation.parsed);
        if let Err(error) = json_patch::patch(&mut value, one) {
            return Err(operation.refusal(&error.kind, &value));
        }
    }
    Ok(value.into())
}

/// How many levels deep a value is, and how many values it has in all.
fn weight(value: &Value) -> (usize, usize) {
    let items: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => return (1, 1),
    };
    items
        .map(weight)
        .fold((1, 1), |(depth, size), (below, more)| {
            (depth.max(below + 1), size + more)
        })
}

impl Operation {
    /// How deep it writes, and how many values it copies. What a patch has itself is no more than its
    /// text.
    fn weight(&self, value: &Value) -> (usize, usize) {
        let steps = self.path.matches('/').count();
        match (&self.parsed, &self.from) {
            (PatchOperation::Add(it), _) => (steps + weight(&it.value).0, 0),
            (PatchOperation::Replace(it), _) => (steps + weight(&it.value).0, 0),
            (PatchOperation::Copy(_), Some(from)) => {
                let (depth, size) = value.pointer(from).map_or((0, 0), weight);
                (steps + depth, size)
            }
            (PatchOperation::Move(_), Some(from)) => {
                let (depth, _) = value.pointer(from).map_or((0, 0), weight);
                (steps + depth, 0)
            }
            _ => (0, 0),
        }
    }

    /// Whether it is a test for null of a field that is not there, which passes with kustomize and the
    /// API server.
    fn expects_nothing(&self, value: &Value) -> bool {
        let PatchOperation::Test(test) = &self.parsed else {
            return false;
        };
        let parent = self.path.rsplit_once('/');
        let parent = parent.and_then(|(parent, _)| value.pointer(parent));
        test.value.is_null()
            && parent.is_some_and(Value::is_object)
            && value.pointer(&self.path).is_none()
    }

    /// Where it writes a field, in its value or with its path; none if it does not.
    pub(super) fn place_of(&self, spot: &Spot) -> Option<Span> {
        let path: Vec<_> = pointer::steps(&self.path).collect();
        let is_index = |step: &str| step == "-" || step.parse::<usize>().is_ok();
        // Later operations may have put other items in front.
        let leads =
            |(own, step): (&Cow<str>, &Cow<str>)| own == step || is_index(own) && is_index(step);
        let is_around = path.len() <= spot.steps.len() && path.iter().zip(&spot.steps).all(leads);
        let (node, span) = self.value.as_ref().filter(|_| is_around && !self.is_test)?;
        if spot.is_key && path.len() == spot.steps.len() {
            return Some(self.last_step());
        }
        let value = spot.at(path.len())?;
        let written = Written { node, span: *span };
        became(node, value).then(|| spot.within(written, path.len()))
    }

    /// Where the last step of its path stands, as far as the path is written letter for letter.
    fn last_step(&self) -> Span {
        let Span { file, start, end } = self.path_place;
        let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
        let last = length(self.path.rsplit('/').next().unwrap_or_default());
        let quote = match (end - start).checked_sub(length(&self.path)) {
            Some(0) => 0,
            Some(2) => 1,
            _ => return self.path_place,
        };
        let (start, end) = (end - quote - last, end - quote);
        Span { file, start, end }
    }

    /// Where its path stands, if it is around a field or in it.
    pub(super) fn place_around(&self, spot: &Spot) -> Option<Span> {
        let is_near = |path: &String| {
            let path: Vec<_> = pointer::steps(path).collect();
            path.iter().zip(&spot.steps).all(|(own, step)| own == step)
        };
        let mut paths = std::iter::once(&self.path).chain(&self.from);
        (!self.is_test && paths.any(is_near)).then_some(self.path_place)
    }

    /// Where its path stands.
    pub(super) fn place(&self) -> Span {
        self.path_place
    }

    fn read(node: &Node, sources: &Sources) -> Result<Self, Refusal> {
        let Data::Map(_) = &node.data else {
            return Err(Refusal::new(node.span, "an operation that is no mapping"));
        };
        let string = |key: &str| match node.entry(key).map(|entry| &entry.value) {
            Some(value) => match value.as_str() {
                Some(text) => Ok((text, value.span)),
                None => Err(Refusal::new(
                    value.span,
                    format!("`{key}` that is no string"),
                )),
            },
            None => Err(Refusal::new(
                node.span,
                format!("an operation without `{key}`"),
            )),
        };
        let (op, place) = string("op")?;
        if !OPERATIONS.contains(&op) {
            let message = format!("an unknown operation `{op}`");
            let near = similar::nearest(op, OPERATIONS.into_iter());
            let hint = match near {
                Some(near) => format!("write `{near}`"),
                None => format!("write {}", wording::or(&OPERATIONS)),
            };
            return Err(Refusal::new(place, message).hint(hint));
        }
        let (path, path_place) = string("path")?;
        let has_from = ["copy", "move"].contains(&op);
        let from = has_from.then(|| string("from")).transpose()?;
        for (path, place) in [Some((path, path_place)), from].into_iter().flatten() {
            if !path.is_empty() && !path.starts_with('/') {
                let message = format!("`{path}` is not a JSON Pointer");
                return Err(Refusal::new(place, message).hint(format!("write `/{path}`")));
            }
        }
        if ["add", "replace", "test"].contains(&op) && node.entry("value").is_none() {
            let message = format!("an operation `{op}` without `value`");
            return Err(Refusal::new(node.span, message));
        }
        let parsed = serde_json::from_value(node.to_value());
        let parsed =
            parsed.map_err(|error| Refusal::new(path_place, format!("no operation: {error}")))?;
        Ok(Self {
            parsed,
            path_place,
            from_place: from.map_or(path_place, |(_, place)| place),
            path: path.to_owned(),
            from: from.map(|(from, _)| from.to_owned()),
            insertion: Insertion::before(node, path_place, sources),
            value: node.find("/value").map(|it| (it.node.clone(), it.span)),
            is_test: op == "test",
        })
    }

    /// Why it does not apply to a value.
    fn refusal(&self, kind: &PatchErrorKind, value: &Value) -> Refusal {
        let path = &self.path;
        match (kind, &self.from) {
            (PatchErrorKind::TestFailed, _) => self.differs(value),
            (PatchErrorKind::CannotMoveInsideItself, _) => {
                Refusal::new(self.path_place, "a value can't be moved into itself")
            }
            (PatchErrorKind::InvalidFromPointer, Some(from)) => {
                missing(from, self.from_place, value)
            }
            (_, Some(from)) if value.pointer(from).is_none() => {
                missing(from, self.from_place, value)
            }
            (_, _) => {
                let refusal = missing(path, self.path_place, value);
                let is_meant = refusal
                    .hint
                    .iter()
                    .any(|hint| hint.starts_with("did you mean"));
                let is_add = matches!(self.parsed, PatchOperation::Add(_)) && !is_meant;
                match Addition::of_parents(path, value).filter(|_| is_add) {
                    Some(addition) => Refusal {
                        fix: self.insertion.as_ref().map(|it| it.fix(&addition)),
                        ..refusal.hint(format!("add the parent first: `{}`", addition.yaml()))
                    },
                    None => refusal,
                }
            }
        }
    }

    fn differs(&self, value: &Value) -> Refusal {
        let PatchOperation::Test(test) = &self.parsed else {
            return missing(&self.path, self.path_place, value);
        };
        match value.pointer(&self.path) {
            Some(found) => {
                let message = format!(
                    "`{}` is `{}`, and the test expects `{}`",
                    self.path,
                    short(found),
                    short(&test.value)
                );
                Refusal::new(self.path_place, message).about(&*self.path)
            }
            None => missing(&self.path, self.path_place, value),
        }
    }
}

/// That a path is not there, how far it is, and what is under that.
fn missing(path: &str, place: Span, value: &Value) -> Refusal {
    let mut reached = String::new();
    let mut at = value;
    for step in path.split('/').skip(1) {
        let next = format!("{reached}/{step}");
        match value.pointer(&next) {
            Some(found) => (reached, at) = (next, found),
            None => break,
        }
    }
    let message = format!("there is no `{path}`");
    if let Some(meant) = meant(path, &reached, at) {
        let hint = format!("did you mean `{meant}`?");
        return Refusal::new(place, message).hint(hint).about(reached);
    }
    let has = match at {
        Value::Object(fields) => {
            let mut keys: Vec<_> = fields
                .keys()
                .take(SHOWN)
                .map(|key| format!("`{}`", pointer::escape(key)))
                .collect();
            if fields.len() > SHOWN {
                keys.push(format!("{} more", fields.len() - SHOWN));
            }
            if keys.is_empty() {
                "is empty".to_owned()
            } else {
                format!("has {}", wording::and(&keys))
            }
        }
        Value::Array(items) => format!("is a list of {}", wording::count(items.len(), "item")),
        other => format!("is {}", short(other)),
    };
    let named = match reached.as_str() {
        "" => "the object".to_owned(),
        reached => format!("`{reached}`"),
    };
    Refusal::new(place, message)
        .hint(format!("{named} {has}"))
        .about(reached)
}

/// The path that was meant by one that leads only to `reached`, where `value` is: its next step is
/// misspelt.
fn meant(path: &str, reached: &str, value: &Value) -> Option<String> {
    let rest = path.strip_prefix(reached)?.strip_prefix('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    let keys = value.as_object()?.keys().map(String::as_str);
    let near = similar::nearest(&pointer::unescape(&rest[..end]), keys)?;
    Some(format!(
        "{reached}/{}{}",
        pointer::escape(near),
        &rest[end..]
    ))
}

/// A value as JSON, cut off where it is long.
fn short(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
