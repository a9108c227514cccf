//! All objects of a run together: shared ones once, conflicts found.

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::base::object::{Identity, Object};
use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;

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

/// What is to be had of the objects in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The objects.
    Objects,
    /// Nothing: they are held against each other, and only a fingerprint of each stays.
    Nothing,
}

/// The objects of all documents, held against each other as they come. Equal objects are kept once;
/// different objects of one identity, and objects without one, are reported.
#[derive(Debug)]
pub struct Together {
    keep: Keep,
    /// The place and the title of each document.
    documents: Vec<(Span, String)>,
    /// What came first of each identity, and of which document.
    first: IndexMap<String, (usize, Kept)>,
    findings: Vec<Diagnostic>,
}

/// An object, or what is left of it.
#[derive(Debug, PartialEq)]
enum Kept {
    Object(Object),
    Fingerprint(u64),
}

impl Together {
    /// Nothing yet.
    #[must_use]
    pub fn new(keep: Keep) -> Self {
        Self {
            keep,
            documents: Vec::new(),
            first: IndexMap::new(),
            findings: Vec::new(),
        }
    }

    /// Takes the objects of a document in.
    pub fn add(&mut self, part: Part) {
        let Part {
            span,
            title,
            objects,
        } = part;
        let document = self.documents.len();
        self.documents.push((span, title));
        for object in objects {
            self.add_object(document, object);
        }
    }

    fn add_object(&mut self, document: usize, object: Object) {
        let (span, title) = &self.documents[document];
        let identity = object.identity();
        if identity.is_incomplete() {
            self.findings.push(nameless(*span, title));
        }
        match self.first.entry(key(identity)) {
            Entry::Vacant(entry) => {
                let kept = match self.keep {
                    Keep::Objects => Kept::Object(object),
                    Keep::Nothing => Kept::Fingerprint(object.value.fingerprint()),
                };
                entry.insert((document, kept));
            }
            Entry::Occupied(entry) => {
                let (first, kept) = entry.get();
                let is_same = match kept {
                    Kept::Object(kept) => kept.value == object.value,
                    Kept::Fingerprint(kept) => *kept == object.value.fingerprint(),
                };
                if !is_same {
                    self.findings
                        .push(conflict(&self.documents[*first], (*span, title), identity));
                }
            }
        }
    }

    /// The objects that were to be kept, and what was found.
    #[must_use]
    pub fn finish(self) -> (Vec<Object>, Vec<Diagnostic>) {
        let kept = self.first.into_values().filter_map(|(_, kept)| match kept {
            Kept::Object(object) => Some(object),
            Kept::Fingerprint(_) => None,
        });
        (kept.collect(), self.findings)
    }
}

/// An identity as a cluster sees it: of one group and kind there is one object of a name, whatever
/// the version; and an object without a namespace is not another one than that of the namespace
/// `default`.
fn key(identity: Identity) -> String {
    let group = identity
        .api_version
        .rsplit_once('/')
        .map_or("", |(group, _)| group);
    let parts = [
        group,
        identity.kind,
        identity.namespace.unwrap_or("default"),
        identity.name,
    ];
    parts.join("\0")
}

fn nameless(span: Span, title: &str) -> Diagnostic {
    let message =
        format!("an object made for {title} lacks `apiVersion`, `kind` or `metadata.name`");
    Diagnostic::new(&rule::NAMELESS, span, message)
        .hint("look at the templates laid over the embedded ones")
}

fn conflict(first: &(Span, String), (span, title): (Span, &str), identity: Identity) -> Diagnostic {
    let (kind, name) = (identity.kind, identity.name);
    let message = format!(
        "{} and {title} make different objects `{kind}/{name}`",
        first.1
    );
    Diagnostic::new(&rule::CONFLICT, span, message)
        .also(first.0, "the other one")
        .hint("rename one of the two, or put them into different namespaces")
}
