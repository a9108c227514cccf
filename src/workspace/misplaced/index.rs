//! Where in a schema there are fields of which name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::base::node::Node;
use crate::base::pointer;
use crate::input::schema;
use crate::vocab::WorkspaceApi;
use crate::vocab::api::{V1ALPHA1, V1BETA1};
use crate::workspace::InferenceSet;
use crate::workspace::spec::published_schema;

/// Fields of these names are found at so many places that one at another place says nothing.
const COMMON: [&str; 5] = ["count", "image", "mode", "name", "profile"];

/// What no misplaced field is taken for a part of.
const APART: [&str; 2] = ["/resource/partition/", "/status/"];

/// The fields of an InferenceSet.
pub(in crate::workspace) static OF_SETS: LazyLock<Index> =
    LazyLock::new(|| Index::of(&schema::read_as::<InferenceSet>()));

/// The fields of a Workspace of an apiVersion that is read by the rules of a version.
pub(in crate::workspace) fn of_workspaces(
    version: &str,
    api: WorkspaceApi,
) -> &'static LazyLock<Index> {
    // All apiVersions but one have the same fields.
    static OF_V1ALPHA1: [LazyLock<Index>; 2] = [
        LazyLock::new(|| Index::of(&published_schema(V1ALPHA1, WorkspaceApi::V1alpha1))),
        LazyLock::new(|| Index::of(&published_schema(V1ALPHA1, WorkspaceApi::V1beta1))),
    ];
    static OF_LATER: [LazyLock<Index>; 2] = [
        LazyLock::new(|| Index::of(&published_schema(V1BETA1, WorkspaceApi::V1alpha1))),
        LazyLock::new(|| Index::of(&published_schema(V1BETA1, WorkspaceApi::V1beta1))),
    ];
    let [of_v1alpha1, of_v1beta1] = if version == V1ALPHA1 {
        &OF_V1ALPHA1
    } else {
        &OF_LATER
    };
    match api {
        WorkspaceApi::V1alpha1 => of_v1alpha1,
        WorkspaceApi::V1beta1 => of_v1beta1,
    }
}

/// The fields of a schema without references. A pointer has `*` for the items of a list.
#[derive(Default)]
pub(in crate::workspace) struct Index {
    /// Their types by their pointers; none where the schema names no single type.
    types: BTreeMap<String, Option<String>>,
    by_name: BTreeMap<String, Vec<String>>,
}

impl Index {
    fn of(schema: &Value) -> Self {
        let mut index = Self::default();
        index.add(schema, "");
        index
    }

    fn add(&mut self, schema: &Value, pointer: &str) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let pointer = format!("{pointer}/{}", pointer::escape(name));
            self.add(field, &pointer);
            let places = self.by_name.entry(name.clone()).or_default();
            places.push(pointer.clone());
            let field_type = field["type"].as_str().map(str::to_owned);
            self.types.insert(pointer, field_type);
        }
        if schema["items"].is_object() {
            self.add(&schema["items"], &format!("{pointer}/*"));
        }
    }

    /// Whether there is a field at a place.
    pub(super) fn is_at(&self, pointer: &str) -> bool {
        self.types.contains_key(&general(pointer))
    }

    /// The type of a field, as JSON Schema calls it.
    pub(super) fn field_type(&self, pointer: &str) -> Option<&str> {
        self.types.get(&general(pointer))?.as_deref()
    }

    /// The names of the fields of a mapping.
    pub(super) fn fields(&self, holder: &str) -> impl Iterator<Item = &str> {
        let holder = general(holder);
        self.types.keys().filter_map(move |pointer| {
            let (before, name) = pointer.rsplit_once('/')?;
            (before == holder).then_some(name)
        })
    }

    /// Where a field of this name belongs that stands in a mapping, or would stand: there, further
    /// down, in what holds the mapping, or at the one other place.
    pub(super) fn target(&self, holder: &str, name: &str, root: &Node) -> Option<String> {
        let here = general(holder);
        let places = self.by_name.get(name)?;
        let places: Vec<&str> = places
            .iter()
            .map(String::as_str)
            .filter(|place| !APART.iter().any(|apart| place.contains(apart)))
            .filter(|place| here.is_empty() || !place.starts_with("/metadata/"))
            .filter(|place| is_free(place, root))
            .collect();
        let below = |place: &&str| {
            let rest = place.strip_prefix(here.as_str());
            rest.is_some_and(|rest| rest.starts_with('/') && !rest.contains("/*"))
        };
        let down: Vec<_> = places.iter().copied().filter(below).collect();
        let found = shallowest(&down, root).or_else(|| {
            let mut holders = here.rmatch_indices('/').map(|(at, _)| &here[..at]);
            holders.find_map(|above| {
                let place = format!("{above}/{name}");
                places.iter().copied().find(|known| **known == place)
            })
        });
        let found = found.or_else(|| {
            let others: Vec<_> = places
                .iter()
                .copied()
                .filter(|it| !it.contains('*'))
                .collect();
            shallowest(&others, root).filter(|_| !COMMON.contains(&name))
        });
        found.map(|place| particular(place, holder))
    }
}

/// The sections of a Workspace of which each has one only, with fields that only one of them has.
const SECTIONS: [(&str, &[&str]); 2] = [
    ("inference", &["adapters", "template"]),
    ("tuning", &["input", "method", "output"]),
];

/// Whether a document can have a field at a place: it has not the other section, and no other source
/// of the data for tuning.
fn is_free(place: &str, root: &Node) -> bool {
    let has = |section: &str| root.entry(section).is_some();
    let mut sections = SECTIONS.iter();
    let own = sections.find(|(section, _)| place[1..].starts_with(&format!("{section}/")));
    let is_of_other = |own: &str| {
        !has(own)
            && SECTIONS
                .iter()
                .any(|(other, _)| *other != own && has(other))
    };
    if own.is_some_and(|(own, _)| is_of_other(own)) {
        return false;
    }
    let sources = ["urls", "image", "volumeSource"];
    let is_source = |name: &str| place == format!("/tuning/input/{name}");
    let input = root.find("/tuning/input");
    !(sources.into_iter().any(is_source)
        && input.is_some_and(|it| sources.iter().any(|name| it.node.entry(name).is_some())))
}

/// The place nearest to the root; of some that are as near the one whose section the document has.
fn shallowest<'a>(places: &[&'a str], root: &Node) -> Option<&'a str> {
    let depth = |place: &str| place.matches('/').count();
    let least = places.iter().map(|place| depth(place)).min()?;
    let nearest: Vec<_> = places
        .iter()
        .copied()
        .filter(|place| depth(place) == least)
        .collect();
    if let [only] = nearest.as_slice() {
        return Some(only);
    }
    let is_there = |place: &&str| {
        let section = place[1..].find('/').map_or(*place, |end| &place[..=end]);
        root.find(section).is_some()
    };
    let mut there = nearest.iter().copied().filter(is_there);
    if let Some(first) = there.next() {
        return Some(first).filter(|_| there.next().is_none());
    }
    // Neither section is there: the fields beside it say which one is meant.
    let [serving, tuning] = SECTIONS;
    let means = |(_, own): (&str, &[&str])| own.iter().any(|name| root.entry(name).is_some());
    let meant = if means(tuning) && !means(serving) {
        tuning.0
    } else {
        serving.0
    };
    let mut meant = nearest
        .into_iter()
        .filter(|place| place[1..].starts_with(&format!("{meant}/")));
    meant.next().filter(|_| meant.next().is_none())
}

/// A pointer with `*` for every number.
fn general(pointer: &str) -> String {
    let steps = pointer.split('/').map(|step| {
        let is_number = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { "*" } else { step }
    });
    steps.collect::<Vec<_>>().join("/")
}

/// A pointer with the numbers of another one for `*`.
fn particular(place: &str, holder: &str) -> String {
    let mut own = holder.split('/');
    let steps = place.split('/').map(|step| {
        let own = own.next();
        if step == "*" {
            own.unwrap_or("0")
        } else {
            step
        }
    });
    steps.collect::<Vec<_>>().join("/")
}
