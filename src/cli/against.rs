//! What `--against` and `--against-path` name: documents as they were, in a revision of the input's
//! Git repository or on disk.

use std::path::PathBuf;

use anyhow::Result;
use kaito_render::diagnostic::rule;
use kaito_render::diagnostic::{Diagnostic, Diagnostics};
use kaito_render::input::{self, Disk, Document, DocumentFilter};
use kaito_render::session::Session;
use kaito_render::workspace;

use super::args::Against;
use super::git::Revision;

/// Reads the documents that those of some paths are compared with, if the command line names any.
/// What is wrong with them is no more than a note.
pub(super) fn read(
    args: &Against,
    paths: &[PathBuf],
    session: &mut Session,
) -> Result<Vec<Document>> {
    let mut found = Diagnostics::default();
    let (documents, name) = match (&args.against, &args.against_path) {
        (Some(name), _) => {
            let revision = Revision::of(name, paths)?;
            (
                revision.documents(DocumentFilter::Input, &mut session.sources, &mut found)?,
                name.clone(),
            )
        }
        (None, Some(path)) => {
            let paths = std::slice::from_ref(path);
            let documents = input::load(
                &Disk,
                paths,
                DocumentFilter::Input,
                &mut session.sources,
                &mut found,
            )?;
            (documents, path.display().to_string())
        }
        (None, None) => return Ok(Vec::new()),
    };
    let errors = found.into_iter().filter(Diagnostic::is_error);
    session
        .diagnostics
        .extend(errors.filter_map(|error| workspace::not_compared(vec![error])));
    if !documents
        .iter()
        .any(|document| workspace::is_of_kaito(&document.node))
    {
        let message = format!("nothing was compared: there was no Workspace at `{name}`");
        session.report(Diagnostic::global(&rule::NOT_COMPARED, message));
    }
    Ok(documents)
}
