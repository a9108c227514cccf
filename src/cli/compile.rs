//! `render` and `check`: the same way over the same input; one writes the objects, the other lets them go.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use kaito_render::compile::{self, Options};
use kaito_render::diagnostic::{Diagnostic, Severity};
use kaito_render::emit::{self, Format};
use kaito_render::library::Library;
use kaito_render::object::Object;
use kaito_render::overlay::Selection;
use kaito_render::profile::Profile;
use kaito_render::rule;
use kaito_render::session::Session;
use kaito_render::source;

use super::args::{Check, Color, FindingFormat, Input, ObjectFormat, Render};
use super::{Outcome, output};

/// The name under which profiles are found.
const PROFILE: &str = "kaito-render.yaml";

/// Writes all objects, or says why not.
pub(super) fn render(args: &Render, color: Color) -> Result<Outcome> {
    let mut session = Session::default();
    let mut objects = compile(&args.input, args.only_generated, &mut session)?;
    let selection = Selection { only: args.only.clone(), exclude: args.exclude.clone() };
    selection.apply(&mut objects, &mut session.diagnostics);
    let outcome = conclude(&args.input, &mut session);
    output::findings(&session, color)?;
    if outcome == Outcome::Done {
        emit::sort(&mut objects);
        write(args, &objects)?;
    }
    Ok(outcome)
}

/// Reports every finding.
pub(super) fn check(args: &Check, color: Color) -> Result<Outcome> {
    let mut session = Session::default();
    compile(&args.input, true, &mut session)?;
    let outcome = conclude(&args.input, &mut session);
    match args.format {
        FindingFormat::Human => output::findings(&session, color)?,
        FindingFormat::Json => output::findings_as_json(&session)?,
    }
    Ok(outcome)
}

fn compile(input: &Input, only_generated: bool, session: &mut Session) -> Result<Vec<Object>> {
    let mut library = Library::embedded();
    if let Some(dir) = &input.library {
        source::lay_library(dir, &mut library)?;
    }
    let documents = source::load(&input.paths, &mut session.sources, &mut session.diagnostics)?;
    let Some(mut profile) = profile(input, session)? else { return Ok(Vec::new()) };
    profile.release = input.release.clone().or(profile.release);
    let options =
        Options { namespace: input.namespace.clone(), profile, only_generated, allow_empty: input.allow_empty };
    Ok(compile::compile(documents, &options, &library, session))
}

/// The profile that is named, or found, or the default one; none if it can't be used.
fn profile(input: &Input, session: &mut Session) -> Result<Option<Profile>> {
    let Some(path) = (match &input.profile {
        Some(path) => Some(path.clone()),
        None => find_profile(&input.paths, session),
    }) else {
        return Ok(Some(Profile::default()));
    };
    if !path.is_file() {
        bail!("there is no profile `{}`", path.display());
    }
    let Some(file) = source::read_file(&path, &mut session.sources, &mut session.diagnostics) else { return Ok(None) };
    let mark = session.mark();
    let documents = source::parse(&session.sources, file, &mut session.diagnostics);
    if session.failed_since(mark) {
        return Ok(None);
    }
    if let [document] = documents.as_slice() {
        return Ok(Profile::read(document, &mut session.diagnostics));
    }
    let message = format!("a profile file has to hold one document, not {}", documents.len());
    session.report(Diagnostic::new(&rule::PROFILE_COUNT, source::Span::whole(file), message));
    Ok(None)
}

fn find_profile(paths: &[PathBuf], session: &mut Session) -> Option<PathBuf> {
    let found: BTreeSet<_> = paths.iter().map(|path| source::find_upward(folder(path), PROFILE)).collect();
    if found.len() > 1 {
        let message = "the paths belong to different profiles";
        let hint = "run once for each, or name one for all with `--profile`";
        session.report(Diagnostic::global(&rule::PROFILE_AMBIGUOUS, message).hint(hint));
    }
    found.into_iter().next().flatten()
}

/// The folder in which the search for a profile begins.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        _ if path.is_dir() => path,
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Puts the findings in order and decides on the exit code.
fn conclude(input: &Input, session: &mut Session) -> Outcome {
    if input.deny_warnings {
        let warnings = session.diagnostics.iter_mut().filter(|finding| finding.severity == Severity::Warning);
        warnings.for_each(|finding| finding.severity = Severity::Error);
    }
    session.sort();
    if session.failed_since(0) { Outcome::Refused } else { Outcome::Done }
}

fn write(args: &Render, objects: &[Object]) -> Result<()> {
    let format = match args.format {
        ObjectFormat::Yaml => Format::Yaml,
        ObjectFormat::Json => Format::Json,
    };
    let text = || format.stream(objects.iter().map(|object| &object.value));
    match &args.output {
        None => output::print(text().as_bytes()).map(drop),
        Some(path) if path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
            let changes = emit::disk::write_directory(path, &emit::directory::layout(objects, format)?)?;
            output::changes(path, changes)
        }
        Some(path) => Ok(emit::disk::write_file(path, &text())?),
    }
}
