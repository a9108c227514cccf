//! The values that objects are made of.

mod of;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Index;
use std::sync::Arc;

use foldhash::SharedSeed;
use foldhash::quality::{FoldHasher, SeedableRandomState};
use serde::{Serialize, Serializer};
use serde_json::{Number, Value};

use crate::base::node::{Data, Node};

/// A JSON value that never changes, so that objects share what is the same in them: a copy costs
/// nothing, whatever it holds.
///
/// All objects of a run are held at once, and nearly everything in them stands in their templates
/// word by word.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`, as a document or a literal of a template has it.
    Null,
    /// `true` or `false`, however YAML 1.1 spelt it.
    Bool(bool),
    /// A finite number: an integer or a float.
    Number(Number),
    /// A string; all copies share its text.
    String(Arc<str>),
    /// A list; all copies share its items.
    List(Arc<[Json]>),
    /// A mapping; all copies share its entries.
    Map(Map),
}

/// A key and its value.
pub type Entry = (Arc<str>, Json);

/// A mapping, in the order in which it is written. Another order is no other mapping.
#[derive(Clone, Debug)]
pub struct Map(Arc<[Entry]>);

impl Json {
    /// The value under a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// The items of a list; of anything else, none.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The same mapping with a value under a key, at the end if the key is new. What is no mapping
    /// counts as an empty one.
    #[must_use]
    pub fn with(&self, key: &str, value: Self) -> Self {
        let mut entries: Vec<Entry> = match self {
            Self::Map(map) => map.iter().cloned().collect(),
            _ => Vec::new(),
        };
        match entries.iter_mut().find(|(known, _)| **known == *key) {
            Some((_, known)) => *known = value,
            None => entries.push((key.into(), value)),
        }
        Self::Map(Map::new(entries))
    }

    /// The same mapping without a key.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        match self {
            Self::Map(map) if map.get(key).is_some() => {
                let others = map.iter().filter(|(known, _)| **known != *key);
                Self::Map(Map::new(others.cloned().collect()))
            }
            other => other.clone(),
        }
    }

    /// The value as JSON with the keys of every mapping sorted: equal values have equal texts.
    #[must_use]
    pub fn canonical(&self) -> String {
        struct Sorted<'a>(&'a Json);
        impl Serialize for Sorted<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    Json::Map(map) => {
                        let sorted = map.sorted().into_iter();
                        serializer.collect_map(sorted.map(|(key, value)| (key, Sorted(value))))
                    }
                    Json::List(items) => serializer.collect_seq(items.iter().map(Sorted)),
                    scalar => scalar.serialize(serializer),
                }
            }
        }
        // Texts, numbers and lists are always written.
        serde_json::to_string(&Sorted(self)).unwrap_or_default()
    }

    /// A number that equal values share, and others hardly ever. It differs from run to run, so that
    /// nobody can prepare two values that share one.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher =
            SeedableRandomState::with_seed(0, SharedSeed::global_random()).build_hasher();
        self.hash_into(&mut hasher);
        hasher.finish()
    }

    fn hash_into(&self, hasher: &mut FoldHasher) {
        match self {
            Self::Null => hasher.write_u8(0),
            Self::Bool(value) => (1_u8, value).hash(hasher),
            Self::Number(number) => (2_u8, number).hash(hasher),
            Self::String(text) => (3_u8, text).hash(hasher),
            Self::List(items) => {
                (4_u8, items.len()).hash(hasher);
                items.iter().for_each(|item| item.hash_into(hasher));
            }
            // The order of keys makes no difference, and so the order of what is added must make
            // none.
            Self::Map(map) => {
                let entry = |(key, value): &Entry| {
                    let mut hasher = hasher.clone();
                    key.hash(&mut hasher);
                    value.hash_into(&mut hasher);
                    hasher.finish()
                };
                let entries = map.iter().map(entry).fold(0, u64::wrapping_add);
                (5_u8, entries).hash(hasher);
            }
        }
    }

    /// The value with other strings in the place of those that `change` knows one for; none if it
    /// knows one for none of them. Keys stay.
    pub fn with_strings(&self, change: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        match self {
            Self::String(text) => change(text).map(|text| Self::String(text.into())),
            Self::List(items) => changed(items, |item| item.with_strings(change))
                .map(|items| Self::List(items.into())),
            Self::Map(map) => {
                let entry = |(key, value): &Entry| Some((key.clone(), value.with_strings(change)?));
                changed(&map.0, entry).map(|entries| Self::Map(Map::new(entries)))
            }
            Self::Null | Self::Bool(_) | Self::Number(_) => None,
        }
    }

    /// The value without the nulls in it; none if it is null itself. What has none is shared.
    #[must_use]
    pub fn without_nulls(&self) -> Option<Self> {
        if !self.has_nulls() {
            return Some(self.clone());
        }
        match self {
            Self::List(items) => Some(Self::List(
                items.iter().filter_map(Self::without_nulls).collect(),
            )),
            Self::Map(map) => {
                let entry = |(key, value): &Entry| Some((key.clone(), value.without_nulls()?));
                Some(Self::Map(Map(map.iter().filter_map(entry).collect())))
            }
            _ => None,
        }
    }

    fn has_nulls(&self) -> bool {
        match self {
            Self::Null => true,
            Self::List(items) => items.iter().any(Self::has_nulls),
            Self::Map(map) => map.iter().any(|(_, value)| value.has_nulls()),
            Self::Bool(_) | Self::Number(_) | Self::String(_) => false,
        }
    }

    /// Whether both are copies of one list or mapping, and so surely equal: what costs nothing to
    /// tell, however large they are.
    #[must_use]
    pub fn is_shared_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(one), Self::List(other)) => Arc::ptr_eq(one, other),
            (Self::Map(one), Self::Map(other)) => Arc::ptr_eq(&one.0, &other.0),
            _ => false,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string, shared with this value.
    #[must_use]
    pub fn shared_str(&self) -> Option<Arc<str>> {
        match self {
            Self::String(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Any number, as far as an `f64` can hold it.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// A number that is whole and not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

/// A copy of items in which some are changed; none if no item is.
fn changed<T: Clone>(items: &[T], change: impl Fn(&T) -> Option<T>) -> Option<Vec<T>> {
    let mut copy = None::<Vec<T>>;
    for (index, item) in items.iter().enumerate() {
        if let Some(changed) = change(item) {
            let copy = copy.get_or_insert_with(|| items.to_vec());
            if let Some(item) = copy.get_mut(index) {
                *item = changed;
            }
        }
    }
    copy
}

impl Index<&str> for Json {
    type Output = Json;

    /// The value under a key; `null` where there is none.
    fn index(&self, key: &str) -> &Self {
        const NULL: &Json = &Json::Null;
        self.get(key).unwrap_or(NULL)
    }
}

impl Map {
    /// The entries. No two may share a key.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        Self(entries.into())
    }

    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.iter()
            .find(|(known, _)| **known == *key)
            .map(|(_, value)| value)
    }

    /// The entries in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.0.iter()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries by key.
    #[must_use]
    pub fn sorted(&self) -> BTreeMap<&str, &Json> {
        self.iter().map(|(key, value)| (&**key, value)).collect()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        if self.0.len() != other.0.len() {
            return false;
        }
        // Objects of one template have their keys in one order: nothing needs to be sorted.
        if self.iter().zip(other).all(|(one, other)| one.0 == other.0) {
            return self.0 == other.0;
        }
        self.sorted() == other.sorted()
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::String(text.into()),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(fields) => {
                let entries = fields
                    .into_iter()
                    .map(|(key, value)| (key.into(), value.into()));
                Self::Map(Map(entries.collect()))
            }
        }
    }
}

impl From<&Node> for Json {
    fn from(node: &Node) -> Self {
        match &node.data {
            Data::Null => Self::Null,
            Data::Bool(value) => Self::Bool(*value),
            Data::Number(number) => Self::Number(number.clone()),
            Data::String(text) => Self::String(text.as_str().into()),
            Data::List(items) => Self::List(items.iter().map(Self::from).collect()),
            Data::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|entry| (entry.key.as_str().into(), (&entry.value).into()));
                Self::Map(Map(entries.collect()))
            }
        }
    }
}

impl From<&Json> for Value {
    fn from(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.clone()),
            Json::String(text) => Self::String((**text).to_owned()),
            Json::List(items) => items.iter().map(Self::from).collect(),
            Json::Map(map) => Self::Object(
                map.iter()
                    .map(|(key, value)| ((**key).to_owned(), value.into()))
                    .collect(),
            ),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items.iter()),
            Self::Map(map) => {
                serializer.collect_map(map.iter().map(|(key, value)| (&**key, value)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Json;

    #[test]
    fn a_value_comes_back_as_it_was() {
        let value = json!({"b": [null, true, -1, 0.5, {"d": {}, "c": []}], "a": "x"});
        let json = Json::from(value.clone());
        assert_eq!(serde_json::to_string(&json).unwrap(), value.to_string());
        assert_eq!(Value::from(&json).to_string(), value.to_string());
    }

    #[test]
    fn the_order_of_keys_makes_no_difference_and_all_else_does() {
        let json = |text| Json::from(serde_json::from_str::<Value>(text).unwrap());
        let value = json(r#"{"a": 1, "b": {"c": 2, "d": [3, 4]}}"#);
        let same = json(r#"{"b": {"d": [3, 4], "c": 2}, "a": 1}"#);
        assert_eq!(value, same);
        assert_eq!(value.fingerprint(), same.fingerprint());
        for other in [
            r#"{"a": 1}"#,
            r#"{"a": 1, "b": {"c": 2, "d": [4, 3]}}"#,
            r#"{"a": 1, "e": {}}"#,
        ] {
            assert_ne!(value, json(other));
            assert_ne!(value.fingerprint(), json(other).fingerprint());
        }
    }

    #[test]
    fn strings_are_changed_and_all_else_is_shared() {
        let value = Json::from(json!({"a": ["x", {"b": "y"}], "x": 1, "c": {"d": "z"}}));
        let change = |text: &str| (text == "x" || text == "y").then(|| text.to_uppercase());
        let changed = value.with_strings(&change).unwrap();
        let expected = json!({"a": ["X", {"b": "Y"}], "x": 1, "c": {"d": "z"}});
        assert_eq!(Value::from(&changed), expected);
        assert_eq!(changed.with_strings(&change), None);
    }

    #[test]
    fn what_is_missing_is_null() {
        let value = Json::from(json!({"a": {"b": "x"}}));
        assert_eq!(value["a"]["b"].as_str(), Some("x"));
        assert_eq!(value["b"]["a"], Json::Null);
    }
}
