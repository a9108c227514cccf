//! What KAITO complains of in the cases that it refuses, and which of our rules have to find it,
//! and where.

use kaito_render::base::node::{Data, Node};
use kaito_render::base::sources::Span;
use kaito_render::diagnostic::Diagnostic;
use kaito_render::input;
use kaito_render::session::Session;

/// What a complaint is known by (texts that it holds, all of them; after `^` one that it begins
/// with), the rules one of which has to find it, and the field that it is about, as a JSON Pointer
/// in which `*` is any step. Where KAITO names no field, or one that is none, or something in a
/// ConfigMap, the place is free. A crash says nothing: there only the rules of what is known to
/// crash KAITO stand.
const KNOWN: &[(&[&str], &str, &str)] = &[
    // Crashes.
    (&["nil pointer"], "KR107 KR112 KR208 KR601", ""),
    (&["model is not registered"], "KR203 KR208", ""),
    (&["not string"], "KR210", ""),
    (&["metadata not found"], "KR208", ""),
    (&["reconcile-panic"], "KR208", ""),
    // Text, types and names.
    (&["^yaml: line"], "KR003", ""),
    (
        &["^Workspace.kaito.sh"],
        "KR101 KR103 KR104 KR105 KR202",
        NAMED,
    ),
    (&["^decoding request failed"], "KR101 KR102 KR115", ""),
    (&["must not contain dots"], "KR104", "/metadata/name"),
    (&["no more than 63"], "KR104", "/metadata/name"),
    // Annotations.
    (
        &["node image family"],
        "KR121",
        "/metadata/annotations/kaito.sh~1node-image-family",
    ),
    (
        &["use-local-weights"],
        "KR121",
        "/metadata/annotations/kaito.sh~1use-local-weights",
    ),
    (
        &["performance-mode"],
        "KR121",
        "/metadata/annotations/kaito.sh~1performance-mode",
    ),
    (
        &["KAITO-managed NodeClass"],
        "KR224",
        "/metadata/annotations/kaito.sh~1node-class-name",
    ),
    // Nodes.
    (&["Insufficient number of GPUs"], "KR108 KR205", "/resource"),
    // Too few or too small: that is said once, with the machine types that would do.
    (&["Insufficient per GPU memory"], "KR205 KR206", "/resource"),
    (
        &["Insufficient total GPU memory"],
        "KR108 KR205 KR206 KR219",
        "/resource",
    ),
    (
        &["Unsupported instance type"],
        "KR107 KR204 KR216",
        "/resource/instanceType",
    ),
    (
        &["resource.instanceType is required"],
        "KR107",
        "/resource/instanceType",
    ),
    (
        &["old label selector format"],
        "KR109",
        "/resource/labelSelector",
    ),
    (
        &["Only allow matchLabels"],
        "KR109 KR604",
        "/resource/labelSelector",
    ),
    (
        &["disableNodeAutoProvisioning"],
        "KR221",
        "/resource/partition",
    ),
    (&["MIG profile"], "KR221", "/resource/partition/profile"),
    (&["MIG slice capacity"], "KR206 KR219", "/resource"),
    (&["partition.count"], "KR221", "/resource/partition/count"),
    (&["GPU memory", "is too small"], "KR219", ""),
    (&["Non-uniform GPU product"], "KR222", ""),
    (&["No nodes found"], "KR222", ""),
    (&["multinode"], "KR108", "/resource/count"),
    (&["Multi-node distributed inference"], "KR219", ""),
    // What is served.
    (&["not neither"], "KR106", ""),
    (&["but not both"], "KR106", ""),
    (&["inference.Preset or Template"], "KR106", "/inference"),
    (&["Preset and Template"], "KR106", "/inference"),
    (
        &["Unsupported inference preset"],
        "KR203 KR260",
        "/inference/preset/name",
    ),
    (
        &["deprecated and no longer"],
        "KR203 KR260",
        "/inference/preset/name",
    ),
    (
        &["failed to get model preset"],
        "KR203 KR260",
        "/inference/preset",
    ),
    (
        &["AccessMode must be private"],
        "KR209",
        "/inference/preset",
    ),
    (
        &["When AccessMode is private"],
        "KR111",
        "/inference/preset",
    ),
    (&["Runtime validation: model"], "KR220", ""),
    (&["inference_config.yaml"], "KR223", ""),
    (&["max-model-len"], "KR223", ""),
    (&["specified in 'config'"], "KR113 KR210 KR223", ""),
    // Adapters.
    (
        &["vLLM", "adapter strength"],
        "KR220",
        "/inference/adapters/*/strength",
    ),
    (&["maximum of 10"], "KR112", "/inference/adapters"),
    (
        &["Duplicate adapter source name"],
        "KR112",
        "/inference/adapters/*/source",
    ),
    (
        &["Name of Adapter"],
        "KR112",
        "/inference/adapters/*/source/name",
    ),
    (
        &["Image of Adapter"],
        "KR112",
        "/inference/adapters/*/source/image",
    ),
    (
        &["inference.Adapters.URLs"],
        "KR112",
        "/inference/adapters/*/source",
    ),
    (
        &["inference.Adapters.Volume", "not implemented"],
        "KR112",
        "/inference/adapters/*/source",
    ),
    (
        &["inference.Adapters.Image", "image format"],
        "KR110",
        "/inference/adapters/*/source/image",
    ),
    (
        &["strength", "Adapter '"],
        "KR112 KR611",
        "/inference/adapters/*/strength",
    ),
    (
        &["Strength", "Adapter '"],
        "KR112 KR611",
        "/inference/adapters/*/strength",
    ),
    // Tuning.
    (
        &["invalid value", "tuning.Method"],
        "KR113",
        "/tuning/method",
    ),
    // There is no default ConfigMap of a method that does not exist.
    (&["validateConfigMap"], "KR113 KR210", ""),
    (&["tuning.Config"], "KR113 KR210", ""),
    (&["training_config.yaml"], "KR210", ""),
    (&["output_dir"], "KR210", ""),
    (
        &["tuning.Input.URLs", "Exactly one"],
        "KR114",
        "/tuning/input",
    ),
    (
        &["tuning.Input.URLs", "data source URL"],
        "KR119",
        "/tuning/input/urls",
    ),
    (
        &["tuning.Input.Image", "invalid value"],
        "KR110 KR116",
        "/tuning/input/image",
    ),
    (
        &["tuning.Input.Volume", "invalid value"],
        "KR115",
        "/tuning/input/volumeSource",
    ),
    (
        &["tuning.Output.Image", "invalid value"],
        "KR110 KR116",
        "/tuning/output/image",
    ),
    (
        &["tuning.Output.Volume", "invalid value"],
        "KR115",
        "/tuning/output/volumeSource",
    ),
    (
        &["missing field(s): tuning.Output"],
        "KR103 KR114",
        "/tuning/output",
    ),
    (
        &["missing field(s)", "tuning.Preset"],
        "KR106",
        "/tuning/preset",
    ),
    (
        &["Unsupported tuning preset"],
        "KR203 KR208 KR260",
        "/tuning/preset/name",
    ),
    // Changes.
    (&["toggled", "spec.inference"], "KR601", "/inference"),
    (&["toggled", "spec.tuning"], "KR601", "/tuning"),
    (&["immutable", "resource.count"], "KR602", "/resource/count"),
    (
        &["immutable", "resource.instanceType"],
        "KR603",
        "/resource/instanceType",
    ),
    (
        &["instanceType cannot be changed"],
        "KR603",
        "/resource/instanceType",
    ),
    (
        &["immutable", "resource.labelSelector"],
        "KR604",
        "/resource/labelSelector",
    ),
    (
        &["immutable", "inference.preset"],
        "KR606 KR607",
        "/inference",
    ),
    (&["Preset cannot be changed"], "KR606", "/tuning/preset"),
    (&["unset/set"], "KR607", "/inference/template"),
    (&["Method cannot be changed"], "KR608", "/tuning/method"),
    (&["tuning.Input.Name"], "KR609", "/tuning/input/name"),
];

/// Stands for the field that a complaint of the API server begins with.
const NAMED: &str = "named";

/// Complaints that none of the errors answers, or that are not known, each with a word on why.
pub(super) fn unanswered(text: &str, session: &Session) -> Vec<String> {
    let found = Found::of(session);
    complaints(text)
        .iter()
        .flat_map(|complaint| found.lacking(complaint))
        .collect()
}

/// One by line; a line that is indented goes on with the one before.
fn complaints(text: &str) -> Vec<String> {
    let mut complaints = Vec::<String>::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match complaints.last_mut().filter(|_| line.starts_with(' ')) {
            Some(last) => *last += line,
            None => complaints.push(line.to_owned()),
        }
    }
    complaints
}

/// The errors of a run, and the documents that they stand in.
struct Found<'a> {
    errors: Vec<&'a Diagnostic>,
    documents: Vec<Node>,
}

impl<'a> Found<'a> {
    fn of(session: &'a Session) -> Self {
        let errors: Vec<_> = session
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .collect();
        let mut files: Vec<_> = errors
            .iter()
            .filter_map(|diagnostic| Some(diagnostic.place?.file))
            .collect();
        files.sort_unstable();
        files.dedup();
        let parse = |file| {
            input::parse(
                &session.sources,
                file,
                &mut kaito_render::diagnostic::Diagnostics::default(),
            )
        };
        Self {
            errors,
            documents: files.into_iter().flat_map(parse).collect(),
        }
    }

    fn lacking(&self, complaint: &str) -> Vec<String> {
        let is_in = |part: &&str| match part.strip_prefix('^') {
            Some(start) => complaint.starts_with(start),
            None => complaint.contains(*part),
        };
        let rows: Vec<_> = KNOWN
            .iter()
            .filter(|(parts, ..)| parts.iter().all(is_in))
            .collect();
        if rows.is_empty() {
            return vec![format!("no rule is known for: {complaint}")];
        }
        let is_lacking = |(_, rules, field): &&&(_, &str, &str)| {
            let field = if *field == NAMED {
                named(complaint)
            } else {
                (*field).to_owned()
            };
            let answers = |error: &&Diagnostic| rules.split(' ').any(|rule| rule == error.rule.id);
            !self
                .errors
                .iter()
                .filter(|error| answers(error))
                .any(|error| self.is_at(error.place, &field))
        };
        let lacking = rows.iter().filter(is_lacking);
        lacking
            .map(|(_, rules, field)| format!("none of {rules} at `{field}` for: {complaint}"))
            .collect()
    }

    /// Whether a place belongs to a field or, where that is absent, to what would hold it.
    fn is_at(&self, place: Option<Span>, field: &str) -> bool {
        field.is_empty()
            || place.is_some_and(|place| {
                self.documents
                    .iter()
                    .any(|document| belongs(place, document, field))
            })
    }
}

fn belongs(place: Span, document: &Node, field: &str) -> bool {
    let mut places = Vec::new();
    walk(document, "", &mut places);
    let holds = |span: &Span| {
        span.file == place.file
            && span.start <= place.start
            && place.end <= span.end.max(span.start)
    };
    let is_field = |pointer: &str| places.iter().any(|(other, _)| is_in(other, pointer));
    let steps: Vec<_> = field.split('/').collect();
    // The longest part of the path that leads somewhere. What holds an absent field is only a place
    // of its own.
    let there = (1..=steps.len())
        .rev()
        .map(|count| steps[..count].join("/"))
        .find(|pointer| is_field(pointer));
    let there = there.unwrap_or_default();
    let is_own = |pointer: &str| {
        there == field || pointer.matches('/').count() == there.matches('/').count()
    };
    places
        .iter()
        .any(|(pointer, span)| is_in(pointer, &there) && is_own(pointer) && holds(span))
}

/// Every place of a document, with the pointer to what stands there. Null is as good as absent.
fn walk(node: &Node, pointer: &str, places: &mut Vec<(String, Span)>) {
    places.push((pointer.to_owned(), node.span));
    match &node.data {
        Data::Map(entries) => {
            for entry in entries
                .iter()
                .filter(|entry| entry.value.data != Data::Null)
            {
                let pointer = format!(
                    "{pointer}/{}",
                    entry.key.replace('~', "~0").replace('/', "~1")
                );
                places.push((pointer.clone(), entry.key_span));
                walk(&entry.value, &pointer, places);
            }
        }
        Data::List(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| walk(item, &format!("{pointer}/{index}"), places));
        }
        _ => {}
    }
}

/// Whether a pointer leads to a field, or into it.
fn is_in(pointer: &str, field: &str) -> bool {
    let mut steps = pointer.split('/');
    field.split('/').all(|wanted| {
        steps
            .next()
            .is_some_and(|step| wanted == "*" || step == wanted)
    })
}

/// The field that stands behind `is invalid: `, as a pointer.
fn named(complaint: &str) -> String {
    let rest = complaint
        .split_once("is invalid: ")
        .map_or("", |(_, rest)| rest.trim_start_matches('['));
    let path = rest.split(':').next().unwrap_or_default();
    let steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty());
    steps.map(|step| format!("/{step}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, complaints, is_in, named};

    #[test]
    fn complaints_and_fields_are_read() {
        assert_eq!(complaints("a: b\n  c\nd\n\n"), ["a: b  c", "d"]);
        assert_eq!(
            named("X \"ws\" is invalid: [a.b[0].c: Required, d: e]"),
            "/a/b/0/c"
        );
        assert!(
            is_in("/a/0/b", "/a/*")
                && is_in("/a", "/a")
                && !is_in("/ab", "/a")
                && !is_in("/a", "/a/b")
        );
    }

    #[test]
    fn a_complaint_is_known_by_a_few_words() {
        assert!(
            KNOWN
                .iter()
                .flat_map(|(parts, ..)| *parts)
                .all(|part| part.split_whitespace().count() <= 5)
        );
    }
}
