//! Diagnostics as the report of a test run, which GitLab, Jenkins and others show and compare.
//!
//! A file is a suite. An error is a failed test; a warning is a skipped one, which those programs
//! count and show with its text, and which breaks nothing; a note is a passed one with output. A
//! file without diagnostics is one passed test. The names of tests hold no line numbers: a test stays
//! the same when lines move.

use std::collections::BTreeMap;
use std::path::Path;

use annotate_snippets::normalize_untrusted_str as normalized;

use crate::base::sources::FileId;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::place::View;
use crate::report::{Report, one_line};

/// The suite of diagnostics without a place.
const WHOLE: &str = "kaito-render";

/// The diagnostics of a suite.
type Suite<'a> = Vec<&'a Diagnostic>;

/// All diagnostics, in suites by file, and a suite for each file that was checked and is clean.
#[must_use]
pub fn document(report: &Report, directory: &Path, checked: &[FileId]) -> String {
    let view = View { report, directory };
    // The suite without a file comes last.
    let mut suites = BTreeMap::<(bool, String), Suite>::new();
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
    let counts = counts(&suites.values().collect::<Vec<_>>());
    let suites: String = suites
        .iter()
        .map(|((_, name), diagnostics)| suite(name, diagnostics, view))
        .collect();
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    format!("{head}\n<testsuites name=\"kaito-render\" {counts}>\n{suites}</testsuites>\n")
}

/// The attributes that say how many tests there are.
fn counts(suites: &[&Suite]) -> String {
    let tests: usize = suites
        .iter()
        .map(|diagnostics| diagnostics.len().max(1))
        .sum();
    let count = |severity| {
        suites
            .iter()
            .copied()
            .flatten()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    };
    let (failures, skipped) = (count(Severity::Error), count(Severity::Warning));
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"")
}

fn suite(name: &str, diagnostics: &Suite, view: View) -> String {
    let mut tests = String::new();
    // Of tests with one name, some programs show the first alone.
    let mut names = BTreeMap::<String, usize>::new();
    for diagnostic in diagnostics {
        let test = format!("{} {}", diagnostic.rule.id, diagnostic.message);
        let number = names.entry(test.clone()).or_default();
        *number += 1;
        let test = if *number > 1 {
            format!("{test} ({number})")
        } else {
            test
        };
        tests += &format!(
            "    {}>\n      {}\n    </testcase>\n",
            test_case(name, &test),
            outcome(diagnostic, view)
        );
    }
    if diagnostics.is_empty() {
        tests += &format!("    {}/>\n", test_case(name, "no diagnostics"));
    }
    let counts = counts(&[diagnostics]);
    format!(
        "  <testsuite name=\"{}\" {counts}>\n{tests}  </testsuite>\n",
        attribute(name)
    )
}

/// The beginning of a test. Where suites are not shown, its class says which file it is about;
/// `file` makes a link.
fn test_case(suite: &str, name: &str) -> String {
    let (suite, name) = (attribute(suite), attribute(name));
    format!("<testcase classname=\"{suite}\" name=\"{name}\" file=\"{suite}\"")
}

fn outcome(diagnostic: &Diagnostic, view: View) -> String {
    let place = diagnostic
        .place
        .map_or_else(String::new, |place| format!("{}: ", view.start(place)));
    let body = escaped(&normalized(&format!(
        "{place}{}: {}",
        diagnostic.head(),
        view.details(diagnostic)
    )));
    let message = attribute(&diagnostic.text());
    match diagnostic.severity {
        Severity::Error => format!(
            "<failure type=\"{}\" message=\"{message}\">{body}</failure>",
            diagnostic.rule.id
        ),
        Severity::Warning => format!("<skipped message=\"{message}\">{body}</skipped>"),
        Severity::Note => format!("<system-out>{body}</system-out>"),
    }
}

fn attribute(text: &str) -> String {
    escaped(&one_line(text))
}

/// As text in XML, without the two characters that control characters left and XML forbids.
fn escaped(text: &str) -> String {
    let text = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
