//! KAITO's own labels and annotations: which there are, and what their values are taken for.

use super::{Rules, keda};
use crate::base::node::{Entry, Node};
use crate::base::similar;
use crate::catalogue::others::OtherRelease;
use crate::catalogue::release::Release;
use crate::diagnostic::rule;
use crate::vocab::{WorkspaceApi, annotations, api, labels};

/// What carries the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workspace) enum Holder {
    /// A Workspace, by the version whose rules hold.
    Workspace(WorkspaceApi),
    /// An InferenceSet, as far as it hands them on to its Workspaces.
    Set,
}

/// The annotations that KAITO 0.3 and this compiler read (specification of 0.3, "Metadata
/// constants").
const V1ALPHA1: [&str; 4] = [
    annotations::ENABLE_LB,
    annotations::ALLOW,
    annotations::OVERLAYS,
    annotations::RENDERED,
];

/// The annotations that KAITO 0.12 and this compiler read (specification of 0.12, section 1.2),
/// beside [`annotations::STREAMING`].
const V1BETA1: [&str; 14] = [
    annotations::ENABLE_LB,
    annotations::ALLOW,
    annotations::OVERLAYS,
    annotations::RENDERED,
    annotations::BYPASS_RESOURCE_CHECKS,
    annotations::DISABLE_BENCHMARK,
    annotations::MODEL_STREAMING,
    annotations::NODE_CLASS_NAME,
    annotations::NODE_IMAGE_FAMILY,
    annotations::PERFORMANCE_MODE,
    annotations::RUNTIME,
    annotations::UPGRADE_START_TIME,
    annotations::USE_LOCAL_WEIGHTS,
    annotations::NODE_COUNT,
];

/// The annotations of an InferenceSet; that of the runtime has a rule of its own.
const OF_SETS: [&str; 5] = [
    annotations::DISABLE_BENCHMARK,
    annotations::RUNTIME,
    annotations::ALLOW,
    annotations::OVERLAYS,
    annotations::RENDERED,
];

/// Labels that KAITO reads, that objects carry to say whose they are, or by which others'
/// `NetworkPolicies` select.
const LABELS: [&str; 8] = [
    labels::CREATED_BY_SET,
    labels::INFERENCE_SET,
    labels::OWNED_BY,
    labels::INFERENCE_ROLE,
    labels::UPGRADE_TO_VERSION,
    labels::WORKSPACE,
    labels::WORKSPACE_NAMESPACE,
    labels::CREATED_BY_ROLES,
];

/// Values that act only as they are written here, with what they do.
const EXACT: [(&str, &str, &str); 3] = [
    (
        annotations::ENABLE_LB,
        "True",
        "makes the Service a load balancer",
    ),
    (
        annotations::DISABLE_BENCHMARK,
        "true",
        "skips the benchmark",
    ),
    (
        annotations::MODEL_STREAMING,
        "disabled",
        "disables streaming",
    ),
];

/// What people write for yes and no, in lower case.
const YES: [&str; 6] = ["1", "enabled", "on", "true", "y", "yes"];
const NO: [&str; 6] = ["0", "disabled", "false", "n", "no", "off"];

const ROLES: [&str; 2] = ["prefill", "decode"];

/// Reports labels and annotations of KAITO's that do nothing, and values that are not taken for
/// what they look like.
pub(in crate::workspace) fn check(rules: &mut Rules, holder: Holder) {
    let known = known_annotations(holder);
    let version = rules.node.get("apiVersion").and_then(Node::as_str);
    let version = version.unwrap_or_default();
    for entry in rules.node.entries("/metadata/annotations") {
        if known.contains(&entry.key.as_str()) {
            misread(rules, entry);
        } else if is_kaitos(&entry.key) && !(holder == Holder::Set && keda::is_read(&entry.key)) {
            Unknown {
                entry,
                what: "annotation",
                known: &known,
                holder,
                version,
            }
            .report(rules);
        }
    }
    for entry in rules.node.entries("/metadata/labels") {
        if entry.key == labels::INFERENCE_ROLE {
            role(rules, entry);
        } else if is_kaitos(&entry.key) && !LABELS.contains(&entry.key.as_str()) {
            Unknown {
                entry,
                what: "label",
                known: &LABELS,
                holder,
                version,
            }
            .report(rules);
        }
    }
}

/// The annotations that a holder can have.
fn known_annotations(holder: Holder) -> Vec<&'static str> {
    match holder {
        Holder::Workspace(WorkspaceApi::V1alpha1) => V1ALPHA1.to_vec(),
        Holder::Workspace(WorkspaceApi::V1beta1) => {
            [V1BETA1.as_slice(), &annotations::STREAMING].concat()
        }
        Holder::Set => OF_SETS.to_vec(),
    }
}

/// The annotation that somebody meant by the name of a field, and what to do if the release does not
/// read it.
pub(in crate::workspace) fn of_field(
    field: &str,
    release: &Release,
    version: &str,
) -> Option<(&'static str, Option<String>)> {
    let letters = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let is_meant = |key: &&str| {
        let name = key.split_once('/').map_or(*key, |(_, name)| name);
        letters(name) == letters(field)
    };
    let reads = |api: WorkspaceApi| {
        known_annotations(Holder::Workspace(api))
            .into_iter()
            .find(is_meant)
    };
    if let Some(key) = reads(release.file.workspace_api) {
        return Some((key, None));
    }
    let mut others = release.others().iter();
    others.find_map(|other| {
        let key = reads(other.file.workspace_api)?;
        Some((key, Some(other.advice(version))))
    })
}

fn is_kaitos(key: &str) -> bool {
    key.split_once('/')
        .is_some_and(|(domain, _)| domain == api::KAITO || domain.ends_with(".kaito.sh"))
}

/// A label or annotation that nothing reads.
struct Unknown<'a> {
    entry: &'a Entry,
    /// `label` or `annotation`.
    what: &'static str,
    /// Those that are read.
    known: &'a [&'a str],
    holder: Holder,
    /// The apiVersion of the document.
    version: &'a str,
}

impl Unknown<'_> {
    fn report(&self, rules: &mut Rules) {
        let (key, place) = (self.entry.key.as_str(), self.entry.key_span);
        let (message, hint) = self.text(rules.release);
        let reporting = rules
            .at("/metadata")
            .on(place)
            .report(&rule::UNKNOWN_KEY, message)
            .hint(hint);
        if let Some(meant) = self.meant() {
            reporting.respell(place, key, meant);
        }
    }

    /// The key that was certainly meant.
    fn meant(&self) -> Option<&str> {
        similar::typo(&self.entry.key, self.known.iter().copied())
    }

    /// What is wrong, and what to do.
    fn text(&self, release: Option<&Release>) -> (String, String) {
        let (key, what) = (self.entry.key.as_str(), self.what);
        let is_annotation = what == "annotation";
        if is_annotation && key.starts_with(keda::PREFIX) {
            return (
                format!("keda-kaito-scaler reads `{key}` of InferenceSets only"),
                "remove it, or make the Workspace an InferenceSet".to_owned(),
            );
        }
        let of_latest = known_annotations(Holder::Workspace(WorkspaceApi::V1beta1));
        if is_annotation && of_latest.contains(&key) {
            return self.elsewhere(release);
        }
        if let Some(meant) = self.meant() {
            return (
                format!("unknown {what} `{key}`"),
                format!("write `{meant}`"),
            );
        }
        if let Some(near) = similar::nearest(key, self.known.iter().copied()) {
            return (
                format!("unknown {what} `{key}`"),
                format!("did you mean `{near}`?"),
            );
        }
        let reader = release.map_or("no release".to_owned(), |it| format!("release {}", it.name));
        let verb = if release.is_some() {
            "does not read"
        } else {
            "reads"
        };
        (
            format!("{reader} {verb} the {what} `{key}`"),
            format!("remove it, or use your own domain for your own {what}s"),
        )
    }

    /// What to do about an annotation that has its effect elsewhere.
    fn elsewhere(&self, release: Option<&Release>) -> (String, String) {
        let key = self.entry.key.as_str();
        let Holder::Workspace(_) = self.holder else {
            return (
                format!("the annotation `{key}` of an InferenceSet has no effect on its replicas"),
                "write it under `spec.template.metadata.annotations`".to_owned(),
            );
        };
        let others = release.map_or(&[][..], Release::others);
        let reads = |other: &&OtherRelease| {
            known_annotations(Holder::Workspace(other.file.workspace_api)).contains(&key)
        };
        let hint = match others.iter().find(reads) {
            _ if key == annotations::NODE_COUNT => {
                "`resource.count` is the number of nodes".to_owned()
            }
            Some(other) => other.advice(self.version),
            None => "remove it".to_owned(),
        };
        let name = release.map_or_else(String::new, |it| format!(" {}", it.name));
        let message = format!("release{name} does not read the annotation `{key}`");
        (message, hint)
    }
}

/// Reports a value that is not taken for what it looks like.
fn misread(rules: &mut Rules, entry: &Entry) {
    let key = entry.key.as_str();
    let Some(value) = entry.value.as_str() else {
        return;
    };
    let written = value.trim().to_lowercase();
    let place = entry.value.span;
    if key == annotations::BYPASS_RESOURCE_CHECKS && NO.contains(&written.as_str()) {
        let message = format!(
            "`{key}: {}` skips the resource checks, as every value does",
            value.escape_debug()
        );
        rules
            .at("/metadata")
            .on(place)
            .report(&rule::MISREAD_VALUE, message)
            .hint("remove the annotation");
    }
    let Some((_, exact, effect)) = EXACT.iter().find(|(known, ..)| *known == key) else {
        return;
    };
    let meanings = if *exact == "disabled" { NO } else { YES };
    if value != *exact && meanings.contains(&written.as_str()) {
        let message = format!(
            "`{key}: {}` has no effect: only `{exact}` {effect}",
            value.escape_debug()
        );
        rules
            .at("/metadata")
            .on(place)
            .report(&rule::MISREAD_VALUE, message)
            .hint(format!("write `\"{exact}\"`"))
            .fix(place, format!("\"{exact}\""));
    }
}

fn role(rules: &mut Rules, entry: &Entry) {
    let value = entry.value.as_str();
    let Some(value) = value.filter(|value| !ROLES.contains(value)) else {
        return;
    };
    let message = format!(
        "unknown role `{}`: the pods serve without a role",
        value.escape_debug()
    );
    let place = entry.value.span;
    let reporting = rules
        .at("/metadata")
        .on(place)
        .report(&rule::MISREAD_VALUE, message);
    match similar::typo(value, ROLES.into_iter()) {
        Some(meant) => reporting
            .hint(format!("write `{meant}`"))
            .respell(place, value, meant),
        None => reporting.hint("use `prefill` or `decode`"),
    };
}
