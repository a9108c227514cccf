//! Documents that are KAITO's, or were meant to be, and that nothing compiles.

use super::is_of_kaito;
use crate::base::node::Node;
use crate::base::{similar, wording};
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Severity};
use crate::input::{Suspect, suspect};
use crate::vocab::api::V1BETA1;
use crate::vocab::kinds;

/// Reports a document that nobody compiles although it is KAITO's, or was probably meant to be.
#[must_use]
pub fn unrecognized(node: &Node) -> Option<Diagnostic> {
    let text = |key| node.get(key).and_then(Node::as_str);
    let (version, kind) = (text("apiVersion").unwrap_or_default(), text("kind"));
    if let Some(suspect) = suspect(node) {
        return Some(meant(node, &suspect));
    }
    if !is_of_kaito(node) {
        return None;
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
    let message =
        format!("`{kind}` is not supported: only Workspaces and InferenceSets are compiled");
    Some(Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::new(&rule::NOT_YET, place, message)
    })
}

/// Reports a document that is not KAITO's and was probably meant to be, or holds one.
fn meant(node: &Node, suspect: &Suspect) -> Diagnostic {
    match suspect {
        Suspect::Misnamed { kind } => {
            let version = node.get("apiVersion").and_then(Node::as_str);
            let message = match version {
                Some(version) => format!("`{version}` is not a KAITO `apiVersion`"),
                None => format!("{} without a KAITO `apiVersion`", wording::a(kind)),
            };
            Diagnostic::new(&rule::UNRECOGNIZED, node.at("/apiVersion").span, message)
                .hint(format!("write `apiVersion: {V1BETA1}` and `kind: {kind}`"))
        }
        Suspect::InText { node: inner, kind } => {
            let message = format!(
                "{} in a string of another document is not compiled",
                wording::a(kind)
            );
            Diagnostic {
                severity: Severity::Warning,
                ..Diagnostic::new(&rule::UNRECOGNIZED, inner.span, message)
                    .hint("to check it, write it as a document of its own")
            }
        }
        Suspect::Inside {
            node: inner,
            is_list,
        } => {
            let kind = inner.get("kind").and_then(Node::as_str).unwrap_or_default();
            let place = inner.at("/kind").span;
            let message = format!(
                "{} inside of another document is not compiled",
                wording::a(kind)
            );
            let severity = if *is_list {
                Severity::Error
            } else {
                Severity::Warning
            };
            let hint =
                "make it a document of its own, or an item of a `List` with `apiVersion: v1`";
            Diagnostic {
                severity,
                ..Diagnostic::new(&rule::UNRECOGNIZED, place, message).hint(hint)
            }
        }
    }
}
