//! What keda-kaito-scaler reads, the autoscaler of InferenceSets.

use super::Rules;
use crate::base::node::{Data, Entry};
use crate::diagnostic::rule;

/// What its annotations begin with.
pub(super) const PREFIX: &str = "scaledobject.kaito.sh/";

/// Whether it reads an annotation of an InferenceSet.
pub(super) fn is_read(key: &str) -> bool {
    key.starts_with(PREFIX)
}

/// The annotation that turns it on.
const SCALED: &str = "scaledobject.kaito.sh/auto-provision";

/// Warns of a set that is to be scaled. It scales the InferenceSet itself, which is not among the
/// output.
pub(in crate::workspace) fn check_scaling(rules: &mut Rules) {
    let mut entries = rules.node.entries("/metadata/annotations").iter();
    let is_on = |entry: &&Entry| entry.key == SCALED && entry.value.as_str() == Some("true");
    let Some(first) = entries.find(is_on) else {
        return;
    };
    let replicas = match &rules.node.at("/spec/replicas").node.data {
        Data::Number(number) => number.to_string(),
        _ => "1".to_owned(),
    };
    let place = first.key_span;
    let message = format!(
        "keda-kaito-scaler scales InferenceSets, and the output has only their Workspaces: \
         `spec.replicas` stays {replicas}"
    );
    rules
        .at("/metadata/annotations")
        .on(place)
        .report(&rule::NO_EFFECT, message)
        .hint("set `spec.replicas` to the number of Workspaces that you want, and remove the `scaledobject.kaito.sh/` annotations");
}
