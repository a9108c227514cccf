//! One side of a comparison: what is read of it, and compiled.

use std::sync::Arc;

use anyhow::Result;
use kaito_render::base::object::Object;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::{Profile, is_overlay};
use kaito_render::compile::{self, Compilation, Keep, Options};
use kaito_render::delivery::RootedTree;
use kaito_render::delivery::argocd::Parameters;
use kaito_render::input::{self, Disk, Document, DocumentFilter, Known, Loader, Tally};
use kaito_render::overlay;
use kaito_render::report::reading::Reading;
use kaito_render::session::Session;
use kaito_render::workspace;

use crate::cli::config::{Cluster, Diff, Side};
use crate::cli::git::Revision;
use crate::cli::profile;
use crate::cli::run::Run;

/// A side as it was read.
pub(super) struct Loaded {
    pub(super) documents: Vec<Document>,
    pub(super) tally: Tally,
    pub(super) profile: Profile,
}

/// The objects of a side, and what was read of it; none if its profile can't be used.
pub(super) fn objects(
    side: &Side,
    config: &Diff,
    library: &Library,
    run: &mut Run,
    reading: &mut Reading,
) -> Result<Vec<Object>> {
    let revision = revision(side)?;
    let Some(loaded) = load(side, revision.as_ref(), None, config, run)? else {
        return Ok(Vec::new());
    };
    let documents = compared(loaded.documents);
    *reading = Reading::of(&documents, &loaded.tally);
    let options = options(side, config, loaded.profile, run);
    Ok(compile(documents, &options, library, run).objects)
}

/// The revision that a side is read from, if it is.
pub(super) fn revision(side: &Side) -> Result<Option<Revision>> {
    let name = side.revision.as_deref();
    name.map(|name| Revision::of(name, &side.paths)).transpose()
}

/// Reads a side, but for the documents of files that are known; none if its profile can't be used.
pub(super) fn load(
    side: &Side,
    revision: Option<&Revision>,
    known: Option<&Known>,
    config: &Diff,
    run: &mut Run,
) -> Result<Option<Loaded>> {
    let (sources, diagnostics) = (&mut run.session.sources, &mut run.session.diagnostics);
    let loader = Loader {
        filter: DocumentFilter::Everything,
        jobs: config.jobs,
        known,
        progress: &run.progress,
    };
    let input::Loaded { documents, tally } = if let Some(revision) = revision {
        revision.load(loader, sources, diagnostics)?
    } else {
        let mut loaded = loader.load(&Disk, &side.paths, sources, diagnostics)?;
        let (documents, paths) = (&mut loaded.documents, &side.paths);
        overlay::read_files_of_input(documents, paths, &Disk, sources, diagnostics);
        loaded
    };
    let profile = profile(side, revision, &config.cluster, &mut run.session)?;
    Ok(profile.map(|profile| Loaded {
        documents,
        tally,
        profile,
    }))
}

/// The documents of a side that are compared: Workspaces with their overlays, and the ConfigMaps and
/// Secrets of its directories. Where a Workspace in it is rendered already, all its documents are objects.
pub(super) fn compared(documents: Vec<Document>) -> Vec<Document> {
    let is_rendered = documents
        .iter()
        .any(|document| workspace::is_rendered(&document.node));
    let is_object = |document: &Document| {
        let node = &document.node;
        is_rendered || document.named || input::matters(node) || is_overlay(node)
    };
    let compared = documents.into_iter().filter(is_object);
    let named = compared.map(|document| Document {
        named: true,
        ..document
    });
    named.collect()
}

/// The profile of a side: as it was in a revision, unless one is named.
fn profile(
    side: &Side,
    revision: Option<&Revision>,
    cluster: &Cluster,
    session: &mut Session,
) -> Result<Option<Profile>> {
    let profile = match revision {
        Some(revision) if cluster.profile.is_none() => profile::load_revision(revision, session)?,
        _ => {
            let tree = RootedTree::of(&Disk);
            let (named, set) = (cluster.profile.as_deref(), Parameters::default());
            profile::load(named, &side.paths, &tree, &set, session)?
        }
    };
    Ok(profile.map(|profile| Profile {
        release: side.release.clone().or(profile.release),
        ..profile
    }))
}

/// How a side is compiled.
pub(super) fn options(side: &Side, config: &Diff, profile: Profile, run: &Run) -> Options {
    Options {
        applies_overlays: side.applies_overlays,
        namespace: config.cluster.namespace.clone(),
        profile,
        allow_empty: true,
        jobs: config.jobs,
        progress: Arc::clone(&run.progress),
        max_nodes: config.max_nodes,
        ..Options::default()
    }
}

/// Compiles the documents of a side.
pub(super) fn compile<'a>(
    documents: Vec<Document>,
    options: &'a Options,
    library: &'a Library,
    run: &mut Run,
) -> Compilation<'a> {
    let session = &mut run.session;
    let mut compilation = compile::run(documents, options, library, Keep::Objects, session);
    let objects = compilation.objects.iter_mut();
    for object in objects.chain(&mut compilation.unchanged) {
        fill_namespace(object, &options.namespace);
    }
    compilation
}

/// Gives what was passed through the namespace in which it will be, as far as its kind is known.
fn fill_namespace(object: &mut Object, namespace: &str) {
    let identity = object.identity();
    if matches!(identity.kind, "ConfigMap" | "Secret") && identity.namespace.is_none() {
        object.put_into(namespace);
    }
}
