//! `render`: writes the objects of Workspaces.

use anyhow::Result;
use kaito_render::base::object::Object;
use kaito_render::compile;
use kaito_render::emit::{self, Format};

use super::Outcome;
use super::config::{Color, Output, Render};
use super::console;
use super::load::{self, Loaded};
use super::run::Run;

/// Writes all objects; nothing if the input has an error.
pub(super) fn render(config: &Render, color: Color) -> Result<Outcome> {
    let mut run = Run::default();
    let mut objects = Vec::new();
    if let Some(Loaded {
        documents,
        options,
        library,
    }) = load::load(&config.input, None, config.only_generated, &mut run)?
    {
        objects = compile::compile(documents, &options, &library, &mut run.session);
    }
    let selection = &config.selection;
    selection.apply(&mut objects, &mut run.session.diagnostics);
    let report = run.finish(config.input.strictness);
    console::report(&report, color)?;
    if !report.has_errors() {
        emit::sort(&mut objects);
        write(&objects, config.format, &config.output)?;
    }
    // The process ends now, and to free every value on its own would take as long as to write them
    // all.
    std::mem::forget(objects);
    Ok(Outcome::of(&report))
}

fn write(objects: &[Object], format: Format, output: &Output) -> Result<()> {
    let values = objects.iter().map(|object| &object.value);
    match output {
        Output::Stdout => console::print_data_pieces(format.pieces(values)).map(drop),
        Output::File(path) => Ok(emit::disk::write_file(path, &format.stream(values))?),
        Output::Directory(path) => {
            let files = emit::directory::layout(objects, format)?;
            let changes = emit::disk::write_directory(path, &files)?;
            console::changes(path, &changes)
        }
    }
}
