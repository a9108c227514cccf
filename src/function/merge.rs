//! What a function gives back: the items of the host, with objects in the place of what was rendered
//! before.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::annotations::{self, PATH};
use super::edit;
use super::items::{Item, ResourceList, Written};
use crate::base::object::{Group, Identity, Object};
use crate::base::pointer;
use crate::emit;
use crate::vocab::annotations::RENDERED;
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

/// An identity as a cluster sees it: group, kind, namespace and name.
type Key = [String; 4];

/// The items of a list, and what is made of them.
#[derive(Debug)]
pub struct Merged<'a> {
    list: &'a ResourceList,
    namespace: &'a str,
    /// The objects that were rendered before, by the annotations of their Workspaces.
    earlier: BTreeSet<Key>,
    /// The objects that are not written yet.
    made: BTreeMap<Key, Object>,
    /// The identities of the objects of each Workspace.
    groups: BTreeMap<Group, Vec<Key>>,
    written: Vec<Written>,
}

impl<'a> Merged<'a> {
    /// Puts objects in the place of the Workspaces that they were made of. `namespace` is that of
    /// Workspaces that have none.
    ///
    /// # Errors
    ///
    /// If an item of another origin has the identity of one of the objects.
    pub fn items(
        list: &'a ResourceList,
        objects: Vec<Object>,
        namespace: &'a str,
        labels: &[String],
    ) -> Result<Vec<Written>, Foreign> {
        let objects = with_labels(objects, labels);
        let (mut made, mut groups) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
        for object in objects {
            let key = key(object.identity(), namespace);
            groups.entry(object.group()).or_default().push(key.clone());
            made.insert(key, object);
        }
        let mut merged = Self {
            list,
            namespace,
            earlier: earlier(&list.items, namespace),
            made,
            groups,
            written: Vec::new(),
        };
        merged.place()?;
        Ok(merged.written)
    }

    fn place(&mut self) -> Result<(), Foreign> {
        let all: BTreeSet<_> = self.list.items.iter().map(|it| self.key(it)).collect();
        let mut last_source = None;
        for item in &self.list.items {
            let key = self.key(item);
            let is_source = is_source(item);
            match self.made.remove(&key) {
                Some(object) => self.replace(item, &key, &object, is_source)?,
                None if is_source || self.earlier.contains(&key) => {}
                None => self.written.push(as_it_is(item)),
            }
            if is_source {
                self.add_group(item, &all);
                last_source = Some(self.written.len());
            }
        }
        // What several Workspaces share, and the Workspaces of InferenceSets.
        let mut rest: Vec<_> = std::mem::take(&mut self.made).into_values().collect();
        emit::sort(&mut rest);
        let rest = rest.iter().map(|object| new(object, None));
        let at = last_source.unwrap_or(self.written.len());
        self.written.splice(at..at, rest);
        Ok(())
    }

    fn key(&self, item: &Item) -> Key {
        let value = item.node.to_value().into();
        key(Identity::of(&value), self.namespace)
    }

    /// Writes an object in the place of the item that has its identity.
    fn replace(
        &mut self,
        item: &Item,
        key: &Key,
        object: &Object,
        is_source: bool,
    ) -> Result<(), Foreign> {
        let mut present = item.node.to_value();
        let host = annotations::split(&mut present);
        let mut wanted = Value::from(&object.value);
        annotations::split(&mut wanted);
        if present == wanted {
            self.written.push(as_it_is(item));
            return Ok(());
        }
        if !is_source && !self.earlier.contains(key) {
            let [_, kind, _, name] = key.clone();
            return Err(Foreign { kind, name });
        }
        annotations::add(&mut wanted, host);
        let pointer = pointer::to_annotation(RENDERED);
        let annotation = wanted.pointer(&pointer).and_then(Value::as_str);
        let lines = item.text.as_deref().zip(annotation);
        let lines = lines.and_then(|(lines, text)| edit::annotated(lines, text, &wanted));
        let lines = lines.filter(|_| is_source);
        self.written.push(Written {
            value: wanted,
            lines,
        });
        Ok(())
    }

    /// Writes the objects of a Workspace that no item has.
    fn add_group(&mut self, source: &Item, all: &BTreeSet<Key>) {
        let [_, kind, namespace, name] = self.key(source);
        if kind != kinds::WORKSPACE {
            return;
        }
        let group = Group::Workspace { namespace, name };
        let of_group = self.groups.remove(&group).unwrap_or_default();
        let is_new = |key: &&Key| !all.contains(*key);
        let mut new_ones: Vec<_> = of_group
            .iter()
            .filter(is_new)
            .filter_map(|key| self.made.remove(key))
            .collect();
        emit::sort(&mut new_ones);
        let source = source.node.to_value();
        let path = annotations::path(&source);
        self.written
            .extend(new_ones.iter().map(|object| new(object, path)));
    }
}

/// The objects that items were rendered into before.
fn earlier(items: &[Item], namespace: &str) -> BTreeSet<Key> {
    let mut earlier = BTreeSet::new();
    for item in items.iter().filter(|item| is_source(item)) {
        let annotation = item.node.find(&pointer::to_annotation(RENDERED));
        let annotation = annotation.and_then(|found| found.node.as_str());
        let Some(rendered) = annotation.and_then(Rendered::parse) else {
            continue;
        };
        earlier.extend(rendered.objects.iter().map(|object| {
            let identity = Identity {
                api_version: &object.api_version,
                kind: &object.kind,
                namespace: object.namespace.as_deref(),
                name: &object.name,
            };
            key(identity, namespace)
        }));
    }
    earlier
}

/// Whether an item is rendered.
fn is_source(item: &Item) -> bool {
    workspace::is_workspace(&item.node) || workspace::is_inference_set(&item.node)
}

fn as_it_is(item: &Item) -> Written {
    Written {
        value: item.node.to_value(),
        lines: item.text.clone(),
    }
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
        annotations::add(&mut value, Map::from_iter([(PATH.to_owned(), path.into())]));
    }
    Written { value, lines: None }
}

/// Copies labels of each Workspace to its objects, but for node objects, whose labels provisioners
/// copy to machines.
fn with_labels(mut objects: Vec<Object>, keys: &[String]) -> Vec<Object> {
    if keys.is_empty() {
        return objects;
    }
    let is_workspace = |object: &&Object| object.identity().kind == kinds::WORKSPACE;
    let labels: BTreeMap<_, _> = objects
        .iter()
        .filter(is_workspace)
        .map(|object| {
            let of_object = Value::from(&object.value["metadata"]["labels"]);
            let wanted = keys
                .iter()
                .filter_map(|key| Some((key, of_object.get(key)?)));
            let wanted: Vec<_> = wanted.map(|(key, it)| (key.clone(), it.clone())).collect();
            (object.group(), wanted)
        })
        .collect();
    for object in &mut objects {
        let of_group = labels.get(&object.group());
        let Some(of_group) = of_group.filter(|_| !object.identity().is_node_object()) else {
            continue;
        };
        let mut value = Value::from(&object.value);
        for (key, label) in of_group {
            value["metadata"]["labels"][key] = label.clone();
        }
        object.value = value.into();
    }
    objects
}

fn key(identity: Identity, namespace: &str) -> Key {
    let group = identity.api_version.rsplit_once('/');
    [
        group.map_or("", |(group, _)| group),
        identity.kind,
        identity.namespace.unwrap_or(namespace),
        identity.name,
    ]
    .map(str::to_owned)
}
