//! Taking fields out of a document, and putting them elsewhere in it.

use crate::base::node::{Data, Entry, Node};
use crate::base::pointer;

/// Removes a field from the mapping that holds it.
pub(super) fn take(root: &mut Node, holder: &str, key: &str) {
    if let Some(Data::Map(entries)) = find_mut(root, holder).map(|node| &mut node.data) {
        entries.retain(|entry| entry.key != key);
    }
}

/// Puts a field into a mapping, which is made where it is missing. Whether there is such a mapping.
pub(super) fn put(root: &mut Node, holder: &str, entry: Entry) -> bool {
    let mut node = root;
    for step in pointer::steps(holder) {
        let next = match &mut node.data {
            Data::Map(entries) => {
                let at = entries.iter().position(|it| it.key == *step);
                let at = at.unwrap_or_else(|| {
                    entries.push(Entry {
                        key: step.clone().into_owned(),
                        key_span: entry.key_span,
                        value: Node {
                            span: entry.key_span,
                            data: Data::Null,
                        },
                    });
                    entries.len() - 1
                });
                entries.get_mut(at).map(|entry| &mut entry.value)
            }
            Data::List(items) => step.parse().ok().and_then(|at: usize| items.get_mut(at)),
            _ => None,
        };
        let Some(next) = next else { return false };
        if next.data == Data::Null {
            next.data = Data::Map(Vec::new());
        }
        node = next;
    }
    let Data::Map(entries) = &mut node.data else {
        return false;
    };
    entries.retain(|other| other.key != entry.key);
    entries.push(entry);
    true
}

fn find_mut<'n>(root: &'n mut Node, pointer: &str) -> Option<&'n mut Node> {
    let mut node = root;
    for step in pointer::steps(pointer) {
        node = match &mut node.data {
            Data::Map(entries) => &mut entries.iter_mut().find(|entry| entry.key == *step)?.value,
            Data::List(items) => items.get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(node)
}
