//! KAITO's own labels and annotations: which there are, and what their values are taken for.

use super::rules::Rules;
use crate::base::node::Entry;
use crate::base::wording;
use crate::diagnostic::rule;
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
pub(super) fn check(rules: &mut Rules, holder: Holder) {
    let annotations: &[&str] = match holder {
        Holder::Workspace(WorkspaceApi::V1alpha1) => &V1ALPHA1,
        Holder::Workspace(WorkspaceApi::V1beta1) => &V1BETA1,
        Holder::Set => &OF_SETS,
    };
    for entry in rules.node.entries("/metadata/annotations") {
        if annotations.contains(&entry.key.as_str()) {
            misread(rules, entry);
        } else if is_kaitos(&entry.key) {
            Unknown {
                entry,
                what: "annotation",
                known: annotations,
                holder,
            }
            .report(rules);
        }
    }
    for entry in rules.node.entries("/metadata/labels") {
        if entry.key == ROLE {
            role(rules, entry);
        } else if is_kaitos(&entry.key) && !LABELS.contains(&entry.key.as_str()) {
            Unknown {
                entry,
                what: "label",
                known: &LABELS,
                holder,
            }
            .report(rules);
        }
    }
}

fn is_kaitos(key: &str) -> bool {
    key.split_once('/')
        .is_some_and(|(domain, _)| domain == "kaito.sh" || domain.ends_with(".kaito.sh"))
}

/// A label or annotation that nothing reads.
struct Unknown<'a> {
    entry: &'a Entry,
    /// `label` or `annotation`.
    what: &'static str,
    /// Those that are read.
    known: &'a [&'a str],
    holder: Holder,
}

impl Unknown<'_> {
    fn report(&self, rules: &mut Rules) {
        let (key, place) = (self.entry.key.as_str(), self.entry.key_span);
        let (message, hint) = self.text();
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
        wording::typo(&self.entry.key, self.known.iter().copied())
    }

    /// What is wrong, and what to do.
    fn text(&self) -> (String, String) {
        let (key, what) = (self.entry.key.as_str(), self.what);
        if let Some(meant) = self.meant() {
            return (
                format!("there is no {what} `{key}`"),
                format!("write `{meant}`"),
            );
        }
        if let Some(near) = wording::nearest(key, self.known.iter().copied()) {
            return (
                format!("there is no {what} `{key}`"),
                format!("did you mean `{near}`?"),
            );
        }
        let is_known = V1BETA1.contains(&key) && what == "annotation";
        match self.holder {
            Holder::Set if is_known => (
                format!("the {what} `{key}` of a set has no effect on its replicas"),
                "write it under `spec.template.metadata.annotations`".to_owned(),
            ),
            Holder::Workspace(_) if is_known => (
                format!("the {what} `{key}` is of a later release, and has no effect in this one"),
                match key {
                    "render.kaito.sh/node-count" => "`resource.count` is the number of nodes",
                    _ => "remove it, or choose another release by `release` in the profile",
                }
                .to_owned(),
            ),
            _ => (
                format!("nothing reads the {what} `{key}`"),
                format!("remove it, or give a {what} of your own another domain than KAITO's"),
            ),
        }
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
    if key == BYPASS && NO.contains(&written.as_str()) {
        let message = format!(
            "`{key}: {}` lets everything pass: any value does",
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
        "`{}` is not a role, so the pods serve without one",
        value.escape_debug()
    );
    let place = entry.value.span;
    let reporting = rules
        .at("/metadata")
        .on(place)
        .report(&rule::MISREAD_VALUE, message);
    match wording::typo(value, ROLES.into_iter()) {
        Some(meant) => reporting
            .hint(format!("write `{meant}`"))
            .respell(place, value, meant),
        None => reporting.hint("use `prefill` or `decode`"),
    };
}
