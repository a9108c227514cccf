//! What is written to stdout, which only carries data, and to stderr.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Error, Result};
use kaito_render::base::sources::FileId;
use kaito_render::base::wording;
use kaito_render::emit::disk::Changes;
use kaito_render::input::{Disk, FileTree};
use kaito_render::report::{Report, concise, github, human, json, junit, sarif, without_secrets};

use super::Outcome;
use super::config::{Check, Color, ReportFormat};

/// Writes data to stdout. It is no failure if the reader closed its end early.
pub(super) fn print(data: &[u8]) -> Result<Outcome> {
    print_pieces([data])
}

/// As [`print`], piece by piece.
pub(super) fn print_pieces(pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<Outcome> {
    let mut stdout = io::stdout().lock();
    let mut pieces = pieces.into_iter();
    match pieces
        .try_for_each(|piece| stdout.write_all(piece.as_ref()))
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(error).context("can't write to stdout"))
        }
        _ => Ok(Outcome::Done),
    }
}

/// Writes a report with excerpts to stderr.
pub(super) fn report(report: &Report, color: Color) -> Result<()> {
    let text = human::document(report, wants_color(color, &io::stderr()));
    write_stderr(&(text + &summary(report)))
}

/// The line at the end of a report, with the name of the program.
fn summary(report: &Report) -> String {
    let summary = human::summary(report);
    if summary.is_empty() {
        summary
    } else {
        format!("kaito-render: {summary}\n")
    }
}

/// Writes a report in the format that was asked for.
///
/// `checked` are the files whose Workspaces could be compiled.
pub(super) fn report_as(
    config: &Check,
    report: &Report,
    checked: &[FileId],
    color: Color,
) -> Result<()> {
    let directory = working_directory();
    let text = match config.format {
        ReportFormat::Human => return self::report(report, color),
        ReportFormat::Concise => {
            let color = wants_color(color, &io::stdout());
            print(concise::document(report, &directory, color).as_bytes())?;
            return write_stderr(&summary(report));
        }
        ReportFormat::Json => json::document(report),
        ReportFormat::Sarif => {
            let input = config.input.paths.first();
            let input = input.map_or_else(String::new, |path| Disk.name(path));
            sarif::document(report, &directory, &input)
        }
        ReportFormat::Github => github::document(report, &directory),
        ReportFormat::Junit => junit::document(report, &directory, checked),
    };
    print(text.as_bytes()).map(drop)
}

/// The working directory; empty if it is gone, so that paths stay as they are.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line reads the environment for the library"
)]
fn working_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// Says how many files of an output directory were written and removed.
pub(super) fn changes(directory: &Path, changes: &Changes) -> Result<()> {
    let Changes {
        written,
        removed,
        kept,
    } = changes;
    for path in kept {
        write_stderr(&format!(
            "kaito-render: {} is no longer needed, but was changed by someone else: remove it, or keep it as your own\n",
            directory.join(path).display()
        ))?;
    }
    write_stderr(&format!(
        "kaito-render: {}: {written} written, {removed} removed\n",
        directory.display()
    ))
}

/// Says that a file was written.
pub(super) fn written(path: &Path) -> Result<()> {
    write_stderr(&format!("kaito-render: {}: written\n", path.display()))
}

/// Says how much was repaired.
pub(super) fn fixed(diagnostics: usize, files: usize) -> Result<()> {
    let (diagnostics, files) = (
        wording::count(diagnostics, "diagnostic"),
        wording::count(files, "file"),
    );
    write_stderr(&format!("kaito-render: fixed {diagnostics} in {files}\n"))
}

/// Says why the command could not run.
pub(super) fn failure(error: &Error) -> ExitCode {
    let error = format!("error: {error:#}\n");
    // There is no place to report that stderr is gone.
    let _ = write_stderr(&without_secrets(&error));
    ExitCode::from(2)
}

fn write_stderr(text: &str) -> Result<()> {
    match io::stderr().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether stdout may have color.
pub(super) fn colors_stdout(color: Color) -> bool {
    wants_color(color, &io::stdout())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command line reads the environment for the library"
)]
fn wants_color(color: Color, stream: &impl IsTerminal) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            stream.is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}
