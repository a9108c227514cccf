//! All objects of a run together: shared ones once, conflicts found.

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::base::object::Object;
use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;

/// The objects that come from one document.
#[derive(Debug)]
pub struct DocumentObjects<T> {
    /// The place to show for the document.
    pub span: Span,
    /// What people call the document, such as ``Workspace `default/falcon` ``.
    pub title: String,
    /// The objects that the document stands for; only one if it is passed through.
    pub objects: Vec<Finished<T>>,
}

/// What is left of an object when its document is done: what tells it from others, and what the run
/// keeps of it.
#[derive(Debug)]
pub struct Finished<T> {
    key: String,
    is_incomplete: bool,
    kept: T,
}

impl Finished<()> {
    /// An object that nothing changes any more. One without a namespace is not another one than that
    /// of the `namespace` in which it will be.
    #[must_use]
    pub fn new(object: &Object, namespace: &str) -> Self {
        let identity = object.identity();
        Self {
            key: identity.key(namespace).join("\0"),
            is_incomplete: identity.is_incomplete(),
            kept: (),
        }
    }

    /// As well as what is to be kept of it.
    #[must_use]
    pub fn keeping<T>(self, kept: T) -> Finished<T> {
        Finished {
            key: self.key,
            is_incomplete: self.is_incomplete,
            kept,
        }
    }
}

/// The objects of all documents, held against each other as they come, by what is kept of them.
/// Equal objects are kept once; different objects of one identity, and objects without one, are
/// reported.
#[derive(Debug)]
pub struct ObjectSet<T> {
    /// The place and the title of each document.
    documents: Vec<(Span, String)>,
    /// What came first of each identity: the number of its document, and what is kept of it.
    first: IndexMap<String, (usize, T)>,
    diagnostics: Vec<Diagnostic>,
}

impl<T> Default for ObjectSet<T> {
    fn default() -> Self {
        Self {
            documents: Vec::new(),
            first: IndexMap::new(),
            diagnostics: Vec::new(),
        }
    }
}

impl<T: PartialEq> ObjectSet<T> {
    /// Takes the objects of a document in.
    pub fn add(&mut self, objects: DocumentObjects<T>) {
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

    /// Takes in an object that only the cluster names.
    pub fn add_unnamed(&mut self, object: Finished<T>) {
        // No identity has this form.
        let key = format!("\0{}", self.first.len());
        self.first.insert(key, (0, object.kept));
    }

    fn add_object(&mut self, document: usize, object: Finished<T>) {
        let (span, title) = &self.documents[document];
        if object.is_incomplete {
            self.diagnostics.push(nameless(*span, title));
        }
        match self.first.entry(object.key) {
            Entry::Vacant(entry) => {
                entry.insert((document, object.kept));
            }
            Entry::Occupied(entry) => {
                let (first, kept) = entry.get();
                if *kept != object.kept {
                    let first = &self.documents[*first];
                    self.diagnostics
                        .push(conflict(first, (*span, title), entry.key()));
                }
            }
        }
    }

    /// How many objects there are so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.first.len()
    }

    /// What was kept of the objects, from one on.
    pub fn kept_from(&mut self, first: usize) -> impl Iterator<Item = &mut T> {
        let range = self.first.get_range_mut(first..);
        let kept = range.map(|objects| objects.values_mut());
        kept.into_iter().flatten().map(|(_, kept)| kept)
    }

    /// What was kept of the objects, and what was found.
    #[must_use]
    pub fn finish(self) -> (Vec<T>, Vec<Diagnostic>) {
        let kept = self.first.into_values().map(|(_, kept)| kept);
        (kept.collect(), self.diagnostics)
    }
}

fn nameless(span: Span, title: &str) -> Diagnostic {
    let message = format!("an object of {title} has no `apiVersion`, `kind` or `metadata.name`");
    Diagnostic::new(&rule::NAMELESS, span, message)
        .hint("correct its template in the `--library` directory")
}

fn conflict(first: &(Span, String), (span, title): (Span, &str), key: &str) -> Diagnostic {
    let mut parts = key.split('\0');
    let (kind, name) = (
        parts.nth(1).unwrap_or_default(),
        parts.nth(1).unwrap_or_default(),
    );
    let message = format!(
        "{} and {title} have different objects `{kind}/{name}`",
        first.1
    );
    Diagnostic::new(&rule::CONFLICT, span, message)
        .also(first.0, "the other one")
        .hint("rename one of them, or put them into different namespaces")
}
