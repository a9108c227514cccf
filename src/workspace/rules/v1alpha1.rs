//! The rules of `kaito.sh/v1alpha1`.
//!
//! Where a rule follows one of KAITO 0.3's webhook, its number in the specification is given beside
//! it.

use std::collections::BTreeSet;

use super::{Rules, adapters, images, placeholders, shared};
use crate::catalogue::others::OtherRelease;
use crate::catalogue::release::Release;
use crate::diagnostic::Severity;
use crate::diagnostic::rule;
use crate::vocab::api::V1ALPHA1;
use crate::vocab::{AccessMode, WorkspaceApi, labels};
use crate::workspace::Metadata;
use crate::workspace::spec::{
    Adapter, DataDestination, DataSource, Inference, Preset, Resource, Spec, Tuning,
};

/// Reports every rule that a Workspace breaks, beside those of every version.
pub(super) fn check(rules: &mut Rules, spec: &Spec, metadata: &Metadata) {
    if let Some(resource) = &spec.resource {
        count(rules, spec, resource);
        selector(rules, resource);
        own_labels(rules, metadata);
    }
    if let Some(found) = &spec.inference {
        inference(rules, found);
    }
    if let Some(found) = &spec.tuning {
        tuning(rules, found);
    }
}

fn count(rules: &mut Rules, spec: &Spec, resource: &Resource) {
    let count = resource.count;
    if spec.tuning.is_some() {
        // T1
        if count != 1 {
            shared::one_node(rules, count);
        }
        return;
    }
    let inference = spec.inference.as_ref();
    let least = i64::from(inference.is_some_and(|inference| inference.preset.is_some()));
    if count < least {
        rules
            .at("/resource/count")
            .reads("/tuning")
            .report(
                &rule::COUNT,
                format!("`resource.count` must be at least {least}, not {count}"),
            )
            .hint("set the number of nodes");
    }
}

fn selector(rules: &mut Rules, resource: &Resource) {
    let selector = &resource.label_selector;
    if !selector.match_expressions.is_empty() {
        // R5
        rules
            .at("/resource/labelSelector/matchExpressions")
            .report(&rule::SELECTOR, "KAITO ignores `matchExpressions`")
            .hint("use `matchLabels`");
    } else if selector.match_labels.is_empty() {
        rules
            .at("/resource/labelSelector")
            .reads("/resource/labelSelector")
            .report(
                &rule::SELECTOR,
                "`labelSelector` has no labels: the pods would match no node",
            )
            .hint("add a label to `matchLabels`, such as `apps: <name>`");
    }
}

/// The labels of node objects that say whose they are: a selector can't give them another value.
fn own_labels(rules: &mut Rules, metadata: &Metadata) {
    let own = [
        (labels::WORKSPACE, "/metadata/name", &metadata.name),
        (
            labels::WORKSPACE_NAMESPACE,
            "/metadata/namespace",
            &metadata.namespace,
        ),
    ];
    for entry in rules.node.entries("/resource/labelSelector/matchLabels") {
        let Some((_, field, own)) = own.iter().find(|(key, ..)| *key == entry.key) else {
            continue;
        };
        if let Some(value) = entry.value.as_str()
            && value != *own
            && !own.is_empty()
        {
            let message = format!(
                "`{}` identifies the Workspace of a node and can't be `{value}`",
                entry.key
            );
            rules
                .at("/resource/labelSelector/matchLabels")
                .reads(field)
                .on(entry.value.span)
                .report(&rule::SELECTOR, message)
                .hint("use a different label");
        }
    }
}

fn inference(rules: &mut Rules, inference: &Inference) {
    match (&inference.preset, &inference.template) {
        (Some(found), None) => preset(rules, found, "/inference/preset"),
        (None, Some(_)) => {
            adapters::beside_template(rules, &inference.adapters);
            return adapters::number(rules, &inference.adapters);
        }
        _ => {}
    }
    adapters::number(rules, &inference.adapters);
    for (index, found) in inference.adapters.iter().enumerate() {
        adapter(rules, found, &format!("/inference/adapters/{index}"));
    }
}

fn preset(rules: &mut Rules, preset: &Preset, pointer: &str) {
    let options = format!("{pointer}/presetOptions");
    let place = format!("{options}/image");
    let image = shared::filled(preset.preset_options.image.as_ref());
    if preset.access_mode == AccessMode::Private && image.is_none() {
        // I5
        rules
            .at(&format!("{pointer}/accessMode"))
            .reads(&place)
            .report(&rule::PRIVATE_IMAGE, "`accessMode: private` needs an image")
            .hint("add `presetOptions.image`, or remove `accessMode` to use the public image");
    }
    if let Some(image) = image.filter(|image| !placeholders::is_in(image)) {
        images::check_blanks(rules, image, &place);
    }
    let secrets = format!("{options}/imagePullSecrets");
    shared::secrets(rules, &preset.preset_options.image_pull_secrets, &secrets);
}

/// KAITO checks these when a Workspace is updated, which its own controller does at once (quirk
/// 36).
pub(in crate::workspace) fn adapter(rules: &mut Rules, adapter: &Adapter, pointer: &str) {
    adapters::strength(rules, adapter, pointer, Severity::Error);
    let hint = "add it with `name` and `image`";
    let Some(source) = adapters::source(rules, adapter, pointer, hint) else {
        return;
    };
    let place = format!("{pointer}/source");
    let name = adapters::name(rules, source, &place);
    if let Some(name) = name.filter(|name| name.starts_with(|first: char| first.is_ascii_digit())) {
        rules
            .at(&format!("{place}/name"))
            .report(
                &rule::ADAPTER,
                format!("`{name}` is not a valid adapter name"),
            )
            .hint(adapters::NAME);
    }
    let image = format!("{place}/image");
    match shared::filled(source.image.as_ref()) {
        None => {
            rules
                .at(&place)
                .reads(&image)
                .report(&rule::ADAPTER, "the adapter has no `image`")
                .hint("add the image that holds it in `/data`");
        }
        Some(found) => shared::image(rules, found, &image),
    }
    let secrets = format!("{place}/imagePullSecrets");
    shared::secrets(rules, &source.image_pull_secrets, &secrets);
    if !source.urls.is_empty() || source.volume_source.is_some() {
        rules
            .at(&place)
            .report(&rule::ADAPTER, "an adapter must come from an image")
            .hint("remove `urls` and `volumeSource`");
    }
}

fn tuning(rules: &mut Rules, tuning: &Tuning) {
    if let Some(found) = &tuning.preset {
        preset(rules, found, "/tuning/preset");
    }
    input(rules, &tuning.input);
    output(rules, &tuning.output);
}

/// Which release reads and writes volumes, to stand behind other advice.
fn volumes(rules: &Rules) -> String {
    let has = |release: &&OtherRelease| release.file.workspace_api == WorkspaceApi::V1beta1;
    let others = rules.release.map(Release::others).unwrap_or_default();
    others
        .iter()
        .find(has)
        .map_or_else(String::new, |other| format!("; {}", other.advice(V1ALPHA1)))
}

fn input(rules: &mut Rules, input: &DataSource) {
    if input.volume_source.is_some() {
        let volumes = volumes(rules);
        // D1
        rules
            .at("/tuning/input/volumeSource")
            .report(
                &rule::VOLUME,
                "KAITO 0.3 can't read training data from a volume",
            )
            .hint(format!("use `urls` or `image`{volumes}"));
    }
    if let Some(image) = &input.image {
        shared::image(rules, image, "/tuning/input/image");
    }
    let secrets = "/tuning/input/imagePullSecrets";
    shared::secrets(rules, &input.image_pull_secrets, secrets);
    file_names(rules, &input.urls);
    // D4
    shared::one_source(
        rules,
        input,
        input.image.as_deref(),
        ["add `urls` or `image`", "keep one of `urls` and `image`"],
    );
}

fn file_names(rules: &mut Rules, urls: &[String]) {
    let mut names = BTreeSet::new();
    let urls = urls.iter().enumerate();
    for (index, url) in urls.filter(|(_, url)| shared::is_url(url)) {
        let last = url.trim_end_matches('/').rsplit('/').next();
        let name = last.unwrap_or_default();
        if !names.insert(name) {
            rules
                .at(&format!("/tuning/input/urls/{index}"))
                .report(
                    &rule::URL,
                    format!("another URL is saved under the same name `{name}`: one overwrites the other"),
                )
                .hint("give the files different names");
        }
    }
}

fn output(rules: &mut Rules, output: &DataDestination) {
    if output.volume_source.is_some() {
        let volumes = volumes(rules);
        // O1
        rules
            .at("/tuning/output/volumeSource")
            .report(
                &rule::VOLUME,
                "KAITO 0.3 can't write an adapter to a volume",
            )
            .hint(format!("use `image` and `imagePushSecret`{volumes}"));
    }
    let pointer = "/tuning/output/image";
    if let Some(image) = &output.image {
        shared::image(rules, image, pointer);
        if let Some(secret) = shared::filled(output.image_push_secret.as_ref()) {
            shared::secret(rules, secret, "/tuning/output/imagePushSecret");
        }
    }
    if rules.is_given(output.image.as_ref(), pointer) {
        shared::push_secret(rules, output); // O4
    } else if output.volume_source.is_none() {
        // O5
        rules
            .at("/tuning/output")
            .report(&rule::TUNING_DATA, "`tuning.output.image` is missing")
            .hint("add `image` and `imagePushSecret`");
    }
}
