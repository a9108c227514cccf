//! The fields of a kustomization: what each becomes in an overlay, and why some can't be used.

use crate::base::node::{Data, Entry, Node};
use crate::base::similar;
use crate::base::sources::Span;
use crate::base::wording;
use crate::diagnostic::{Diagnostics, rule};
use crate::vocab::{api, kinds};

/// Fields that become fields of overlays.
const READ: [&str; 8] = [
    "components",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "images",
];

/// Fields that change no object.
const PASSED_OVER: [&str; 10] = [
    "apiVersion",
    "bases",
    "crds",
    "generatorOptions",
    "helmGlobals",
    "kind",
    "metadata",
    "resources",
    "sortOptions",
    "validators",
];

const GENERATED: &str = "put the objects beside the Workspaces, as documents";
const WRITTEN: &str = "write the change as `patches`";
const RENAMED: &str = "rename the Workspaces: their objects are called after them";

/// Fields that no overlay can take over, and what to use instead.
const REFUSED: [(&str, &str); 15] = [
    (
        "buildMetadata",
        "write labels or annotations in `metadata` of an overlay",
    ),
    ("configMapGenerator", GENERATED),
    ("configurations", WRITTEN),
    ("generators", GENERATED),
    ("helmChartInflationGenerator", GENERATED),
    ("helmCharts", GENERATED),
    ("namePrefix", RENAMED),
    ("nameSuffix", RENAMED),
    (
        "namespace",
        "write `metadata.namespace` in the Workspaces: their objects are in it, too",
    ),
    ("openapi", WRITTEN),
    ("replacements", WRITTEN),
    (
        "replicas",
        "use an InferenceSet for more of a model: the replicas of a workload are the nodes of one",
    ),
    ("secretGenerator", GENERATED),
    ("transformers", WRITTEN),
    ("vars", WRITTEN),
];

/// Reports the fields that can't be taken over, and labels that selectors do not get.
pub(super) fn check(kustomization: &Node, diagnostics: &mut Diagnostics) {
    for Entry {
        key,
        key_span,
        value,
    } in kustomization.entries("")
    {
        let name = key.as_str();
        if is_empty(value) {
            continue;
        }
        if READ.contains(&name) {
            // The schema of overlays says what is wrong with what is read as it stands.
            if !["images", "patches"].contains(&name) {
                check_shape(name, value, diagnostics);
            }
            continue;
        }
        if PASSED_OVER.contains(&name) {
            continue;
        }
        let refused = REFUSED.iter().find(|(field, _)| *field == name);
        let (message, hint) = match refused {
            Some((_, instead)) => (
                format!("no overlay can take over `{name}` of a kustomization"),
                (*instead).to_owned(),
            ),
            None => (
                format!("unknown field `{}` of a kustomization", key.escape_debug()),
                meant(key),
            ),
        };
        let reporting = diagnostics.add(&rule::KUSTOMIZATION_FIELD, *key_span, message);
        reporting.hint(hint);
    }
    if let Some(labels) = kustomization
        .entry("commonLabels")
        .filter(|it| !is_empty(&it.value))
    {
        let message = "`commonLabels` become labels of the objects and their pods, and selectors stay as they are";
        let reporting = diagnostics.add(&rule::COMMON_LABELS, labels.key_span, message);
        reporting
            .hint("write them as `labels`, with `includeTemplates: true` if pods are to have them");
    }
    for labels in kustomization.items("/labels") {
        check_labels(labels, diagnostics);
    }
}

/// Reports a field that is read and has another shape, of which nothing would be read.
fn check_shape(name: &str, value: &Node, diagnostics: &mut Diagnostics) {
    let all = |is_one: fn(&Node) -> bool| match &value.data {
        Data::List(items) => items.iter().all(is_one),
        _ => false,
    };
    let is_map = |node: &Node| matches!(node.data, Data::Map(_));
    let (is_right, expected) = match name {
        "commonLabels" | "commonAnnotations" => (is_map(value), "a mapping"),
        "components" | "patchesStrategicMerge" => {
            (all(|item| item.as_str().is_some()), "a list of strings")
        }
        _ => (all(is_map), "a list of mappings"),
    };
    if !is_right {
        let message = format!("`{name}` of a kustomization must be {expected}");
        diagnostics.add(&rule::KUSTOMIZATION_FIELD, value.span, message);
    }
}

/// Reports what of an item of `labels` can't be taken over.
fn check_labels(labels: &Node, diagnostics: &mut Diagnostics) {
    const KNOWN: [&str; 3] = ["pairs", "includeSelectors", "includeTemplates"];
    for Entry {
        key,
        key_span,
        value,
    } in labels.entries("")
    {
        let is_off = is_empty(value) || value.data == Data::Bool(false);
        if is_off || ["pairs", "includeTemplates"].contains(&key.as_str()) {
            continue;
        }
        let (message, hint) = match key.as_str() {
            "includeSelectors" => (
                "no overlay can change selectors".to_owned(),
                "remove this line; `includeTemplates: true` gives pods the labels".to_owned(),
            ),
            "fields" => (
                "no overlay can take over `fields` of `labels`".to_owned(),
                WRITTEN.to_owned(),
            ),
            _ => (
                format!("unknown field `{}` of `labels`", key.escape_debug()),
                format!("the fields here are: {}", wording::and(&KNOWN)),
            ),
        };
        let reporting = diagnostics.add(&rule::KUSTOMIZATION_FIELD, *key_span, message);
        reporting.hint(hint);
    }
}

fn meant(key: &str) -> String {
    let read = READ.iter().copied();
    let all = read.clone().chain(PASSED_OVER);
    if let Some(near) = similar::nearest(key, all) {
        return format!("did you mean `{near}`?");
    }
    let read: Vec<_> = read.map(|field| format!("`{field}`")).collect();
    format!("an overlay takes over {}", wording::and(&read))
}

fn is_empty(value: &Node) -> bool {
    match &value.data {
        Data::Null => true,
        Data::List(items) => items.is_empty(),
        Data::Map(entries) => entries.is_empty(),
        Data::String(text) => text.is_empty(),
        Data::Bool(_) | Data::Number(_) => false,
    }
}

/// The paths of patches.
pub(in crate::overlay) fn paths(kustomization: &Node) -> impl Iterator<Item = &Node> {
    let lists = ["/patches", "/patchesJson6902"].into_iter();
    let items = lists.flat_map(|list| kustomization.items(list));
    let named = items.filter_map(|patch| patch.get("path"));
    let merged = kustomization.items("/patchesStrategicMerge").iter();
    named.chain(merged.filter(|patch| patch.as_str().is_some_and(|text| !is_patch(text))))
}

/// Whether an item of `patchesStrategicMerge` is a patch itself, and no path.
fn is_patch(text: &str) -> bool {
    text.contains('\n') || text.trim_start().starts_with('{')
}

/// The overlays that a kustomization is, in the order in which kustomize changes objects (5.8.2,
/// `runTransformers` of `kusttarget`): patches, labels, annotations, JSON patches, images.
pub(super) fn overlays(kustomization: &Node) -> Vec<Node> {
    let mut all = Vec::new();
    let place = kustomization.span;
    let mut add = |entries: Vec<Entry>| all.push(overlay(entries, place));
    let merged = kustomization.items("/patchesStrategicMerge").iter();
    let merged: Vec<_> = merged.map(strategic).collect();
    if let Some(list) = kustomization
        .entry("patchesStrategicMerge")
        .filter(|_| !merged.is_empty())
    {
        add(vec![entry(
            "patches",
            list.key_span,
            list.value.span,
            Data::List(merged),
        )]);
    }
    add(renamed(kustomization, "patches", "patches"));
    let filled = |field| kustomization.entry(field).filter(|it| !is_empty(&it.value));
    if let Some(labels) = filled("commonLabels") {
        add(vec![metadata("labels", labels, &labels.value, true)]);
    }
    if let Some(list) = kustomization.entry("labels") {
        for labels in kustomization.items("/labels") {
            let is_true = |key| labels.get(key).map(|it| &it.data) == Some(&Data::Bool(true));
            if let Some(pairs) = labels.get("pairs").filter(|it| !is_empty(it)) {
                add(vec![metadata(
                    "labels",
                    list,
                    pairs,
                    is_true("includeTemplates"),
                )]);
            }
        }
    }
    if let Some(annotations) = filled("commonAnnotations") {
        add(vec![metadata(
            "annotations",
            annotations,
            &annotations.value,
            true,
        )]);
    }
    add(renamed(kustomization, "patchesJson6902", "patches"));
    add(renamed(kustomization, "images", "images"));
    all.retain(|overlay| overlay.entries("").len() > 2);
    all
}

/// A field under the name that it has in an overlay, if it is there.
fn renamed(kustomization: &Node, from: &str, to: &str) -> Vec<Entry> {
    let field = kustomization.entry(from).filter(|it| !is_empty(&it.value));
    let field = field.map(|field| Entry {
        key: to.to_owned(),
        ..field.clone()
    });
    field.into_iter().collect()
}

/// An item of `patchesStrategicMerge` as one of `patches`.
fn strategic(patch: &Node) -> Node {
    let is_patch = patch.as_str().is_some_and(is_patch);
    let key = if is_patch { "patch" } else { "path" };
    let entry = Entry {
        key: key.to_owned(),
        key_span: patch.span,
        value: patch.clone(),
    };
    Node {
        span: patch.span,
        data: Data::Map(vec![entry]),
    }
}

/// `metadata` of an overlay with some labels or annotations.
fn metadata(field: &str, at: &Entry, values: &Node, has_pods: bool) -> Entry {
    let names = ["workload", "service", "config", "workspace"].into_iter();
    let names = names.chain(has_pods.then_some("pod"));
    let to = names.map(|name| string(name, at.key_span));
    let entries = vec![
        Entry {
            key: field.to_owned(),
            key_span: at.key_span,
            value: values.clone(),
        },
        entry("to", at.key_span, at.key_span, Data::List(to.collect())),
    ];
    entry("metadata", at.key_span, values.span, Data::Map(entries))
}

/// A document of an overlay.
pub(super) fn overlay(fields: Vec<Entry>, place: Span) -> Node {
    let field = |key: &str, value: &str| Entry {
        key: key.to_owned(),
        key_span: place,
        value: string(value, place),
    };
    let mut entries = vec![
        field("apiVersion", api::PROFILE),
        field("kind", kinds::OVERLAY),
    ];
    entries.extend(fields);
    Node {
        span: place,
        data: Data::Map(entries),
    }
}

/// A document of an overlay with a name.
pub(super) fn named(mut overlay: Node, name: &Node) -> Node {
    if let Data::Map(entries) = &mut overlay.data {
        entries.push(Entry {
            key: "name".to_owned(),
            key_span: name.span,
            value: name.clone(),
        });
    }
    overlay
}

fn entry(key: &str, key_span: Span, span: Span, data: Data) -> Entry {
    Entry {
        key: key.to_owned(),
        key_span,
        value: Node { span, data },
    }
}

fn string(text: &str, span: Span) -> Node {
    Node {
        span,
        data: Data::String(text.to_owned()),
    }
}
