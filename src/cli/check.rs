//! `check`: reports mistakes, and fixes those that have one certain fix.

use std::collections::BTreeSet;

use anyhow::Result;
use kaito_render::base::sources::FileId;
use kaito_render::compile::{self, Keep};
use kaito_render::delivery;
use kaito_render::emit::disk;
use kaito_render::input::{Disk, DocumentFilter, Loader};
use kaito_render::upgrade;

use super::Outcome;
use super::config::{Against, Check, Color, Input};
use super::console;
use super::load::{self, Loaded};
use super::run::Run;

/// How often the files are gone through at most: a fix can reveal what an error hid.
const ROUNDS: usize = 10;

/// Reports every diagnostic of the input and writes no object.
pub(super) fn check(config: &Check, color: Color) -> Result<Outcome> {
    if config.fix {
        fix(&config.input)?;
    }
    let mut run = Run::watched();
    let against = config.against.as_ref();
    let target = config.target_release.as_deref();
    let checked = if config.rendered {
        check_rendered(&config.input, &mut run)?
    } else {
        find(&config.input, against, target, &mut run)?
    };
    let report = run.finish(config.input.strictness);
    console::report_as(config, &report, &checked, color)?;
    Ok(Outcome::of(&report))
}

/// Finds all there is to report. Gives the files of the Workspaces that could be compiled.
fn find(
    input: &Input,
    against: Option<&Against>,
    target: Option<&str>,
    run: &mut Run,
) -> Result<Vec<FileId>> {
    let Some(Loaded {
        documents,
        options,
        library,
    }) = load::load(input, DocumentFilter::Blocks, against, false, run)?
    else {
        return Ok(Vec::new());
    };
    let session = &mut run.session;
    if let Some(release) = target {
        load::check_release(release, &library)?;
        return Ok(upgrade::check(
            &documents, &options, release, &library, session,
        ));
    }
    Ok(compile::run(documents, &options, &library, Keep::Nothing, session).files)
}

/// Checks a finished stream. Gives its files.
fn check_rendered(input: &Input, run: &mut Run) -> Result<Vec<FileId>> {
    let loader = Loader {
        filter: DocumentFilter::Everything,
        jobs: input.jobs,
        known: None,
        progress: &run.progress,
    };
    let (sources, diagnostics) = (&mut run.session.sources, &mut run.session.diagnostics);
    let documents = loader
        .load(&Disk, &input.paths, sources, diagnostics)?
        .documents;
    delivery::check_rendered(&documents, diagnostics);
    let files: BTreeSet<_> = documents.iter().map(|it| it.node.span.file).collect();
    Ok(files.into_iter().collect())
}

/// Fixes the files of the input until there is nothing left that is certain.
fn fix(input: &Input) -> Result<()> {
    let (mut fixes, mut files) = (0, BTreeSet::new());
    for _ in 0..ROUNDS {
        let mut run = Run::default();
        find(input, None, None, &mut run)?;
        let report = run.finish(input.strictness);
        let fixed = report.fixed();
        if fixed.is_empty() {
            break;
        }
        for file in fixed {
            disk::edit_file(file.path, &file.before, &file.after)?;
            fixes += file.count;
            files.insert(file.path.to_owned());
        }
    }
    console::fixed(fixes, files.len())
}
