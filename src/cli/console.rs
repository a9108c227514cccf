//! What is written to stdout, which only carries data, and to stderr.
//!
//! Nothing else prints. What people read comes as a value of [`ForPeople`], which is escaped; what
//! programs read goes through [`print_data`], and a test lists who calls it.

#![expect(
    clippy::disallowed_methods,
    reason = "the command line prints, and reads the environment, for the library"
)]

use std::collections::BTreeMap;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Error, Result};
use kaito_render::base::shown::{ForPeople, Terminal};
use kaito_render::base::sources::FileId;
use kaito_render::base::wording;
use kaito_render::diagnostic::Severity;
use kaito_render::emit::Content;
use kaito_render::emit::check::Differences;
use kaito_render::emit::disk::Changes;
use kaito_render::emit::kustomization;
use kaito_render::input::{Disk, FileTree};
use kaito_render::report::reading::Reading;
use kaito_render::report::{
    Report, concise, github, headline, human, json, junit, sarif, without_secrets,
};

use super::config::{Check, Color, ReportFormat};
use super::{Outcome, stdout};

/// Writes text for people to stdout.
pub(super) fn print(text: &impl ForPeople) -> Result<Outcome> {
    print_data(text.as_str().as_bytes())
}

/// Writes data to stdout as it is, for other programs: what is escaped in it, its format says. It
/// is no failure if the reader closed its end early.
pub(super) fn print_data(data: &[u8]) -> Result<Outcome> {
    write_stdout(|stdout| stdout.write_all(data))
}

/// As [`print_data`], piece by piece.
pub(super) fn print_content(content: &impl Content) -> Result<Outcome> {
    write_stdout(|stdout| content.pieces(&mut |piece| stdout.write_all(piece.as_bytes())))
}

fn write_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Outcome> {
    let mut stdout = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    written_to_stdout(
        stdout::is_open()
            .and_then(|()| write(&mut stdout))
            .and_then(|()| stdout.flush()),
    )?;
    Ok(Outcome::Done)
}

/// How writing to stdout ended; a reader that closed its end has what it wanted.
fn written_to_stdout(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(error).context("can't write to stdout"))
        }
        _ => Ok(()),
    }
}

/// Writes a report with excerpts to stderr.
pub(super) fn report(report: &Report, color: Color) -> Result<()> {
    diagnostics(report, color)?;
    end(report)
}

/// Writes one line to stderr, before anything else: what a host of this program shows.
pub(super) fn first_line(text: &str) -> Result<()> {
    let mut line = Terminal::default();
    line.text(text).end();
    write_stderr(&line)
}

/// Writes the diagnostics of a report with excerpts to stderr.
pub(super) fn diagnostics(report: &Report, color: Color) -> Result<()> {
    write_stderr(&human::document(report, wants_color(color, &io::stderr())))
}

/// As [`diagnostics`], for a host that shows how stderr begins: the first error on one line, with its
/// path from a root, and excerpts with errors first.
pub(super) fn diagnostics_for_host(report: &Report, root: &Path, color: Color) -> Result<()> {
    write_stderr(&headline::document(report, &working_directory(), root))?;
    write_stderr(&human::by_severity(
        report,
        wants_color(color, &io::stderr()),
    ))
}

/// Writes the last line: how many diagnostics there are, and what was read.
pub(super) fn end(report: &Report) -> Result<()> {
    write_stderr(&summary(report))
}

/// Writes the last line of a check, which says so if nothing is to be done.
fn end_of_check(report: &Report) -> Result<()> {
    let is_well = |severity: &Severity| report.count(*severity) == 0;
    match report.reading() {
        Some(reading) if [Severity::Error, Severity::Warning].iter().all(is_well) => {
            write_stderr(&notice(&reading.all_is_well()))
        }
        _ => end(report),
    }
}

/// Says what was read of the two sides of a comparison, as far as directories were searched.
pub(super) fn sides(sides: &[Reading; 2]) -> Result<()> {
    let names = ["before", "after"].into_iter();
    let lines = names.zip(sides).filter_map(|(name, reading)| {
        let line = reading.line()?;
        Some(notice(&format!("{name}: {line}")))
    });
    lines.into_iter().try_for_each(|line| write_stderr(&line))
}

/// The line at the end of a report, with the name of the program.
fn summary(report: &Report) -> Terminal {
    let summary = human::summary(report);
    if summary.is_empty() {
        Terminal::default()
    } else {
        notice(&summary)
    }
}

/// A line with the name of the program.
fn notice(text: &str) -> Terminal {
    let mut line = Terminal::default();
    line.text("kaito-render: ").text(text).end();
    line
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
        ReportFormat::Human => {
            diagnostics(report, color)?;
            return end_of_check(report);
        }
        ReportFormat::Concise => {
            let color = wants_color(color, &io::stdout());
            print(&concise::document(report, &directory, color))?;
            return end_of_check(report);
        }
        ReportFormat::Json => json::document(report),
        ReportFormat::Sarif => {
            let input = config.input.paths.first();
            let input = input.map_or_else(String::new, |path| Disk.name(path));
            sarif::document(report, &directory, &input)
        }
        ReportFormat::Github => return print(&github::document(report, &directory)).map(drop),
        ReportFormat::Junit => junit::document(report, &directory, checked),
    };
    print_data(text.as_bytes()).map(drop)
}

/// The directory for temporary files.
pub(super) fn temporary_directory() -> PathBuf {
    std::env::temp_dir()
}

/// The working directory; empty if it is gone, so that paths stay as they are.
fn working_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// Says how many files of an output directory were written and removed.
pub(super) fn changes(directory: &Path, changes: &Changes) -> Result<()> {
    kept(directory, &changes.kept)?;
    let (written, removed) = (changes.written, changes.removed);
    let directory = directory.display();
    write_stderr(&notice(&format!(
        "{directory}: {written} written, {removed} removed"
    )))
}

/// Says which directories of the output have too many objects for a kustomization.
pub(super) fn too_large(output: &Path, directories: &BTreeMap<String, usize>) -> Result<()> {
    for (path, objects) in directories {
        let directory = output.join(path);
        write_stderr(&notice(&format!(
            "{} has no {}, because {objects} objects are more than {}: apply the directories in it, each on its own",
            directory.display(),
            kustomization::NAME,
            kustomization::MOST_OBJECTS,
        )))?;
    }
    Ok(())
}

/// Says which files of an output directory are left to whoever changed them.
fn kept(directory: &Path, paths: &[String]) -> Result<()> {
    for path in paths {
        let path = directory.join(path);
        write_stderr(&notice(&format!(
            "{} is no longer needed, but was changed by someone else: remove it, or keep it as your own",
            path.display()
        )))?;
    }
    Ok(())
}

/// Lists the files of the output that differ from what would be written, and what would happen to each.
pub(super) fn differences(output: &Path, differences: &Differences) -> Result<Outcome> {
    let mut list = Terminal::default();
    for (path, action) in &differences.files {
        list.text(action.name())
            .text(": ")
            .text(&path.to_string_lossy());
        list.end();
    }
    print(&list)?;
    kept(output, &differences.kept)?;
    let (files, output) = (differences.files.len(), output.display());
    if files == 0 {
        write_stderr(&notice(&format!("{output}: nothing to write or remove")))?;
        return Ok(Outcome::Done);
    }
    let files = wording::count(files, "file");
    write_stderr(&notice(&format!(
        "{output}: {files} to write or remove; run the same command without `--check`"
    )))?;
    Ok(Outcome::Different)
}

/// Says that a file was written.
pub(super) fn written(path: &Path) -> Result<()> {
    write_stderr(&notice(&format!("{}: written", path.display())))
}

/// Says how much was repaired.
pub(super) fn fixed(diagnostics: usize, files: usize) -> Result<()> {
    let (diagnostics, files) = (
        wording::count(diagnostics, "diagnostic"),
        wording::count(files, "file"),
    );
    write_stderr(&notice(&format!("fixed {diagnostics} in {files}")))
}

/// Says why the command could not run.
pub(super) fn failure(error: &Error) -> ExitCode {
    let mut text = Terminal::default();
    text.text(&without_secrets(&format!("error: {error:#}")))
        .end();
    // There is no place to report that stderr is gone.
    let _ = write_stderr(&text);
    ExitCode::from(2)
}

/// Says what is wrong with the arguments, or prints the help that was asked for. Arguments may be
/// names of files of the input, and the error quotes them: they have to be escaped before.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let printed = stdout::is_open().and_then(|()| error.print());
        return match written_to_stdout(printed) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failure(&error),
        };
    }
    let text = error.render();
    let mut out = Terminal::default();
    if wants_color(Color::Auto, &io::stderr()) {
        out.rendered(&text.ansi().to_string());
    } else {
        out.lines(&text.to_string());
    }
    let _ = write_stderr(&out);
    ExitCode::from(2)
}

fn write_stderr(text: &Terminal) -> Result<()> {
    match io::stderr().lock().write_all(text.as_str().as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether stderr is a terminal on which a line can be written anew.
pub(super) fn is_watched() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    io::stderr().is_terminal() && !is_dumb
}

/// Writes the line that says how far a run has come in the place of the one before; none without a
/// text.
pub(super) fn progress(text: &str) {
    let mut line = Terminal::default();
    line.clear_line();
    if !text.is_empty() {
        line.text("kaito-render: ").text(text);
    }
    // It is for people alone, and the run goes on without it.
    let _ = write_stderr(&line);
}

/// Whether stdout may have color.
pub(super) fn colors_stdout(color: Color) -> bool {
    wants_color(color, &io::stdout())
}

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
