//! The line that says how far a long run has come: what a person sees on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::inputs::{SMALL, workspace};
use crate::support::program::kaito_render;

/// The line is written over by the next one, and nothing is left of the last.
const CLEAR: &str = "\r\x1b[K";

/// A terminal: the side of the person, and that of the program.
fn terminal() -> (File, OwnedFd) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let program = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (File::from(person), program)
}

/// A run that waits for its input, as long as the test wants it to.
fn waiting(stderr: Stdio, terminal: &str) -> (Child, ChildStdin) {
    let mut command = kaito_render(&["render", "-"]);
    let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut run = streams
        .stderr(stderr)
        .env("TERM", terminal)
        .spawn()
        .unwrap();
    let stdin = run.stdin.take().unwrap();
    (run, stdin)
}

/// Ends the input of a run, which writes its output then.
fn finish(mut stdin: ChildStdin, run: Child) -> std::process::Output {
    stdin.write_all(workspace("w", SMALL).as_bytes()).unwrap();
    drop(stdin);
    run.wait_with_output().unwrap()
}

#[test]
fn a_long_run_says_on_a_terminal_how_far_it_has_come() {
    let (mut person, program) = terminal();
    let (run, stdin) = waiting(program.into(), "xterm");
    let mut seen = String::new();
    while !seen.contains("files read") {
        let mut bytes = [0; 256];
        let count = person.read(&mut bytes).unwrap();
        seen += std::str::from_utf8(&bytes[..count]).unwrap();
    }
    let first = format!("{CLEAR}kaito-render: 0 of 1 files read");
    assert!(seen.starts_with(&first), "{seen:?}");

    let output = finish(stdin, run);
    assert!(output.stdout.starts_with(b"apiVersion: "));
    let mut rest = Vec::new();
    // It ends with an error, because nobody has the terminal any more.
    let _ = person.read_to_end(&mut rest);
    let rest = seen + std::str::from_utf8(&rest).unwrap();
    let (_, behind) = rest.rsplit_once(CLEAR).unwrap();
    assert!(
        behind.is_empty() || behind.starts_with("warning"),
        "{rest:?}"
    );
}

#[test]
fn nothing_is_said_where_nobody_watches() {
    let (mut person, program) = terminal();
    let (dumb, dumb_stdin) = waiting(program.into(), "dumb");
    let (piped, stdin) = waiting(Stdio::piped(), "xterm");
    // Long enough for the line to be written by a program that does.
    thread::sleep(Duration::from_secs(1));
    let output = finish(stdin, piped);
    assert!(!output.stderr.contains(&b'\x1b'), "{output:?}");
    finish(dumb_stdin, dumb);
    let mut seen = Vec::new();
    let _ = person.read_to_end(&mut seen);
    assert!(!seen.windows(2).any(|two| two == b"\r\x1b"), "{seen:?}");
}
