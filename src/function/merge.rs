//! What a function gives back: the items of the host, with objects in the place of what was rendered
//! before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::annotations;
use super::edit;
use super::items::{Item, ResourceList, Written};
use crate::base::node::Node;
use crate::base::object::{Group, Identity, Object};
use crate::base::pointer;
use crate::catalogue::profile::is_overlay;
use crate::emit;
use crate::vocab::annotations::{ITEM_PATH, RENDERED};
use crate::vocab::{Rendered, kinds};
use crate::workspace;

/// An item has the identity of an object that is made, and is another one.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{kind} `{name}` is among the items, and `kaito-render` makes another one of that name for a \
     Workspace: rename one of them"
)]
pub struct Foreign {
    kind: String,
    name: String,
}

/// An identity as a cluster sees it.
type Key = [String; 4];

/// Puts objects in the place of the Workspaces of a list that they were made of. `namespace` is that
/// of Workspaces that have none; `labels` are the keys of labels that their objects get too.
///
/// # Errors
///
/// If an item of another origin has the identity of one of the objects.
pub fn merged(
    list: &ResourceList,
    mut objects: Vec<Object>,
    namespace: &str,
    labels: &[String],
) -> Result<Vec<Written>, Foreign> {
    copy_labels(&mut objects, labels);
    let (mut made, mut groups) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
    for object in objects {
        let key = object.identity().key(namespace).map(str::to_owned);
        groups.entry(object.group()).or_default().push(key.clone());
        made.insert(key, object);
    }
    let items = list.items.iter();
    let keys = items.clone().map(|item| key(&item.node, namespace));
    let keys: Vec<_> = keys.collect();
    let mut merge = Merge {
        earlier: earlier(&list.items, namespace),
        there: keys.iter().collect(),
        made,
        groups,
        written: Vec::new(),
    };
    let mut behind_sources = None;
    for (item, key) in items.zip(&keys) {
        merge.add(item, key)?;
        if workspace::is_compiled(&item.node) {
            behind_sources = Some(merge.written.len());
        }
    }
    Ok(merge.finish(behind_sources))
}

/// The items that are written, and the objects that are not written yet.
struct Merge<'a> {
    /// The objects that were rendered before, by the annotations of their Workspaces.
    earlier: BTreeSet<Key>,
    /// The items of the list.
    there: BTreeSet<&'a Key>,
    made: BTreeMap<Key, Object>,
    /// The identities of the objects of each Workspace.
    groups: BTreeMap<Group, Vec<Key>>,
    written: Vec<Written>,
}

impl Merge<'_> {
    /// Writes an item, or what was made in its place; behind a Workspace its new objects.
    fn add(&mut self, item: &Item, key: &Key) -> Result<(), Foreign> {
        let is_source = workspace::is_compiled(&item.node);
        // One that is a file of a package has to stay there.
        if is_overlay(&item.node) && annotations::path(&item.node.to_value()).is_none() {
            return Ok(());
        }
        match self.made.remove(key) {
            Some(object) => {
                let may_differ = is_source || self.earlier.contains(key);
                self.written.push(replaced(item, &object, may_differ)?);
            }
            None if is_source || self.earlier.contains(key) => {}
            None => self.written.push(item.as_it_is()),
        }
        if workspace::is_workspace(&item.node) {
            self.add_group(item, key);
        }
        Ok(())
    }

    /// Writes the objects of a Workspace that no item has.
    fn add_group(&mut self, source: &Item, [_, _, namespace, name]: &Key) {
        let group = Group::Workspace {
            namespace: namespace.clone(),
            name: name.clone(),
        };
        let of_group = self.groups.remove(&group).unwrap_or_default();
        let mut new_ones: Vec<_> = of_group
            .iter()
            .filter(|key| !self.there.contains(key))
            .filter_map(|key| self.made.remove(key))
            .collect();
        emit::sort(&mut new_ones);
        let source = source.node.to_value();
        let path = annotations::path(&source);
        let new_ones = new_ones.iter().map(|object| new(object, path));
        self.written.extend(new_ones);
    }

    /// Writes what is left: what several Workspaces share, and the Workspaces of InferenceSets.
    fn finish(mut self, at: Option<usize>) -> Vec<Written> {
        let mut rest: Vec<_> = self.made.into_values().collect();
        emit::sort(&mut rest);
        let at = at.unwrap_or(self.written.len());
        let rest = rest.iter().map(|object| new(object, None));
        self.written.splice(at..at, rest);
        self.written
    }
}

/// The object in the place of the item that has its identity, with what the host has on that.
fn replaced(item: &Item, object: &Object, may_differ: bool) -> Result<Written, Foreign> {
    let mut present = item.node.to_value();
    let host = annotations::split(&mut present);
    let mut wanted = Value::from(&object.value);
    annotations::split(&mut wanted);
    if present == wanted {
        return Ok(item.as_it_is());
    }
    if !may_differ {
        let identity = object.identity();
        return Err(Foreign {
            kind: identity.kind.to_owned(),
            name: identity.name.to_owned(),
        });
    }
    annotations::add(&mut wanted, host);
    let pointer = pointer::to_annotation(RENDERED);
    let annotation = wanted.pointer(&pointer).and_then(Value::as_str);
    let lines = item.text.as_deref().zip(annotation);
    let lines = lines.and_then(|(lines, text)| edit::annotated(lines, text, &wanted));
    Ok(Written {
        value: wanted,
        lines,
    })
}

/// The objects that items were rendered into before.
fn earlier(items: &[Item], namespace: &str) -> BTreeSet<Key> {
    let annotation = pointer::to_annotation(RENDERED);
    let sources = items
        .iter()
        .filter(|item| workspace::is_compiled(&item.node));
    let rendered = sources.filter_map(|item| Rendered::parse(item.node.str_at(&annotation)?));
    let objects = rendered.flat_map(|rendered| rendered.objects);
    let keys = objects.map(|object| {
        let identity = Identity {
            api_version: &object.api_version,
            kind: &object.kind,
            namespace: object.namespace.as_deref(),
            name: &object.name,
        };
        identity.key(namespace).map(str::to_owned)
    });
    keys.collect()
}

fn key(node: &Node, namespace: &str) -> Key {
    let text = |pointer| node.str_at(pointer).unwrap_or_default();
    let identity = Identity {
        api_version: text("/apiVersion"),
        kind: text("/kind"),
        namespace: node.str_at("/metadata/namespace"),
        name: text("/metadata/name"),
    };
    identity.key(namespace).map(str::to_owned)
}

/// A new item, in a file of its own beside that of its Workspace.
fn new(object: &Object, path: Option<&str>) -> Written {
    let mut value = Value::from(&object.value);
    annotations::split(&mut value);
    if let Some(path) = path {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let separator = if directory.is_empty() { "" } else { "/" };
        let kind = object.identity().kind.to_lowercase();
        let name = match (object.ordinal, object.group()) {
            // The names of node objects change with their content.
            (Some(ordinal), Group::Workspace { name, .. }) => format!("{name}-{ordinal}"),
            _ => object.identity().name.to_owned(),
        };
        let path = format!("{directory}{separator}{kind}_{name}.yaml");
        annotations::add(
            &mut value,
            Map::from_iter([(ITEM_PATH.to_owned(), path.into())]),
        );
    }
    Written { value, lines: None }
}

/// Copies labels of each Workspace to its objects, but for node objects, whose labels provisioners
/// copy to machines.
fn copy_labels(objects: &mut [Object], keys: &[String]) {
    if keys.is_empty() {
        return;
    }
    let is_workspace = |object: &&Object| object.identity().kind == kinds::WORKSPACE;
    let workspaces = objects.iter().filter(is_workspace);
    let labels = workspaces.map(|object| {
        let of_object = &object.value["metadata"]["labels"];
        let wanted = keys
            .iter()
            .filter_map(|key| Some((key, of_object[key.as_str()].as_str()?.to_owned())));
        (object.group(), wanted.collect::<Vec<_>>())
    });
    let labels: BTreeMap<_, _> = labels.collect();
    let others = objects
        .iter_mut()
        .filter(|object| !object.identity().is_node_object());
    for object in others {
        for (key, label) in labels.get(&object.group()).into_iter().flatten() {
            object.label(key, label);
        }
    }
}
