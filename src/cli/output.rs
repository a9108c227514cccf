//! What goes to standard output, which carries data alone, and to standard error, which is for
//! people.

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
use super::args::{Check, Color, ReportFormat};

/// Writes data to standard output. A reader that has seen enough and closed its end is no failure.
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
            Err(Error::new(error).context("can't write to standard output"))
        }
        _ => Ok(Outcome::Done),
    }
}

/// Writes a report for people to standard error.
pub(super) fn report(report: &Report, color: Color) -> Result<()> {
    let text = human::document(report, wants_color(color, &io::stderr()));
    write_stderr(&(text + &summary(report)))
}

/// The last line for people, with the name of the program.
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
    args: &Check,
    report: &Report,
    checked: &[FileId],
    color: Color,
) -> Result<()> {
    let directory = working_directory();
    let text = match args.format {
        ReportFormat::Human => return self::report(report, color),
        ReportFormat::Concise => {
            let color = wants_color(color, &io::stdout());
            print(concise::document(report, &directory, color).as_bytes())?;
            return write_stderr(&summary(report));
        }
        ReportFormat::Json => json::document(report),
        ReportFormat::Sarif => {
            let input = args.input.paths.first();
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

/// Says what became of a folder of output.
pub(super) fn changes(folder: &Path, changes: Changes) -> Result<()> {
    let Changes { written, removed } = changes;
    write_stderr(&format!(
        "kaito-render: {}: {written} written, {removed} removed\n",
        folder.display()
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
    // Nobody is left to tell if standard error is gone.
    let _ = write_stderr(&without_secrets(&error));
    ExitCode::from(2)
}

fn write_stderr(text: &str) -> Result<()> {
    match io::stderr().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether what goes to standard output may have colour.
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
