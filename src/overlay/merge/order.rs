//! The order of a merged list: that of the patch, as far as it has one, else the one that was
//! there (`normalizeElementOrder` of the API server).

use crate::base::json::Json;

/// Whether an item has the keys of another one. Without keys, whether they are equal.
pub(super) fn is_same(item: &Json, other: &Json, keys: &[&str]) -> bool {
    if keys.is_empty() {
        return item == other;
    }
    keys.iter().all(|key| item.get(key) == other.get(key))
}

/// The items of a merged list in their order. `wanted` has the keys of items in the order of the
/// patch, `old` the list as it was.
pub(super) fn normal(merged: Vec<Json>, wanted: &[Json], old: &[Json], keys: &[&str]) -> Vec<Json> {
    let place = |list: &[Json], item: &Json| list.iter().position(|it| is_same(it, item, keys));
    let (mut named, mut others): (Vec<_>, Vec<_>) = merged
        .into_iter()
        .partition(|item| place(wanted, item).is_some());
    named.sort_by_key(|item| place(wanted, item));
    others.sort_by_key(|item| place(old, item));
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    let mut all = Vec::new();
    loop {
        let is_later = match (named.peek(), others.peek()) {
            (Some(named), Some(other)) => match (place(old, named), place(old, other)) {
                (Some(named), Some(other)) => named > other,
                _ => false,
            },
            (named, _) => named.is_none(),
        };
        let next = if is_later {
            others.next()
        } else {
            named.next()
        };
        match next {
            Some(item) => all.push(item),
            None => return all,
        }
    }
}
