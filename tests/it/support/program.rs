//! The program itself, as a user starts it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command line with a text on standard input.
pub(crate) fn run(command: &mut Command, stdin: &str) -> Run {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_owned();
    let feeder = std::thread::spawn(move || pipe.write_all(stdin.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A program that does not read its input to the end closes the pipe.
    let _ = feeder.join().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// kaito-render with arguments, to be run in the project's own directory.
pub(crate) fn kaito_render(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaito-render"));
    command.args(args).current_dir(root());
    command
}

/// Runs kaito-render, which has to succeed, and gives its standard output.
pub(crate) fn stdout(args: &[&str], stdin: &str) -> String {
    let run = run(&mut kaito_render(args), stdin);
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    run.stdout
}

/// The project's own directory.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Of a number of cases, how many a test looks at: the run with all tools has time for each, and
/// the one on a fresh clone takes a sample.
pub(crate) fn sample(all: usize) -> usize {
    if cfg!(feature = "e2e") {
        all
    } else {
        all.div_ceil(4)
    }
}
