//! Diagnostics one a line, for people in a hurry, for grep and for editors.

use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::base::shown::Terminal;
use crate::diagnostic::Severity;
use crate::report::Report;
use crate::report::place::View;

/// `path:line:column: error[KR113]: message (hint: …)`, a line for each diagnostic; one without a
/// place begins with its severity.
#[must_use]
pub fn document(report: &Report, directory: &Path, color: bool) -> Terminal {
    let view = View { report, directory };
    let mut out = Terminal::default();
    for diagnostic in report.diagnostics() {
        if let Some(place) = diagnostic.place {
            out.text(&view.start(place)).text(": ");
        }
        let head = diagnostic.head();
        if color {
            out.styled(style(diagnostic.severity), &head);
        } else {
            out.text(&head);
        }
        out.text(": ").text(&diagnostic.text()).end();
    }
    out
}

/// Bold, in the colours that excerpts have.
fn style(severity: Severity) -> Style {
    let color = match severity {
        Severity::Error => AnsiColor::BrightRed,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::BrightGreen,
    };
    color.on_default().bold()
}
