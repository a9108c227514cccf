//! `render`: writes the objects of Workspaces.

use anyhow::{Result, bail};
use kaito_render::base::sources::Sources;
use kaito_render::compile::{self, Keep};
use kaito_render::emit::{self, Form, Format, Manifest};
use kaito_render::input::{Disk, Document, DocumentFilter, FileTree};
use kaito_render::workspace;

use super::Outcome;
use super::config::{Color, Output, Render};
use super::console;
use super::load::{self, Loaded};
use super::run::Run;

/// Writes all objects; nothing if the input has an error.
pub(super) fn render(config: &Render, color: Color) -> Result<Outcome> {
    let mut run = Run::default();
    let mut manifests = Vec::new();
    if let Some(Loaded {
        documents,
        options,
        library,
    }) = load::load(
        &config.input,
        DocumentFilter::Input,
        None,
        config.only_generated,
        &mut run,
    )? {
        refuse_sources(&config.output, &documents, &run.session.sources)?;
        let keep = Keep::Manifests(match config.output {
            Output::Directory(_) => Form::File(config.format),
            Output::Stdout | Output::File(_) => Form::Stream(config.format),
        });
        let session = &mut run.session;
        manifests = compile::run(documents, &options, &library, keep, session).manifests;
    }
    let selection = &config.selection;
    selection.apply(&mut manifests, &mut run.session.diagnostics);
    let report = run.finish(config.input.strictness);
    console::diagnostics(&report, color)?;
    if !report.has_errors() {
        emit::sort(&mut manifests);
        write(&manifests, config.format, &config.output)?;
    }
    console::end(&report)?;
    // The process ends now, and to free every value on its own would take as long as to write them
    // all.
    std::mem::forget(manifests);
    Ok(Outcome::of(&report))
}

/// Fails if a source lies where the output is to be written: the next run would take one for the other.
fn refuse_sources(output: &Output, documents: &[Document], sources: &Sources) -> Result<()> {
    let (Output::File(path) | Output::Directory(path)) = output else {
        return Ok(());
    };
    if Disk.kind(path).is_err() {
        return Ok(());
    }
    let target = Disk.identity(path);
    let is_source = |document: &&Document| {
        let node = &document.node;
        let is_of_kaito = workspace::is_workspace(node) || workspace::is_inference_set(node);
        document.named || is_of_kaito && !workspace::is_rendered(node)
    };
    for document in documents.iter().filter(is_source) {
        let file = document.node.span.file;
        let Some(source) = sources.path(file) else {
            continue;
        };
        if source.starts_with(&target) || Disk.identity(source).starts_with(&target) {
            bail!(
                "`{}` is a source, and writing to `{}` would take it for output: choose another \
                 path, such as `rendered/`",
                sources.name(file),
                path.display()
            );
        }
    }
    Ok(())
}

fn write(manifests: &[Manifest], format: Format, output: &Output) -> Result<()> {
    let pieces = format.pieces(manifests.iter().map(Manifest::text));
    match output {
        Output::Stdout => console::print_data_pieces(pieces).map(drop),
        Output::File(path) => Ok(emit::disk::write_file(path, pieces)?),
        Output::Directory(path) => {
            let files = emit::directory::layout(manifests)?;
            let changes = emit::disk::write_directory(path, &files)?;
            console::changes(path, &changes)
        }
    }
}
