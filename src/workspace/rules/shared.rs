//! The rules that hold in every version, and the parts that the rules of the versions are made of.
//!
//! A number such as I6 is that of the rule in the specification of KAITO's webhook.

use super::{Rules, images, placeholders};
use crate::base::similar;
use crate::diagnostic::rule;
use crate::vocab::{TuningMethod, limits};
use crate::workspace::metadata;
use crate::workspace::spec::{DataDestination, DataSource, Inference, Resource, Spec, Tuning};

/// The most nodes of one Workspace, and the most replicas of a set.
pub(in crate::workspace) const MAX_NODES: i64 = limits::WORKSPACE_NODES as i64;

/// Reports what is wrong in any version.
pub(super) fn check(rules: &mut Rules, spec: &Spec) {
    purpose(rules, spec);
    match &spec.resource {
        Some(resource) => nodes(rules, resource),
        None => {
            rules
                .at("")
                .reads("/resource")
                .report(&rule::RESOURCE, "the Workspace has no `resource`")
                .hint("add it with `instanceType` and `labelSelector`");
        }
    }
    if let Some(inference) = &spec.inference {
        served(rules, inference);
    }
    if let Some(tuning) = &spec.tuning {
        method(rules, tuning);
        if tuning.preset.is_none() {
            rules
                .at("/tuning")
                .reads("/tuning/preset")
                .report(&rule::PURPOSE, "`tuning.preset` is missing")
                .hint("name the model to tune");
        }
        urls(rules, &tuning.input.urls);
    }
}

fn purpose(rules: &mut Rules, spec: &Spec) {
    let serves = rules.is_given(spec.inference.as_ref(), "/inference");
    let tunes = rules.is_given(spec.tuning.as_ref(), "/tuning");
    if !serves && !tunes {
        // C1
        rules
            .at("")
            .report(
                &rule::PURPOSE,
                "the Workspace has neither `inference` nor `tuning`",
            )
            .hint("add one of them");
    } else if serves && tunes {
        // C2
        rules
            .at("/tuning")
            .report(
                &rule::PURPOSE,
                "the Workspace has both `inference` and `tuning`",
            )
            .hint("split it into two Workspaces");
    }
}

fn nodes(rules: &mut Rules, resource: &Resource) {
    if resource.count > MAX_NODES {
        let message = format!(
            "`resource.count` must be at most {MAX_NODES}, not {}",
            resource.count
        );
        rules
            .at("/resource/count")
            .report(&rule::COUNT, message)
            .hint("Kubernetes supports no more nodes in a cluster");
    }
    let pointer = "/resource/labelSelector/matchLabels";
    for entry in rules.node.entries(pointer) {
        if let Some(value) = entry.value.as_str() {
            super::metadata::check_label(rules, pointer, entry, value);
        }
    }
}

/// What is served: a preset or a template, and adapters.
fn served(rules: &mut Rules, inference: &Inference) {
    let has_preset = rules.is_given(inference.preset.as_ref(), "/inference/preset");
    let has_template = inference.template.is_some(); // any value is one
    if !has_preset && !has_template {
        // I1
        rules
            .at("/inference")
            .report(
                &rule::PURPOSE,
                "`inference` has neither `preset` nor `template`",
            )
            .hint("add one of them");
    } else if has_preset && has_template {
        // I2
        rules
            .at("/inference/template")
            .report(
                &rule::PURPOSE,
                "`inference` has both `preset` and `template`",
            )
            .hint("remove one of them");
    }
}

fn method(rules: &mut Rules, tuning: &Tuning) {
    match tuning.method.as_deref() {
        // T2
        None => {
            rules
                .at("/tuning")
                .reads("/tuning/method")
                .report(&rule::METHOD, "`tuning.method` is missing")
                .hint("add `method: lora` or `method: qlora`");
        }
        Some(method) if TuningMethod::find(method).is_none() => {
            let message = format!("`{method}` is not a tuning method");
            let names = TuningMethod::ALL.map(TuningMethod::name);
            let hint = match similar::typo(method, names.into_iter()) {
                Some(meant) => format!("write `{meant}`"),
                None => "use `lora` or `qlora`".to_owned(),
            };
            rules
                .at("/tuning/method")
                .report(&rule::METHOD, message)
                .hint(hint);
        }
        Some(_) => {}
    }
}

/// KAITO takes any text as a URL; the Job fails later.
fn urls(rules: &mut Rules, urls: &[String]) {
    for (index, url) in urls.iter().enumerate().filter(|(_, url)| !is_url(url)) {
        let message = format!("`{}` is not a URL", url.escape_debug());
        rules
            .at(&format!("/tuning/input/urls/{index}"))
            .report(&rule::URL, message)
            .hint("write a full URL, with `%20` for a space");
    }
}

/// Reports a tuning on another number of nodes than one.
pub(super) fn one_node(rules: &mut Rules, count: i64) {
    let message = format!("tuning runs on one node, not on {count}");
    rules
        .at("/resource/count")
        .report(&rule::COUNT, message)
        .hint("set `resource.count` to 1");
}

/// Reports data that comes from nowhere or from more than one place; the hints say what to do
/// about either. Whether an empty image counts is for the version to say.
pub(super) fn one_source(
    rules: &mut Rules,
    input: &DataSource,
    image: Option<&str>,
    hints: [&str; 2],
) {
    let sources = [
        rules.is_given(input.urls.first(), "/tuning/input/urls"),
        rules.is_given(input.volume_source.as_ref(), "/tuning/input/volumeSource"),
        rules.is_given(image.as_ref(), "/tuning/input/image"),
    ];
    let [none, many] = hints;
    let (message, hint) = match sources.into_iter().filter(|given| *given).count() {
        0 => ("`tuning.input` has no data source", none),
        1 => return,
        _ => ("`tuning.input` has more than one data source", many),
    };
    rules
        .at("/tuning/input")
        .report(&rule::TUNING_DATA, message)
        .hint(hint);
}

/// Reports that the Secret to push an image with is missing.
pub(super) fn push_secret(rules: &mut Rules, output: &DataDestination) {
    if filled(output.image_push_secret.as_ref()).is_none() {
        rules
            .at("/tuning/output")
            .reads("/tuning/output/imagePushSecret")
            .report(
                &rule::TUNING_DATA,
                "`tuning.output.imagePushSecret` is missing",
            )
            .hint(
                "add `imagePushSecret`: the name of the Secret that holds the registry's credentials",
            );
    }
}

/// Whether a text looks like a URL.
pub(super) fn is_url(text: &str) -> bool {
    text.contains("://") && !text.contains(char::is_whitespace)
}

/// Reports names that no Secret can have: those are DNS names of at most 253 characters.
pub(super) fn secrets(rules: &mut Rules, names: &[String], pointer: &str) {
    for (index, name) in names.iter().enumerate() {
        secret(rules, name, &format!("{pointer}/{index}"));
    }
}

/// As [`secrets`], for one name.
pub(super) fn secret(rules: &mut Rules, name: &str, pointer: &str) {
    let is_name = name.len() <= 253 && name.split('.').all(metadata::is_dns_label);
    if !is_name && !placeholders::is_in(name) {
        let message = format!("`{}` is not a valid Secret name", name.escape_debug());
        rules
            .at(pointer)
            .report(&rule::SECRET, message)
            .hint("use lowercase letters, digits, `-` and `.`");
    }
}

/// Reports an image that KAITO 0.3 refuses.
pub(super) fn image(rules: &mut Rules, image: &str, pointer: &str) {
    if !placeholders::is_in(image) {
        images::check(rules, image, pointer);
    }
}

/// Whether a text is there and not empty; to KAITO an empty one is the same as none.
pub(super) fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}
