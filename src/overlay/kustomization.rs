//! A kustomization as an overlay: what it changes in objects, in the order in which kustomize does.
//!
//! Each of its fields becomes a field of an overlay whose values keep their places in the
//! kustomization, and is read as one. What no overlay can take over is an error.

mod fields;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use super::written::{Source, Written, named_file};
use crate::base::node::{Data, Node};
use crate::base::sources::{FileId, Span};
use crate::catalogue::profile::{OverlayKustomization, OverlayReader};
use crate::diagnostic::{Diagnostics, rule};
use crate::input;
use crate::session::Session;
use crate::vocab::api::is_of_kustomize;
pub(super) use fields::paths;

/// Reads the kustomization whose directory is named at a place of the profile; `name_at` is where
/// the entry has a name.
pub(super) fn read<'a>(
    written: &OverlayKustomization,
    named_at: Option<Span>,
    name_at: Option<Span>,
    reader: &OverlayReader,
    session: &mut Session,
) -> Option<Source<'a>> {
    let directory = Path::new(&written.kustomization).file_name();
    let directory = directory.map(|name| name.to_string_lossy().into_owned());
    let name = written.name.clone().or(directory).unwrap_or_default();
    let place = name_at.or(named_at)?;
    let mut documents = collect(&written.kustomization, named_at, session);
    let name_node = Node {
        span: place,
        data: Data::String(name.clone()),
    };
    if documents.is_empty() {
        // Nothing of it was read, or nothing in it changes objects: its name counts all the same.
        documents.push(fields::overlay(Vec::new(), place));
    }
    let mut parts = Vec::new();
    for document in documents {
        let document = fields::named(document, &name_node);
        parts.push(part(document, reader, &mut session.diagnostics)?);
    }
    Some(Source {
        parts,
        name,
        place: Some(place),
        directory: None,
    })
}

/// A part whose values are as an overlay may have them; none if one is not.
fn part<'a>(
    document: Node,
    reader: &OverlayReader,
    diagnostics: &mut Diagnostics,
) -> Option<Written<'a>> {
    let (overlay, _) = reader.read(&document, diagnostics)?;
    Some(Written {
        overlay: Cow::Owned(overlay),
        document: Some(Cow::Owned(document)),
        pointer: String::new(),
    })
}

/// What is to be done about a kustomization.
enum Step {
    /// It is to be read, by its path and where that is written.
    Enter(String, Option<Span>),
    /// Its components were read.
    Leave(Node),
}

/// What a kustomization says as documents of overlays, what its components say first.
fn collect(path: &str, named_at: Option<Span>, session: &mut Session) -> Vec<Node> {
    let mut met = BTreeSet::new();
    let mut documents = Vec::new();
    let mut steps = vec![Step::Enter(path.to_owned(), named_at)];
    while let Some(step) = steps.pop() {
        let (path, named_at) = match step {
            Step::Enter(path, named_at) => (path, named_at),
            Step::Leave(kustomization) => {
                documents.extend(fields::overlays(&kustomization));
                continue;
            }
        };
        let Some(kustomization) = enter(&path, named_at, &mut met, session) else {
            continue;
        };
        fields::check(&kustomization, &mut session.diagnostics);
        let components = kustomization.items("/components").iter().rev();
        let components: Vec<_> = components
            .filter_map(|it| Some(Step::Enter(it.as_str()?.to_owned(), Some(it.span))))
            .collect();
        steps.push(Step::Leave(kustomization));
        steps.extend(components);
    }
    documents
}

/// A kustomization by its path, which is met once.
fn enter(
    path: &str,
    named_at: Option<Span>,
    met: &mut BTreeSet<FileId>,
    session: &mut Session,
) -> Option<Node> {
    let file = named_file(path, named_at, session)?;
    if !met.insert(file) {
        let message = format!("the component `{}` is there twice", path.escape_debug());
        let diagnostics = &mut session.diagnostics;
        let reporting = diagnostics.add(&rule::KUSTOMIZATION_FIELD, named_at, message);
        reporting.hint("remove it here: its patches would be applied twice");
        return None;
    }
    let parsed = input::parse(&session.sources, file, &mut session.diagnostics);
    let kustomization = parsed.into_iter().next()?;
    let version = kustomization.str_at("/apiVersion");
    if version.is_none_or(is_of_kustomize) {
        return Some(kustomization);
    }
    let place = kustomization.at("/apiVersion").span;
    let message = "a document that is no kustomization";
    let reporting = session.diagnostics.add(&rule::OVERLAY_FILE, place, message);
    reporting.hint("begin the file with `apiVersion: kustomize.config.k8s.io/v1beta1`");
    None
}
