//! How deep and how large a value is, so that aliases make no large tree of a small text.

use crate::base::node::{Data, Node};

/// How many mappings and lists are nested in a value, itself included.
pub(super) fn depth(node: &Node) -> usize {
    match &node.data {
        Data::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Data::Map(entries) => {
            1 + entries
                .iter()
                .map(|entry| depth(&entry.value))
                .max()
                .unwrap_or(0)
        }
        _ => 0,
    }
}

/// Whether a value and all inside it are within a budget, which they use up.
pub(super) fn fits(node: &Node, budget: &mut usize) -> bool {
    match &node.data {
        Data::List(items) => spend(budget, 0) && items.iter().all(|item| fits(item, budget)),
        Data::Map(entries) => {
            spend(budget, 0)
                && entries
                    .iter()
                    .all(|entry| spend(budget, entry.key.len()) && fits(&entry.value, budget))
        }
        Data::String(text) => spend(budget, text.len()),
        _ => spend(budget, 0),
    }
}

fn spend(budget: &mut usize, bytes: usize) -> bool {
    let left = budget.checked_sub(bytes + size_of::<Node>());
    *budget = left.unwrap_or(0);
    left.is_some()
}
