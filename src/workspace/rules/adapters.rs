//! What the versions ask alike of LoRA adapters.

use std::collections::BTreeMap;

use super::{Rules, strength};
use crate::base::sources::Span;
use crate::diagnostic::Severity;
use crate::diagnostic::rule;
use crate::workspace::metadata;
use crate::workspace::spec::{Adapter, DataSource};

/// The most adapters that one Workspace may have (I6).
const MOST: usize = 10;

/// What can name a container and a variable.
pub(super) const NAME: &str =
    "use at most 63 lowercase letters, digits and `-`, starting with a letter";

/// Reports too many adapters, and those of one name.
pub(super) fn number(rules: &mut Rules, adapters: &[Adapter]) {
    if adapters.len() > MOST {
        let message = format!(
            "a Workspace can have at most {MOST} adapters, not {}",
            adapters.len()
        );
        rules
            .at("/inference/adapters")
            .report(&rule::ADAPTER, message)
            .hint("remove some");
    }
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for (index, adapter) in adapters.iter().enumerate() {
        let source = adapter.source.as_ref();
        let Some(name) = source.and_then(|source| source.name.as_deref()) else {
            continue;
        };
        let pointer = format!("/inference/adapters/{index}/source/name");
        let place = rules.node.at(&pointer).span;
        // I7
        if let Some(first) = seen.insert(name, place) {
            let message = format!("two adapters are named `{name}`");
            rules
                .at(&pointer)
                .report(&rule::ADAPTER, message)
                .also(first, "the first is here")
                .hint("give each a unique name");
        }
    }
}

/// Warns of adapters beside a template of pods, which nothing loads.
pub(super) fn beside_template(rules: &mut Rules, adapters: &[Adapter]) {
    if !adapters.is_empty() {
        let message =
            "`inference.adapters` has no effect beside `inference.template`: the pods load none";
        rules
            .at("/inference/adapters")
            .report(&rule::ADAPTERS_IGNORED, message)
            .hint("remove it, and load the adapters in your own pods");
    }
}

/// The source of an adapter; reports one that is missing.
pub(super) fn source<'s>(
    rules: &mut Rules,
    adapter: &'s Adapter,
    pointer: &str,
    hint: &str,
) -> Option<&'s DataSource> {
    if adapter.source.is_none() {
        rules
            .at(pointer)
            .reads(&format!("{pointer}/source"))
            .report(&rule::ADAPTER, "the adapter has no `source`")
            .hint(hint);
    }
    adapter.source.as_ref()
}

/// The name of an adapter; reports one that is missing or can't name a container.
pub(super) fn name<'s>(
    rules: &mut Rules,
    source: &'s DataSource,
    pointer: &str,
) -> Option<&'s str> {
    let place = format!("{pointer}/name");
    match source.name.as_deref() {
        None | Some("") => {
            rules
                .at(pointer)
                .reads(&place)
                .report(&rule::ADAPTER, "the adapter has no `name`")
                .hint("add `name`: it becomes the name of a container");
            None
        }
        Some(name) if !metadata::is_dns_label(name) => {
            let message = format!("`{name}` is not a valid adapter name");
            rules.at(&place).report(&rule::ADAPTER, message).hint(NAME);
            None
        }
        found => found,
    }
}

/// Reports a strength that is no number from 0 to 1, and one that only KAITO reads as a number.
pub(super) fn strength(rules: &mut Rules, adapter: &Adapter, pointer: &str, severity: Severity) {
    let Some(given) = adapter.strength.as_deref() else {
        return;
    };
    let (message, severity) = if !strength::is_allowed(given) {
        let message = format!("the adapter's strength must be a number from 0 to 1, not `{given}`");
        (message, severity)
    } else if !strength::is_decimal(given) {
        let message =
            format!("the server can't read the strength `{given}`, although KAITO accepts it");
        (message, Severity::Warning)
    } else {
        return;
    };
    rules
        .at(&format!("{pointer}/strength"))
        .report(&rule::ADAPTER, message)
        .hint("write it as a string, such as \"0.5\"")
        .severity(severity);
}
