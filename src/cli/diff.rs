//! `diff`: compiles two sides and compares their objects.

mod changed;
mod side;

use anyhow::{Result, bail};
use kaito_render::base::object::Object;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::release::Release;
use kaito_render::diff;
use kaito_render::diff::formats::{json_patch, markdown, terminal};
use kaito_render::diff::resources::{Gpus, InstanceGpus};
use kaito_render::diff::view::View;
use kaito_render::emit;
use kaito_render::report::Strictness;
use kaito_render::report::reading::Reading;
use kaito_render::session::Session;
use kaito_render::vocab::Cloud;

use super::config::{Color, Diff, DiffFormat};
use super::run::Run;
use super::{Outcome, console, load};

/// Compares two sides and prints what differs.
pub(super) fn diff(config: &Diff, color: Color) -> Result<Outcome> {
    let library = load::library(config.cluster.library.as_deref())?;
    let (mut run, sides) = compiled(config, &library)?;
    let Sides {
        both,
        mut before,
        mut after,
        read,
    } = sides;
    let gpus = gpus(&library, &mut run.session);
    // Warnings are for `check`: what counts here is what differs.
    let report = run.finish(Strictness::Errors).only_errors();
    if report.has_errors() {
        console::report(&report, color)?;
        bail!("only inputs without errors can be compared");
    }
    emit::sort(&mut before);
    emit::sort(&mut after);
    let comparison = diff::compare_beside(&both, &before, &after, &config.ignore, &gpus);
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
    std::mem::forget((both, before, after));
    Ok(outcome)
}

/// The objects of two sides.
#[derive(Default)]
struct Sides {
    /// What both sides have, made of files that both have.
    both: Vec<Object>,
    /// What only the side before has, or both have, made of other files.
    before: Vec<Object>,
    /// The same of the side after.
    after: Vec<Object>,
    /// What was read of each side.
    read: [Reading; 2],
}

/// Compiles both sides: what differs between them twice and the rest once, as far as nothing is
/// wrong. Otherwise each by itself, because that says what is wrong, and where.
fn compiled(config: &Diff, library: &Library) -> Result<(Run, Sides)> {
    let mut run = Run::watched();
    if let Ok(Some(sides)) = changed::sides(config, library, &mut run)
        && !run.session.failed_since(0)
    {
        return Ok((run, sides));
    }
    // Before the next one shows how far it has come.
    drop(run);
    let mut run = Run::watched();
    let mut sides = Sides::default();
    let [before, after] = &config.sides;
    let [was, is] = &mut sides.read;
    sides.before = side::objects(before, config, library, &mut run, was)?;
    sides.after = side::objects(after, config, library, &mut run, is)?;
    Ok((run, sides))
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
