//! What a command line names is read and compiled: the library, the profile and the documents.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use kaito_render::base::object::Object;
use kaito_render::base::sources::FileId;
use kaito_render::base::wording;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::compile::{self, Keep, Options};
use kaito_render::diagnostic::Diagnostic;
use kaito_render::diagnostic::rule;
use kaito_render::input::{self, Disk, Document, DocumentFilter};
use kaito_render::report::policy::Policy;
use kaito_render::session::Session;
use kaito_render::upgrade;

use super::against;
use super::args::{Against, Input, Surroundings};
use super::run::Run;

/// The name under which profiles are found.
pub(super) const PROFILE: &str = "kaito-render.yaml";

/// The embedded library, with a folder laid over it if one is named.
pub(super) fn library(folder: Option<&Path>) -> Result<Library> {
    let mut library = Library::embedded();
    if let Some(folder) = folder {
        library.add_layer(&Disk, folder)?;
    }
    Ok(library)
}

/// Compiles what the command line names.
pub(super) fn compile(input: &Input, only_generated: bool, run: &mut Run) -> Result<Vec<Object>> {
    let Some(Loaded {
        documents,
        options,
        library,
    }) = load(input, None, only_generated, run)?
    else {
        return Ok(Vec::new());
    };
    let session = &mut run.session;
    Ok(compile::compile(documents, &options, &library, session))
}

/// Finds what is wrong with what the command line names, `against` what was before. Gives the files
/// of the Workspaces that could be compiled.
pub(super) fn check(
    input: &Input,
    against: Option<&Against>,
    run: &mut Run,
) -> Result<Vec<FileId>> {
    let Some(Loaded {
        documents,
        options,
        library,
    }) = load(input, against, false, run)?
    else {
        return Ok(Vec::new());
    };
    let session = &mut run.session;
    Ok(compile::run(documents, &options, &library, Keep::Nothing, session).files)
}

/// As [`check`], and adds what another release finds besides.
pub(super) fn compare(
    input: &Input,
    against: Option<&Against>,
    release: &str,
    run: &mut Run,
) -> Result<Vec<FileId>> {
    let Some(Loaded {
        documents,
        options,
        library,
    }) = load(input, against, false, run)?
    else {
        return Ok(Vec::new());
    };
    if !library.releases().contains(&release) {
        bail!(
            "there is no release `{release}`: the releases are {}",
            wording::and(&library.releases())
        );
    }
    Ok(upgrade::check(
        &documents,
        &options,
        release,
        &library,
        &mut run.session,
    ))
}

/// What a command line names.
pub(super) struct Loaded {
    pub(super) documents: Vec<Document>,
    pub(super) options: Options,
    pub(super) library: Library,
}

/// Reads what the command line names; none if the profile can't be used.
pub(super) fn load(
    input: &Input,
    against: Option<&Against>,
    only_generated: bool,
    run: &mut Run,
) -> Result<Option<Loaded>> {
    let session = &mut run.session;
    let Surroundings {
        namespace,
        profile: named,
        library: folder,
    } = &input.surroundings;
    let library = library(folder.as_deref())?;
    let documents = input::load(
        &Disk,
        &input.paths,
        DocumentFilter::Input,
        &mut session.sources,
        &mut session.diagnostics,
    )?;
    let against = against.map_or(Ok(Vec::new()), |against| {
        against::read(against, &input.paths, session)
    })?;
    let Some(mut profile) = profile(&input.paths, named.as_deref(), session)? else {
        return Ok(None);
    };
    run.policy = Policy::read(
        &profile,
        &documents,
        &session.sources,
        &mut session.diagnostics,
    );
    profile.release = input.release.clone().or(profile.release);
    let (namespace, allow_empty) = (namespace.clone(), input.allow_empty);
    let options = Options {
        namespace,
        profile,
        only_generated,
        allow_empty,
        against,
    };
    Ok(Some(Loaded {
        documents,
        options,
        library,
    }))
}

/// The profile that is named, or found, or the default one; none if it can't be used.
pub(super) fn profile(
    paths: &[PathBuf],
    named: Option<&Path>,
    session: &mut Session,
) -> Result<Option<Profile>> {
    let Some(path) = (match named {
        Some(path) => Some(path.to_owned()),
        None => find_profile(paths, session),
    }) else {
        return Ok(Some(Profile::default()));
    };
    if !path.exists() || path.is_dir() {
        bail!("there is no profile `{}`", path.display());
    }
    let file = input::read_file(&Disk, &path, &mut session.sources, &mut session.diagnostics);
    Ok(file.and_then(|file| read_profile(file, session)))
}

/// The profile that a file holds; none if it can't be used.
pub(super) fn read_profile(file: FileId, session: &mut Session) -> Option<Profile> {
    let mark = session.mark();
    let documents = input::parse(&session.sources, file, &mut session.diagnostics);
    if session.failed_since(mark) {
        return None;
    }
    if let [document] = documents.as_slice() {
        return Profile::read(document, &mut session.diagnostics);
    }
    let message = format!(
        "a profile file has to hold one document, not {}",
        documents.len()
    );
    session.report(Diagnostic::new(
        &rule::PROFILE_COUNT,
        kaito_render::base::sources::Span::whole(file),
        message,
    ));
    None
}

fn find_profile(paths: &[PathBuf], session: &mut Session) -> Option<PathBuf> {
    let found: BTreeSet<_> = paths
        .iter()
        .map(|path| input::find_upward(folder(path), PROFILE))
        .collect();
    if found.len() > 1 {
        let message = "the paths belong to different profiles";
        let hint = "run once for each, or name one for all with `--profile`";
        session.report(Diagnostic::global(&rule::PROFILE_AMBIGUOUS, message).hint(hint));
    }
    found.into_iter().next().flatten()
}

/// The folder in which the search for a profile begins.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        _ if path.is_dir() => path,
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
