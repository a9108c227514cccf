//! The text of a patch as documents with places.

use crate::base::node::{Data, Node};
use crate::base::sources::{FileId, Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input;
use crate::input::embedded::Embedded;

/// The documents of a patch that stands in a string.
///
/// # Errors
///
/// Why the string is no YAML.
pub(super) fn of_string(
    text: &str,
    place: Span,
    sources: &Sources,
) -> Result<Vec<Node>, Diagnostic> {
    let parsed = Embedded { text, place }.documents(sources)?;
    Ok(without_empty(parsed))
}

/// The documents of a patch that is a file.
///
/// # Errors
///
/// Why the file is no YAML.
pub(super) fn of_file(file: FileId, sources: &Sources) -> Result<Vec<Node>, Diagnostic> {
    let mut found = Diagnostics::default();
    let parsed = input::parse(sources, file, &mut found);
    match found.into_iter().find(Diagnostic::is_error) {
        Some(error) => Err(error),
        None => Ok(without_empty(parsed)),
    }
}

fn without_empty(mut documents: Vec<Node>) -> Vec<Node> {
    documents.retain(|document| document.data != Data::Null);
    documents
}
