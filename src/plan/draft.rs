//! What can be said of a Workspace of which some fields could not be read.

use super::{Inputs, make};
use crate::diagnostic::Diagnostics;
use crate::diagnostic::rule::{self, Rule};
use crate::input::schema::Unread;

const SERVED: &str = "/inference/preset/name";
const TUNED: &str = "/tuning/preset/name";
const INSTANCE_TYPE: &str = "/resource/instanceType";
const ANNOTATIONS: &str = "/metadata/annotations";

/// Rules of planning, and the fields that they depend on. A rule that is not here depends on any.
const READS: &[(&[&Rule], &[&str])] = &[
    // The profile and the library, or the one field at which they report.
    (
        &[
            &rule::ANNOTATION,
            &rule::CLUSTER_NAME,
            &rule::LIBRARY_FIELD,
            &rule::LIBRARY_FILE,
            &rule::NODE_CLASS,
            &rule::NOT_YET,
            &rule::TRACKING_LABEL,
            &rule::UNKNOWN_CLOUD,
            &rule::UNKNOWN_PROVISIONER,
            &rule::UNSERVED_LABEL,
        ],
        &[],
    ),
    (&[&rule::NAME], &["/metadata/name"]),
    (
        &[
            &rule::INEXACT_NAME,
            &rule::NO_NVIDIA_GPU,
            &rule::RESOURCE,
            &rule::RETIRED_INSTANCE_TYPE,
            &rule::RETIRED_TYPE,
            &rule::UNKNOWN_INSTANCE_TYPE,
        ],
        &[INSTANCE_TYPE],
    ),
    (&[&rule::PARTITION], &["/resource/partition"]),
    (
        &[&rule::NODES, &rule::OLD_GPU, &rule::SELECTOR],
        &["/resource/labelSelector", "/resource/partition"],
    ),
    (
        &[
            &rule::ADAPTERS_IGNORED,
            &rule::NOT_TUNABLE,
            &rule::RETIRED_PRESET,
            &rule::UNKNOWN_PRESET,
        ],
        &[SERVED, TUNED],
    ),
    (
        &[&rule::GATED, &rule::NO_PUBLIC_IMAGE],
        &["/inference/preset", "/tuning/preset", ANNOTATIONS],
    ),
    (&[&rule::NO_EFFECT, &rule::RUNTIME], &[SERVED, ANNOTATIONS]),
    (
        &[
            &rule::COUNT,
            &rule::COUNT_TOO_SMALL,
            &rule::NO_FIT,
            &rule::TIGHT_MEMORY,
            &rule::TOO_FEW_GPUS,
            &rule::TOO_LITTLE_MEMORY,
        ],
        &["/resource", SERVED, TUNED, ANNOTATIONS, "/inference/config"],
    ),
    (
        &[&rule::SERVER_CONFIG],
        &[SERVED, ANNOTATIONS, "/inference/config"],
    ),
    (
        &[&rule::OUTPUT_DIR, &rule::TUNING_CONFIG],
        &[TUNED, "/tuning/method", "/tuning/config"],
    ),
];

/// Reports what is wrong with a Workspace of which some fields could not be read: everything that
/// [`make`] would report and that depends on none of them. `since` is a mark from before the
/// Workspace was read.
pub fn check(inputs: Inputs, unread: &Unread, since: usize, diagnostics: &mut Diagnostics) {
    let mark = diagnostics.mark();
    // The plan is good for nothing: it follows from values that stand in for unread ones.
    _ = make(inputs, since, diagnostics);
    let found = diagnostics.split_off(mark).into_iter();
    diagnostics.extend(found.filter(|found| {
        let reads = READS.iter().find(|(rules, _)| rules.contains(&found.rule));
        reads.is_some_and(|(_, fields)| !fields.iter().any(|field| unread.touches(field)))
    }));
}
