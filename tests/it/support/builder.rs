//! One run of the program, and what it has to report and print.
//!
//! ```ignore
//! Test::new()
//!     .input(&workspace("a", SMALL))
//!     .profile("release: \"0.12\"\n")
//!     .finds("KR122 warning", "kaito.sh/team")
//!     .run();
//! ```
//!
//! A test starts in an empty directory of its own; what it names is written there. Nothing runs
//! before [`Test::run`], which shows all that was printed if anything is not as expected.

use std::ffi::OsString;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::inputs;
use crate::support::program::{self, Run, kaito_render, root};

/// A diagnostic of a report in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    /// `KR122 warning`
    pub(crate) title: String,
    pub(crate) message: String,
    /// The source text at the place; empty where there is no place, or no file on the disk.
    pub(crate) at: String,
    /// The place and those of the labels, each as `file:line`.
    pub(crate) lines: Vec<String>,
    /// What a fix puts at the place.
    pub(crate) fix: Option<String>,
}

impl Diagnostic {
    /// `KR122`
    pub(crate) fn rule(&self) -> &str {
        &self.title[..5]
    }

    /// `KR603 new.yaml:6 old.yaml:6`
    pub(crate) fn with_lines(&self) -> String {
        [&[self.rule().to_owned()], &self.lines[..]]
            .concat()
            .join(" ")
    }

    /// `KR122 warning kaito.sh/team`
    pub(crate) fn with_text(&self) -> String {
        format!("{} {}", self.title, self.at)
    }
}

/// What is expected of the fix of a diagnostic.
#[derive(Debug)]
enum ExpectedFix {
    Anything,
    Nothing,
    Replacement(String),
}

impl ExpectedFix {
    fn is_met_by(&self, fix: Option<&String>) -> bool {
        match self {
            Self::Anything => true,
            Self::Nothing => fix.is_none(),
            Self::Replacement(text) => fix == Some(text),
        }
    }
}

/// A diagnostic that has to be reported.
#[derive(Debug)]
struct Expected {
    /// `KR122`, or `KR122 warning`.
    title: String,
    at: Option<String>,
    fix: ExpectedFix,
}

impl Expected {
    fn is_met_by(&self, found: &Diagnostic) -> bool {
        (found.title == self.title || found.rule() == self.title)
            && self.at.as_ref().is_none_or(|at| *at == found.at)
            && self.fix.is_met_by(found.fix.as_ref())
    }
}

/// What is looked at of the diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Nothing is expected of them.
    None,
    /// Those that are expected have to be there, beside others.
    Among,
    /// They have to be those that are expected, in this order.
    All,
}

/// How a run ended that was as expected.
#[derive(Debug)]
pub(crate) struct Outcome {
    run: Run,
    /// All of them, notes too, if the format is JSON.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Deref for Outcome {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.run
    }
}

/// A run of the program and what is expected of it; by default a `check` that reports in JSON.
#[must_use = "a test does nothing until `run` is called"]
pub(crate) struct Test {
    /// The directory that is removed with the test, unless another one was given.
    _own: Option<TempDir>,
    directory: PathBuf,
    command: String,
    args: Vec<String>,
    variables: Vec<(String, OsString)>,
    input: Option<String>,
    format: Option<String>,
    look: Look,
    notes: bool,
    expected: Vec<Expected>,
    prints: Vec<String>,
    hides: Vec<String>,
    code: Option<i32>,
}

impl Test {
    pub(crate) fn new() -> Self {
        let own = tempfile::tempdir().unwrap();
        let directory = own.path().to_owned();
        Self {
            _own: Some(own),
            ..Self::within(&directory)
        }
    }

    /// A test in a directory that stays.
    pub(crate) fn within(directory: &Path) -> Self {
        Self {
            _own: None,
            directory: directory.to_owned(),
            command: "check".to_owned(),
            args: Vec::new(),
            variables: Vec::new(),
            input: None,
            format: Some("json".to_owned()),
            look: Look::None,
            notes: false,
            expected: Vec::new(),
            prints: Vec::new(),
            hides: Vec::new(),
            code: None,
        }
    }

    /// A file of the project on stdin, such as one of the examples.
    pub(crate) fn example(path: &str) -> Self {
        Self::new().input(&fs::read_to_string(root().join(path)).unwrap())
    }

    /// Another command than `check`, in the format of its own default.
    pub(crate) fn command(mut self, command: &str) -> Self {
        command.clone_into(&mut self.command);
        self.format = None;
        self
    }

    /// A format; diagnostics are only known from `json`.
    pub(crate) fn format(mut self, format: &str) -> Self {
        self.format = Some(format.to_owned());
        self
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// A variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// What stands on stdin.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self
    }

    /// Replaces a text of the input, which has to be there, once.
    pub(crate) fn replace(mut self, from: &str, to: &str) -> Self {
        let text = self.input.take().unwrap();
        assert!(text.contains(from), "there is no `{from}` in:\n{text}");
        self.input(&text.replacen(from, to, 1))
    }

    /// A file of the directory.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let file = self.directory.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self
    }

    /// The fields of the profile.
    pub(crate) fn profile(self, fields: &str) -> Self {
        self.file("kaito-render.yaml", &inputs::profile(fields))
            .args(&["--profile", "kaito-render.yaml"])
    }

    /// What the input is compared with.
    pub(crate) fn against(self, text: &str) -> Self {
        self.file("old.yaml", text)
            .args(&["--against-path", "old.yaml"])
    }

    /// One diagnostic, after those that were named before: its rule and, if wanted, its severity,
    /// and the source text at its place.
    pub(crate) fn finds<'a>(mut self, title: &str, at: impl Into<Option<&'a str>>) -> Self {
        self.look = Look::All;
        self.expected.push(Expected {
            title: title.to_owned(),
            at: at.into().map(str::to_owned),
            fix: ExpectedFix::Anything,
        });
        self
    }

    /// What the fix of the diagnostic that was named last puts at its place.
    pub(crate) fn fix(mut self, replacement: Option<&str>) -> Self {
        let replacement = replacement.map(str::to_owned);
        self.expected.last_mut().unwrap().fix =
            replacement.map_or(ExpectedFix::Nothing, ExpectedFix::Replacement);
        self
    }

    /// That nothing is reported; notes aside.
    pub(crate) fn finds_nothing(mut self) -> Self {
        self.look = Look::All;
        self
    }

    /// One diagnostic beside others, which are not looked at.
    pub(crate) fn finds_among<'a>(self, title: &str, at: impl Into<Option<&'a str>>) -> Self {
        let mut test = self.finds(title, at);
        test.look = Look::Among;
        test
    }

    /// Notes count as well.
    pub(crate) fn with_notes(mut self) -> Self {
        self.notes = true;
        self
    }

    /// A text that stdout or stderr has.
    pub(crate) fn prints(mut self, text: &str) -> Self {
        self.prints.push(text.to_owned());
        self
    }

    /// A text that neither stdout nor stderr has.
    pub(crate) fn hides(mut self, text: &str) -> Self {
        self.hides.push(text.to_owned());
        self
    }

    /// The exit code.
    pub(crate) fn exits(mut self, code: i32) -> Self {
        self.code = Some(code);
        self
    }

    /// Runs the program and compares.
    pub(crate) fn run(self) -> Outcome {
        let mut command = kaito_render(&[&self.command]);
        if let Some(format) = &self.format {
            command.args(["--format", format]);
        }
        if self.input.is_some() {
            command.arg("-");
        }
        command
            .args(&self.args)
            .envs(self.variables.iter().cloned())
            .current_dir(&self.directory);
        let run = program::run(&mut command, self.input.as_deref().unwrap_or_default());
        let shown = format!(
            "{command:?} exits with {}\n{}\nstdout:\n{}\nstderr:\n{}",
            run.code,
            self.input.as_deref().unwrap_or_default(),
            run.stdout,
            run.stderr
        );
        let all = if self.command == "check" && self.format.as_deref() == Some("json") {
            diagnostics(&run, &self.directory, self.input.as_deref())
        } else {
            assert!(self.look == Look::None, "diagnostics are read from JSON");
            Vec::new()
        };
        self.compare(&all, &shown);
        if let Some(code) = self.code {
            assert_eq!(run.code, code, "{shown}");
        }
        let is_printed = |text: &String| run.stdout.contains(text) || run.stderr.contains(text);
        for text in &self.prints {
            assert!(is_printed(text), "`{text}` is not printed: {shown}");
        }
        for text in &self.hides {
            assert!(!is_printed(text), "`{text}` is printed: {shown}");
        }
        Outcome {
            run,
            diagnostics: all,
        }
    }

    fn compare(&self, all: &[Diagnostic], shown: &str) {
        let found: Vec<_> = all
            .iter()
            .filter(|found| self.notes || !found.title.ends_with(" note"))
            .collect();
        let is_met = match self.look {
            Look::None => true,
            Look::Among => self
                .expected
                .iter()
                .all(|expected| found.iter().any(|found| expected.is_met_by(found))),
            Look::All => {
                let met = self.expected.iter().zip(&found);
                self.expected.len() == found.len()
                    && met
                        .into_iter()
                        .all(|(expected, found)| expected.is_met_by(found))
            }
        };
        assert!(
            is_met,
            "expected {:#?}\nfound {found:#?}\n{shown}",
            self.expected
        );
    }
}

/// The diagnostics of a report in JSON, in a directory in which the paths are to be read.
fn diagnostics(run: &Run, directory: &Path, input: Option<&str>) -> Vec<Diagnostic> {
    // A command that can't run has no report.
    if run.code == 2 {
        return Vec::new();
    }
    let report: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr));
    let read = |name: &str| match (name, input) {
        ("<stdin>", Some(input)) => input.to_owned(),
        _ => fs::read_to_string(directory.join(name)).unwrap_or_default(),
    };
    let text_at = |found: &Value| {
        let text = read(found["file"].as_str()?);
        let byte = |end: &str| usize::try_from(found[end]["byte"].as_u64().unwrap()).unwrap();
        text.get(byte("start")..byte("end")).map(str::to_owned)
    };
    let line = |place: &Value| {
        Some(format!(
            "{}:{}",
            place["file"].as_str()?,
            place["start"]["line"]
        ))
    };
    let word = |found: &Value, key: &str| found[key].as_str().unwrap().to_owned();
    let one = |found: &Value| Diagnostic {
        title: format!("{} {}", word(found, "rule"), word(found, "severity")),
        message: word(found, "message"),
        at: text_at(found).unwrap_or_default(),
        lines: [found]
            .into_iter()
            .chain(found["related"].as_array().into_iter().flatten())
            .filter_map(line)
            .collect(),
        fix: found["fix"]["replacement"].as_str().map(str::to_owned),
    };
    let all = report["diagnostics"].as_array().unwrap();
    all.iter().map(one).collect()
}
