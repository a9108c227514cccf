//! KAITO's own labels and annotations: which there are, and what their values are taken for.

use super::Rules;
use crate::base::node::Entry;
use crate::base::wording;
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
const V1ALPHA1: [&str; 3] = [
    annotations::ENABLE_LB,
    annotations::ALLOW,
    annotations::RENDERED,
];

/// The annotations that KAITO 0.12 and this compiler read (specification of 0.12, section 1.2),
/// beside [`annotations::STREAMING`].
const V1BETA1: [&str; 13] = [
    annotations::ENABLE_LB,
    annotations::ALLOW,
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
const OF_SETS: [&str; 4] = [
    annotations::DISABLE_BENCHMARK,
    annotations::RUNTIME,
    annotations::ALLOW,
    annotations::RENDERED,
];

/// Labels that KAITO reads, or that objects carry to say whose they are.
const LABELS: [&str; 6] = [
    labels::CREATED_BY_SET,
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
    for entry in rules.node.entries("/metadata/annotations") {
        if known.contains(&entry.key.as_str()) {
            misread(rules, entry);
        } else if is_kaitos(&entry.key) {
            Unknown {
                entry,
                what: "annotation",
                known: &known,
                holder,
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
                format!("unknown {what} `{key}`"),
                format!("write `{meant}`"),
            );
        }
        if let Some(near) = wording::nearest(key, self.known.iter().copied()) {
            return (
                format!("unknown {what} `{key}`"),
                format!("did you mean `{near}`?"),
            );
        }
        let of_latest = known_annotations(Holder::Workspace(WorkspaceApi::V1beta1));
        let is_known = of_latest.contains(&key) && what == "annotation";
        match self.holder {
            Holder::Set if is_known => (
                format!("the {what} `{key}` of an InferenceSet has no effect on its replicas"),
                "write it under `spec.template.metadata.annotations`".to_owned(),
            ),
            Holder::Workspace(_) if is_known => (
                format!("this release does not support the {what} `{key}`"),
                match key {
                    annotations::NODE_COUNT => "`resource.count` is the number of nodes",
                    _ => "remove it, or set a later `release` in the profile",
                }
                .to_owned(),
            ),
            _ => (
                format!("nothing reads the {what} `{key}`"),
                format!("remove it, or use your own domain for your own {what}s"),
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
    match wording::typo(value, ROLES.into_iter()) {
        Some(meant) => reporting
            .hint(format!("write `{meant}`"))
            .respell(place, value, meant),
        None => reporting.hint("use `prefill` or `decode`"),
    };
}
