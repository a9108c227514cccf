//! `fn`: renders the Workspaces that a host of KRM functions sends.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, anyhow};
use kaito_render::base::node::Node;
use kaito_render::base::object::Object;
use kaito_render::catalogue::profile::Profile;
use kaito_render::compile::{self, Options};
use kaito_render::delivery::RootedTree;
use kaito_render::delivery::argocd::Parameters;
use kaito_render::function::{self, ResourceList};
use kaito_render::input::{self, Disk, Document, DocumentFilter, Loader};
use kaito_render::overlay;
use kaito_render::report::Strictness;
use kaito_render::report::policy::Policy;
use kaito_render::session::Session;

use super::config::{Color, Function};
use super::run::Run;
use super::{Outcome, console, load, profile};

/// Reads a list from stdin, and writes it to stdout with the objects of its Workspaces.
pub(super) fn function(config: &Function, color: Color) -> Result<Outcome> {
    let mut run = Run::default();
    let Some(mut list) = read(&mut run.session)? else {
        let report = run.finish(Strictness::Errors);
        console::report(&report, color)?;
        return Ok(Outcome::Refused);
    };
    let call = function::Config::read(list.config.as_ref()).map_err(|error| anyhow!(error))?;
    if let Some(document) = call.document.clone() {
        list.replace_config(document);
    }
    list.check_sets()?;
    let namespace = call.namespace.clone();
    let namespace = namespace.unwrap_or_else(|| config.cluster.namespace.clone());
    let objects = compiled(config, &call, &list, &namespace, &mut run)?;
    let report = run.finish(Strictness::Errors);
    let results = function::results(&report, &list);
    if let Some(line) = function::first_line(&report, &list) {
        console::first_line(&line)?;
        console::report(&report, color)?;
        console::print_data(list.write(&list.unchanged(), &results).as_bytes())?;
        return Ok(Outcome::Refused);
    }
    let items = function::merged(&list, objects, &namespace, &call.labels)?;
    console::print_data(list.write(&items, &results).as_bytes())?;
    console::report(&report, color)?;
    Ok(Outcome::Done)
}

/// The list on stdin; none if it can't be parsed, which is reported.
fn read(session: &mut Session) -> Result<Option<ResourceList>> {
    let (sources, diagnostics) = (&mut session.sources, &mut session.diagnostics);
    let Some(file) = input::read_file(&Disk, Path::new("-"), sources, diagnostics) else {
        return Ok(None);
    };
    let documents = input::parse(sources, file, diagnostics);
    if diagnostics.failed_since(0) {
        return Ok(None);
    }
    Ok(Some(ResourceList::read(documents, file, sources)?))
}

/// The objects of all Workspaces of a call.
fn compiled(
    config: &Function,
    call: &function::Config,
    list: &ResourceList,
    namespace: &str,
    run: &mut Run,
) -> Result<Vec<Object>> {
    let library = load::library(config.cluster.library.as_deref())?;
    let found = |node: Node| Document { node, named: false };
    let mut documents: Vec<_> = list.documents().map(found).collect();
    let paths: Vec<_> = call.files.iter().map(PathBuf::from).collect();
    documents.append(&mut files(&paths, run)?);
    let session = &mut run.session;
    let (sources, diagnostics) = (&mut session.sources, &mut session.diagnostics);
    overlay::read_files_of_input(&mut documents, &paths, &Disk, sources, diagnostics);
    let here = [PathBuf::from(".")];
    let named = config.cluster.profile.as_deref();
    let (tree, set) = (RootedTree::of(&Disk), Parameters::default());
    let Some(profile) = profile::load(named, &here, &tree, &set, session)? else {
        return Ok(Vec::new());
    };
    let (sources, diagnostics) = (&session.sources, &mut session.diagnostics);
    run.policy = Policy::read(&profile, &documents, sources, diagnostics);
    let options = Options {
        namespace: namespace.to_owned(),
        profile: Profile {
            release: config.release.clone().or(profile.release.clone()),
            ..profile
        },
        // A kustomization may have none, and its other items are handed on.
        allow_empty: true,
        progress: Arc::clone(&run.progress),
        ..Options::default()
    };
    Ok(compile::compile(documents, &options, &library, session))
}

/// The documents of the files that a configuration names.
fn files(paths: &[PathBuf], run: &mut Run) -> Result<Vec<Document>> {
    let loader = Loader {
        filter: DocumentFilter::Input,
        jobs: 1,
        known: None,
        progress: &run.progress,
    };
    let (sources, diagnostics) = (&mut run.session.sources, &mut run.session.diagnostics);
    Ok(loader.load(&Disk, paths, sources, diagnostics)?.documents)
}
