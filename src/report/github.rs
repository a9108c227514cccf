//! Findings as commands that GitHub Actions shows beside the lines concerned.

use std::collections::BTreeMap;

use annotate_snippets::normalize_untrusted_str as normalized;

use crate::base::wording;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::Report;
use crate::report::place::Whereabouts;

/// How many of each kind GitHub shows of one step.
const SHOWN: usize = 10;

/// A workflow command for each finding, ten of each severity at most, and behind them how many more
/// there are.
#[must_use]
pub fn commands(report: &Report) -> String {
    let mut counts = BTreeMap::<Severity, usize>::new();
    let mut commands = String::new();
    for finding in report.diagnostics {
        let count = counts.entry(finding.severity).or_default();
        *count += 1;
        if *count <= SHOWN {
            commands += &command(finding, report);
        }
    }
    let more = counts.iter().rev().filter(|(_, count)| **count > SHOWN);
    let more: Vec<_> = more
        .map(|(severity, count)| wording::count(count - SHOWN, severity.name()))
        .collect();
    if !more.is_empty() {
        commands += &format!(
            "kaito-render: not shown beside the files: {} more\n",
            wording::and(&more)
        );
    }
    commands
}

fn command(finding: &Diagnostic, report: &Report) -> String {
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (place, before) = place(finding, report);
    let message = data(&normalized(&format!("{before}{}", report.details(finding))));
    format!(
        "::{name} {place}title={}::{message}\n",
        property(finding.rule.id)
    )
}

/// The properties that say where a finding is; for what lies in no file of the repository, a text
/// to put before the message.
fn place(finding: &Diagnostic, report: &Report) -> (String, String) {
    let Some(span) = finding.place else {
        return Default::default();
    };
    let file = match report.whereabouts(span.file) {
        Whereabouts::Nowhere(_) => return (String::new(), format!("{}: ", report.start(span))),
        Whereabouts::Inside(path) | Whereabouts::Outside(path) => property(&normalized(&path)),
    };
    let [start, end] =
        [span.start, span.end].map(|offset| report.sources.position(span.file, offset));
    let lines = format!("file={file},line={},endLine={}", start.line, end.line);
    // Columns are understood within one line alone.
    let columns = if start.line == end.line {
        format!(",col={},endColumn={}", start.column, end.column)
    } else {
        String::new()
    };
    (format!("{lines}{columns},"), String::new())
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::commands;
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::rule;
    use crate::report::Report;

    #[test]
    fn ten_of_each_severity_are_shown_and_the_others_counted() {
        let many = |rule, number: usize| {
            (0..number).map(move |index| Diagnostic::global(rule, format!("no {index}")))
        };
        let findings: Vec<_> = many(&rule::NAME, 12)
            .chain(many(&rule::TIGHT_MEMORY, 11))
            .collect();
        let write = |diagnostics: &[Diagnostic]| {
            commands(&Report {
                diagnostics,
                sources: &Sources::default(),
                folder: Path::new("/"),
            })
        };
        let text = write(&findings);
        assert_eq!(text.matches("::error ").count(), 10);
        assert_eq!(text.matches("::warning ").count(), 10);
        assert!(
            text.ends_with(
                "\nkaito-render: not shown beside the files: 2 errors and 1 warning more\n"
            ),
            "{text}"
        );
        let notes: Vec<_> = many(&rule::RELEASE_CHOSEN, 10).collect();
        assert_eq!(write(&notes).lines().count(), 10);
    }
}
