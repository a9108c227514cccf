//! Diagnostics as commands that GitHub Actions shows beside the lines concerned.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::shown::Workflow;
use crate::base::wording;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::Report;
use crate::report::place::{Location, View};

/// How many of each kind GitHub shows of one step.
const SHOWN: usize = 10;

/// A workflow command for each diagnostic, at most ten of each severity, followed by the number of
/// those left out. `directory` is the absolute path of the working directory.
#[must_use]
pub fn document(report: &Report, directory: &Path) -> Workflow {
    let view = View { report, directory };
    let mut counts = BTreeMap::<Severity, usize>::new();
    let mut out = Workflow::default();
    for diagnostic in report.diagnostics() {
        let count = counts.entry(diagnostic.severity).or_default();
        *count += 1;
        if *count <= SHOWN {
            command(diagnostic, view, &mut out);
        }
    }
    let severities = [Severity::Error, Severity::Warning, Severity::Note];
    let more = severities.map(|severity| (severity, report.count(severity).saturating_sub(SHOWN)));
    let more = more.iter().filter(|(_, more)| *more > 0);
    let more: Vec<_> = more
        .map(|(severity, more)| wording::count(*more, severity.name()))
        .collect();
    if !more.is_empty() {
        let more = wording::and(&more);
        out.line(&format!(
            "kaito-render: {more} more not shown beside the files"
        ));
    }
    out
}

fn command(diagnostic: &Diagnostic, view: View, out: &mut Workflow) {
    let name = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (mut properties, before) = place(diagnostic, view);
    properties.push(("title", diagnostic.rule.id.to_owned()));
    let properties: Vec<_> = properties
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let message = format!("{before}{}", view.details(diagnostic));
    out.command(name, &properties, &message);
}

type Properties = Vec<(&'static str, String)>;

/// The properties that say where a diagnostic is; for what lies in no file of the repository, a
/// prefix for the message.
fn place(diagnostic: &Diagnostic, view: View) -> (Properties, String) {
    let Some(span) = diagnostic.place else {
        return Default::default();
    };
    let file = match view.location(span.file) {
        Location::Nowhere(_) => return (Vec::new(), format!("{}: ", view.start(span))),
        Location::Inside(path) | Location::Outside(path) => path,
    };
    let [start, end] = view.report.positions(span);
    let mut properties = vec![
        ("file", file),
        ("line", start.line.to_string()),
        ("endLine", end.line.to_string()),
    ];
    // GitHub understands columns only within one line.
    if start.line == end.line {
        properties.push(("col", start.column.to_string()));
        properties.push(("endColumn", end.column.to_string()));
    }
    (properties, String::new())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::document;
    use crate::base::shown::ForPeople;
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
        let write = |diagnostics| {
            let report = Report::of(Sources::default(), diagnostics);
            document(&report, Path::new("/")).as_str().to_owned()
        };
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
