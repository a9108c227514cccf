//! Which documents are handed on.

use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::catalogue::profile::is_overlay;
use crate::diagnostic::{Diagnostics, rule};
use crate::input::{self, Document};
use crate::vocab::annotations::LOCAL_CONFIG;
use crate::vocab::api::is_of_kustomize;

/// Leaves out what no cluster can take: documents that are no objects, which is noted, and those
/// that say that they are for programs only. What is nearly an object stays, so that it is reported.
#[must_use]
pub fn handed_on(mut documents: Vec<Document>, diagnostics: &mut Diagnostics) -> Vec<Document> {
    documents.retain(|document| is_handed_on(document, diagnostics));
    documents
}

fn is_handed_on(Document { node, named }: &Document, diagnostics: &mut Diagnostics) -> bool {
    let version = node.get("apiVersion").and_then(Node::as_str);
    if version.is_some_and(is_of_kustomize) {
        // In a directory it was reported with the others.
        if *named {
            input::refuse_kustomization(node.span, None, diagnostics);
        }
        return false;
    }
    if is_local(node) {
        // An overlay is for no cluster in any case, and changes what is.
        return is_overlay(node);
    }
    let is_object = node.get("apiVersion").is_some() || node.get("kind").is_some();
    if is_object || input::suspect(node).is_some() {
        return true;
    }
    if node.data != Data::Null {
        let message = "a document without `apiVersion` and `kind` is not part of the output";
        diagnostics
            .add(&rule::NO_OBJECT, node.span, message)
            .hint("name its file in `exclude` of the profile if it is meant for another program");
    }
    false
}

/// Whether a document is for programs that read the files, and not for the cluster.
fn is_local(node: &Node) -> bool {
    let annotation = node.find(&pointer::to_annotation(LOCAL_CONFIG));
    annotation.is_some_and(|found| found.node.as_str() == Some("true"))
}
