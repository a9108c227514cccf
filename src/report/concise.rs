//! Diagnostics one a line, for people in a hurry, for grep and for editors.

use std::path::Path;

use crate::diagnostic::Severity;
use crate::report::place::View;
use crate::report::{Report, one_line};

/// `path:line:column: error[KR113]: message (hint: …)`, a line for each diagnostic; one without a
/// place begins with its severity.
#[must_use]
pub fn document(report: &Report, directory: &Path, color: bool) -> String {
    let view = View { report, directory };
    let mut lines = String::new();
    for diagnostic in report.diagnostics() {
        if let Some(place) = diagnostic.place {
            lines += &format!("{}: ", one_line(&view.start(place)));
        }
        let head = diagnostic.head();
        let head = if color {
            format!("{}{head}\u{1b}[0m", style(diagnostic.severity))
        } else {
            head
        };
        lines += &format!("{head}: {}\n", one_line(&diagnostic.text()));
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
