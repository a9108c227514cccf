//! What Kubernetes' API refuses in pods of one's own although each field is of its type (Kubernetes
//! 1.30, validation of a pod template), and what it takes but nobody means.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Rules;
use super::placeholders;
use crate::base::node::{Data, Node};
use crate::base::quantity;
use crate::base::sources::Span;
use crate::diagnostic::Severity;
use crate::diagnostic::rule;
use crate::vocab::image;
use crate::workspace::metadata;

const POINTER: &str = "/inference/template/spec";

/// The resources of which a container gets what its limit says, and can't ask for less.
const WHOLE: [&str; 2] = ["nvidia.com/", "amd.com/"];

/// Reports what can't be run in the pods of a Workspace.
pub(super) fn check(rules: &mut Rules) {
    let Some(found) = rules.node.find(POINTER) else {
        return;
    };
    let spec = found.node;
    restart_policy(rules, spec);
    if spec.items("/containers").is_empty() {
        rules
            .at(POINTER)
            .reads(&format!("{POINTER}/containers"))
            .report(&rule::POD_REFUSED, "the pod template has no containers")
            .hint("add one to `containers`");
    }
    let all = ["containers", "initContainers"].map(|list| {
        let items = spec.items(&format!("/{list}")).iter().enumerate();
        items.map(move |(index, node)| Container {
            pointer: format!("{POINTER}/{list}/{index}"),
            node,
            volumes: spec.items("/volumes"),
        })
    });
    let all: Vec<_> = all.into_iter().flatten().collect();
    names(
        rules,
        "container",
        all.iter().map(|container| container.node),
    );
    names(rules, "volume", spec.items("/volumes").iter());
    for container in all {
        container.check(rules);
    }
}

fn restart_policy(rules: &mut Rules, spec: &Node) {
    let policy = spec.get("restartPolicy").and_then(Node::as_str);
    if let Some(name) = policy.filter(|name| !["", "Always"].contains(name)) {
        let message = format!("`restartPolicy` must be `Always` for serving pods, not `{name}`");
        rules
            .at(&format!("{POINTER}/restartPolicy"))
            .report(&rule::POD_REFUSED, message)
            .hint("remove it");
    }
}

/// Names of containers or volumes, which are labels of DNS, each once.
fn names<'n>(rules: &mut Rules, what: &str, nodes: impl Iterator<Item = &'n Node>) {
    let named: Vec<_> = nodes.filter_map(|node| node.get("name")).collect();
    for node in &named {
        let name = node.as_str();
        if let Some(name) = name.filter(|name| !metadata::is_dns_label(name)) {
            let message = format!("`{}` is not a valid {what} name", name.escape_debug());
            refuse(rules, node.span, &message, metadata::DNS_LABEL);
        }
    }
    for (name, first, place) in repeated(named.into_iter()) {
        rules
            .at(POINTER)
            .on(place)
            .report(
                &rule::POD_REFUSED,
                format!("two {what}s are named `{name}`"),
            )
            .also(first, "the first is here")
            .hint("give each a unique name");
    }
}

/// A container of the pods, with the volumes that there are to mount.
struct Container<'a> {
    pointer: String,
    node: &'a Node,
    volumes: &'a [Node],
}

impl Container<'_> {
    fn check(&self, rules: &mut Rules) {
        self.image(rules);
        self.ports(rules);
        self.mounts(rules);
        self.resources(rules);
        let variables = self.node.items("/env").iter();
        let names = variables.filter_map(|variable| variable.get("name"));
        for (name, first, place) in repeated(names) {
            let message =
                format!("the environment variable `{name}` is set twice: the last value wins");
            rules
                .at(&self.pointer)
                .on(place)
                .report(&rule::REPEATED_VARIABLE, message)
                .also(first, "the first is here")
                .hint("remove one of them: server-side apply rejects duplicates");
        }
    }

    fn image(&self, rules: &mut Rules) {
        let image = self.node.get("image");
        let Some(node) = image.filter(|node| node.data != Data::Null) else {
            let place = self.node.at("/name").span;
            rules
                .at(&self.pointer)
                .on(place)
                .report(&rule::POD_REFUSED, "the container has no `image`")
                .hint("add one");
            return;
        };
        let image = node.as_str().filter(|image| !placeholders::is_in(image));
        if let Some(image) = image.filter(|image| image::complete(image).is_none()) {
            let message = format!("`{}` is not an image reference", image.escape_debug());
            let hint = "such as `registry.example.com/team/server:1.0`";
            refuse(rules, node.span, &message, hint);
        }
    }

    fn ports(&self, rules: &mut Rules) {
        let ports = self.node.items("/ports");
        for port in ports {
            for key in ["containerPort", "hostPort"] {
                if let Some(node) = port.get(key) {
                    check_port(rules, key, node);
                }
            }
        }
        for (name, first, place) in repeated(ports.iter().filter_map(|port| port.get("name"))) {
            let message = format!("two ports of the container are named `{name}`");
            rules
                .at(&self.pointer)
                .on(place)
                .report(&rule::POD_REFUSED, message)
                .also(first, "the first is here")
                .hint("give each a unique name");
        }
    }

    fn mounts(&self, rules: &mut Rules) {
        let mounts = self.node.items("/volumeMounts");
        let is_there = |name: &str| {
            let mut names = self.volumes.iter().filter_map(|volume| volume.get("name"));
            names.any(|volume| volume.as_str() == Some(name))
        };
        for node in mounts.iter().filter_map(|mount| mount.get("name")) {
            if let Some(missing) = node.as_str().filter(|name| !is_there(name)) {
                rules
                    .at(&self.pointer)
                    .reads(&format!("{POINTER}/volumes"))
                    .on(node.span)
                    .report(
                        &rule::POD_REFUSED,
                        format!("the pod template has no volume `{missing}` to mount"),
                    )
                    .hint("add it to `volumes`");
            }
        }
        let paths = mounts.iter().filter_map(|mount| mount.get("mountPath"));
        for (path, first, place) in repeated(paths) {
            rules
                .at(&self.pointer)
                .on(place)
                .report(
                    &rule::POD_REFUSED,
                    format!("two volumes are mounted at `{path}`"),
                )
                .also(first, "the first is here")
                .hint("mount each at a different path");
        }
    }

    /// Requests above the limit, and GPUs that are requested in another number than the limit.
    fn resources(&self, rules: &mut Rules) {
        let limits = self.node.find("/resources/limits").map(|found| found.node);
        for entry in self.node.entries("/resources/requests") {
            let limit = limits.and_then(|limits| limits.get(&entry.key));
            let (Some(request), limit) = (amount(&entry.value), limit.and_then(amount)) else {
                continue;
            };
            let is_whole = WHOLE.iter().any(|prefix| entry.key.starts_with(prefix));
            let message = match limit {
                Some(limit) if request > limit => {
                    format!("the request of `{}` exceeds its limit", entry.key)
                }
                Some(limit) if is_whole && request < limit => {
                    format!("the request of `{}` must equal its limit", entry.key)
                }
                None if is_whole => format!("`{}` is requested without a limit", entry.key),
                _ => continue,
            };
            rules
                .at(&self.pointer)
                .reads(&format!("{}/resources/limits", self.pointer))
                .on(entry.value.span)
                .report(&rule::POD_REFUSED, message)
                .hint("set the same value under `requests` and `limits`")
                .severity(Severity::Warning); // KAITO takes it
        }
    }
}

fn check_port(rules: &mut Rules, key: &str, node: &Node) {
    let Data::Number(number) = &node.data else {
        return;
    };
    let port = number.as_i64();
    let is_free = key == "hostPort" && port == Some(0);
    if !is_free && !port.is_some_and(|port| (1..=65535).contains(&port)) {
        let message = format!("`{key}` must be from 1 to 65535, not {number}");
        refuse(rules, node.span, &message, "choose another port");
    }
}

fn refuse(rules: &mut Rules, place: Span, message: &str, hint: &str) {
    rules
        .at(POINTER)
        .on(place)
        .report(&rule::POD_REFUSED, message)
        .hint(hint);
}

/// The strings that occur more than once, each with the places of the first one and of the other.
fn repeated<'a>(nodes: impl Iterator<Item = &'a Node>) -> Vec<(&'a str, Span, Span)> {
    let mut seen = BTreeMap::new();
    let named = nodes.filter_map(|node| Some((node.as_str()?, node.span)));
    let repeats = named.filter_map(|(text, span)| {
        let first = *seen.entry(text).or_insert(span);
        (first != span).then_some((text, first, span))
    });
    repeats.collect()
}

fn amount(node: &Node) -> Option<f64> {
    match node.to_value() {
        Value::String(text) => quantity::amount(&text),
        Value::Number(number) => number.as_f64(),
        _ => None,
    }
}
