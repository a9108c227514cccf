//! Two objects for one file of an output directory, as a diagnostic.

use kaito_render::base::node::Node;
use kaito_render::base::object::Identified;
use kaito_render::base::sources::Span;
use kaito_render::diagnostic::{Diagnostic, rule};
use kaito_render::emit::Manifest;
use kaito_render::emit::directory::Clash;
use kaito_render::input::Document;

/// Where the documents stand that are passed through: these are what can meet in one file, because
/// somebody else names their kinds.
#[derive(Default)]
pub(super) struct Places(Vec<([String; 3], Span)>);

impl Places {
    pub(super) fn of(documents: &[Document], is_handed_on: impl Fn(&Document) -> bool) -> Self {
        let documents = documents.iter();
        let handed_on = documents.filter(|document| is_handed_on(document));
        let places = handed_on.map(|document| {
            let node = &document.node;
            let value = |pointer| Some(node.find(pointer)?.node);
            let text = |pointer| value(pointer).and_then(Node::as_str).unwrap_or_default();
            let identity = ["/apiVersion", "/kind", "/metadata/name"].map(text);
            let place = value("/metadata/name").unwrap_or(node).span;
            (identity.map(str::to_owned), place)
        });
        Self(places.collect())
    }

    fn find(&self, object: &Manifest) -> Option<Span> {
        let identity = object.identity();
        let parts = [identity.api_version, identity.kind, identity.name];
        let found = self.0.iter().find(|(other, _)| *other == parts);
        found.map(|(_, place)| *place)
    }

    /// That two objects would be written to one file.
    pub(super) fn report(&self, clash: &Clash) -> Diagnostic {
        let (first, second) = (self.find(clash.first), self.find(clash.second));
        let (place, other) = match second {
            Some(_) => (second, first),
            None => (first, None),
        };
        let found = Diagnostic {
            place,
            ..Diagnostic::global(&rule::CONFLICT, clash.to_string())
        };
        let found = match other {
            Some(other) => found.also(other, "the other one"),
            None => found,
        };
        found.hint("rename one of them, or write one file with `-o FILE`")
    }
}
