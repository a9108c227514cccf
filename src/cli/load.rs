//! Everything that is read before compiling: the library, the documents, earlier ones, the profile
//! and its policy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};
use kaito_render::base::wording;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::compile::Options;
use kaito_render::delivery::argocd::Parameters;
use kaito_render::delivery::{self, Excluded, RootedTree};
use kaito_render::diagnostic::{Diagnostic, Diagnostics, rule};
use kaito_render::input::{self, Disk, Document, DocumentFilter, Known, Loader, Naming};
use kaito_render::overlay;
use kaito_render::report::policy::Policy;
use kaito_render::report::reading::Reading;
use kaito_render::session::Session;
use kaito_render::vocab::Host;
use kaito_render::workspace;

use super::config::{Against, Input};
use super::git::Revision;
use super::paths::{base, named_root};
use super::profile;
use super::run::Run;

/// What is compiled, and with what.
pub(super) struct Loaded {
    pub(super) documents: Vec<Document>,
    pub(super) options: Options,
    pub(super) library: Library,
}

/// Reads an input; none if its profile can't be used, which is reported.
pub(super) fn load(
    input: &Input,
    filter: DocumentFilter,
    against: Option<&Against>,
    only_generated: bool,
    run: &mut Run,
) -> Result<Option<Loaded>> {
    let session = &mut run.session;
    let library = library(input.cluster.library.as_deref())?;
    let mut tree = RootedTree {
        root: named_root(input)?,
        ..RootedTree::of(&Disk)
    };
    let profile = profile(input, &mut tree, &run.parameters, session)?;
    let host = profile
        .as_ref()
        .map_or(input.delivery, |it| it.delivery.host);
    run.root = host.map(|_| base(tree.root.as_deref(), &input.paths));
    let loader = Loader {
        filter: wanted(filter, host, &input.paths),
        jobs: input.jobs,
        known: None,
        progress: &run.progress,
    };
    let (sources, diagnostics) = (&mut session.sources, &mut session.diagnostics);
    let input::Loaded {
        mut documents,
        tally,
    } = loader.load(&tree, &input.paths, sources, diagnostics)?;
    overlay::read_files_of_input(&mut documents, &input.paths, &tree, sources, diagnostics);
    run.reading = Some(Reading::of(&documents, &tally));
    if host.is_some() {
        documents = delivery::handed_on(documents, &mut session.diagnostics);
    }
    let mut before = Earlier::default();
    if let Some(against) = against {
        let loader = Loader { filter, ..loader };
        // One that is named is the same for both.
        let found = profile.as_ref().filter(|_| input.cluster.profile.is_none());
        before = earlier(against, &input.paths, &documents, found, loader, session)?;
    }
    let Some(profile) = profile else {
        return Ok(None);
    };
    let (sources, diagnostics) = (&session.sources, &mut session.diagnostics);
    run.policy = Policy::read(&profile, &documents, sources, diagnostics);
    let options = Options {
        delivery: run.root.clone(),
        namespace: input.cluster.namespace.clone(),
        profile,
        only_generated,
        allow_empty: input.allow_empty,
        against: before.documents,
        profile_before: before.profile,
        applies_overlays: input.applies_overlays,
        overlays: run.parameters.overlays.clone(),
        jobs: input.jobs,
        progress: Arc::clone(&run.progress),
        max_nodes: input.max_nodes,
        ..Options::default()
    };
    Ok(Some(Loaded {
        documents,
        options,
        library,
    }))
}

/// The profile with what the command line says instead; none if it can't be used. From then on what
/// it excludes is not in the tree.
fn profile(
    input: &Input,
    tree: &mut RootedTree,
    parameters: &Parameters,
    session: &mut Session,
) -> Result<Option<Profile>> {
    let named = input.cluster.profile.as_deref();
    let loaded = profile::load(named, &input.paths, tree, parameters, session)?;
    let Some(mut profile) = loaded else {
        return Ok(None);
    };
    tree.excluded = Excluded::of(&profile, &session.sources, &mut session.diagnostics);
    profile.release = input.release.clone().or(profile.release);
    profile.delivery.host = input.delivery.or(profile.delivery.host);
    if profile.delivery.host.is_some() {
        profile::check_found(&profile, &input.paths, tree.root.as_deref(), session);
    }
    Ok(Some(profile))
}

/// The documents that are wanted for a host. Of Markdown and scripts that are named, there is nothing
/// to hand on.
fn wanted(filter: DocumentFilter, host: Option<Host>, paths: &[PathBuf]) -> DocumentFilter {
    let has_blocks = filter == DocumentFilter::Blocks && paths.iter().any(|path| !path.is_dir());
    match host {
        Some(_) if !has_blocks => DocumentFilter::Delivery,
        _ => filter,
    }
}

/// The built-in library, with a directory laid over it if one is named.
pub(super) fn library(directory: Option<&Path>) -> Result<Library> {
    let mut library = Library::embedded();
    if let Some(directory) = directory {
        library.add_layer(&Disk, directory)?;
    }
    Ok(library)
}

/// Fails for a release that a library does not have.
pub(super) fn check_release(release: &str, library: &Library) -> Result<()> {
    let known = library.releases();
    if !known.contains(&release) {
        bail!(
            "there is no release `{release}`; the releases are {}",
            wording::and(&known)
        );
    }
    Ok(())
}

/// What an input is compared with.
#[derive(Default)]
struct Earlier {
    documents: Vec<Document>,
    /// The profile, if it was another one.
    profile: Option<Profile>,
}

/// Reads the earlier documents of files that differ from those of the input, whose documents are
/// `now`; of all files if the profile was another one. What is wrong with them is only a note.
fn earlier(
    against: &Against,
    paths: &[PathBuf],
    now: &[Document],
    profile: Option<&Profile>,
    loader: Loader<'_>,
    session: &mut Session,
) -> Result<Earlier> {
    let mut found = Diagnostics::default();
    let (loaded, name, known, before) = match against {
        Against::Revision(name) => {
            let revision = Revision::of(name, paths)?;
            let before = profile::before(&revision, profile, session)?;
            let (sources, diagnostics) = (&mut session.sources, &mut session.diagnostics);
            let known = Known::of(revision.naming(), now, sources, diagnostics);
            let loader = Loader {
                known: before.is_none().then_some(&known),
                ..loader
            };
            let loaded = revision.load(loader, sources, &mut found)?;
            (loaded, name.clone(), known, before)
        }
        Against::Path(path) => {
            let (sources, diagnostics) = (&mut session.sources, &mut session.diagnostics);
            let known = Known::of(Naming::Sha256, now, sources, diagnostics);
            let loader = Loader {
                known: Some(&known),
                ..loader
            };
            let paths = std::slice::from_ref(path);
            let loaded = loader.load(&Disk, paths, sources, &mut found)?;
            (loaded, path.display().to_string(), known, None)
        }
    };
    let (documents, met) = (loaded.documents, known.met());
    let errors = found.into_iter().filter(Diagnostic::is_error);
    let notes = errors.filter_map(|error| workspace::not_compared(vec![error]));
    session.diagnostics.extend(notes);
    let is_of_kaito = |document: &Document| workspace::is_of_kaito(&document.node);
    let is_met = |document: &&Document| met.contains(&document.node.span.file);
    if !documents
        .iter()
        .chain(now.iter().filter(is_met))
        .any(is_of_kaito)
    {
        let message = format!("nothing was compared: there was no Workspace at `{name}`");
        session.diagnostics.add(&rule::NOT_COMPARED, None, message);
    }
    Ok(Earlier {
        documents,
        profile: before,
    })
}
