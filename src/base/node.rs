//! A document as a tree in which every key and every value knows its place.

use serde_json::{Map, Number, Value};

use crate::base::path::Path;
use crate::base::pointer;
use crate::base::sources::Span;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where the value stands. For an alias, where it is used. The span of a mapping or list marks
    /// its start only: show its key instead.
    pub span: Span,
    /// The value without its place.
    pub data: Data,
}

/// The value of a [`Node`], typed as kubectl types it.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean, also when written as YAML 1.1 does (`yes`, `on`).
    Bool(bool),
    /// An integer or a finite float.
    Number(Number),
    /// Any other scalar, with quotes and escapes resolved.
    String(String),
    /// A sequence, in the order of the text.
    List(Vec<Node>),
    /// A mapping, in the order of the text. No two entries share a key.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key. Other scalars than strings (`1: a`, `on: b`) stand as kubectl writes them into
    /// JSON (`"1"`, `"true"`).
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// What it leads to.
    pub value: Node,
}

/// What a JSON Pointer leads to.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The place to underline: a scalar's own, else that of the key that leads to it.
    pub span: Span,
    /// The value, or the deepest one on the way where a step is missing.
    pub node: &'a Node,
}

impl Node {
    /// The value under a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a mapping.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.data {
            Data::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The string that a JSON Pointer leads to; none if something else is there.
    #[must_use]
    pub fn str_at(&self, pointer: &str) -> Option<&str> {
        self.find(pointer)?.node.as_str()
    }

    /// Follows a JSON Pointer (RFC 6901) as far as it leads, and says what stands there.
    ///
    /// Where a step is missing, the answer is the deepest value on the way, so that a diagnostic
    /// about an absent field has a place.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Found<'_> {
        let mut found = Found {
            span: self.span,
            node: self,
        };
        for step in pointer::steps(pointer) {
            match found.step(&step) {
                Some(next) => found = next,
                None => break,
            }
        }
        found
    }

    /// Follows a JSON Pointer to its end.
    #[must_use]
    pub fn find(&self, pointer: &str) -> Option<Found<'_>> {
        let mut found = Found {
            span: self.span,
            node: self,
        };
        for step in pointer::steps(pointer) {
            found = found.step(&step)?;
        }
        Some(found)
    }

    /// The entries of the mapping that a JSON Pointer leads to; none if there is no mapping.
    #[must_use]
    pub fn entries(&self, pointer: &str) -> &[Entry] {
        match self.find(pointer).map(|found| &found.node.data) {
            Some(Data::Map(entries)) => entries,
            _ => &[],
        }
    }

    /// The items of the list that a JSON Pointer leads to; none if there is no list.
    #[must_use]
    pub fn items(&self, pointer: &str) -> &[Node] {
        match self.find(pointer).map(|found| &found.node.data) {
            Some(Data::List(items)) => items,
            _ => &[],
        }
    }

    /// Calls a function with this value and every one in it, and the way to each from here.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Node, &Path)) {
        self.walk_from(&Path::Root, visit);
    }

    fn walk_from<'a>(&'a self, path: &Path, visit: &mut impl FnMut(&'a Node, &Path)) {
        visit(self, path);
        match &self.data {
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.walk_from(&Path::Index(path, index), visit);
                }
            }
            Data::Map(entries) => {
                for entry in entries {
                    entry.value.walk_from(&Path::Key(path, &entry.key), visit);
                }
            }
            _ => {}
        }
    }

    /// The value without places.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(value) => Value::Number(value.clone()),
            Data::String(value) => Value::String(value.clone()),
            Data::List(items) => items.iter().map(Node::to_value).collect(),
            Data::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}

impl Found<'_> {
    fn step(self, step: &str) -> Option<Self> {
        match &self.node.data {
            Data::Map(entries) => {
                let entry = entries.iter().find(|entry| entry.key == step)?;
                let span = if entry.value.is_scalar() {
                    entry.value.span
                } else {
                    entry.key_span
                };
                Some(Self {
                    span,
                    node: &entry.value,
                })
            }
            Data::List(items) => {
                let node = items.get(step.parse::<usize>().ok()?)?;
                Some(Self {
                    span: node.span,
                    node,
                })
            }
            _ => None,
        }
    }
}

impl Node {
    fn is_scalar(&self) -> bool {
        !matches!(self.data, Data::List(_) | Data::Map(_))
    }
}
