//! Findings one a line, for people in a hurry, for grep and for editors.

use crate::diagnostic::Severity;
use crate::report::{Report, one_line};

/// `path:line:column: error[KR113]: message (hint: …)`, a line for each finding; one without a
/// place begins with its severity.
#[must_use]
pub fn lines(report: &Report, color: bool) -> String {
    let mut lines = String::new();
    for finding in report.diagnostics {
        if let Some(place) = finding.place {
            lines += &format!("{}: ", one_line(&report.start(place)));
        }
        let head = finding.head();
        let head = if color {
            format!("{}{head}\u{1b}[0m", style(finding.severity))
        } else {
            head
        };
        lines += &format!("{head}: {}\n", one_line(&finding.text()));
    }
    lines
}

/// What makes a terminal write in bold and in the colours that excerpts have.
fn style(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "\u{1b}[1;91m",
        Severity::Warning => "\u{1b}[1;33m",
        Severity::Note => "\u{1b}[1;92m",
    }
}
