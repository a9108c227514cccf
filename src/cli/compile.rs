//! `render` and `check`: the same way over the same input; one writes the objects, the other lets
//! them go.

use std::path::Path;

use anyhow::{Result, bail};
use kaito_render::assemble::Selection;
use kaito_render::base::object::Object;
use kaito_render::diagnostic::Severity;
use kaito_render::emit::{self, Format};
use kaito_render::session::Session;

use super::args::{Check, Color, Input, ObjectFormat, Render};
use super::{Outcome, fix, load, output};

/// Writes all objects, or says why not.
pub(super) fn render(args: &Render, color: Color) -> Result<Outcome> {
    let mut session = Session::default();
    let mut objects = load::compile(&args.input, args.only_generated, &mut session)?;
    let selection = Selection {
        only: args.only.clone(),
        exclude: args.exclude.clone(),
    };
    selection.apply(&mut objects, &mut session.diagnostics);
    let outcome = conclude(&args.input, &mut session);
    output::findings(&session, color)?;
    if outcome == Outcome::Done {
        emit::sort(&mut objects);
        write(args, &objects)?;
    }
    // The process ends now, and to free every value on its own would take as long as to write them
    // all.
    std::mem::forget(objects);
    Ok(outcome)
}

/// Reports every finding.
pub(super) fn check(args: &Check, color: Color) -> Result<Outcome> {
    if let Some(rule) = &args.explain {
        bail!("`check --explain {rule}` is now `rule {rule}`");
    }
    if args.fix {
        fix::fix(&args.input)?;
    }
    let mut session = Session::default();
    let against = Some(&args.against);
    let checked = match &args.target_release {
        Some(release) => load::compare(&args.input, against, release, &mut session)?,
        None => load::check(&args.input, against, &mut session)?,
    };
    let outcome = conclude(&args.input, &mut session);
    output::findings_as(args, &session, &checked, color)?;
    Ok(outcome)
}

/// Puts the findings in order and decides on the exit code.
pub(super) fn conclude(input: &Input, session: &mut Session) -> Outcome {
    session.settle();
    if input.deny_warnings {
        let warnings = session
            .diagnostics
            .as_mut_vec()
            .iter_mut()
            .filter(|finding| finding.severity == Severity::Warning);
        warnings.for_each(|finding| finding.severity = Severity::Error);
    }
    session.sort();
    if session.failed_since(0) {
        Outcome::Refused
    } else {
        Outcome::Done
    }
}

fn write(args: &Render, objects: &[Object]) -> Result<()> {
    let format = match args.format {
        ObjectFormat::Yaml => Format::Yaml,
        ObjectFormat::Json => Format::Json,
    };
    let values = objects.iter().map(|object| &object.value);
    match args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"))
    {
        None => output::print_pieces(format.pieces(values)).map(drop),
        Some(path) if path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
            let changes =
                emit::disk::write_directory(path, &emit::directory::layout(objects, format)?)?;
            output::changes(path, changes)
        }
        Some(path) => Ok(emit::disk::write_file(path, &format.stream(values))?),
    }
}
