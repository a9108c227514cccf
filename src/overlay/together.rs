//! All objects of a run together: shared ones once, conflicts found.

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::diagnostic::Diagnostic;
use crate::object::{Identity, Object};
use crate::rule;
use crate::source::Span;

/// The objects that come from one document.
#[derive(Debug)]
pub struct Part {
    /// The place to show for the document.
    pub span: Span,
    /// What people call the document, such as ``Workspace `default/falcon` ``.
    pub title: String,
    /// Its objects.
    pub objects: Vec<Object>,
}

/// Puts the objects of all documents together. Equal objects are kept once; different objects of one identity, and
/// objects without one, are reported.
pub fn together(parts: Vec<Part>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Object> {
    let mut seen = IndexMap::new();
    let mut is_kept = Vec::new();
    for part in &parts {
        for object in &part.objects {
            let identity = object.identity();
            if identity.is_incomplete() {
                diagnostics.push(nameless(part));
            }
            is_kept.push(match seen.entry(key(identity)) {
                Entry::Vacant(entry) => {
                    entry.insert((part, object));
                    true
                }
                Entry::Occupied(entry) => {
                    let (first, before) = *entry.get();
                    if before.value != object.value {
                        diagnostics.push(conflict(first, part, identity));
                    }
                    false
                }
            });
        }
    }
    let objects = parts.into_iter().flat_map(|part| part.objects);
    objects.zip(is_kept).filter_map(|(object, is_kept)| is_kept.then_some(object)).collect()
}

/// An identity as a cluster sees it: of one group and kind there is one object of a name, whatever the version; and
/// an object without a namespace is not another one than that of the namespace `default`.
fn key(identity: Identity<'_>) -> (&str, &str, &str, &str) {
    let group = identity.api_version.rsplit_once('/').map_or("", |(group, _)| group);
    (group, identity.kind, identity.namespace.unwrap_or("default"), identity.name)
}

fn nameless(part: &Part) -> Diagnostic {
    let message = format!("an object made for {} lacks `apiVersion`, `kind` or `metadata.name`", part.title);
    Diagnostic::new(&rule::NAMELESS, part.span, message).hint("look at the templates laid over the embedded ones")
}

fn conflict(first: &Part, second: &Part, identity: Identity) -> Diagnostic {
    let (kind, name) = (identity.kind, identity.name);
    let message = format!("{} and {} make different objects `{kind}/{name}`", first.title, second.title);
    Diagnostic::new(&rule::CONFLICT, second.span, message)
        .also(first.span, "the other one")
        .hint("rename one of the two, or put them into different namespaces")
}
