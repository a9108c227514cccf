//! Findings as the report of a test run, which GitLab, Jenkins and others show and compare.
//!
//! A file is a suite. An error is a failed test; a warning is a skipped one, which those programs count and show with
//! its text, and which breaks nothing; a note is a passed one with output. A file without findings is one passed test.
//! The names of tests hold no line numbers: a test stays the same when lines move.

use std::collections::BTreeMap;

use annotate_snippets::normalize_untrusted_str as normalized;

use super::{Diagnostic, Report, Severity, one_line};
use crate::source::FileId;

/// The suite of findings without a place.
const WHOLE: &str = "kaito-render";

/// All findings, in suites by file, and a suite for each file that was checked and is clean.
#[must_use]
pub fn document(report: &Report, checked: &[FileId]) -> String {
    // The suite without a file comes last.
    let mut suites = BTreeMap::<(bool, String), Suite>::new();
    let path = |file| report.whereabouts(file).as_str().to_owned();
    for file in checked {
        suites.entry((false, path(*file))).or_default();
    }
    for finding in report.diagnostics {
        let key = finding.place.map_or((true, WHOLE.to_owned()), |place| (false, path(place.file)));
        suites.entry(key).or_default().findings.push(finding);
    }
    let suites: Vec<_> = suites.iter().map(|((_, name), suite)| suite.write(name, report)).collect();
    let total = suites.iter().fold(Counts::default(), |total, (counts, _)| total.plus(*counts));
    let suites: String = suites.into_iter().map(|(_, text)| text).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kaito-render\" {total}>\n{suites}</testsuites>\n",
        total = total.attributes()
    )
}

#[derive(Default)]
struct Suite<'a> {
    findings: Vec<&'a Diagnostic>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    skipped: usize,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            skipped: self.skipped + other.skipped,
        }
    }

    fn attributes(self) -> String {
        let Self { tests, failures, skipped } = self;
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"")
    }
}

impl Suite<'_> {
    fn write(&self, name: &str, report: &Report) -> (Counts, String) {
        let name = attribute(name);
        let count = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        let counts = Counts {
            tests: self.findings.len().max(1),
            failures: count(Severity::Error),
            skipped: count(Severity::Warning),
        };
        let mut cases = String::new();
        if self.findings.is_empty() {
            cases += &format!("    <testcase classname=\"{name}\" name=\"no findings\"/>\n");
        }
        // Of tests with one name, some programs show the first alone.
        let mut names = BTreeMap::<String, usize>::new();
        for finding in &self.findings {
            let test = format!("{} {}", finding.rule.id, finding.message);
            let number = names.entry(test.clone()).or_default();
            *number += 1;
            let test = if *number > 1 { format!("{test} ({number})") } else { test };
            cases += &format!("    <testcase classname=\"{name}\" name=\"{}\"", attribute(&test));
            cases += &format!(">\n      {}\n    </testcase>\n", outcome(finding, report));
        }
        (counts, format!("  <testsuite name=\"{name}\" {}>\n{cases}  </testsuite>\n", counts.attributes()))
    }
}

fn outcome(finding: &Diagnostic, report: &Report) -> String {
    let place = finding.place.map_or_else(String::new, |place| format!("{}: ", report.start(place)));
    let body = escaped(&normalized(&format!("{place}{}: {}", finding.head(), report.details(finding))));
    let message = attribute(&finding.text());
    match finding.severity {
        Severity::Error => format!("<failure type=\"{}\" message=\"{message}\">{body}</failure>", finding.rule.id),
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
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
