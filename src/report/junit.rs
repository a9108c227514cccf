//! Diagnostics as the report of a test run, which GitLab, Jenkins and others show and compare.
//!
//! A file is a suite. An error is a failed test; a warning is a skipped one, which those programs
//! count and show with its text, and which fails nothing; a note is a passed one with output. A
//! file without diagnostics is one passed test. The names of tests hold no line numbers: a test
//! stays the same when lines move.

use std::collections::BTreeMap;
use std::path::Path;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::base::shown::{ForPeople, Terminal};
use crate::base::sources::FileId;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::Report;
use crate::report::place::View;

/// The suite of diagnostics without a place.
const WHOLE: &str = "kaito-render";

/// All diagnostics, in suites by file, and a suite for each file that was checked and is clean.
///
/// `directory` is the absolute path of the working directory.
#[must_use]
pub fn document(report: &Report, directory: &Path, checked: &[FileId]) -> String {
    let view = View { report, directory };
    // The suite without a file comes last.
    let mut suites = BTreeMap::<(bool, String), Vec<&Diagnostic>>::new();
    let of_file = |file| (false, view.location(file).as_str().to_owned());
    for file in checked {
        suites.entry(of_file(*file)).or_default();
    }
    for diagnostic in report.diagnostics() {
        let key = diagnostic
            .place
            .map_or((true, WHOLE.to_owned()), |place| of_file(place.file));
        suites.entry(key).or_default().push(diagnostic);
    }
    let mut document = quick_junit::Report::new("kaito-render");
    for ((_, name), diagnostics) in &suites {
        document.add_test_suite(suite(name, diagnostics, view));
    }
    // Only a writer can fail, and a string is none that does.
    document.to_string().unwrap_or_default()
}

fn suite(name: &str, diagnostics: &[&Diagnostic], view: View) -> TestSuite {
    let name = attribute(name);
    let mut suite = TestSuite::new(&name);
    // Of tests with one name, some programs show only the first.
    let mut names = BTreeMap::<String, usize>::new();
    for diagnostic in diagnostics {
        let title = format!("{} {}", diagnostic.rule.id, diagnostic.message);
        let number = names.entry(title.clone()).or_default();
        *number += 1;
        let title = if *number > 1 {
            format!("{title} ({number})")
        } else {
            title
        };
        suite.add_test_case(test(&name, &title, Some(diagnostic), view));
    }
    if diagnostics.is_empty() {
        suite.add_test_case(test(&name, "no diagnostics", None, view));
    }
    suite
}

/// A test. Where suites are not shown, its class says which file it is about; `file` makes a link.
fn test(suite: &str, title: &str, diagnostic: Option<&Diagnostic>, view: View) -> TestCase {
    let mut test = TestCase::new(attribute(title), TestCaseStatus::success());
    test.set_classname(suite);
    test.extra.insert("file".into(), suite.into());
    let Some(diagnostic) = diagnostic else {
        return test;
    };
    test.status = match diagnostic.severity {
        Severity::Error => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Severity::Warning => TestCaseStatus::skipped(),
        Severity::Note => TestCaseStatus::success(),
    };
    let body = body(diagnostic, view);
    if diagnostic.severity == Severity::Note {
        test.set_system_out(body);
    } else {
        test.status
            .set_type(diagnostic.rule.id)
            .set_message(attribute(&diagnostic.text()))
            .set_description(body);
    }
    test
}

/// All there is to say, over lines.
fn body(diagnostic: &Diagnostic, view: View) -> String {
    let place = diagnostic
        .place
        .map_or_else(String::new, |place| format!("{}: ", view.start(place)));
    let (head, details) = (diagnostic.head(), view.details(diagnostic));
    let mut text = Terminal::default();
    text.lines(&format!("{place}{head}: {details}"));
    allowed(text.as_str())
}

fn attribute(text: &str) -> String {
    let mut line = Terminal::default();
    line.text(text);
    allowed(line.as_str())
}

/// Without the two characters that are no control characters and that XML forbids, and without tabs,
/// which the writer leaves out.
fn allowed(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
        .replace('\t', "    ")
}
