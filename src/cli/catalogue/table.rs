//! Tables of what the releases have.

use anyhow::Result;
use kaito_render::catalogue::release::Release;
use kaito_render::report::Strictness;
use kaito_render::session::Session;

use super::releases;
use crate::cli::config::{Catalogue, Color};
use crate::cli::run::Run;
use crate::cli::table::{Row, aligned};
use crate::cli::{Outcome, console, load};

/// Prints a table with the rows of each release.
pub(super) fn table(
    config: &Catalogue,
    color: Color,
    header: &[&str],
    mut rows: impl FnMut(&mut Release, &mut Session) -> Vec<Row>,
) -> Result<Outcome> {
    let library = load::library(config.library.as_deref())?;
    let mut run = Run::default();
    let mut all: Vec<Row> = vec![header.iter().map(|&title| title.to_owned()).collect()];
    for name in releases(&library, config.release.as_deref())? {
        if let Ok(mut release) = Release::load(&library, &name, &mut run.session) {
            all.extend(rows(&mut release, &mut run.session));
        }
    }
    let report = run.finish(Strictness::Errors);
    console::report(&report, color)?;
    if report.has_errors() {
        return Ok(Outcome::Refused);
    }
    console::print(&aligned(&all))
}
