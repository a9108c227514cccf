//! What `--against` names: documents as they were, on disk or in a revision of the input's Git repository.

use std::path::PathBuf;

use anyhow::{Context, Result};
use kaito_render::diagnostic::Diagnostic;
use kaito_render::rule;
use kaito_render::session::Session;
use kaito_render::source::{self, Document};
use kaito_render::workspace;

use super::git;

/// Reads the documents that those of some paths are compared with. What is wrong with them is no more than a note.
pub(super) fn read(against: &str, paths: &[PathBuf], session: &mut Session) -> Result<Vec<Document>> {
    let mut found = Vec::new();
    let path = PathBuf::from(against);
    let documents = if path.exists() {
        source::load(&[path], source::Reach::Input, &mut session.sources, &mut found)?
    } else {
        git::Revision::of(against, paths)
            .and_then(|revision| revision.documents(source::Reach::Input, &mut session.sources, &mut found))
            .with_context(|| format!("there is no file or folder `{against}` to compare with"))?
    };
    let errors = found.into_iter().filter(Diagnostic::is_error);
    session.diagnostics.extend(errors.filter_map(|error| workspace::not_compared(vec![error])));
    if !documents.iter().any(|document| workspace::is_of_kaito(&document.node)) {
        let message = format!("nothing was compared: there was no Workspace at `{against}`");
        session.report(Diagnostic::global(&rule::NOT_COMPARED, message));
    }
    Ok(documents)
}
