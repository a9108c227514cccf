//! Diagnostics as one JSON document.

use serde::Serialize;

use crate::base::sources::{Position, Span};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::report::Report;
use crate::report::reading::Reading;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    diagnostics: Vec<Entry<'a>>,
    summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a Reading>,
}

#[derive(Serialize)]
struct Entry<'a> {
    rule: &'a str,
    title: &'a str,
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    place: Option<Place<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Replacement<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    byte: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    notes: usize,
}

/// The diagnostics in their order, how many there are of each severity, and what was read of the
/// input and passed over.
///
/// A place has a file, as it was named, and a start and an end, which lies behind its last
/// character: the line and the column, both from 1, the column in characters, and the byte, from 0.
#[must_use]
pub fn document(report: &Report) -> String {
    let document = Document {
        version: 1,
        diagnostics: report
            .diagnostics()
            .iter()
            .map(|diagnostic| entry(diagnostic, report))
            .collect(),
        summary: Summary {
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Note),
        },
        input: report.reading(),
    };
    // These types hold nothing that JSON can't.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn entry<'a>(diagnostic: &'a Diagnostic, report: &'a Report) -> Entry<'a> {
    let related = |label: &'a Label| Related {
        message: &label.text,
        place: place(label.span, report),
    };
    Entry {
        rule: diagnostic.rule.id,
        title: diagnostic.rule.title,
        severity: diagnostic.severity.name(),
        message: &diagnostic.message,
        hint: diagnostic.hint.as_deref(),
        place: diagnostic.place.map(|span| place(span, report)),
        related: diagnostic.also.iter().map(related).collect(),
        fix: diagnostic.fix.as_ref().map(|fix| Replacement {
            place: place(fix.span, report),
            replacement: &fix.replacement,
        }),
    }
}

fn place(span: Span, report: &Report) -> Place<'_> {
    let point = |position: Position, byte| Point {
        line: position.line,
        column: position.column,
        byte,
    };
    let ([start, end], [first, behind]) = (report.positions(span), report.offsets(span));
    Place {
        file: report.name(span.file),
        start: point(start, first),
        end: point(end, behind),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::document;
    use crate::base::sources::{Sources, Span};
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::rule;
    use crate::report::Report;

    #[test]
    fn bytes_are_those_of_the_file() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "\u{feff}a: on\n");
        let diagnostic = Diagnostic::new(
            &rule::AMBIGUOUS_SCALAR,
            Span {
                file,
                start: 3,
                end: 5,
            },
            "odd",
        );
        let json: Value =
            serde_json::from_str(&document(&Report::of(sources, [diagnostic]))).unwrap();
        assert_eq!(
            json["diagnostics"][0]["start"],
            json!({"line": 1, "column": 4, "byte": 6})
        );
    }

    #[test]
    fn diagnostics_are_written_with_all_they_hold() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "é: on\nb: 1\n");
        let span = |start, end| Span { file, start, end };
        let diagnostic = Diagnostic::new(&rule::AMBIGUOUS_SCALAR, span(4, 6), "odd")
            .also(span(7, 8), "see")
            .hint("quote it")
            .fix(span(4, 6), "\"on\"");
        let global = Diagnostic::global(&rule::NO_WORKSPACE, "nothing");
        let text = document(&Report::of(sources, [diagnostic, global]));
        let point = |line: u32, column: u32, byte: u32| json!({"line": line, "column": column, "byte": byte});
        let expected = json!({
            "version": 1,
            "diagnostics": [
                {
                    "rule": "KR006", "title": rule::AMBIGUOUS_SCALAR.title, "severity": "warning", "message": "odd",
                    "hint": "quote it", "file": "a.yaml", "start": point(1, 4, 4), "end": point(1, 6, 6),
                    "related": [{"message": "see", "file": "a.yaml", "start": point(2, 1, 7), "end": point(2, 2, 8)}],
                    "fix": {"file": "a.yaml", "start": point(1, 4, 4), "end": point(1, 6, 6), "replacement": "\"on\""},
                },
                {"rule": "KR401", "title": rule::NO_WORKSPACE.title, "severity": "error", "message": "nothing"},
            ],
            "summary": {"errors": 1, "warnings": 1, "notes": 0},
        });
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }
}
