//! A finished stream: whether all that a Workspace was rendered into is there, and as it was.
//!
//! kustomize passes functions over in silence where a flag is missing, and changes names and
//! namespaces of rendered objects, but not the addresses, selectors and labels made from them.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::Span;
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::input::Document;
use crate::vocab::annotations::RENDERED;
use crate::vocab::labels::OWNERS;
use crate::vocab::{Rendered, RenderedObject, api, kinds};

/// What the name of a pod in the cluster's network ends with, behind its namespace.
const NETWORK: &str = ".svc.cluster.local";

/// The label by which a Service selects one pod.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";

const RENDER: &str = "render it last: `kustomize build . | kaito-render render -`, or `kaito-render fn` as a \
                      transformer with `--enable-alpha-plugins --enable-exec`";
const LAST: &str = "change names and namespaces before the Workspace is rendered";

/// Checks the documents of a finished stream.
pub fn check_rendered(documents: &[Document], diagnostics: &mut Diagnostics) {
    let nodes = documents.iter().map(|document| &document.node);
    let stream = Stream {
        there: nodes.clone().map(key).collect(),
        workspaces: nodes
            .clone()
            .filter(|node| is_of_kaito(node, kinds::WORKSPACE))
            .map(|node| [namespace(node), name(node)])
            .collect(),
    };
    for node in nodes {
        stream.check(node, diagnostics);
    }
}

/// What a stream has.
struct Stream<'a> {
    /// Kind, namespace and name of each object.
    there: BTreeSet<[&'a str; 3]>,
    /// Namespace and name of each Workspace.
    workspaces: BTreeSet<[&'a str; 2]>,
}

impl<'a> Stream<'a> {
    fn check(&self, node: &'a Node, diagnostics: &mut Diagnostics) {
        if is_of_kaito(node, kinds::INFERENCE_SET) {
            let message = format!("the InferenceSet `{}` is not rendered", name(node));
            diagnostics.report(not_rendered(node, message));
        } else if is_of_kaito(node, kinds::WORKSPACE) {
            diagnostics.extend(self.workspace(node));
        } else if api::is_of_karpenter(text(node, "/apiVersion")) {
            diagnostics.extend(self.node_object(node));
        } else if text(node, "/kind") == kinds::SERVICE {
            diagnostics.extend(self.service(node));
        } else {
            diagnostics.extend(self.workload(node));
        }
    }

    /// Whether the objects are there that a Workspace was rendered into.
    fn workspace(&self, node: &Node) -> Vec<Diagnostic> {
        let annotation = text(node, &pointer::to_annotation(RENDERED));
        let Some(rendered) = Rendered::parse(annotation) else {
            let message = format!("the Workspace `{}` is not rendered", name(node));
            return vec![not_rendered(node, message)];
        };
        let is_there = |object: &&RenderedObject| {
            let namespace = object.namespace.as_deref().unwrap_or_default();
            self.there
                .contains(&[&object.kind, namespace, &object.name])
        };
        let objects = rendered.objects.iter();
        let missing: Vec<_> = objects.filter(|object| !is_there(object)).collect();
        let mut namespaces = rendered.objects.iter();
        let before = namespaces.find_map(|object| object.namespace.as_deref());
        if let Some(before) = before.filter(|before| *before != namespace(node)) {
            let message = format!(
                "the Workspace `{}` was rendered for the namespace `{before}`, and has another one now",
                name(node)
            );
            return vec![changed(node.at("/metadata/namespace").span, message)];
        }
        let missing = missing.iter().map(|object| {
            let message = format!(
                "the {} `{}` of the Workspace `{}` is missing, or has another name now",
                object.kind,
                object.name,
                name(node)
            );
            not_rendered(node, message)
        });
        missing.collect()
    }

    /// Whether a node object still is that of a Workspace.
    fn node_object(&self, node: &Node) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        if node.find("/metadata/namespace").is_some() {
            let message = format!("a {} belongs to no namespace", text(node, "/kind"));
            found.push(changed(node.at("/metadata/namespace").span, message));
        }
        let owner = OWNERS.iter().find_map(|[namespace, name]| {
            let label = |key| node.find(&pointer::to_label(key))?.node.as_str();
            Some((*namespace, [label(namespace)?, label(name)?]))
        });
        if let Some((label, owner)) = owner
            && !self.workspaces.contains(&owner)
        {
            let [namespace, name] = owner;
            let message = format!(
                "the node is for the Workspace `{namespace}/{name}`, which is not there: its pods \
                 would not be scheduled to this node"
            );
            found.push(changed(node.at(&pointer::to_label(label)).span, message));
        }
        found
    }

    /// Whether the pod is there that a Service selects.
    fn service(&self, node: &Node) -> Option<Diagnostic> {
        let pointer = format!("/spec/selector/{}", pointer::escape(POD_NAME));
        let pod = node.find(&pointer)?.node.as_str()?;
        let (set, _) = pod.rsplit_once('-')?;
        let is_there = self.there.contains(&["StatefulSet", namespace(node), set]);
        (!is_there).then(|| {
            let message = format!(
                "the Service `{}` selects the pod `{pod}`, and no StatefulSet has one of this name",
                name(node)
            );
            changed(node.at(&pointer).span, message)
        })
    }

    /// Whether the Service of a workload is there, and its own namespace is the one in its pods.
    fn workload(&self, node: &Node) -> Vec<Diagnostic> {
        let is_rendered = OWNERS
            .iter()
            .any(|[_, name]| node.find(&pointer::to_label(name)).is_some());
        if !is_rendered {
            return Vec::new();
        }
        let mut found = Vec::new();
        if let Some(service) = node.find("/spec/serviceName")
            && let Some(service_name) = service.node.as_str()
            && !self
                .there
                .contains(&[kinds::SERVICE, namespace(node), service_name])
        {
            let message =
                format!("there is no Service `{service_name}`, which pods are addressed by");
            found.push(changed(service.span, message));
        }
        let mut others = BTreeMap::new();
        node.walk(&mut |part, _| {
            if let Data::String(value) = &part.data
                && let Some(other) = namespace_of_address(value)
                && other != namespace(node)
            {
                others.entry(other).or_insert(part.span);
            }
        });
        found.extend(others.into_iter().map(|(other, span)| {
            let message = format!(
                "an address in the namespace `{other}`, while the {} is in `{}`",
                text(node, "/kind"),
                namespace(node)
            );
            changed(span, message)
        }));
        found
    }
}

/// The namespace of the first address in a command.
fn namespace_of_address(text: &str) -> Option<&str> {
    let (before, _) = text.split_once(NETWORK)?;
    before.rsplit('.').next()
}

fn not_rendered(node: &Node, message: String) -> Diagnostic {
    let place = node.at("/metadata/name").span;
    Diagnostic::new(&rule::NOT_RENDERED, place, message).hint(RENDER)
}

fn changed(place: Span, message: String) -> Diagnostic {
    Diagnostic::new(&rule::CHANGED_AFTERWARDS, place, message).hint(LAST)
}

fn is_of_kaito(node: &Node, kind: &str) -> bool {
    api::is_of_kaito(text(node, "/apiVersion")) && text(node, "/kind") == kind
}

fn key(node: &Node) -> [&str; 3] {
    [text(node, "/kind"), namespace(node), name(node)]
}

fn namespace(node: &Node) -> &str {
    text(node, "/metadata/namespace")
}

fn name(node: &Node) -> &str {
    text(node, "/metadata/name")
}

fn text<'a>(node: &'a Node, pointer: &str) -> &'a str {
    node.str_at(pointer).unwrap_or_default()
}
