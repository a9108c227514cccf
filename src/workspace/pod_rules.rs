//! What Kubernetes' API refuses in pods of one's own although each field is of its type (Kubernetes
//! 1.30, validation of a pod template), and what it takes but nobody means.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{images, metadata, placeholder};
use crate::base::node::{Data, Node};
use crate::base::quantity;
use crate::base::sources::Span;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};

const POINTER: &str = "/inference/template/spec";

/// The resources of which a container gets what its limit says, and can't ask for less.
const WHOLE: [&str; 2] = ["nvidia.com/", "amd.com/"];

/// Reports what can't be run in the pods of a Workspace.
pub(super) fn check(workspace: &Node, diagnostics: &mut Diagnostics) {
    let Some(found) = workspace.find(POINTER) else {
        return;
    };
    let mut pod = Pod {
        spec: found.node,
        diagnostics,
    };
    pod.restart_policy();
    let containers = found.node.items("/containers");
    if containers.is_empty() {
        pod.refuse(
            found.span,
            "the pods have no container",
            "add one to `containers`",
        );
    }
    let all: Vec<_> = containers
        .iter()
        .chain(found.node.items("/initContainers"))
        .collect();
    pod.names("container", &all);
    let volumes: Vec<_> = found.node.items("/volumes").iter().collect();
    pod.names("volume", &volumes);
    for container in all {
        pod.container(container);
    }
}

struct Pod<'a> {
    spec: &'a Node,
    diagnostics: &'a mut Diagnostics,
}

impl Pod<'_> {
    fn restart_policy(&mut self) {
        let policy = self.spec.get("restartPolicy");
        if let Some((node, name)) = policy.and_then(|node| Some((node, node.as_str()?)))
            && !["", "Always"].contains(&name)
        {
            let message = format!(
                "pods that serve are always restarted, so `restartPolicy` can't be `{name}`"
            );
            self.refuse(node.span, &message, "leave it out");
        }
    }

    /// Names of containers or volumes, which are labels of DNS, each once.
    fn names(&mut self, what: &str, nodes: &[&Node]) {
        let named = nodes.iter().filter_map(|node| node.get("name"));
        for name in named.clone().filter(|name| {
            name.as_str()
                .is_some_and(|name| !metadata::is_dns_label(name))
        }) {
            let message = format!(
                "`{}` can't name a {what}",
                name.as_str().unwrap_or_default().escape_debug()
            );
            self.refuse(name.span, &message, metadata::DNS_LABEL);
        }
        for (name, first, span) in repeated(named) {
            let message = format!("two {what}s are called `{name}`");
            let finding =
                Diagnostic::new(&rule::POD_REFUSED, span, message).also(first, "the first is here");
            self.diagnostics
                .report(finding.hint("give each a name of its own"));
        }
    }

    fn container(&mut self, container: &Node) {
        self.image(container);
        self.ports(container);
        self.mounts(container);
        self.resources(container);
        for (name, first, span) in repeated(
            container
                .items("/env")
                .iter()
                .filter_map(|variable| variable.get("name")),
        ) {
            let message = format!("the variable `{name}` is set twice, and the last value counts");
            let finding = Diagnostic::new(&rule::REPEATED_VARIABLE, span, message)
                .also(first, "the first is here");
            self.diagnostics.report(
                finding.hint("remove one of the two: server-side apply refuses such a list"),
            );
        }
    }

    fn image(&mut self, container: &Node) {
        let Some(node) = container.get("image") else {
            let place = container.at("/name").span;
            return self.refuse(place, "the container has no `image`", "add it");
        };
        let Some(image) = node.as_str().filter(|image| !placeholder::is_in(image)) else {
            return;
        };
        if images::reference(image).is_none() {
            let message = format!("`{}` is not an image reference", image.escape_debug());
            self.refuse(
                node.span,
                &message,
                "such as `registry.example.com/team/server:1.0`",
            );
        }
    }

    fn ports(&mut self, container: &Node) {
        let ports = container.items("/ports");
        for (port, key) in ports
            .iter()
            .flat_map(|port| ["containerPort", "hostPort"].map(|key| (port, key)))
        {
            let Some(Node {
                span,
                data: Data::Number(number),
            }) = port.get(key)
            else {
                continue;
            };
            let is_free = key == "hostPort" && number.as_i64() == Some(0);
            if !is_free
                && !number
                    .as_i64()
                    .is_some_and(|number| (1..=65535).contains(&number))
            {
                let message = format!("`{key}` must be from 1 to 65535, not {number}");
                self.refuse(*span, &message, "choose another port");
            }
        }
        for (name, first, span) in repeated(ports.iter().filter_map(|port| port.get("name"))) {
            let message = format!("two ports of the container are called `{name}`");
            let finding =
                Diagnostic::new(&rule::POD_REFUSED, span, message).also(first, "the first is here");
            self.diagnostics
                .report(finding.hint("give each a name of its own"));
        }
    }

    fn mounts(&mut self, container: &Node) {
        let mounts = container.items("/volumeMounts");
        let volumes = self.spec.items("/volumes");
        for name in mounts.iter().filter_map(|mount| mount.get("name")) {
            let is_there = volumes
                .iter()
                .any(|volume| volume.get("name").and_then(Node::as_str) == name.as_str());
            if let Some(missing) = name.as_str().filter(|_| !is_there) {
                let message = format!("the pods have no volume `{missing}` to mount");
                self.refuse(name.span, &message, "add it to `volumes`");
            }
        }
        for (path, first, span) in
            repeated(mounts.iter().filter_map(|mount| mount.get("mountPath")))
        {
            let message = format!("two volumes are mounted at `{path}`");
            let finding =
                Diagnostic::new(&rule::POD_REFUSED, span, message).also(first, "the first is here");
            self.diagnostics
                .report(finding.hint("mount each at a path of its own"));
        }
    }

    /// Requests above the limit, and GPUs that are requested in another number than the limit.
    fn resources(&mut self, container: &Node) {
        let Some(Data::Map(requests)) = container
            .find("/resources/requests")
            .map(|found| &found.node.data)
        else {
            return;
        };
        let limits = container.find("/resources/limits").map(|found| found.node);
        for entry in requests {
            let limit = limits.and_then(|limits| limits.get(&entry.key));
            let (Some(request), limit) = (amount(&entry.value), limit.and_then(amount)) else {
                continue;
            };
            let is_whole = WHOLE.iter().any(|prefix| entry.key.starts_with(prefix));
            let message = match limit {
                Some(limit) if request > limit => {
                    format!("more `{}` is requested than the limit allows", entry.key)
                }
                Some(limit) if is_whole && request < limit => {
                    format!("of `{}` the limit is always requested", entry.key)
                }
                None if is_whole => format!("`{}` is requested without a limit", entry.key),
                _ => continue,
            };
            let finding = Diagnostic::new(&rule::POD_REFUSED, entry.value.span, message);
            let finding = finding.hint("write the same under `requests` and `limits`");
            self.diagnostics.report(Diagnostic {
                severity: Severity::Warning,
                ..finding
            }); // KAITO takes it
        }
    }

    fn refuse(&mut self, place: Span, message: &str, hint: &str) {
        self.diagnostics
            .report(Diagnostic::new(&rule::POD_REFUSED, place, message).hint(hint));
    }
}

/// The texts that stand twice: with the places of the first one and of the other.
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
