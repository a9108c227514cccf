//! Variables that Flux fills in when it applies the objects.

use crate::catalogue::profile::Substitution;
use crate::diagnostic::Severity;
use crate::vocab::WorkspaceApi;

/// Where KAITO copies a value into its objects and decides nothing by it: parts of JSON Pointers.
const COPIED: [&str; 6] = [
    "/metadata/annotations/",
    "/metadata/labels/",
    "/inference/template/",
    "/presetOptions/",
    "/imagePullSecrets/",
    "/imagePushSecret",
];

/// The same by the rules of v1alpha1 only: later releases complete these references themselves.
const COPIED_IMAGES: [&str; 3] = ["/source/image", "/input/image", "/output/image"];

/// Keys that KAITO or this program decides by, as JSON Pointers have them.
const DECIDED: &str = "kaito.sh~1";

/// Whether a placeholder has the form of what is filled in.
fn is_variable(substitution: Option<Substitution>, placeholder: &str) -> bool {
    match substitution {
        Some(Substitution::Flux) => placeholder.starts_with("${"),
        None => false,
    }
}

/// How serious a placeholder is that would be of a severity if nothing filled it in. What is filled
/// in is only a note, which `placeholders::drop_judgements` takes away.
pub(super) fn severity(
    severity: Severity,
    substitution: Option<Substitution>,
    placeholder: &str,
    pointer: &str,
    api: Option<WorkspaceApi>,
) -> Severity {
    let images = match api {
        Some(WorkspaceApi::V1alpha1) => COPIED_IMAGES.as_slice(),
        _ => &[],
    };
    let mut copied = COPIED.iter().chain(images);
    let is_copied = copied.any(|part| pointer.contains(part)) && !pointer.contains(DECIDED);
    if is_copied && is_variable(substitution, placeholder) {
        Severity::Note
    } else {
        severity
    }
}

/// The same in the settings of a ConfigMap. One that decides something is an error already.
pub(super) fn severity_of_setting(
    severity: Severity,
    substitution: Option<Substitution>,
    placeholder: &str,
) -> Severity {
    if severity == Severity::Warning && is_variable(substitution, placeholder) {
        Severity::Note
    } else {
        severity
    }
}

/// What to do about a variable that would be filled in too late.
pub(super) fn hint(substitution: Option<Substitution>, placeholder: &str) -> Option<&'static str> {
    is_variable(substitution, placeholder)
        .then_some("write its value: the objects are made by it, before Flux fills in variables")
}
