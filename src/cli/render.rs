//! `render`: writes the objects of Workspaces.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use kaito_render::base::sources::Sources;
use kaito_render::compile::{self, Keep};
use kaito_render::delivery::argocd;
use kaito_render::diagnostic::rule;
use kaito_render::emit::kustomization::{Kustomizations, kustomizations};
use kaito_render::emit::{self, FileText, Form, Manifest, Spool, SpoolFile, Stream};
use kaito_render::input::{Disk, Document, DocumentFilter, FileTree};
use kaito_render::session::Session;
use kaito_render::workspace;

use super::Outcome;
use super::clash::Places;
use super::config::{Color, Output, Render};
use super::console;
use super::load::{self, Loaded};
use super::run::Run;

/// Writes all objects; nothing if the input has an error.
pub(super) fn render(config: &Render, color: Color) -> Result<Outcome> {
    render_in(Run::watched(), config, color)
}

/// As [`render`], in a run that has begun.
pub(super) fn render_in(mut run: Run, config: &Render, color: Color) -> Result<Outcome> {
    let spool: Arc<dyn Spool> = Arc::new(SpoolFile::new(console::temporary_directory()));
    let (mut manifests, mut places) = (Vec::new(), Places::default());
    if let Some(Loaded {
        documents,
        mut options,
        library,
    }) = load::load(
        &config.input,
        DocumentFilter::Input,
        None,
        config.only_generated,
        &mut run,
    )? {
        let is_handed_on = |document: &Document| document.named || options.delivery.is_some();
        refuse_sources(
            &config.output,
            &documents,
            is_handed_on,
            &run.session.sources,
        )?;
        places = Places::of(&documents, is_handed_on);
        let keep = Keep::Manifests(match config.output {
            Output::Directory(_) => Form::File(config.format),
            Output::Stdout | Output::File(_) => Form::Stream(config.format),
        });
        options.spool = Arc::clone(&spool);
        let mut known = config.known_kinds.clone();
        if let Some(known) = &mut known {
            known.add(argocd::defined(&documents));
        }
        let session = &mut run.session;
        let mut made = compile::run(documents, &options, &library, keep, session);
        manifests = std::mem::take(&mut made.manifests);
        forget(made);
        if let Some(known) = known {
            let release = options.profile.release.as_deref();
            known.check(&manifests, release, &mut session.diagnostics);
        }
    }
    let selection = &config.selection;
    selection.apply(&mut manifests, &mut run.session.diagnostics);
    emit::sort(&mut manifests);
    let root = run.root.take();
    if root.is_some() && manifests.is_empty() {
        refuse_empty(&mut run.session);
    }
    let files = files(&manifests, config, &*spool, &places, &mut run.session);
    let report = run.finish(config.input.strictness);
    match root {
        Some(root) => console::diagnostics_for_host(&report, &root, color)?,
        None => console::diagnostics(&report, color)?,
    }
    let mut outcome = Outcome::of(&report);
    if !report.has_errors() {
        outcome = write(&manifests, files, &*spool, config)?;
    }
    console::end(&report)?;
    forget(manifests);
    Ok(outcome)
}

/// Leaves a value to the end of the process, which is near: to free each one on its own would take as
/// long as to write them all.
fn forget<T>(value: T) {
    std::mem::forget(value);
}

/// Reports an empty output, as far as no other error says why it is: a sync would prune everything.
fn refuse_empty(session: &mut Session) {
    if session.failed_since(0) {
        return;
    }
    let message = "there is nothing to write, and a sync of nothing prunes everything";
    session
        .diagnostics
        .add(&rule::NO_WORKSPACE, None, message)
        .hint("name a directory that has a Workspace or another object");
}

/// Fails if a source lies where the output is to be written: the next run would take one for the other.
fn refuse_sources(
    output: &Output,
    documents: &[Document],
    is_handed_on: impl Fn(&Document) -> bool,
    sources: &Sources,
) -> Result<()> {
    let (Output::File(path) | Output::Directory(path)) = output else {
        return Ok(());
    };
    if Disk.kind(path).is_err() {
        return Ok(());
    }
    let target = Disk.identity(path);
    let is_source = |document: &&Document| {
        let node = &document.node;
        let is_source = workspace::is_compiled(node) && !workspace::is_rendered(node);
        is_handed_on(document) || is_source
    };
    for document in documents.iter().filter(is_source) {
        let file = document.node.span.file;
        let Some(source) = sources.path(file) else {
            continue;
        };
        // The directories of a source have no links, but it may be one itself.
        let is_link = sources.editable(file).is_none();
        if source.starts_with(&target) || is_link && Disk.identity(source).starts_with(&target) {
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

/// The files of an output directory; none for other outputs, and for objects with an error.
fn files<'a>(
    manifests: &'a [Manifest],
    config: &Render,
    spool: &'a dyn Spool,
    places: &Places,
    session: &mut Session,
) -> BTreeMap<&'a str, FileText<'a>> {
    if !matches!(config.output, Output::Directory(_)) || session.failed_since(0) {
        return BTreeMap::new();
    }
    emit::directory::layout(manifests, spool).unwrap_or_else(|clash| {
        session.report(places.report(&clash));
        BTreeMap::new()
    })
}

/// Writes the output, or only compares it with what is there.
fn write(
    manifests: &[Manifest],
    files: BTreeMap<&str, FileText>,
    spool: &dyn Spool,
    config: &Render,
) -> Result<Outcome> {
    let stream = Stream {
        format: config.format,
        manifests,
        spool,
    };
    match (&config.output, config.check) {
        (Output::Stdout, _) => console::print_content(&stream),
        (Output::File(path), true) => {
            let differences = emit::check::check_file(path, &stream)?;
            console::differences(path, &differences)
        }
        (Output::File(path), false) => {
            emit::disk::write_file(path, &stream)?;
            Ok(Outcome::Done)
        }
        (Output::Directory(path), _) => write_directory(path, files, config),
    }
}

/// Writes the files of an output directory, and what makes its directories kustomizations, or only
/// compares them with what is there.
fn write_directory(
    path: &Path,
    files: BTreeMap<&str, FileText>,
    config: &Render,
) -> Result<Outcome> {
    let made = if config.kustomizations {
        kustomizations(files.keys().copied())
    } else {
        Kustomizations::default()
    };
    let files = files.into_iter().chain(made.texts()).collect();
    console::too_large(path, &made.too_large)?;
    if config.check {
        let differences = emit::check::check_directory(path, &files)?;
        return console::differences(path, &differences);
    }
    let changes = emit::disk::write_directory(path, &files)?;
    console::changes(path, &changes)?;
    Ok(Outcome::Done)
}
