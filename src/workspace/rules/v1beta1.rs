//! The rules of `kaito.sh/v1beta1`.
//!
//! Where a rule follows one of KAITO 0.12's webhook, its number in the specification (section 2.1)
//! stands beside it.

use std::net::IpAddr;

use super::{ADAPTER_NAME, MAX_NODES, Rules};
use crate::base::pointer;
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Severity};
use crate::workspace::{
    Adapter, DataDestination, DataSource, Inference, Preset, Tuning, images, metadata, placeholder,
};

/// Annotations that have one of a few values (5, 6, 7).
const ANNOTATIONS: [(&str, &[&str]); 3] = [
    ("kaito.sh/node-image-family", &["ubuntu", "azurelinux"]),
    (
        "kaito.sh/performance-mode",
        &["balanced", "interactivity", "throughput"],
    ),
    ("kaito.sh/use-local-weights", &["true", "false"]),
];

/// Hosts that a cluster keeps for itself (T5).
const PRIVATE_HOSTS: [&str; 4] = [
    "localhost",
    "metadata.google.internal",
    "metadata.google",
    "instance-data.ec2.internal",
];

/// Reports every rule that a Workspace breaks.
pub(super) fn check(rules: &mut Rules) {
    rules.purpose(); // 2
    annotations(rules);
    resource(rules);
    let spec = &rules.workspace.spec;
    if let Some(found) = &spec.inference {
        inference(rules, found);
    }
    if let Some(found) = &spec.tuning {
        tuning(rules, found);
    }
}

fn annotations(rules: &mut Rules) {
    for (key, allowed) in ANNOTATIONS {
        let Some(value) = rules.workspace.metadata.annotations.get(key) else {
            continue;
        };
        let is_image_family = key == "kaito.sh/node-image-family";
        let read = if is_image_family {
            value.trim().to_lowercase()
        } else {
            value.clone()
        };
        if !allowed.contains(&read.as_str()) {
            let names: Vec<_> = allowed.iter().map(|name| format!("`{name}`")).collect();
            let message = format!("`{key}` can't be `{}`", value.escape_debug());
            let place = format!("/metadata/annotations/{}", pointer::escape(key));
            rules.report(
                &rule::ANNOTATION,
                &place,
                &message,
                &format!("use {}", wording::or(&names)),
            );
        }
    }
}

fn resource(rules: &mut Rules) {
    let Some(resource) = &rules.workspace.spec.resource else {
        let hint = "add it with `instanceType` and `labelSelector`";
        return rules.report(&rule::RESOURCE, "", "the Workspace has no `resource`", hint);
    };
    if resource.count > MAX_NODES {
        let message = format!(
            "`resource.count` must be at most {MAX_NODES}, not {}",
            resource.count
        );
        rules.report(
            &rule::COUNT,
            "/resource/count",
            &message,
            "a cluster of Kubernetes has no more nodes",
        );
    }
    // R2
    for (index, expression) in resource.label_selector.match_expressions.iter().enumerate() {
        let place = format!("/resource/labelSelector/matchExpressions/{index}");
        if expression.operator == "In" && expression.values.len() == 1 {
            let message = format!("the requirement on `{}` has no effect", expression.key);
            let finding = Diagnostic::new(&rule::SELECTOR, rules.workspace.span(&place), message);
            let finding = finding.hint("write it as a label under `matchLabels`");
            rules.diagnostics.report(Diagnostic {
                severity: Severity::Warning,
                ..finding
            });
        } else {
            let message = format!(
                "the requirement on `{}` says more than a label can",
                expression.key
            );
            rules.report(
                &rule::SELECTOR,
                &place,
                &message,
                "write labels under `matchLabels`",
            );
        }
    }
    for entry in rules
        .workspace
        .node
        .entries("/resource/labelSelector/matchLabels")
    {
        metadata::check_label(
            entry,
            entry.value.as_str().unwrap_or_default(),
            rules.diagnostics,
        );
    }
}

fn inference(rules: &mut Rules, inference: &Inference) {
    match (&inference.preset, &inference.template) {
        (None, None) => {
            let message = "`inference` has neither `preset` nor `template`"; // I1
            rules.report(&rule::PURPOSE, "/inference", message, "add one of them");
        }
        (Some(_), Some(_)) => {
            let message = "`inference` has both `preset` and `template`"; // I2
            rules.report(
                &rule::PURPOSE,
                "/inference/template",
                message,
                "remove one of them",
            );
        }
        (Some(found), None) => preset(rules, found, "/inference/preset"),
        (None, Some(_)) => {}
    }
    rules.number_of_adapters(&inference.adapters); // I7, I8
    for (index, found) in inference.adapters.iter().enumerate() {
        adapter(rules, found, &format!("/inference/adapters/{index}"));
    }
}

fn preset(rules: &mut Rules, preset: &Preset, pointer: &str) {
    if let Some(secret) = preset
        .preset_options
        .model_access_secret
        .as_deref()
        .filter(|name| !name.is_empty())
    {
        let place = format!("{pointer}/presetOptions/modelAccessSecret");
        rules.secret(secret, &place);
        rules.placeholders(&place);
    }
}

/// KAITO does not look at adapters before it makes pods of them, which then can't be created.
fn adapter(rules: &mut Rules, adapter: &Adapter, pointer: &str) {
    let place = format!("{pointer}/source");
    let Some(source) = &adapter.source else {
        let hint = "add it with `name`, and `image` or `volumeSource`";
        return rules.report(&rule::ADAPTER, pointer, "the adapter has no `source`", hint);
    };
    match source.name.as_deref() {
        None | Some("") => {
            rules.report(
                &rule::ADAPTER,
                &place,
                "the adapter has no `name`",
                "it names a container: add `name`",
            );
        }
        Some(name) if !metadata::is_dns_label(name) => {
            let message = format!("`{name}` can't name an adapter");
            rules.report(
                &rule::ADAPTER,
                &format!("{place}/name"),
                &message,
                ADAPTER_NAME,
            );
        }
        Some(name)
            if adapter.strength.is_some()
                && name.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            let message = format!("`{name}` can't name an adapter with a strength");
            rules.report(
                &rule::ADAPTER,
                &format!("{place}/name"),
                &message,
                ADAPTER_NAME,
            );
        }
        Some(name) => adapter_volumes(rules, name, source, &place),
    }
    let image = source.image.as_deref().filter(|image| !image.is_empty());
    match (image, &source.volume_source) {
        (Some(_), Some(_)) => {
            let message = "the adapter comes from an image and from a volume";
            rules.report(
                &rule::ADAPTER,
                &place,
                message,
                "remove one of `image` and `volumeSource`",
            );
        }
        (None, None) => {
            let message = "the adapter comes from nowhere";
            rules.report(
                &rule::ADAPTER,
                &place,
                message,
                "add `image` or `volumeSource`",
            );
        }
        (Some(image), None) => reference(rules, image, &format!("{place}/image")),
        (None, Some(_)) => {}
    }
    if !source.urls.is_empty() {
        let hint = "use `image` or `volumeSource`";
        rules.report(
            &rule::ADAPTER,
            &format!("{place}/urls"),
            "an adapter can't be downloaded from URLs",
            hint,
        );
    }
    rules.secrets(
        &source.image_pull_secrets,
        &format!("{place}/imagePullSecrets"),
    );
    rules.strength(adapter, pointer, Severity::Warning); // the server may make sense of it
    rules.placeholders(&place);
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
            "`{name}` is too long to name an adapter: `{longest}` has more than 63 characters"
        );
        rules.report(
            &rule::ADAPTER,
            &format!("{place}/name"),
            &message,
            "choose a shorter name",
        );
    }
}

fn reference(rules: &mut Rules, image: &str, pointer: &str) {
    if !placeholder::is_in(image) && images::reference(image).is_none() {
        let message = format!(
            "`{}` is not an image reference: `{}`",
            wording::field(pointer),
            image.escape_debug()
        );
        rules.report(
            &rule::IMAGE,
            pointer,
            &message,
            "such as `registry.example.com/team/data:1.0`",
        );
    }
}

fn tuning(rules: &mut Rules, tuning: &Tuning) {
    let count = rules
        .workspace
        .spec
        .resource
        .as_ref()
        .map_or(1, |resource| resource.count);
    if count > 1 {
        // T1
        let message = format!("tuning runs on one node, not on {count}");
        rules.report(
            &rule::COUNT,
            "/resource/count",
            &message,
            "set `resource.count` to 1",
        );
    }
    rules.method(tuning); // T2
    match &tuning.preset {
        Some(found) => preset(rules, found, "/tuning/preset"),
        None => rules.report(
            &rule::PURPOSE,
            "/tuning",
            "`tuning.preset` is missing",
            "add the model to tune",
        ), // T4
    }
    input(rules, &tuning.input);
    output(rules, &tuning.output);
}

fn input(rules: &mut Rules, input: &DataSource) {
    let pointer = "/tuning/input";
    if let Some(image) = input.image.as_deref().filter(|image| !image.is_empty()) {
        reference(rules, image, "/tuning/input/image");
        input_volume(rules, input);
    }
    rules.secrets(&input.image_pull_secrets, "/tuning/input/imagePullSecrets");
    rules.urls(&input.urls);
    for (index, url) in input.urls.iter().enumerate() {
        if let Some(reason) = unfit(url) {
            let place = format!("/tuning/input/urls/{index}");
            let message = format!("`{}` {reason}", url.escape_debug());
            let finding = Diagnostic::new(&rule::URL, rules.workspace.span(&place), message);
            let finding = finding
                .hint("write a public address in full, such as `https://example.com/data.parquet`");
            rules.diagnostics.report(Diagnostic {
                severity: Severity::Error,
                ..finding
            });
        }
    }
    let image = input
        .image
        .as_deref()
        .is_some_and(|image| !image.is_empty());
    let sources = [!input.urls.is_empty(), input.volume_source.is_some(), image];
    let message = match sources.into_iter().filter(|given| *given).count() {
        1 => None,
        0 => Some("`tuning.input` names no data"),
        _ => Some("`tuning.input` names data in more than one way"),
    };
    if let Some(message) = message {
        // T5
        rules.report(
            &rule::TUNING_DATA,
            pointer,
            message,
            "give one of `urls`, `image` and `volumeSource`",
        );
    }
    rules.placeholders(pointer);
}

/// Reports a name of the data from which the volume with its Secrets could not be named.
fn input_volume(rules: &mut Rules, input: &DataSource) {
    let name = input.name.as_deref().unwrap_or_default();
    let volume = format!("docker-config-{name}-tuning-input");
    if !input.image_pull_secrets.is_empty() && !metadata::is_dns_label(&volume) {
        let message = format!("`{name}` can't name the data: `{volume}` could not name a volume");
        let hint = "use at most 36 lower-case letters, digits and `-`";
        rules.report(&rule::TUNING_DATA, "/tuning/input/name", &message, hint);
    }
}

/// Why KAITO would not download from an address (T5).
fn unfit(url: &str) -> Option<&'static str> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    if !["http", "https"].contains(&scheme.to_lowercase().as_str()) {
        return Some("is not an address of `http` or `https`");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    let host = host.trim_end_matches('.').to_lowercase();
    if host.is_empty() {
        return Some("names no host");
    }
    let is_private_name = PRIVATE_HOSTS.contains(&host.as_str()) || host.ends_with(".localhost");
    let is_private_address = host.parse().is_ok_and(is_private);
    (is_private_name || is_private_address)
        .then_some("leads into the cluster or its network, not to public data")
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
    let pointer = "/tuning/output";
    let image = output.image.as_deref().filter(|image| !image.is_empty());
    let secret = output
        .image_push_secret
        .as_deref()
        .filter(|secret| !secret.is_empty());
    match (image, &output.volume_source) {
        // T6
        (None, None) => {
            let hint = "add `image` with `imagePushSecret`, or `volumeSource`";
            rules.report(
                &rule::TUNING_DATA,
                pointer,
                "`tuning.output` names neither an image nor a volume",
                hint,
            );
        }
        (Some(_), Some(_)) => {
            let hint = "remove one of `image` and `volumeSource`";
            rules.report(
                &rule::TUNING_DATA,
                pointer,
                "`tuning.output` names an image and a volume",
                hint,
            );
        }
        (Some(image), None) => {
            reference(rules, image, "/tuning/output/image");
            if secret.is_none() {
                let hint = "add `imagePushSecret`: the name of the Secret that holds the registry's credentials";
                rules.report(
                    &rule::TUNING_DATA,
                    pointer,
                    "`tuning.output.imagePushSecret` is missing",
                    hint,
                );
            }
        }
        (None, Some(_)) => {}
    }
    if let Some(secret) = secret {
        rules.secret(secret, "/tuning/output/imagePushSecret");
    }
    rules.placeholders("/tuning/output/image");
    // A Secret may have any name.
    let mark = rules.diagnostics.mark();
    rules.placeholders("/tuning/output/imagePushSecret");
    for finding in rules.diagnostics.as_mut_vec().iter_mut().skip(mark) {
        finding.severity = Severity::Warning;
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
