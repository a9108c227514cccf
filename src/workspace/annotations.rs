//! KAITO's own labels and annotations: which there are, and what their values are taken for.

use crate::base::node::{Entry, Node};
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::vocab::WorkspaceApi;

/// What carries the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A Workspace, by the version whose rules hold.
    Workspace(WorkspaceApi),
    /// An InferenceSet, as far as it hands them on to its Workspaces.
    Set,
}

/// The annotations that KAITO 0.3 and this compiler read (specification of 0.3, "Metadata
/// constants").
const V1ALPHA1: [&str; 3] = ["kaito.sh/enablelb", super::ALLOW, super::RENDERED];

/// The annotations that KAITO 0.12 and this compiler read (specification of 0.12, section 1.2).
const V1BETA1: [&str; 19] = [
    "kaito.sh/enablelb",
    super::ALLOW,
    super::RENDERED,
    "inference.kaito.sh/static-model-mirror",
    "inference.kaito.sh/stream-datarefs-url",
    "inference.kaito.sh/stream-identity-client-id",
    "inference.kaito.sh/stream-source-type",
    "kaito.sh/bypass-resource-checks",
    "kaito.sh/disable-benchmark",
    "kaito.sh/model-mirror-storage-class",
    "kaito.sh/model-streaming",
    "kaito.sh/node-class-name",
    "kaito.sh/node-image-family",
    "kaito.sh/performance-mode",
    "kaito.sh/runtime",
    "kaito.sh/streaming-service-account",
    "kaito.sh/upgrade-start-time",
    "kaito.sh/use-local-weights",
    "render.kaito.sh/node-count",
];

/// The annotations of an InferenceSet; that of the runtime has a rule of its own.
const OF_SETS: [&str; 4] = [
    "kaito.sh/disable-benchmark",
    "kaito.sh/runtime",
    super::ALLOW,
    super::RENDERED,
];

/// Labels that KAITO reads, or that objects carry to say whose they are.
const LABELS: [&str; 6] = [
    "inferenceset.kaito.sh/created-by",
    "kaito.sh/inference-role",
    "kaito.sh/upgrade-to-version",
    "kaito.sh/workspace",
    "kaito.sh/workspacenamespace",
    "multiroleinference.kaito.sh/created-by",
];

/// Values that act only as they are written here, with what they do.
const EXACT: [(&str, &str, &str); 3] = [
    (
        "kaito.sh/enablelb",
        "True",
        "makes the Service a load balancer",
    ),
    (
        "kaito.sh/disable-benchmark",
        "true",
        "leaves the benchmark out",
    ),
    (
        "kaito.sh/model-streaming",
        "disabled",
        "turns streaming off",
    ),
];

/// What people write for yes and no, in lower case.
const YES: [&str; 6] = ["1", "enabled", "on", "true", "y", "yes"];
const NO: [&str; 6] = ["0", "disabled", "false", "n", "no", "off"];

const BYPASS: &str = "kaito.sh/bypass-resource-checks";
const ROLE: &str = "kaito.sh/inference-role";
const ROLES: [&str; 2] = ["prefill", "decode"];

/// Reports labels and annotations of KAITO's that do nothing, and values that are not taken for
/// what they look like.
pub(super) fn check(node: &Node, holder: Holder, diagnostics: &mut Diagnostics) {
    let annotations: &[&str] = match holder {
        Holder::Workspace(WorkspaceApi::V1alpha1) => &V1ALPHA1,
        Holder::Workspace(WorkspaceApi::V1beta1) => &V1BETA1,
        Holder::Set => &OF_SETS,
    };
    for entry in node.entries("/metadata/annotations") {
        if annotations.contains(&entry.key.as_str()) {
            diagnostics.extend(misread(entry));
        } else if is_kaitos(&entry.key) {
            diagnostics.report(unread(entry, "annotation", annotations, holder));
        }
    }
    for entry in node.entries("/metadata/labels") {
        if entry.key == ROLE {
            diagnostics.extend(role(entry));
        } else if is_kaitos(&entry.key) && !LABELS.contains(&entry.key.as_str()) {
            diagnostics.report(unread(entry, "label", &LABELS, holder));
        }
    }
}

fn is_kaitos(key: &str) -> bool {
    key.split_once('/')
        .is_some_and(|(domain, _)| domain == "kaito.sh" || domain.ends_with(".kaito.sh"))
}

fn unread(entry: &Entry, what: &str, known: &[&str], holder: Holder) -> Diagnostic {
    let key = entry.key.as_str();
    let finding = |message: String| Diagnostic::new(&rule::UNKNOWN_KEY, entry.key_span, message);
    if let Some(meant) = wording::typo(key, known.iter().copied()) {
        let finding =
            finding(format!("there is no {what} `{key}`")).hint(format!("write `{meant}`"));
        return finding.respell(entry.key_span, key, meant);
    }
    if let Some(near) = wording::nearest(key, known.iter().copied()) {
        return finding(format!("there is no {what} `{key}`"))
            .hint(format!("did you mean `{near}`?"));
    }
    let is_known = V1BETA1.contains(&key) && what == "annotation";
    match holder {
        Holder::Set if is_known => finding(format!(
            "the {what} `{key}` of a set has no effect on its replicas"
        ))
        .hint("write it under `spec.template.metadata.annotations`"),
        Holder::Workspace(_) if is_known => {
            let finding = finding(format!(
                "the {what} `{key}` is of a later release, and has no effect in this one"
            ));
            match key {
                "render.kaito.sh/node-count" => {
                    finding.hint("`resource.count` is the number of nodes")
                }
                _ => {
                    finding.hint("remove it, or choose another release by `release` in the profile")
                }
            }
        }
        _ => finding(format!("nothing reads the {what} `{key}`")).hint(format!(
            "remove it, or give a {what} of your own another domain than KAITO's"
        )),
    }
}

/// A value that is not taken for what it looks like.
fn misread(entry: &Entry) -> Option<Diagnostic> {
    let (key, value) = (entry.key.as_str(), entry.value.as_str()?);
    let said = value.trim().to_lowercase();
    let place = entry.value.span;
    if key == BYPASS && NO.contains(&said.as_str()) {
        let message = format!(
            "`{key}: {}` lets everything pass: any value does",
            value.escape_debug()
        );
        return Some(
            Diagnostic::new(&rule::MISREAD_VALUE, place, message).hint("remove the annotation"),
        );
    }
    let (_, exact, effect) = EXACT.iter().find(|(known, ..)| *known == key)?;
    let meanings = if *exact == "disabled" { NO } else { YES };
    if value == *exact || !meanings.contains(&said.as_str()) {
        return None;
    }
    let message = format!(
        "`{key}: {}` has no effect: only `{exact}` {effect}",
        value.escape_debug()
    );
    let finding =
        Diagnostic::new(&rule::MISREAD_VALUE, place, message).hint(format!("write `\"{exact}\"`"));
    Some(finding.fix(place, format!("\"{exact}\"")))
}

fn role(entry: &Entry) -> Option<Diagnostic> {
    let value = entry
        .value
        .as_str()
        .filter(|value| !ROLES.contains(value))?;
    let message = format!(
        "`{}` is not a role, so the pods serve without one",
        value.escape_debug()
    );
    let finding = Diagnostic::new(&rule::MISREAD_VALUE, entry.value.span, message);
    Some(match wording::typo(value, ROLES.into_iter()) {
        Some(meant) => {
            finding
                .hint(format!("write `{meant}`"))
                .respell(entry.value.span, value, meant)
        }
        None => finding.hint("use `prefill` or `decode`"),
    })
}
