//! `render` and `check`: the same way over the same input; one writes the objects, the other lets
//! them go.

use std::path::Path;

use anyhow::{Result, bail};
use kaito_render::assemble::Selection;
use kaito_render::base::object::Object;
use kaito_render::emit::{self, Format};

use super::args::{Check, Color, ObjectFormat, Render};
use super::run::Run;
use super::{Outcome, fix, load, output};

/// Writes all objects, or says why not.
pub(super) fn render(args: &Render, color: Color) -> Result<Outcome> {
    let mut run = Run::default();
    let mut objects = load::compile(&args.input, args.only_generated, &mut run)?;
    let selection = Selection {
        only: args.only.clone(),
        exclude: args.exclude.clone(),
    };
    selection.apply(&mut objects, &mut run.session.diagnostics);
    let report = run.finish(args.input.strictness());
    output::report(&report, color)?;
    if !report.has_errors() {
        emit::sort(&mut objects);
        write(args, &objects)?;
    }
    // The process ends now, and to free every value on its own would take as long as to write them
    // all.
    std::mem::forget(objects);
    Ok(Outcome::of(&report))
}

/// Reports every diagnostic.
pub(super) fn check(args: &Check, color: Color) -> Result<Outcome> {
    if let Some(rule) = &args.explain {
        bail!("`check --explain {rule}` is now `rule {rule}`");
    }
    if args.fix {
        fix::fix(&args.input)?;
    }
    let mut run = Run::default();
    let against = Some(&args.against);
    let checked = match &args.target_release {
        Some(release) => load::compare(&args.input, against, release, &mut run)?,
        None => load::check(&args.input, against, &mut run)?,
    };
    let report = run.finish(args.input.strictness());
    output::report_as(args, &report, &checked, color)?;
    Ok(Outcome::of(&report))
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
