//! Fields that stand at another level than theirs, have an old name, or that another version, release
//! or kind has.
//!
//! Each is reported once, with where it belongs. It is then read as if it stood there, so that it is
//! not said to be missing as well, and what is wrong in it is found in the same run.

mod edit;
mod index;
mod text;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use crate::base::node::{Data, Entry, Node};
use crate::base::path::Path;
use crate::base::sources::Sources;
use crate::base::{pointer, similar, wording};
use crate::catalogue::release::Release;
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::vocab::api::V1BETA1;
use crate::vocab::{WorkspaceApi, kinds};
use edit::{put, take};
use index::Index;

use super::rules::annotations;

pub(super) use index::{OF_SETS as FIELDS_OF_SETS, of_workspaces as fields_of_workspaces};

/// What a document is read by.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    /// The kind of the document: `Workspace` or `InferenceSet`.
    pub(super) kind: &'a str,
    /// The JSON Schema of its version.
    pub(super) schema: &'a Value,
    /// The fields of that schema.
    pub(super) fields: &'static LazyLock<Index>,
    /// The release that compiles it; none where none does.
    pub(super) release: Option<&'a Release<'a>>,
    /// The texts that were read, for fixes.
    pub(super) sources: Option<&'a Sources>,
}

/// A document in which every field stands where it belongs.
pub(super) struct Mended {
    pub(super) node: Node,
    /// The places of fields whose value could not be taken over, as JSON Pointers.
    pub(super) unread: Vec<String>,
}

/// Names that people, proposals and earlier versions have for a field. The first that a document
/// has a place for counts.
const OLD_NAMES: [(&str, &[&str]); 26] = [
    ("accessSecret", &["modelAccessSecret"]),
    ("configMap", &["config"]),
    ("configMapName", &["config"]),
    ("count", &["replicas"]),
    ("data", &["input"]),
    ("hfToken", &["modelAccessSecret"]),
    ("instance", &["instanceType"]),
    ("machineType", &["instanceType"]),
    ("model", &["preset"]),
    ("modelName", &["name"]),
    ("nodeCount", &["count"]),
    ("nodeSelector", &["labelSelector"]),
    ("presetName", &["name"]),
    ("pullSecrets", &["imagePullSecrets"]),
    ("pushSecret", &["imagePushSecret"]),
    ("pvc", &["volumeSource"]),
    ("quota", &["nodeCountLimit"]),
    (
        "secretName",
        &["imagePushSecret", "modelAccessSecret", "imagePullSecrets"],
    ),
    ("selector", &["labelSelector"]),
    ("size", &["instanceType"]),
    ("sku", &["instanceType"]),
    ("tokenSecret", &["modelAccessSecret"]),
    ("vmSize", &["instanceType"]),
    ("volume", &["volumeSource"]),
    ("workspace", &["template"]),
    ("workspaceTemplate", &["template"]),
];

/// What only one of the kinds has.
const OF_WORKSPACES: [&str; 3] = ["count", "preferredNodes", "tuning"];
const OF_SETS: [&str; 4] = [
    "autoUpgrade",
    "nodeCountLimit",
    "replicas",
    "updateStrategy",
];

/// How often a document is looked through: a field that was moved may hold another one.
const ROUNDS: usize = 4;

/// Moves the fields of a document to where they belong, and reports those.
pub(super) fn mend(node: Node, reading: Reading, diagnostics: &mut Diagnostics) -> Mended {
    let mut mending = Mending {
        reading,
        others: None,
        root: node,
        seen: BTreeSet::new(),
        unread: Vec::new(),
        diagnostics,
    };
    if reading.kind == kinds::WORKSPACE {
        mending.unwrap("", "spec", "a Workspace", "beside `metadata`");
        if mending.wraps_fields("/template") {
            mending.unwrap("", "template", "a Workspace", "beside `metadata`");
        }
    } else {
        let what = "the template of an InferenceSet";
        mending.unwrap("/spec/template", "spec", what, "under `template`");
    }
    mending.complete_forms();
    for _ in 0..ROUNDS {
        let unknown = mending.unknown_fields();
        if unknown.is_empty() {
            break;
        }
        for (holder, key) in unknown {
            mending.field(&holder, &key);
        }
    }
    Mended {
        node: mending.root,
        unread: mending.unread,
    }
}

struct Mending<'a> {
    reading: Reading<'a>,
    /// What other versions and releases have, once it was asked for.
    others: Option<Vec<Other>>,
    root: Node,
    /// The fields that were looked at already, by the place of their key.
    seen: BTreeSet<(u32, u32)>,
    unread: Vec<String>,
    diagnostics: &'a mut Diagnostics,
}

/// A version that has other fields.
struct Other {
    index: &'static Index,
    /// What has not got them: `release 0.3`, or an apiVersion.
    lacks: String,
    /// What to do.
    hint: String,
}

impl Mending<'_> {
    /// Whether a mapping holds what a Workspace consists of.
    fn wraps_fields(&self, pointer: &str) -> bool {
        let fields = ["resource", "inference", "tuning"];
        let wrapper = self.root.find(pointer).map(|found| found.node);
        wrapper.is_some_and(|node| fields.iter().any(|field| node.get(field).is_some()))
    }

    /// Reports the `spec` or `template` that what stands at a pointer does not have, and takes its
    /// fields for those of what it stands in.
    fn unwrap(&mut self, holder: &str, key: &str, what: &str, there: &str) {
        let found = self.root.find(holder).and_then(|it| it.node.entry(key));
        let Some(spec) = found.cloned() else {
            return;
        };
        let Data::Map(fields) = spec.value.data else {
            return;
        };
        let place = spec.key_span;
        take(&mut self.root, holder, key);
        let outside = self.root.find(holder).map(|it| it.node.clone());
        let is_twice = |field: &Entry| {
            outside
                .as_ref()
                .is_some_and(|it| it.entry(&field.key).is_some())
        };
        let twice = fields.iter().find(|field| is_twice(field));
        let message = format!("{what} has no `{key}`: its fields stand {there}");
        let mut diagnostic = Diagnostic::new(&rule::UNKNOWN_FIELD, place, message);
        diagnostic = match twice {
            None if holder.is_empty() => diagnostic.hint(format!(
                "remove `{key}:`, and what is under it starts at the left margin"
            )),
            None => diagnostic.hint(format!(
                "remove `{key}:`, and move what is under it to the left"
            )),
            Some(field) => diagnostic
                .hint(format!(
                    "move its fields there, and leave one `{}`",
                    field.key
                ))
                .also(field.key_span, format!("this is {there} too")),
        };
        let may_be_fixed = twice.is_none() && key == "spec";
        let unwrapped = self.reading.sources.filter(|_| may_be_fixed);
        let unwrapped = unwrapped.and_then(|sources| text::unwrapped(sources, place));
        diagnostic = match unwrapped {
            Some((span, text)) => diagnostic.fix(span, text),
            None => diagnostic,
        };
        self.diagnostics.report(diagnostic);
        for field in fields.iter().filter(|field| !is_twice(field)) {
            put(&mut self.root, holder, field.clone());
        }
    }

    /// Reports fields that hold only the string which a mapping or list of theirs would consist of,
    /// and takes it for that.
    fn complete_forms(&mut self) {
        let mut incomplete = Vec::new();
        let find = &mut |holder: &Path, entry: &Entry, known: Option<&Value>| {
            let wanted = known.and_then(|schema| schema["type"].as_str());
            let is_string = matches!(entry.value.data, Data::String(_));
            if is_string && wanted.is_some() && !fits(&entry.value, wanted) {
                incomplete.push(Path::Key(holder, &entry.key).to_string());
            }
        };
        walk(&self.root, self.reading.schema, &Path::Root, find);
        for pointer in incomplete {
            let (holder, key) = pointer.rsplit_once('/').unwrap_or_default();
            let found = self.root.find(holder).and_then(|it| it.node.entry(key));
            let Some(entry) = found.cloned() else {
                continue;
            };
            let place = entry.value.span;
            let wanted = self.reading.fields.field_type(&pointer);
            let (entry, Some(form)) = in_form(entry, key, wanted) else {
                continue;
            };
            let kind = match entry.value.data {
                Data::List(_) => "list",
                _ => "mapping",
            };
            let field = wording::field(&pointer);
            let message = format!("`{field}` must be a {kind}, not a string");
            let diagnostic = Diagnostic::new(&rule::FIELD, place, message);
            self.diagnostics
                .report(diagnostic.hint(format!("write `{form}`")));
            put(&mut self.root, holder, entry);
        }
    }

    /// The unknown fields that were not looked at yet: their holders' pointers, and their keys.
    fn unknown_fields(&mut self) -> Vec<(String, String)> {
        let mut unknown = Vec::new();
        let seen = &mut self.seen;
        let find = &mut |holder: &Path, entry: &Entry, known: Option<&Value>| {
            let place = (entry.key_span.start, entry.key_span.end);
            if known.is_none() && seen.insert(place) {
                unknown.push((holder.to_string(), entry.key.clone()));
            }
        };
        walk(&self.root, self.reading.schema, &Path::Root, find);
        unknown
    }

    /// Reports an unknown field if something is known of it; others are left to the schema.
    fn field(&mut self, holder: &str, key: &str) {
        let Some(entry) = self.root.find(holder).and_then(|it| it.node.entry(key)) else {
            return;
        };
        let entry = entry.clone();
        let here = format!("{holder}/{}", pointer::escape(key));
        if let Some((message, hint)) = self.of_other_version(&here) {
            take(&mut self.root, holder, key);
            return self.report(&entry, message, hint);
        }
        if let Some((message, hint)) = self.annotation(&here, &entry) {
            take(&mut self.root, holder, key);
            return self.report(&entry, message, hint);
        }
        let near = similar::nearest(key, self.reading.fields.fields(holder));
        match self.target(holder, &entry) {
            Some(target) => self.relocate(holder, entry, &target),
            None if near.is_some() => {}
            None => self.of_other(holder, &entry),
        }
    }

    /// Where a field belongs, by its name or what that is called now.
    fn target(&self, holder: &str, entry: &Entry) -> Option<String> {
        let (key, fields) = (entry.key.as_str(), self.reading.fields);
        let is_label = matches!(entry.value.data, Data::String(_) | Data::Number(_));
        if is_label && holder.ends_with("/labelSelector") {
            return Some(format!("{holder}/matchLabels/{}", pointer::escape(key)));
        }
        let old_names = OLD_NAMES.iter().find(|(old, _)| *old == key);
        let old_names = old_names.map_or(&[][..], |(_, names)| names);
        let mut names = std::iter::once(key).chain(old_names.iter().copied());
        if key == "name" && holder == "/tuning" {
            return Some("/tuning/preset/name".to_owned());
        }
        let here = |name: &str| {
            let place = format!("{holder}/{name}");
            fields.is_at(&place).then_some(place)
        };
        names.clone().find_map(here).or_else(|| {
            // The number of nodes of a replica is not the number of replicas.
            let names = names
                .by_ref()
                .filter(|name| *name != "replicas" || *name == key);
            let mut names = names.into_iter();
            names.find_map(|name| fields.target(holder, name, &self.root))
        })
    }

    /// What to do about a field that has the name of an annotation.
    fn annotation(&self, here: &str, entry: &Entry) -> Option<(String, String)> {
        let (release, value) = (self.reading.release?, entry.value.as_str()?);
        let depth = here.matches('/').count();
        let is_set = self.reading.kind == kinds::INFERENCE_SET;
        if depth > 2 + if is_set { 2 } else { 0 } {
            return None;
        }
        let (name, advice) = annotations::of_field(&entry.key, release, self.version())?;
        let holder = if is_set {
            "spec.template.metadata"
        } else {
            "metadata"
        };
        let message = format!(
            "`{}` is not a field, but an annotation",
            wording::field(here)
        );
        let hint = advice
            .unwrap_or_else(|| format!("write `{name}: {value}` under `{holder}.annotations`"));
        Some((message, hint))
    }

    fn version(&self) -> &str {
        let version = self.root.get("apiVersion").and_then(Node::as_str);
        version.unwrap_or_default()
    }

    /// Reports a field that stands at the wrong level for another version, or that another kind has.
    fn of_other(&mut self, holder: &str, entry: &Entry) {
        let root = &self.root;
        let others = self.others.iter().flatten();
        let mut elsewhere = others.filter_map(|other| {
            let target = other.index.target(holder, &entry.key, root)?;
            Some((target, other.hint.clone(), other.lacks.clone()))
        });
        if let Some((target, hint, lacks)) = elsewhere.next() {
            let target = wording::field(&target);
            take(&mut self.root, holder, &entry.key);
            let message = format!("{lacks} has no field `{target}`, where this belongs");
            return self.report(entry, message, hint);
        }
        self.of_other_kind(holder, &entry.key, entry);
    }

    fn of_other_kind(&mut self, holder: &str, key: &str, entry: &Entry) {
        let (kind, other, fields) = match self.reading.kind {
            kinds::WORKSPACE => ("a Workspace", "an InferenceSet", OF_SETS.as_slice()),
            _ => ("an InferenceSet", "a Workspace", OF_WORKSPACES.as_slice()),
        };
        if fields.contains(&key) {
            take(&mut self.root, holder, key);
            let field = wording::field(&format!("{holder}/{}", pointer::escape(key)));
            let message = format!("{kind} has no field `{field}`");
            self.report(
                entry,
                message,
                format!("remove it: only {other} has `{key}`"),
            );
        }
    }

    /// Moves a field to where it belongs, if its value can stand there.
    fn relocate(&mut self, holder: &str, entry: Entry, target: &str) {
        let (to, name) = target.rsplit_once('/').unwrap_or(("", target));
        take(&mut self.root, holder, &entry.key);
        let field = wording::field(&format!("{holder}/{}", pointer::escape(&entry.key)));
        let is_there = self
            .root
            .find(target)
            .is_some_and(|found| found.node.data != Data::Null);
        let (message, hint) = if holder == to {
            (
                format!("unknown field `{field}`: it is called `{name}`"),
                format!("write `{name}`"),
            )
        } else {
            (
                format!("`{field}` belongs {}", under(to)),
                format!("move it to `{}`", wording::field(target)),
            )
        };
        if is_there {
            let there = wording::field(target);
            return self.report(
                &entry,
                message,
                format!("remove it: `{there}` is there already"),
            );
        }
        let (entry, form) = in_form(entry, name, self.reading.fields.field_type(target));
        let hint = match form {
            Some(form) if holder == to => format!("write `{form}`"),
            Some(form) => format!("{hint}, as `{form}`"),
            None => hint,
        };
        self.report(&entry, message, hint);
        let fits = fits(&entry.value, self.reading.fields.field_type(target));
        let entry = Entry {
            key: name.to_owned(),
            ..entry
        };
        if !fits || !put(&mut self.root, to, entry) {
            self.unread.push(target.to_owned());
        }
    }

    /// What is wrong with a field that another version or release has at this place.
    fn of_other_version(&mut self, here: &str) -> Option<(String, String)> {
        let field = wording::field(here);
        let reading = self.reading;
        let root = &self.root;
        let others = self.others.get_or_insert_with(|| others(reading, root));
        let other = others.iter().find(|other| other.index.is_at(here))?;
        Some((
            format!("{} has no field `{field}`", other.lacks),
            other.hint.clone(),
        ))
    }

    fn report(&mut self, entry: &Entry, message: String, hint: String) {
        let diagnostic = Diagnostic::new(&rule::UNKNOWN_FIELD, entry.key_span, message);
        self.diagnostics.report(diagnostic.hint(hint));
    }
}

/// The versions that may have fields which that of a Workspace lacks: other releases first.
fn others(reading: Reading, root: &Node) -> Vec<Other> {
    let version = root.get("apiVersion").and_then(Node::as_str);
    let (Some(release), Some(version), kinds::WORKSPACE) = (reading.release, version, reading.kind)
    else {
        return Vec::new();
    };
    let releases = release.others();
    let of_releases = releases.iter().map(|other| Other {
        index: index::of_workspaces(version, other.file.workspace_api),
        lacks: format!("release {}", release.name),
        hint: other.advice(version),
    });
    let newer = if release.file.compiles(V1BETA1) {
        Some(format!("write `apiVersion: {V1BETA1}`"))
    } else {
        // The release alone reads the fields of this version still.
        let newer = releases.iter().find(|other| other.file.compiles(V1BETA1));
        newer.map(|other| {
            let advice = other.advice(V1BETA1);
            format!("{advice}, and write `apiVersion: {V1BETA1}`")
        })
    };
    let newer = newer.map(|hint| Other {
        index: index::of_workspaces(V1BETA1, WorkspaceApi::V1beta1),
        lacks: format!("`{version}`"),
        hint,
    });
    of_releases.chain(newer).collect()
}

/// A field with its value in the form that a name and type ask for, and how that is written, if it is
/// another one.
fn in_form(mut entry: Entry, name: &str, wanted: Option<&str>) -> (Entry, Option<String>) {
    let value = &mut entry.value;
    let inside = |value: &Node, key: &str| {
        let value = value.clone();
        let entry = Entry {
            key: key.to_owned(),
            key_span: value.span,
            value,
        };
        Data::Map(vec![entry])
    };
    let has_labels = |fields: &[Entry]| {
        fields
            .iter()
            .all(|field| field.value.as_str().is_some() && !field.key.starts_with("match"))
    };
    let form = match (&value.data, name, wanted) {
        (Data::String(text), "preset", _) => {
            let form = format!("preset: {{name: {text}}}");
            value.data = inside(value, "name");
            form
        }
        (Data::String(text), "volumeSource", _) => {
            let form = format!("{name}: {{persistentVolumeClaim: {{claimName: {text}}}}}");
            let claim = Node {
                data: inside(value, "claimName"),
                ..*value
            };
            value.data = inside(&claim, "persistentVolumeClaim");
            form
        }
        (Data::String(text), _, Some("array")) => {
            let form = format!("{name}: [{text}]");
            value.data = Data::List(vec![value.clone()]);
            form
        }
        (Data::Map(fields), "labelSelector", _) if !fields.is_empty() && has_labels(fields) => {
            let text = |field: &Entry| Some(format!("{}: {}", field.key, field.value.as_str()?));
            let labels: Vec<_> = fields.iter().filter_map(text).collect();
            let form = format!("labelSelector: {{matchLabels: {{{}}}}}", labels.join(", "));
            value.data = inside(value, "matchLabels");
            form
        }
        _ => return (entry, None),
    };
    (entry, Some(form))
}

/// `` under `resource` ``, or beside the metadata.
fn under(holder: &str) -> String {
    if holder.is_empty() {
        "beside `metadata`".to_owned()
    } else {
        format!("under `{}`", wording::field(holder))
    }
}

/// Calls a function with every field that has a value and is known or unknown to a schema: the way
/// to what holds it, and the schema of one that is known.
fn walk(
    node: &Node,
    schema: &Value,
    path: &Path,
    found: &mut impl FnMut(&Path, &Entry, Option<&Value>),
) {
    match &node.data {
        Data::Map(entries) => {
            let known = schema["properties"].as_object();
            let is_closed = schema["additionalProperties"] == false;
            for entry in entries
                .iter()
                .filter(|entry| entry.value.data != Data::Null)
            {
                match known.and_then(|known| known.get(&entry.key)) {
                    Some(schema) => {
                        found(path, entry, Some(schema));
                        walk(&entry.value, schema, &Path::Key(path, &entry.key), found);
                    }
                    None if is_closed => found(path, entry, None),
                    None => {}
                }
            }
        }
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &schema["items"], &Path::Index(path, index), found);
            }
        }
        _ => {}
    }
}

/// Whether a value may stand where a type of JSON Schema is asked for, as far as its kind goes.
fn fits(node: &Node, wanted: Option<&str>) -> bool {
    match (wanted, &node.data) {
        (Some("object") | None, data) => matches!(data, Data::Map(_)),
        (Some("array"), data) => matches!(data, Data::List(_)),
        (Some("integer" | "number"), data) => matches!(data, Data::Number(_)),
        (Some("string"), data) => matches!(data, Data::String(_)),
        (Some(_), _) => true,
    }
}
