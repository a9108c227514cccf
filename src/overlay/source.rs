//! Where overlays are written: in the profile, in files that it names, and in the input.

use std::borrow::Cow;
use std::path::PathBuf;

use super::kustomization;
use super::written::{Source, Written, directory, named_file};
use crate::base::node::Node;
use crate::base::sources::Span;
use crate::base::wording;
use crate::catalogue::profile::{OverlayEntry, OverlayFile, OverlayReader, Profile, is_overlay};
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::input;
use crate::session::Session;
use crate::vocab::kinds;

/// The overlays of a profile, then those of the input from the root downward.
pub(super) fn sources<'a>(
    profile: &'a Profile,
    input: &'a [Node],
    session: &mut Session,
) -> Vec<Source<'a>> {
    let reader = OverlayReader::default();
    let mut all = Vec::new();
    for (index, entry) in profile.overlays.iter().enumerate() {
        let pointer = format!("/overlays/{index}");
        match entry {
            OverlayEntry::Overlay(overlay) => all.push(Source {
                name: overlay.name.clone(),
                place: profile.span(&format!("{pointer}/name")),
                parts: vec![Written {
                    overlay: Cow::Borrowed(&**overlay),
                    document: profile.document.as_ref().map(Cow::Borrowed),
                    pointer,
                }],
                directory: None,
            }),
            OverlayEntry::Kustomization(written) => {
                let place = profile.span(&format!("{pointer}/kustomization"));
                let name_at = profile.span(&format!("{pointer}/name"));
                let source = kustomization::read(written, place, name_at, &reader, session);
                all.extend(source);
            }
            OverlayEntry::File(OverlayFile { file }) => {
                let place = profile.span(&format!("{pointer}/file"));
                all.extend(of_file(file, place, &reader, session));
            }
        }
    }
    if profile.overlays_from_input {
        all.extend(of_input(input, &reader, session));
    } else {
        refuse(input, profile, &mut session.diagnostics);
    }
    all
}

/// The overlay of a file that is named at a place.
fn of_file<'a>(
    path: &str,
    named_at: Option<Span>,
    reader: &OverlayReader,
    session: &mut Session,
) -> Option<Source<'a>> {
    let file = named_file(path, named_at, session)?;
    let documents = input::parse(&session.sources, file, &mut session.diagnostics);
    let mut documents = documents.into_iter();
    let (document, more) = (documents.next(), documents.next());
    let (place, message) = match (document, more) {
        (Some(document), None) if is_overlay(&document) => {
            return of_document(Cow::Owned(document), None, reader, &mut session.diagnostics);
        }
        (Some(_), Some(more)) => (
            more.at("/kind").span,
            "a second document in a file that is one overlay",
        ),
        (Some(document), None) => (document.at("/kind").span, "a document that is no `Overlay`"),
        (None, _) if session.failed_since(0) => return None,
        (None, _) => (Span::whole(file), "a file without an overlay"),
    };
    let found = Diagnostic::new(&rule::OVERLAY_FILE, place, message);
    let found = found
        .hint("begin the file with `apiVersion: render.kaito.sh/v1alpha1` and `kind: Overlay`");
    session.diagnostics.report(match named_at {
        Some(named_at) => found.also(named_at, "where it is named"),
        None => found,
    });
    None
}

fn of_document<'a>(
    document: Cow<'a, Node>,
    directory: Option<PathBuf>,
    reader: &OverlayReader,
    diagnostics: &mut Diagnostics,
) -> Option<Source<'a>> {
    let (overlay, place) = reader.read(&document, diagnostics)?;
    Some(Source {
        name: overlay.name.clone(),
        place: Some(place),
        parts: vec![Written {
            overlay: Cow::Owned(overlay),
            document: Some(document),
            pointer: String::new(),
        }],
        directory,
    })
}

fn of_input<'a>(
    input: &'a [Node],
    reader: &OverlayReader,
    session: &mut Session,
) -> Vec<Source<'a>> {
    let mut all = Vec::new();
    for node in input {
        let directory = directory(node, &session.sources);
        let diagnostics = &mut session.diagnostics;
        let source = of_document(Cow::Borrowed(node), Some(directory), reader, diagnostics);
        all.extend(source);
    }
    // Stable, so that those of one directory stay in the order of the input.
    all.sort_by_cached_key(|source| {
        let directory = source.directory.clone().unwrap_or_default();
        (directory.components().count(), directory)
    });
    all
}

fn refuse(input: &[Node], profile: &Profile, diagnostics: &mut Diagnostics) {
    const FIELD: &str = "/overlaysFromInput";
    for node in input {
        let name = node.str_at("/name").or(node.str_at("/metadata/name"));
        let message = format!(
            "the overlay `{}` is in the input, and only those of the profile are applied",
            name.unwrap_or_default().escape_debug()
        );
        let found = Diagnostic::new(&rule::OVERLAY_OF_INPUT, node.at("/kind").span, message);
        let found = match profile.span(FIELD) {
            Some(place) => found.also(place, "the profile says so"),
            None => found,
        };
        let hint = "move it to the profile, or ask the owner of the profile to allow overlays in the input";
        diagnostics.report(found.hint(hint));
    }
}

/// Reports a document of ours whose kind we do not have, so that no overlay is left out for a slip.
#[must_use]
pub fn unknown_kind(node: &Node) -> Option<Diagnostic> {
    const KINDS: [&str; 3] = [kinds::OVERLAY, "Profile", "Render"];
    let kind = node.str_at("/kind").unwrap_or_default();
    if KINDS.contains(&kind) {
        return None;
    }
    let message = format!("there is no kind `{}` of kaito-render", kind.escape_debug());
    let found = Diagnostic::new(&rule::OVERLAY, node.at("/kind").span, message);
    let known: Vec<_> = KINDS.iter().map(|kind| format!("`{kind}`")).collect();
    Some(found.hint(format!("the kinds are {}", wording::and(&known))))
}
