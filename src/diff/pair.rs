//! Which object became which.

use std::collections::BTreeMap;

use crate::base::object::{Group, Object};
use crate::vocab::kinds;

/// An object by what stays the same when its API is served in another version.
type Key<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

/// Node objects that take each other's places: those of one kind made for one Workspace.
type Siblings<'a> = (&'a str, Group);

/// The objects of both sides, each with what it was or became, in the order of `after` with those
/// that are gone behind.
pub(super) fn pairs<'a>(
    before: &[&'a Object],
    after: &[&'a Object],
) -> Vec<(Option<&'a Object>, Option<&'a Object>)> {
    let mut gone: BTreeMap<Key, &Object> =
        before.iter().map(|object| (key(object), *object)).collect();
    let mut pairs: Vec<_> = after
        .iter()
        .map(|object| (gone.remove(&key(object)), Some(*object)))
        .collect();
    let mut nodes = BTreeMap::<Siblings, Vec<&Object>>::new();
    // In the order of the input, so that the same nodes meet each time.
    for object in before
        .iter()
        .filter(|object| gone.contains_key(&key(object)))
    {
        if let Some(siblings) = siblings(object) {
            nodes.entry(siblings).or_default().push(object);
        }
    }
    for objects in nodes.values_mut() {
        // The last one first, because `pop` takes from the end.
        objects.sort_by_key(|object| std::cmp::Reverse(object.ordinal));
    }
    let mut created: Vec<_> = pairs
        .iter_mut()
        .filter(|(before, _)| before.is_none())
        .collect();
    created.sort_by_key(|(_, after)| after.and_then(|object| object.ordinal));
    for (before, after) in created {
        let siblings = after.and_then(siblings);
        *before = siblings.and_then(|siblings| nodes.get_mut(&siblings)?.pop());
        if let Some(object) = before {
            gone.remove(&key(object));
        }
    }
    let gone = before
        .iter()
        .filter(|object| gone.contains_key(&key(object)));
    pairs.extend(gone.map(|object| (Some(*object), None)));
    pairs
}

fn key(object: &Object) -> Key<'_> {
    let identity = object.identity();
    let group = identity
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group);
    (group, identity.kind, identity.namespace, identity.name)
}

fn siblings(object: &Object) -> Option<Siblings<'_>> {
    let kind = object.identity().kind;
    kinds::is_node(kind).then(|| (kind, object.group()))
}
