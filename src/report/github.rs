//! Diagnostics as commands that GitHub Actions shows beside the lines concerned.

use std::collections::BTreeMap;
use std::path::Path;

use annotate_snippets::normalize_untrusted_str as normalized;

use crate::base::wording;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::Report;
use crate::report::place::{Location, View};

/// How many of each kind GitHub shows of one step.
const SHOWN: usize = 10;

/// A workflow command for each diagnostic, at most ten of each severity, followed by the number of
/// those left out. `directory` is the absolute path of the working directory.
#[must_use]
pub fn document(report: &Report, directory: &Path) -> String {
    let view = View { report, directory };
    let mut counts = BTreeMap::<Severity, usize>::new();
    let mut commands = String::new();
    for diagnostic in report.diagnostics() {
        let count = counts.entry(diagnostic.severity).or_default();
        *count += 1;
        if *count <= SHOWN {
            commands += &command(diagnostic, view);
        }
    }
    let more = counts.iter().rev().filter(|(_, count)| **count > SHOWN);
    let more: Vec<_> = more
        .map(|(severity, count)| wording::count(count - SHOWN, severity.name()))
        .collect();
    if !more.is_empty() {
        commands += &format!(
            "kaito-render: {} more not shown beside the files\n",
            wording::and(&more)
        );
    }
    commands
}

fn command(diagnostic: &Diagnostic, view: View) -> String {
    let name = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (place, before) = place(diagnostic, view);
    let message = data(&normalized(&format!(
        "{before}{}",
        view.details(diagnostic)
    )));
    format!(
        "::{name} {place}title={}::{message}\n",
        property(diagnostic.rule.id)
    )
}

/// The properties that say where a diagnostic is; for what lies in no file of the repository, a
/// prefix for the message.
fn place(diagnostic: &Diagnostic, view: View) -> (String, String) {
    let Some(span) = diagnostic.place else {
        return Default::default();
    };
    let file = match view.location(span.file) {
        Location::Nowhere(_) => return (String::new(), format!("{}: ", view.start(span))),
        Location::Inside(path) | Location::Outside(path) => property(&normalized(&path)),
    };
    let [start, end] = view.report.positions(span);
    let lines = format!("file={file},line={},endLine={}", start.line, end.line);
    // GitHub understands columns only within one line.
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

    use super::document;
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::rule;
    use crate::report::Report;

    #[test]
    fn ten_of_each_severity_are_shown_and_the_others_counted() {
        let many = |rule, number: usize| {
            (0..number).map(move |index| Diagnostic::global(rule, format!("no {index}")))
        };
        let diagnostics: Vec<_> = many(&rule::NAME, 12)
            .chain(many(&rule::TIGHT_MEMORY, 11))
            .collect();
        let write =
            |diagnostics| document(&Report::of(Sources::default(), diagnostics), Path::new("/"));
        let text = write(diagnostics);
        assert_eq!(text.matches("::error ").count(), 10);
        assert_eq!(text.matches("::warning ").count(), 10);
        assert!(
            text.ends_with(
                "\nkaito-render: 2 errors and 1 warning more not shown beside the files\n"
            ),
            "{text}"
        );
        let notes: Vec<_> = many(&rule::RELEASE_CHOSEN, 10).collect();
        assert_eq!(write(notes).lines().count(), 10);
    }
}
