//! Strategic merge patches, as the API server applies them
//! (`apimachinery/pkg/util/strategicpatch/patch.go`), over values of any kind.

mod order;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::refusal::Refusal;
use super::types::{List, Type};
use crate::base::json::{Entry, Json, Map};
use crate::base::node::{self, Data, Node};
use crate::base::pointer;
use crate::base::sources::Span;

/// Stands for the name of the main container.
pub(super) const MAIN: &str = "$main";

const PATCH: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

type Result<T> = std::result::Result<T, Refusal>;

/// One application of a patch.
#[derive(Debug, Default)]
pub(super) struct Merge<'a> {
    /// The name of the main container of the object's pods.
    main: Option<&'a str>,
    /// The keys and indexes of what is being merged.
    path: Vec<String>,
    /// The lists that were replaced as a whole.
    pub(super) replaced: Vec<ReplacedList>,
}

/// A list that a patch replaced as a whole, and lost items of.
#[derive(Debug)]
pub(super) struct ReplacedList {
    /// The key of the list.
    pub(super) key: String,
    /// The JSON Pointer to it.
    pub(super) pointer: String,
    /// Whether it is of pods, and no part of a container.
    pub(super) is_of_pod: bool,
    /// Where the patch has the list.
    pub(super) place: Span,
    /// The items that are gone.
    pub(super) lost: Vec<Json>,
}

/// What a mapping of a patch says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

impl<'a> Merge<'a> {
    /// That of a patch for an object with a main container of this name.
    pub(super) fn new(main: Option<&'a str>) -> Self {
        Self {
            main,
            ..Self::default()
        }
    }

    /// An object with a patch applied; none if the patch removes it.
    pub(super) fn object(
        &mut self,
        object: &Json,
        patch: &Node,
        kind: &str,
    ) -> Result<Option<Json>> {
        self.map(Some(object), patch, Type::of(kind))
    }

    /// The JSON Pointer to what is being merged.
    pub(super) fn pointer(&self) -> String {
        let steps = self.path.iter();
        steps.map(|step| format!("/{step}")).collect()
    }

    /// A mapping with a patch applied; none if the patch removes it.
    fn map(&mut self, original: Option<&Json>, patch: &Node, of: Type) -> Result<Option<Json>> {
        let Data::Map(entries) = &patch.data else {
            return Ok(Some(patch.into()));
        };
        let mut merged: Vec<Entry> = match (directive(patch)?, original) {
            (Directive::Delete, _) => return Ok(None),
            (Directive::Merge, Some(Json::Map(map))) => map.iter().cloned().collect(),
            _ => Vec::new(),
        };
        if let Some(retain) = patch.entry(RETAIN) {
            retain_keys(&mut merged, retain, entries)?;
        }
        for entry in entries {
            let key = entry.key.as_str();
            if key == PATCH || key == RETAIN {
                continue;
            }
            if let Some(list) = key.strip_prefix(ORDER) {
                // Where the patch has the list too, its order is taken into account there.
                if patch.get(list).is_none() {
                    order_only(&mut merged, list, entry, of)?;
                }
                continue;
            }
            check_key(entry)?;
            let before = merged.iter().position(|(known, _)| **known == *key);
            let old = before.map(|at| &merged[at].1);
            self.path.push(pointer::escape(key).into_owned());
            let value = match &entry.value.data {
                Data::Null => None,
                Data::Map(_) => self.map(old, &entry.value, of.of_field(key))?,
                Data::List(items) => {
                    let order = patch.entry(&format!("{ORDER}{key}"));
                    Some(self.list(old, entry, items, order, of)?)
                }
                _ => Some((&entry.value).into()),
            };
            self.path.pop();
            match (before, value) {
                (Some(at), Some(value)) => merged[at].1 = value,
                (Some(at), None) => drop(merged.remove(at)),
                (None, Some(value)) => merged.push((key.into(), value)),
                (None, None) => {}
            }
        }
        Ok(Some(Json::Map(Map::new(merged))))
    }

    fn list(
        &mut self,
        old: Option<&Json>,
        entry: &node::Entry,
        items: &[Node],
        order: Option<&node::Entry>,
        of: Type,
    ) -> Result<Json> {
        let old = old.map_or(&[][..], Json::items);
        let merged = match of.of_list(&entry.key) {
            List::Keyed(keys, of) => self.keyed(old, items, order, (keys, of))?,
            List::Set => {
                let new: Vec<Json> = items.iter().map(Json::from).collect();
                let mut all = old.to_vec();
                all.extend(new.iter().filter(|item| !old.contains(item)).cloned());
                let wanted = order.map_or(new, order_of);
                order::normal(all, &wanted, old, &[])
            }
            List::Whole => {
                items.iter().try_for_each(|item| whole(item, &entry.key))?;
                let new: Vec<Json> = items.iter().map(|item| plain(&item.into())).collect();
                let lost = old.iter().filter(|item| !new.contains(item)).cloned();
                let lost: Vec<_> = lost.collect();
                if !lost.is_empty() {
                    self.replaced.push(ReplacedList {
                        key: entry.key.clone(),
                        pointer: self.pointer(),
                        is_of_pod: of == Type::Pod,
                        place: entry.key_span,
                        lost,
                    });
                }
                new
            }
        };
        Ok(Json::List(merged.into()))
    }

    fn keyed(
        &mut self,
        old: &[Json],
        items: &[Node],
        order: Option<&node::Entry>,
        (keys, of): (&[&str], Type),
    ) -> Result<Vec<Json>> {
        let mut merged = old.to_vec();
        let mut changes = Vec::new();
        let mut is_replaced = false;
        for item in items {
            let directive = directive(item)?;
            if directive == Directive::Replace {
                is_replaced = true;
                continue;
            }
            let key = self.key(item, keys, of)?;
            match directive {
                Directive::Delete => merged.retain(|it| !order::is_same(it, &key, keys)),
                _ => changes.push((item, key)),
            }
        }
        if is_replaced {
            merged.clear();
        }
        for (item, key) in &changes {
            let found = merged
                .iter()
                .position(|it| order::is_same(it, key, keys))
                .filter(|_| !is_replaced);
            self.path.push(found.unwrap_or(merged.len()).to_string());
            let value = self.map(found.map(|at| &merged[at]), item, of)?;
            self.path.pop();
            let value = value.map(|value| named(value, key, of));
            match (found, value) {
                (Some(at), Some(value)) => merged[at] = value,
                (None, Some(value)) => merged.push(value),
                (_, None) => {}
            }
        }
        let wanted = match order {
            Some(order) => order_of(order),
            None => changes.into_iter().map(|(_, key)| key).collect(),
        };
        Ok(order::normal(merged, &wanted, old, keys))
    }

    /// The keys of an item of a patch, as a mapping.
    fn key(&self, item: &Node, keys: &[&str], of: Type) -> Result<Json> {
        let mut entries = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            let value = item.get(key).filter(|value| value.data != Data::Null);
            let Some(value) = value else {
                if index == 0 {
                    let message = format!("an item of a list that is merged by `{key}` has none");
                    return Err(Refusal::new(item.span, message).hint(format!("add its `{key}`")));
                }
                continue;
            };
            let is_main = of == Type::Container && value.as_str() == Some(MAIN);
            let value = match self.main.filter(|_| is_main) {
                Some(main) => Json::from(main),
                None => value.into(),
            };
            entries.push((Arc::from(*key), value));
        }
        Ok(Json::Map(Map::new(entries)))
    }
}

/// An item with the name that its key has, which may have stood for another one.
fn named(item: Json, key: &Json, of: Type) -> Json {
    match key.get("name") {
        Some(name) if of == Type::Container && item["name"] != *name => {
            item.with("name", name.clone())
        }
        _ => item,
    }
}

/// What a mapping of a patch says of itself with `$patch`.
fn directive(patch: &Node) -> Result<Directive> {
    let Some(entry) = patch.entry(PATCH) else {
        return Ok(Directive::Merge);
    };
    match entry.value.as_str() {
        Some("merge") => Ok(Directive::Merge),
        Some("replace") => Ok(Directive::Replace),
        Some("delete") => Ok(Directive::Delete),
        _ => {
            let message = "an unknown directive `$patch`";
            let hint = "write `delete`, `replace` or `merge`";
            Err(Refusal::new(entry.value.span, message).hint(hint))
        }
    }
}

/// Refuses keys that nobody obeys; kustomize writes them into the object.
fn check_key(entry: &node::Entry) -> Result<()> {
    if !entry.key.starts_with('$') {
        return Ok(());
    }
    let refusal = Refusal::new(entry.key_span, format!("a directive `{}`", entry.key));
    Err(match entry.key.strip_prefix(DELETE_FROM) {
        Some(list) => refusal.hint(format!(
            "write the whole list `{list}`, or remove the item with JSON Patch"
        )),
        None => refusal.hint("the directives are `$patch`, `$retainKeys` and `$setElementOrder/…`"),
    })
}

/// Refuses directives in a list that is replaced as a whole.
fn whole(item: &Node, list: &str) -> Result<()> {
    let Some(entry) = item.entry(PATCH) else {
        return Ok(());
    };
    let message = format!("`$patch` in `{list}`, a list without merge keys");
    let hint = "write the whole list, which replaces the one that is there, or use JSON Patch";
    Err(Refusal::new(entry.key_span, message).hint(hint))
}

/// Removes the fields that `$retainKeys` does not name.
fn retain_keys(
    merged: &mut Vec<Entry>,
    retain: &node::Entry,
    entries: &[node::Entry],
) -> Result<()> {
    let Data::List(items) = &retain.value.data else {
        return Err(Refusal::new(
            retain.key_span,
            "`$retainKeys` that is no list",
        ));
    };
    let kept: Vec<_> = items.iter().filter_map(Node::as_str).collect();
    let is_kept = |key: &str| kept.contains(&key);
    let odd = entries.iter().find(|entry| {
        !entry.key.starts_with('$') && entry.value.data != Data::Null && !is_kept(&entry.key)
    });
    if let Some(odd) = odd {
        let message = format!("`{}`, which `$retainKeys` does not name", odd.key);
        return Err(Refusal::new(odd.key_span, message).hint("add it there"));
    }
    merged.retain(|(key, _)| is_kept(key));
    Ok(())
}

/// Orders a list of which the patch has nothing but the order.
fn order_only(merged: &mut [Entry], list: &str, order: &node::Entry, of: Type) -> Result<()> {
    let keys = match of.of_list(list) {
        List::Keyed(keys, _) => keys,
        List::Set => &[],
        List::Whole => {
            let message = format!("an order of `{list}`, a list without merge keys");
            return Err(Refusal::new(order.key_span, message).hint("write the whole list"));
        }
    };
    if let Some((_, value)) = merged.iter_mut().find(|(key, _)| **key == *list) {
        let old = value.items().to_vec();
        *value = Json::List(order::normal(old.clone(), &order_of(order), &old, keys).into());
    }
    Ok(())
}

fn order_of(order: &node::Entry) -> Vec<Json> {
    match &order.value.data {
        Data::List(items) => items.iter().map(Json::from).collect(),
        _ => Vec::new(),
    }
}

/// A value without nulls, which delete and are no values in a patch.
fn plain(value: &Json) -> Json {
    value.without_nulls().unwrap_or(Json::Null)
}
