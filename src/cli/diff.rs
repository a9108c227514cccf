//! `diff`: compiles two sides and compares their objects.

use std::sync::Arc;

use anyhow::{Result, bail};
use kaito_render::base::object::Object;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::catalogue::release::Release;
use kaito_render::compile::{self, Options};
use kaito_render::diff;
use kaito_render::diff::formats::{json_patch, markdown, terminal};
use kaito_render::diff::resources::{Gpus, InstanceGpus};
use kaito_render::diff::view::View;
use kaito_render::emit;
use kaito_render::input::{self, Disk, Document, DocumentFilter, Loader};
use kaito_render::report::Strictness;
use kaito_render::report::reading::Reading;
use kaito_render::session::Session;
use kaito_render::vocab::Cloud;
use kaito_render::workspace;
use serde_json::Value;

use super::config::{Cluster, Color, Diff, DiffFormat, Side};
use super::git::Revision;
use super::run::Run;
use super::{Outcome, console, load, profile};

/// Compares two sides and prints what differs.
pub(super) fn diff(config: &Diff, color: Color) -> Result<Outcome> {
    let library = load::library(config.cluster.library.as_deref())?;
    let mut run = Run::watched();
    let [before, after] = &config.sides;
    let mut read = [Reading::default(); 2];
    let mut before = objects(before, config, &library, &mut run, &mut read[0])?;
    let mut after = objects(after, config, &library, &mut run, &mut read[1])?;
    let gpus = gpus(&library, &mut run.session);
    // Warnings are for `check`: what counts here is what differs.
    let report = run.finish(Strictness::Errors).only_errors();
    if report.has_errors() {
        console::report(&report, color)?;
        bail!("only inputs without errors can be compared");
    }
    emit::sort(&mut before);
    emit::sort(&mut after);
    let comparison = diff::compare(&before, &after, &config.ignore, &gpus);
    let view = View::new(&comparison, report.secrets());
    match config.format {
        DiffFormat::Text => {
            let text = terminal::render(&view, config.detail, console::colors_stdout(color));
            console::print(&text.masked(report.secrets()))?
        }
        DiffFormat::Markdown => {
            let text = markdown::render(&view, markdown::BUDGET);
            console::print(&text.masked(report.secrets()))?
        }
        DiffFormat::Json => {
            console::print_data(report.mask(&json_patch::render(&view)).as_bytes())?
        }
    };
    console::sides(&read)?;
    let outcome = if comparison.is_empty() {
        Outcome::Done
    } else {
        Outcome::Different
    };
    // The process is about to end: freeing every value one by one would only take time.
    std::mem::forget((before, after));
    Ok(outcome)
}

/// The objects of a side, with the ConfigMaps and Secrets of its directories. Where a Workspace in it
/// is rendered already, all its documents are objects.
fn objects(
    side: &Side,
    config: &Diff,
    library: &Library,
    run: &mut Run,
    reading: &mut Reading,
) -> Result<Vec<Object>> {
    let cluster = &config.cluster;
    let revision = side
        .revision
        .as_deref()
        .map(|name| Revision::of(name, &side.paths))
        .transpose()?;
    let input::Loaded { documents, tally } = documents(side, revision.as_ref(), config.jobs, run)?;
    let session = &mut run.session;
    let Some(profile) = profile(side, revision.as_ref(), cluster, session)? else {
        return Ok(Vec::new());
    };
    let is_rendered = documents
        .iter()
        .any(|document| workspace::is_rendered(&document.node));
    let is_object =
        |document: &Document| is_rendered || document.named || input::matters(&document.node);
    let documents = documents
        .into_iter()
        .filter(is_object)
        .map(|document| Document {
            named: true,
            ..document
        })
        .collect::<Vec<_>>();
    *reading = Reading::of(&documents, &tally);
    let options = Options {
        namespace: cluster.namespace.clone(),
        profile,
        only_generated: false,
        allow_empty: true,
        against: Vec::new(),
        jobs: config.jobs,
        progress: Arc::clone(&run.progress),
        max_nodes: config.max_nodes,
        ..Options::default()
    };
    let mut objects = compile::compile(documents, &options, library, session);
    for object in &mut objects {
        fill_namespace(object, &cluster.namespace);
    }
    Ok(objects)
}

fn documents(
    side: &Side,
    revision: Option<&Revision>,
    jobs: usize,
    run: &mut Run,
) -> Result<input::Loaded> {
    let (sources, diagnostics) = (&mut run.session.sources, &mut run.session.diagnostics);
    let loader = Loader {
        filter: DocumentFilter::Everything,
        jobs,
        progress: &run.progress,
    };
    match revision {
        Some(revision) => revision.load(loader, sources, diagnostics),
        None => Ok(loader.load(&Disk, &side.paths, sources, diagnostics)?),
    }
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
        _ => profile::load(cluster.profile.as_deref(), &side.paths, session)?,
    };
    Ok(profile.map(|profile| Profile {
        release: side.release.clone().or(profile.release),
        ..profile
    }))
}

/// Gives what was passed through the namespace in which it will be, as far as its kind is known.
fn fill_namespace(object: &mut Object, namespace: &str) {
    let identity = object.identity();
    if matches!(identity.kind, "ConfigMap" | "Secret") && identity.namespace.is_none() {
        let mut value = Value::from(&object.value);
        value["metadata"]["namespace"] = namespace.into();
        object.value = value.into();
    }
}

/// The GPUs of the instance types of all clouds. Where releases differ, the newest counts.
fn gpus(library: &Library, session: &mut Session) -> InstanceGpus {
    let mut gpus = InstanceGpus::new();
    for name in library.releases() {
        let Ok(mut release) = Release::load(library, name, session) else {
            continue;
        };
        for cloud in Cloud::ALL {
            release.load_instance_types(cloud, session);
            let types = release.instance_types(cloud).and_then(Result::ok);
            gpus.extend(types.into_iter().flatten().map(|(name, found)| {
                let (count, memory_gib) = (found.gpus, found.memory_gib);
                (name.clone(), Gpus { count, memory_gib })
            }));
        }
    }
    gpus
}
