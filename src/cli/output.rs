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
use kaito_render::report::{Report, concise, github, human, json, junit, sarif};
use kaito_render::session::Session;

use super::Outcome;
use super::args::{Check, Color, FindingFormat};

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

/// Writes findings for people to standard error, and how many there were.
pub(super) fn findings(session: &Session, color: Color) -> Result<()> {
    let color = wants_color(color, &io::stderr());
    let mut text = String::new();
    for finding in &session.diagnostics {
        text += &human::render(finding, &session.sources, color);
        text.push('\n');
    }
    write_stderr(&(text + &summary(session)))
}

/// How many findings there were, as a line for people.
fn summary(session: &Session) -> String {
    let summary = human::summary(session.diagnostics.as_slice());
    if summary.is_empty() {
        summary
    } else {
        format!("kaito-render: {summary}\n")
    }
}

/// Writes findings in the format that was asked for.
///
/// `checked` are the files whose Workspaces could be compiled.
pub(super) fn findings_as(
    args: &Check,
    session: &Session,
    checked: &[FileId],
    color: Color,
) -> Result<()> {
    let Session {
        sources,
        diagnostics,
        ..
    } = session;
    let diagnostics = diagnostics.as_slice();
    let folder = working_folder();
    let report = Report {
        diagnostics,
        sources,
        folder: &folder,
    };
    let text = match args.format {
        FindingFormat::Human => return findings(session, color),
        FindingFormat::Concise => {
            print(concise::lines(&report, wants_color(color, &io::stdout())).as_bytes())?;
            return write_stderr(&summary(session));
        }
        FindingFormat::Json => json::document(diagnostics, sources),
        FindingFormat::Sarif => {
            let input = args
                .input
                .paths
                .first()
                .map_or_else(String::new, |path| Disk.name(path));
            sarif::document(&report, &input)
        }
        FindingFormat::Github => github::commands(&report),
        FindingFormat::Junit => junit::document(&report, checked),
    };
    print(text.as_bytes()).map(drop)
}

/// The working folder; nothing if it is gone, and paths stay what they are.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line reads the environment for the library"
)]
fn working_folder() -> PathBuf {
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
pub(super) fn fixed(findings: usize, files: usize) -> Result<()> {
    let (findings, files) = (
        wording::count(findings, "finding"),
        wording::count(files, "file"),
    );
    write_stderr(&format!("kaito-render: fixed {findings} in {files}\n"))
}

/// Says why the command could not run.
pub(super) fn failure(error: &Error) -> ExitCode {
    // Nobody is left to tell if standard error is gone.
    let _ = write_stderr(&format!("error: {error:#}\n"));
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
