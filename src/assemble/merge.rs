//! All objects of a run together: shared ones once, conflicts found.

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::base::object::{Identity, Object};
use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;

/// The objects that come from one document.
#[derive(Debug)]
pub struct DocumentObjects {
    /// The place to show for the document.
    pub span: Span,
    /// What people call the document, such as ``Workspace `default/falcon` ``.
    pub title: String,
    /// The objects that the document stands for; only one if it is passed through.
    pub objects: Vec<Object>,
}

/// The objects of all documents, held against each other as they come. Equal objects are kept once;
/// different objects of one identity, and objects without one, are reported.
#[derive(Debug)]
pub struct ObjectSet {
    /// Whether the objects themselves are kept, or only a fingerprint of each.
    keeps_objects: bool,
    /// The place and the title of each document.
    documents: Vec<(Span, String)>,
    /// What came first of each identity, and of which document.
    first: IndexMap<String, (usize, Kept)>,
    diagnostics: Vec<Diagnostic>,
}

/// An object, or what is left of it.
#[derive(Debug, PartialEq)]
enum Kept {
    Object(Object),
    Fingerprint(u64),
}

impl Default for ObjectSet {
    fn default() -> Self {
        Self::new()
    }
}

impl ObjectSet {
    /// A set that keeps its objects.
    #[must_use]
    pub fn new() -> Self {
        Self::of(true)
    }

    /// A set that holds objects against each other and lets them go: its size does not grow with
    /// theirs.
    #[must_use]
    pub fn of_fingerprints() -> Self {
        Self::of(false)
    }

    fn of(keeps_objects: bool) -> Self {
        Self {
            keeps_objects,
            documents: Vec::new(),
            first: IndexMap::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Takes the objects of a document in.
    pub fn add(&mut self, objects: DocumentObjects) {
        let DocumentObjects {
            span,
            title,
            objects,
        } = objects;
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
            self.diagnostics.push(nameless(*span, title));
        }
        match self.first.entry(key(identity)) {
            Entry::Vacant(entry) => {
                let kept = if self.keeps_objects {
                    Kept::Object(object)
                } else {
                    Kept::Fingerprint(object.value.fingerprint())
                };
                entry.insert((document, kept));
            }
            Entry::Occupied(entry) => {
                let (first, kept) = entry.get();
                let is_same = match kept {
                    Kept::Object(kept) => kept.value == object.value,
                    // If two fingerprints are equal by chance, `check` misses a conflict, which
                    // `render` still finds: it compares objects.
                    Kept::Fingerprint(kept) => *kept == object.value.fingerprint(),
                };
                if !is_same {
                    self.diagnostics.push(conflict(
                        &self.documents[*first],
                        (*span, title),
                        identity,
                    ));
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
        (kept.collect(), self.diagnostics)
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
    let message = format!("an object of {title} has no `apiVersion`, `kind` or `metadata.name`");
    Diagnostic::new(&rule::NAMELESS, span, message)
        .hint("correct its template in the `--library` directory")
}

fn conflict(first: &(Span, String), (span, title): (Span, &str), identity: Identity) -> Diagnostic {
    let (kind, name) = (identity.kind, identity.name);
    let message = format!(
        "{} and {title} have different objects `{kind}/{name}`",
        first.1
    );
    Diagnostic::new(&rule::CONFLICT, span, message)
        .also(first.0, "the other one")
        .hint("rename one of them, or put them into different namespaces")
}
