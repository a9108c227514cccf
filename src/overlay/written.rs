//! An overlay as it is written: its parts, the documents that these stand in, and its directory.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::base::node::Node;
use crate::base::pointer;
use crate::base::sources::{FileId, Sources, Span};
use crate::catalogue::profile::Overlay;
use crate::diagnostic::rule;
use crate::session::Session;
use crate::vocab::annotations::ITEM_PATHS;

/// An overlay as it is written.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// What it is written as: one part, or several that are applied one after the other, of which the
    /// first says for which Workspaces they are.
    pub(super) parts: Vec<Written<'a>>,
    pub(super) name: String,
    /// Where its name stands.
    pub(super) place: Option<Span>,
    /// For one of the input, the directory whose Workspaces it is for.
    pub(super) directory: Option<PathBuf>,
}

/// A part of an overlay as it is written.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub(super) overlay: Cow<'a, Overlay>,
    /// The document that it stands in; none for a profile without one.
    pub(super) document: Option<Cow<'a, Node>>,
    /// Where in the document, as a JSON Pointer.
    pub(super) pointer: String,
}

impl Source<'_> {
    /// What people call its directory, if it is only for the Workspaces there.
    pub(super) fn shown_directory(&self, sources: &Sources) -> Option<String> {
        let directory = self.directory.as_deref()?;
        if directory == Path::new("") {
            return None;
        }
        let file = self.parts.first()?.document.as_ref()?.span.file;
        let shown = match sources.place(file) {
            Some(_) => Path::new(sources.name(file)).parent()?,
            None => directory,
        };
        let shown = shown.display().to_string();
        Some(if shown.is_empty() {
            ".".to_owned()
        } else {
            shown
        })
    }
}

/// The text that a path leads to that is written at a place.
pub(super) fn named_file(
    path: &str,
    named_at: Option<Span>,
    session: &mut Session,
) -> Option<FileId> {
    let file = named_at.and_then(|place| session.sources.named_file(place.file, path));
    // What stood in the way was reported where the file was looked for.
    if file.is_none() && !session.failed_since(0) {
        let message = format!("the file `{path}` was not read");
        session
            .diagnostics
            .add(&rule::OVERLAY_FILE, named_at, message);
    }
    file
}

/// The directory of a document: on the disk or in a revision, or as a host of functions says. That
/// of a stream is empty, which holds all others.
pub(super) fn directory(node: &Node, sources: &Sources) -> PathBuf {
    let path = match sources.place(node.span.file) {
        Some(place) => Some(place),
        None => ITEM_PATHS
            .iter()
            .find_map(|key| node.str_at(&pointer::to_annotation(key)))
            .map(Path::new),
    };
    let directory = path.and_then(Path::parent);
    directory.unwrap_or(Path::new("")).to_owned()
}
