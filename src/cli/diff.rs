//! `diff`: compiles two sides and compares their objects.

use std::path::PathBuf;

use anyhow::{Result, bail};
use kaito_render::base::object::Object;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::catalogue::release::Release;
use kaito_render::compile::{self, Options};
use kaito_render::diff;
use kaito_render::diff::formats::json_patch;
use kaito_render::diff::formats::markdown;
use kaito_render::diff::formats::terminal;
use kaito_render::diff::ignore::Ignore;
use kaito_render::diff::resources::{Gpus, InstanceGpus};
use kaito_render::diff::view::View;
use kaito_render::emit;
use kaito_render::input::{self, Disk, Document, DocumentFilter};
use kaito_render::report::Strictness;
use kaito_render::session::Session;
use kaito_render::vocab::Cloud;
use kaito_render::workspace;
use serde_json::Value;

use super::args::{Color, Diff, DiffFormat};
use super::git::Revision;
use super::run::Run;
use super::{Outcome, load, output};

/// Compares two sides and prints what differs.
pub(super) fn diff(args: &Diff, color: Color) -> Result<Outcome> {
    let library = load::library(args.surroundings.library.as_deref())?;
    let mut run = Run::default();
    let [before, after] = sides(args)?;
    let mut before = objects(&before, args, &library, &mut run.session)?;
    let mut after = objects(&after, args, &library, &mut run.session)?;
    let gpus = gpus(&library, &mut run.session);
    let mask = run.session.sources.mask();
    // Warnings are for `check`: what counts here is what differs.
    let report = run.finish(Strictness::Errors).only_errors();
    if report.has_errors() {
        output::report(&report, color)?;
        bail!("only inputs without errors can be compared");
    }
    emit::sort(&mut before);
    emit::sort(&mut after);
    let comparison = diff::compare(
        &before,
        &after,
        &Ignore::new(args.ignore.iter().cloned()),
        &gpus,
    );
    let view = View::new(&comparison, &mask);
    let detail = if args.stat {
        terminal::Detail::Stat
    } else {
        terminal::Detail::Full
    };
    let text = match args.format {
        DiffFormat::Text => terminal::render(&view, detail, output::colors_stdout(color)),
        DiffFormat::Markdown => markdown::render(&view, markdown::BUDGET),
        DiffFormat::Json => json_patch::render(&view),
    };
    output::print(report.mask(&text).as_bytes())?;
    let outcome = if comparison.is_empty() {
        Outcome::Done
    } else {
        Outcome::Different
    };
    // The process is about to end: freeing every value one by one would only take time.
    std::mem::forget((before, after));
    Ok(outcome)
}

/// What is compiled before or after.
struct Side {
    paths: Vec<PathBuf>,
    /// The revision to read the paths from; none for the working tree.
    revision: Option<String>,
    /// The release to compile with; none if profile and Workspaces decide.
    release: Option<String>,
}

fn sides(args: &Diff) -> Result<[Side; 2]> {
    let of = |paths: &[PathBuf], revision: Option<&String>, release: Option<&String>| Side {
        paths: paths.to_vec(),
        revision: revision.cloned(),
        release: release.cloned(),
    };
    if let Some(revision) = &args.git {
        bail!("`--git {revision}` is now `--against {revision}`");
    }
    let here = [PathBuf::from(".")];
    let or_here = if args.paths.is_empty() {
        &here
    } else {
        args.paths.as_slice()
    };
    if let Some(path) = &args.against_path {
        return Ok([
            of(std::slice::from_ref(path), None, None),
            of(or_here, None, None),
        ]);
    }
    Ok(
        match (&args.against, &args.from_release, args.paths.as_slice()) {
            (Some(revision), _, _) => [
                of(or_here, Some(revision), None),
                of(or_here, args.to.as_ref(), None),
            ],
            (None, Some(_), []) => {
                bail!("specify the files or directories to compile with both releases")
            }
            (None, from @ Some(_), paths) => [
                of(paths, None, from.as_ref()),
                of(paths, None, args.to_release.as_ref()),
            ],
            (None, None, [before, after]) => {
                [before, after].map(|path| of(std::slice::from_ref(path), None, None))
            }
            (None, None, paths) => {
                bail!(
                    "expected two files or directories to compare, got {}; `--against REV` compares with a Git revision",
                    paths.len()
                )
            }
        },
    )
}

/// The objects of a side, with the ConfigMaps and Secrets of its folders. Where a Workspace in it
/// is rendered already, all its documents are objects.
fn objects(
    side: &Side,
    args: &Diff,
    library: &Library,
    session: &mut Session,
) -> Result<Vec<Object>> {
    let revision = side
        .revision
        .as_deref()
        .map(|name| Revision::of(name, &side.paths))
        .transpose()?;
    let documents = documents(side, revision.as_ref(), session)?;
    let Some(profile) = profile(side, revision.as_ref(), args, session)? else {
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
        });
    let options = Options {
        namespace: args.surroundings.namespace.clone(),
        profile,
        only_generated: false,
        allow_empty: true,
        against: Vec::new(),
    };
    let mut objects = compile::compile(documents.collect(), &options, library, session);
    for object in &mut objects {
        fill_namespace(object, &args.surroundings.namespace);
    }
    Ok(objects)
}

fn documents(
    side: &Side,
    revision: Option<&Revision>,
    session: &mut Session,
) -> Result<Vec<Document>> {
    let Session {
        sources,
        diagnostics,
        ..
    } = session;
    match revision {
        Some(revision) => revision.documents(DocumentFilter::Everything, sources, diagnostics),
        None => Ok(input::load(
            &Disk,
            &side.paths,
            DocumentFilter::Everything,
            sources,
            diagnostics,
        )?),
    }
}

/// The profile of a side: as it was in a revision, unless one is named.
fn profile(
    side: &Side,
    revision: Option<&Revision>,
    args: &Diff,
    session: &mut Session,
) -> Result<Option<Profile>> {
    let profile = match revision {
        Some(revision) if args.surroundings.profile.is_none() => {
            let Session {
                sources,
                diagnostics,
                ..
            } = &mut *session;
            match revision.find_upward(load::PROFILE)? {
                Some((tree, path)) => {
                    let file = input::read_file(tree, &path, sources, diagnostics);
                    tree.is_whole()?;
                    file.and_then(|file| load::read_profile(file, session))
                }
                None => Some(Profile::default()),
            }
        }
        _ => load::profile(&side.paths, args.surroundings.profile.as_deref(), session)?,
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
