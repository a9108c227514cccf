//! Compares two objects field by field, into operations of JSON Patch.

use std::collections::BTreeSet;

use super::ignore::Ignore;
use super::model::Change;
use super::{command_line, equivalent, list_keys, secret_fields};
use crate::base::json::{Json, Map};
use crate::base::object::Object;
use crate::base::pointer;
use crate::base::sources::Sources;
use crate::diagnostic::Diagnostics;
use crate::input;
use crate::vocab::kinds;

/// The operations that turn one object into the other, without what is ignored.
pub(super) fn changes(before: &Object, after: &Object, ignore: &Ignore) -> Vec<Change> {
    // Most objects are equal, and this costs less than a walk.
    if before.value == after.value {
        return Vec::new();
    }
    let kind = after.identity().kind;
    let mut walk = Walk {
        kind,
        ignore,
        pointer: String::new(),
        keys: Vec::new(),
        is_secret: false,
        changes: Vec::new(),
    };
    walk.value(&before.value, &after.value);
    walk.changes
}

struct Walk<'a> {
    kind: &'a str,
    ignore: &'a Ignore,
    /// The place, as a JSON Pointer with the indexes of items.
    pointer: String,
    /// The place, step by step, with the keys of items.
    keys: Vec<Step>,
    /// Whether the place is in a field that holds a secret.
    is_secret: bool,
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Step {
    key: String,
    is_item: bool,
}

impl Walk<'_> {
    fn value(&mut self, before: &Json, after: &Json) {
        if before == after || self.is_ignored() {
            return;
        }
        match (before, after) {
            (Json::Map(before), Json::Map(after)) => self.map(before, after),
            (Json::List(before), Json::List(after)) => self.list(before, after),
            _ if equivalent::same(self.step(1), self.step(0), before, after) => {}
            (Json::String(was), Json::String(is)) => {
                let Some(inside) = self.inside(was, is) else {
                    return;
                };
                self.push(Some(before), Some(after), inside);
            }
            _ => self.push(Some(before), Some(after), Vec::new()),
        }
    }

    fn map(&mut self, before: &Map, after: &Map) {
        // By key: a mapping of a ConfigMap may have thousands.
        let (were, are) = (before.sorted(), after.sorted());
        let is_secret = |key: &str| {
            secret_fields::is_secret(before, key) || secret_fields::is_secret(after, key)
        };
        for (key, was) in before {
            self.entry(key, is_secret(key), |walk| match are.get(&**key) {
                Some(is) => walk.value(was, is),
                None => walk.whole(Some(was), None),
            });
        }
        for (key, is) in after.iter().filter(|(key, _)| !were.contains_key(&**key)) {
            self.entry(key, is_secret(key), |walk| walk.whole(None, Some(is)));
        }
    }

    fn entry(&mut self, key: &str, is_secret: bool, go: impl FnOnce(&mut Self)) {
        let around = self.is_secret;
        self.is_secret |= is_secret;
        self.at(key, key, false, go);
        self.is_secret = around;
    }

    fn list(&mut self, before: &[Json], after: &[Json]) {
        match list_keys::keys(self.step(0), before, after) {
            Some((were, are)) => self.keyed(before, after, &were, &are),
            None => self.positions(before, after),
        }
    }

    /// Items that are known by a key. Removals come first and from the end, so that no index moves
    /// before it is used; additions follow in their order.
    fn keyed(&mut self, before: &[Json], after: &[Json], were: &[String], are: &[String]) {
        let (kept, known): (BTreeSet<_>, BTreeSet<_>) =
            (are.iter().collect(), were.iter().collect());
        let order = were.iter().filter(|key| kept.contains(key));
        // What is left of both has changed places: the list is shown as a whole.
        if !order.eq(are.iter().filter(|key| known.contains(key))) {
            return self.whole(Some(&list(before)), Some(&list(after)));
        }
        let mut there: Vec<(String, &Json)> = were.iter().cloned().zip(before).collect();
        for index in (0..before.len())
            .rev()
            .filter(|index| !kept.contains(&were[*index]))
        {
            if self.at(&index.to_string(), &were[index], true, |walk| {
                walk.whole(Some(&before[index]), None);
            }) {
                there.remove(index);
            }
        }
        let mut next = 0;
        for (key, is) in are.iter().zip(after) {
            if let Some(index) = there.iter().position(|(other, _)| other == key) {
                let was = there[index].1;
                self.at(&index.to_string(), key, true, |walk| walk.value(was, is));
                next = index + 1;
            } else if self.at(&next.to_string(), key, true, |walk| {
                walk.whole(None, Some(is));
            }) {
                there.insert(next, (key.clone(), is));
                next += 1;
            }
        }
    }

    /// Items that are known only by their place: equal items at both ends stay, and those between are
    /// compared in order.
    fn positions(&mut self, before: &[Json], after: &[Json]) {
        let start = before
            .iter()
            .zip(after)
            .take_while(|(was, is)| was == is)
            .count();
        let (before, after) = (&before[start..], &after[start..]);
        let end = before
            .iter()
            .rev()
            .zip(after.iter().rev())
            .take_while(|(was, is)| was == is)
            .count();
        let (before, after) = (&before[..before.len() - end], &after[..after.len() - end]);
        let at = |offset: usize| (start + offset).to_string();
        for (offset, (was, is)) in before.iter().zip(after).enumerate() {
            self.at(&at(offset), &at(offset), true, |walk| walk.value(was, is));
        }
        for offset in (after.len()..before.len()).rev() {
            self.at(&at(offset), &at(offset), true, |walk| {
                walk.whole(Some(&before[offset]), None);
            });
        }
        for (offset, is) in after.iter().enumerate().skip(before.len()) {
            self.at(&at(offset), &at(offset), true, |walk| {
                walk.whole(None, Some(is));
            });
        }
    }

    /// Goes one step down and back. Returns whether a change was found there.
    fn at(&mut self, step: &str, key: &str, is_item: bool, go: impl FnOnce(&mut Self)) -> bool {
        let (length, found) = (self.pointer.len(), self.changes.len());
        self.pointer.push('/');
        self.pointer.push_str(&pointer::escape(step));
        self.keys.push(Step {
            key: key.to_owned(),
            is_item,
        });
        go(self);
        self.keys.pop();
        self.pointer.truncate(length);
        self.changes.len() > found
    }

    /// A value that is added, removed, or replaced as a whole.
    fn whole(&mut self, before: Option<&Json>, after: Option<&Json>) {
        if !self.is_ignored() {
            self.push(before, after, Vec::new());
        }
    }

    fn is_ignored(&self) -> bool {
        self.ignore
            .is_field(self.kind, &self.keys.iter().map(|step| step.key.as_str()))
    }

    fn push(&mut self, before: Option<&Json>, after: Option<&Json>, inside: Vec<Change>) {
        self.changes.push(Change {
            pointer: self.pointer.clone(),
            field: self.field(),
            before: before.cloned(),
            after: after.cloned(),
            inside,
            is_secret: self.is_secret,
        });
    }

    /// The key of a step, counted from the end; empty at the root.
    fn step(&self, back: usize) -> &str {
        let index = self.keys.len().checked_sub(back + 1);
        index
            .and_then(|index| self.keys.get(index))
            .map_or("", |step| &step.key)
    }

    fn field(&self) -> String {
        let mut field = String::new();
        for Step { key, is_item } in &self.keys {
            if *is_item || key.contains(['.', '/']) {
                field += &format!("[{key}]");
            } else {
                let dot = if field.is_empty() { "" } else { "." };
                field += &format!("{dot}{key}");
            }
        }
        field
    }

    /// What differs inside two strings that are YAML or command lines, empty if they are neither;
    /// none if both mean the same.
    fn inside(&self, before: &str, after: &str) -> Option<Vec<Change>> {
        if self.kind == kinds::CONFIG_MAP && self.step(1) == "data" {
            let (Some(before), Some(after)) = (yaml(before), yaml(after)) else {
                return Some(Vec::new());
            };
            let mut walk = Walk {
                pointer: String::new(),
                keys: Vec::new(),
                changes: Vec::new(),
                ..*self
            };
            walk.value(&before, &after);
            return Some(walk.changes).filter(|changes| !changes.is_empty());
        }
        let is_command = ["command", "args"].contains(&self.step(1));
        Some(
            command_line::changes(before, after)
                .filter(|_| is_command)
                .unwrap_or_default(),
        )
    }
}

fn list(items: &[Json]) -> Json {
    Json::List(items.into())
}

/// The content of a string that is one YAML document with a mapping or a list.
fn yaml(text: &str) -> Option<Json> {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let file = sources.add("", text);
    let documents = input::parse(&sources, file, &mut diagnostics);
    let [document] = &documents[..] else {
        return None;
    };
    let is_whole = !diagnostics.failed_since(0);
    Some(Json::from(document))
        .filter(|value| is_whole && matches!(value, Json::Map(_) | Json::List(_)))
}
