//! Documents that are KAITO's, or were meant to be, and that nothing compiles.

use super::is_of_kaito;
use crate::base::node::Node;
use crate::base::similar;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Severity};
use crate::vocab::api::V1BETA1;
use crate::vocab::kinds;

/// Reports a document that nobody compiles although it is KAITO's, or was probably meant to be.
#[must_use]
pub fn unrecognized(node: &Node) -> Option<Diagnostic> {
    let text = |key| node.get(key).and_then(Node::as_str);
    let (version, kind) = (text("apiVersion").unwrap_or_default(), text("kind"));
    if !is_of_kaito(node) {
        let is_near = version
            .split_once('/')
            .is_none_or(|(group, _)| group.contains("kaito"));
        let is_meant = matches!(kind, Some(kinds::WORKSPACE | kinds::INFERENCE_SET)) && is_near;
        let message = match version {
            "" => "a Workspace without a KAITO `apiVersion`".to_owned(),
            version => format!("`{version}` is not a KAITO `apiVersion`"),
        };
        let diagnostic =
            || Diagnostic::new(&rule::UNRECOGNIZED, node.at("/apiVersion").span, message);
        return is_meant.then(|| diagnostic().hint(format!("write `apiVersion: {V1BETA1}`")));
    }
    let place = node.at("/kind").span;
    let Some(kind) = kind else {
        return Some(
            Diagnostic::new(
                &rule::UNRECOGNIZED,
                place,
                format!("a document with `apiVersion: {version}` has no `kind`"),
            )
            .hint("add one"),
        );
    };
    if let Some(near) = similar::nearest(kind, [kinds::WORKSPACE, kinds::INFERENCE_SET].into_iter())
        .filter(|near| *near != kind)
    {
        let message = format!("`{kind}` is not a kind of `{version}`");
        return Some(
            Diagnostic::new(&rule::UNRECOGNIZED, place, message)
                .hint(format!("did you mean `{near}`?")),
        );
    }
    if kind == kinds::INFERENCE_SET {
        return None; // in rendered output
    }
    let message =
        format!("`{kind}` is not supported: only Workspaces and InferenceSets are compiled");
    Some(Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::new(&rule::NOT_YET, place, message)
    })
}
