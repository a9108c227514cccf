//! The rules of `kaito.sh/v1beta1`.
//!
//! Where a rule follows one of KAITO 0.12's webhook, its number in the specification (section 2.1)
//! is given beside it.

use std::net::IpAddr;

use super::{Rules, adapters, placeholders, shared};
use crate::base::pointer;
use crate::base::similar;
use crate::base::wording;
use crate::diagnostic::Severity;
use crate::diagnostic::rule;
use crate::vocab::annotations;
use crate::vocab::image;
use crate::workspace::spec::{
    Adapter, DataDestination, DataSource, Inference, LabelSelector, Preset, Spec, Tuning,
};
use crate::workspace::{Metadata, metadata};

/// Annotations that have one of a few values (5, 6, 7).
const ANNOTATIONS: [(&str, &[&str]); 3] = [
    (annotations::NODE_IMAGE_FAMILY, &["ubuntu", "azurelinux"]),
    (
        annotations::PERFORMANCE_MODE,
        &["balanced", "interactivity", "throughput"],
    ),
    (annotations::USE_LOCAL_WEIGHTS, &["true", "false"]),
];

/// Hosts that a cluster keeps for itself (T5).
const PRIVATE_HOSTS: [&str; 4] = [
    "localhost",
    "metadata.google.internal",
    "metadata.google",
    "instance-data.ec2.internal",
];

/// Reports every rule that a Workspace breaks, beside those of every version.
pub(super) fn check(rules: &mut Rules, spec: &Spec, metadata: &Metadata) {
    annotation_values(rules, metadata);
    if let Some(resource) = &spec.resource {
        selector(rules, &resource.label_selector);
        // T1
        if spec.tuning.is_some() && resource.count > 1 {
            shared::one_node(rules, resource.count);
        }
    }
    if let Some(found) = &spec.inference {
        inference(rules, found);
    }
    if let Some(found) = &spec.tuning {
        tuning(rules, found);
    }
}

fn annotation_values(rules: &mut Rules, metadata: &Metadata) {
    for (key, allowed) in ANNOTATIONS {
        let Some(value) = metadata.annotations.get(key) else {
            continue;
        };
        let read = if key == annotations::NODE_IMAGE_FAMILY {
            value.trim().to_lowercase()
        } else {
            value.clone()
        };
        if !allowed.contains(&read.as_str()) {
            let names: Vec<_> = allowed.iter().map(|name| format!("`{name}`")).collect();
            let message = format!("`{key}` can't be `{}`", value.escape_debug());
            let hint = match similar::typo(value, allowed.iter().copied()) {
                Some(meant) => format!("write `\"{meant}\"`"),
                None => format!("use {}", wording::or(&names)),
            };
            rules
                .at(&format!("/metadata/annotations/{}", pointer::escape(key)))
                .report(&rule::ANNOTATION, message)
                .hint(hint);
        }
    }
}

/// Reports requirements, on which nothing acts (R2).
fn selector(rules: &mut Rules, selector: &LabelSelector) {
    for (index, expression) in selector.match_expressions.iter().enumerate() {
        let place = format!("/resource/labelSelector/matchExpressions/{index}");
        let key = &expression.key;
        let at = rules.at(&place).reads(&place);
        if expression.operator == "In" && expression.values.len() == 1 {
            let message = format!("the requirement on `{key}` has no effect");
            at.report(&rule::SELECTOR, message)
                .hint("write it as a label under `matchLabels`")
                .severity(Severity::Warning);
        } else {
            let message = format!("the requirement on `{key}` can't be expressed as a label");
            at.report(&rule::SELECTOR, message)
                .hint("use `matchLabels`");
        }
    }
}

fn inference(rules: &mut Rules, inference: &Inference) {
    if let (Some(found), None) = (&inference.preset, &inference.template) {
        preset(rules, found, "/inference/preset");
    }
    if inference.template.is_some() {
        adapters::beside_template(rules, &inference.adapters);
    }
    adapters::number(rules, &inference.adapters); // I7, I8
    for (index, found) in inference.adapters.iter().enumerate() {
        adapter(rules, found, &format!("/inference/adapters/{index}"));
    }
}

fn preset(rules: &mut Rules, preset: &Preset, pointer: &str) {
    let secret = shared::filled(preset.preset_options.model_access_secret.as_ref());
    if let Some(secret) = secret {
        let place = format!("{pointer}/presetOptions/modelAccessSecret");
        shared::secret(rules, secret, &place);
    }
}

/// KAITO does not look at adapters before it makes pods of them, which then can't be created.
fn adapter(rules: &mut Rules, adapter: &Adapter, pointer: &str) {
    // The server may make sense of a strength that KAITO does not take.
    adapters::strength(rules, adapter, pointer, Severity::Warning);
    let hint = "add it with `name`, and `image` or `volumeSource`";
    let Some(source) = adapters::source(rules, adapter, pointer, hint) else {
        return;
    };
    let place = format!("{pointer}/source");
    if let Some(name) = adapters::name(rules, source, &place) {
        if adapter.strength.is_some() && name.starts_with(|first: char| first.is_ascii_digit()) {
            let message = format!("`{name}` is not a valid name of an adapter with a strength");
            rules
                .at(&format!("{place}/name"))
                .report(&rule::ADAPTER, message)
                .hint(adapters::NAME);
        } else {
            adapter_volumes(rules, name, source, &place);
        }
    }
    adapter_data(rules, source, &place);
    let secrets = format!("{place}/imagePullSecrets");
    shared::secrets(rules, &source.image_pull_secrets, &secrets);
}

/// Reports an adapter that comes from nowhere, from two places, or from where none can.
fn adapter_data(rules: &mut Rules, source: &DataSource, place: &str) {
    let pointer = format!("{place}/image");
    let image = shared::filled(source.image.as_ref());
    match (
        rules.is_given(image.as_ref(), &pointer),
        &source.volume_source,
    ) {
        (true, Some(_)) => {
            rules
                .at(place)
                .report(
                    &rule::ADAPTER,
                    "the adapter has both `image` and `volumeSource`",
                )
                .hint("remove one of `image` and `volumeSource`");
        }
        (false, None) => {
            rules
                .at(place)
                .report(
                    &rule::ADAPTER,
                    "the adapter has neither `image` nor `volumeSource`",
                )
                .hint("add one of them");
        }
        _ => {}
    }
    if let Some(image) = image {
        reference(rules, image, &pointer);
    }
    if !source.urls.is_empty() {
        rules
            .at(&format!("{place}/urls"))
            .report(&rule::ADAPTER, "an adapter can't be downloaded from URLs")
            .hint("use `image` or `volumeSource`");
    }
}

/// Reports a name from which no container or volume could be named.
fn adapter_volumes(rules: &mut Rules, name: &str, source: &DataSource, place: &str) {
    let longest = match (&source.image, source.image_pull_secrets.is_empty()) {
        (Some(_), false) => format!("docker-config-{name}-inference-adapter"),
        (Some(_), true) => format!("puller-{name}"),
        (None, _) => format!("adapter-volume-{name}"),
    };
    if longest.len() > 63 {
        let message = format!(
            "the adapter name `{name}` is too long: `{longest}` has more than 63 characters"
        );
        rules
            .at(&format!("{place}/name"))
            .reads(&format!("{place}/image"))
            .report(&rule::ADAPTER, message)
            .hint("choose a shorter name");
    }
}

fn reference(rules: &mut Rules, image: &str, pointer: &str) {
    if !placeholders::is_in(image) && image::complete(image).is_none() {
        let message = format!(
            "`{}` is not an image reference: `{}`",
            wording::field(pointer),
            image.escape_debug()
        );
        rules
            .at(pointer)
            .report(&rule::IMAGE, message)
            .hint("such as `registry.example.com/team/data:1.0`");
    }
}

fn tuning(rules: &mut Rules, tuning: &Tuning) {
    if let Some(found) = &tuning.preset {
        preset(rules, found, "/tuning/preset");
    }
    input(rules, &tuning.input);
    output(rules, &tuning.output);
}

fn input(rules: &mut Rules, input: &DataSource) {
    let image = shared::filled(input.image.as_ref());
    if let Some(image) = image {
        reference(rules, image, "/tuning/input/image");
        input_volume(rules, input);
    }
    let secrets = "/tuning/input/imagePullSecrets";
    shared::secrets(rules, &input.image_pull_secrets, secrets);
    public_urls(rules, &input.urls);
    // T5
    let hint = "set exactly one of `urls`, `image` and `volumeSource`";
    shared::one_source(rules, input, image, [hint, hint]);
}

/// Reports addresses that KAITO would not download from (T5).
fn public_urls(rules: &mut Rules, urls: &[String]) {
    for (index, url) in urls.iter().enumerate() {
        if let Some(reason) = unfit(url) {
            rules
                .at(&format!("/tuning/input/urls/{index}"))
                .report(&rule::URL, format!("`{}` {reason}", url.escape_debug()))
                .hint("use a public URL, such as `https://example.com/data.parquet`")
                .severity(Severity::Error);
        }
    }
}

/// Reports a name of the data from which the volume with its Secrets could not be named.
fn input_volume(rules: &mut Rules, input: &DataSource) {
    let name = input.name.as_deref().unwrap_or_default();
    let volume = format!("docker-config-{name}-tuning-input");
    if !input.image_pull_secrets.is_empty() && !metadata::is_dns_label(&volume) {
        let message = format!(
            "`{name}` is not a valid name of the data: `{volume}` is not a valid volume name"
        );
        rules
            .at("/tuning/input/name")
            .report(&rule::TUNING_DATA, message)
            .hint("use at most 36 lowercase letters, digits and `-`");
    }
}

/// Why KAITO would not download from an address (T5).
fn unfit(url: &str) -> Option<&'static str> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    if !["http", "https"].contains(&scheme.to_lowercase().as_str()) {
        return Some("is not an `http` or `https` URL");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    let host = host.trim_end_matches('.').to_lowercase();
    if host.is_empty() {
        return Some("has no host");
    }
    let is_private_name = PRIVATE_HOSTS.contains(&host.as_str()) || host.ends_with(".localhost");
    let is_private_address = host.parse().is_ok_and(is_private);
    (is_private_name || is_private_address)
        .then_some("points into the cluster or a private network")
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => is_private(IpAddr::V4(address)),
            None => {
                address.is_loopback()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
                    || address.is_unspecified()
            }
        },
    }
}

fn output(rules: &mut Rules, output: &DataDestination) {
    let pointer = "/tuning/output/image";
    let image = shared::filled(output.image.as_ref());
    let has_image = rules.is_given(image.as_ref(), pointer);
    // T6
    match (has_image, &output.volume_source) {
        (false, None) => {
            rules
                .at("/tuning/output")
                .report(
                    &rule::TUNING_DATA,
                    "`tuning.output` has neither `image` nor `volumeSource`",
                )
                .hint("add `image` with `imagePushSecret`, or `volumeSource`");
        }
        (true, Some(_)) => {
            rules
                .at("/tuning/output")
                .report(
                    &rule::TUNING_DATA,
                    "`tuning.output` has both `image` and `volumeSource`",
                )
                .hint("remove one of `image` and `volumeSource`");
        }
        (true, None) => shared::push_secret(rules, output),
        (false, Some(_)) => {}
    }
    if let Some(image) = image {
        reference(rules, image, pointer);
    }
    let secret = "/tuning/output/imagePushSecret";
    if let Some(name) = shared::filled(output.image_push_secret.as_ref()) {
        shared::secret(rules, name, secret);
    }
}

#[cfg(test)]
mod tests {
    use super::unfit;

    #[test]
    fn data_comes_from_public_addresses_alone() {
        for good in [
            "https://example.com/a",
            "HTTP://example.com:80/a?b#c",
            "https://u@93.184.216.34/a",
        ] {
            assert_eq!(unfit(good), None, "{good}");
        }
        for bad in [
            "ftp://example.com/a",
            "example.com/a",
            "https:///a",
            "http://localhost/a",
            "http://a.localhost:8080/a",
            "http://metadata.google.internal/a",
            "http://127.0.0.1/a",
            "http://10.1.2.3/a",
            "http://169.254.169.254/a",
            "http://[::1]/a",
            "http://[fd00::1]:80/a",
            "http://[::ffff:10.0.0.1]/a",
        ] {
            assert!(unfit(bad).is_some(), "{bad}");
        }
    }
}
