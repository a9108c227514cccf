//! Diagnostics for people, with excerpts of the source.

use std::cmp::Reverse;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use crate::base::shown::{Terminal, lines, one_line, same_length};
use crate::base::sources::Span;
use crate::base::wording;
use crate::diagnostic::{Diagnostic, Fix, Label, Severity};
use crate::report::Report;
use crate::report::reading::Reading;
use crate::vocab::limits::{RULE_DIAGNOSTICS, SHOWN_DIAGNOSTICS};

/// The lines that may lie between two places for one excerpt to show both.
const NEAR: usize = 20;

/// The longest line that is shown, in bytes.
const LONG: usize = 4096;

/// All diagnostics in their order, each with an excerpt and a blank line behind it.
///
/// Only the lines concerned are looked at, whatever the size of the file, and what a terminal could
/// take for more than text is made visible.
#[must_use]
pub fn document(report: &Report, color: bool) -> Terminal {
    let mut shown = worst(report.diagnostics());
    shown.sort_by_key(|(index, _)| *index);
    excerpts(report, &shown, color)
}

/// As [`document`], but errors before warnings, and these before notes.
#[must_use]
pub fn by_severity(report: &Report, color: bool) -> Terminal {
    excerpts(report, &worst(report.diagnostics()), color)
}

fn excerpts(report: &Report, shown: &[(usize, &Diagnostic)], color: bool) -> Terminal {
    let mut out = Terminal::default();
    for (_, diagnostic) in shown {
        out.rendered(&render(diagnostic, report, color)).end();
        out.end();
    }
    let more = report.diagnostics().len() + report.left_out() - shown.len();
    if more > 0 {
        let more = wording::count(more, "more diagnostic");
        out.text(&format!(
            "{more} not shown; `check --format json` has up to {RULE_DIAGNOSTICS} of each rule"
        ));
        out.end();
        out.end();
    }
    out
}

/// As many diagnostics as people read, the worst of them first, with their numbers in the report.
fn worst(diagnostics: &[Diagnostic]) -> Vec<(usize, &Diagnostic)> {
    let mut all: Vec<_> = diagnostics.iter().enumerate().collect();
    all.sort_by_key(|(index, found)| (Reverse(found.severity), *index));
    all.truncate(SHOWN_DIAGNOSTICS);
    all
}

/// One diagnostic: what it is, where, an excerpt, and what to do.
fn render(diagnostic: &Diagnostic, report: &Report, color: bool) -> String {
    let level = level(diagnostic.severity);
    let title = level
        .primary_title(one_line(&diagnostic.message))
        .id(diagnostic.rule.id);
    let mut group = Group::with_title(title);
    if let Some(place) = diagnostic.place {
        let (near, far): (Vec<_>, Vec<_>) = diagnostic
            .also
            .iter()
            .partition(|label| is_near(label.span, place, report));
        group = excerpt(group, place, None, &near, report);
        for label in far {
            group = excerpt(group, label.span, Some(&label.text), &[], report);
        }
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(one_line(hint)));
    }
    let fix = diagnostic.fix.as_ref().and_then(|fix| patch(fix, report));
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let groups: Vec<_> = [Some(group), fix].into_iter().flatten().collect();
    renderer.render(&groups)
}

/// The line of a fix as it will be.
fn patch<'a>(fix: &Fix, report: &'a Report) -> Option<Group<'a>> {
    let window = window(fix.span, &[], report)?;
    let patch = Patch::new(window.range(fix.span), lines(&fix.replacement).into_owned());
    let title = Level::HELP.secondary_title("`check --fix` writes this");
    let snippet = Snippet::source(window.text)
        .line_start(window.line)
        .path(one_line(report.name(fix.span.file)))
        .patch(patch);
    Some(title.element(snippet))
}

/// The last line for people, such as ``2 errors, 1 warning (1 fixable by `check --fix`);
/// `kaito-render rule KR113` explains the first error``, and what was read, if
/// directories were searched; empty if there is nothing to say.
#[must_use]
pub fn summary(report: &Report) -> String {
    let severities = [Severity::Error, Severity::Warning];
    let counts = severities.map(|severity| (severity, report.count(severity)));
    let counts = counts.iter().filter(|(_, number)| *number > 0);
    let counts: Vec<_> = counts
        .map(|(severity, number)| wording::count(*number, severity.name()))
        .collect();
    let first = severities.into_iter().find_map(|severity| {
        let mut all = report.diagnostics().iter();
        all.find(|found| found.severity == severity)
    });
    let reading = report.reading().and_then(Reading::line);
    let Some(first) = first else {
        return reading.unwrap_or_default();
    };
    let fixable = match report.fixable() {
        0 => String::new(),
        number => format!(" ({number} fixable by `check --fix`)"),
    };
    let reading = reading.map_or_else(String::new, |line| format!("; {line}"));
    format!(
        "{}{fixable}; `kaito-render rule {}` explains the first {}{reading}",
        counts.join(", "),
        first.rule.id,
        first.severity.name()
    )
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

fn line(span: Span, report: &Report) -> usize {
    let [start, _] = report.positions(span);
    start.line
}

fn is_near(span: Span, place: Span, report: &Report) -> bool {
    span.file == place.file && line(span, report).abs_diff(line(place, report)) <= NEAR
}

fn excerpt<'a>(
    group: Group<'a>,
    place: Span,
    label: Option<&'a str>,
    near: &[&'a Label],
    report: &'a Report,
) -> Group<'a> {
    let Some(window) = window(place, near, report) else {
        let [position, _] = report.positions(place);
        let name = one_line(report.name(place.file));
        return group.element(
            Origin::path(name)
                .line(position.line)
                .char_column(position.column),
        );
    };
    let kind = if label.is_some() {
        AnnotationKind::Context
    } else {
        AnnotationKind::Primary
    };
    let labels = near.iter().map(|label| {
        AnnotationKind::Context
            .span(window.range(label.span))
            .label(one_line(&label.text))
    });
    let snippet = Snippet::source(window.text.clone())
        .line_start(window.line)
        .path(one_line(report.name(place.file)))
        .annotation(kind.span(window.range(place)).label(label.map(one_line)))
        .annotations(labels);
    group.element(snippet)
}

/// Some lines of a file.
struct Window {
    text: String,
    /// The number of the first line.
    line: usize,
    /// Where the first line begins in the file.
    start: usize,
}

impl Window {
    /// A place in the window; of one that has many lines, the first.
    fn range(&self, span: Span) -> Range<usize> {
        let within = |offset: u32| {
            (offset as usize)
                .saturating_sub(self.start)
                .min(self.text.len())
        };
        let start = self.text.floor_char_boundary(within(span.start));
        let end_of_line = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |length| start + length);
        start
            ..self
                .text
                .ceil_char_boundary(within(span.end))
                .clamp(start, end_of_line)
    }
}

/// The lines of some places; none if there is nothing to see, or too much.
fn window(place: Span, near: &[&Label], report: &Report) -> Option<Window> {
    let lines = near.iter().map(|label| line(label.span, report));
    let (first, last) = lines
        .chain([line(place, report)])
        .fold((usize::MAX, 0), |(first, last), line| {
            (first.min(line), last.max(line))
        });
    let range = report.lines(place.file, first..=last)?;
    let start = range.start;
    if range.is_empty() || range.len() > LONG {
        return None;
    }
    let text = report.excerpt(place.file, range)?;
    // Offsets stay what they are.
    let text = same_length(&text).replace('\r', " ");
    Some(Window {
        text,
        line: first,
        start,
    })
}

#[cfg(test)]
mod tests {
    use super::{document, summary};
    use crate::base::shown::ForPeople;
    use crate::base::sources::{FileId, Sources, Span};
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::rule;
    use crate::report::Report;

    fn render(diagnostic: Diagnostic, sources: Sources) -> String {
        shown(&Report::of(sources, [diagnostic]), false)
    }

    fn shown(report: &Report, color: bool) -> String {
        document(report, color).as_str().to_owned()
    }

    fn span(file: FileId, text: &str, part: &str) -> Span {
        let start = u32::try_from(text.find(part).unwrap()).unwrap();
        Span {
            file,
            start,
            end: start + u32::try_from(part.len()).unwrap(),
        }
    }

    #[test]
    fn excerpts_show_the_line_and_what_to_do() {
        let text = "# é\r\nname: Falcon\r\nother: 1\r\nname: x\r\n";
        let mut sources = Sources::default();
        let file = sources.add("a/b.yaml", text);
        let diagnostic = Diagnostic::new(
            &rule::NAME,
            span(file, text, "Falcon"),
            "`Falcon` is no name",
        )
        .also(span(file, text, "other"), "beside this")
        .hint("use `falcon`");
        let expected = "\
error[KR104]: `Falcon` is no name
 --> a/b.yaml:2:7
  |
2 | name: Falcon 
  |       ^^^^^^
3 | other: 1 
  | ----- beside this
  |
  = help: use `falcon`

";
        let report = Report::of(sources, [diagnostic]);
        assert_eq!(shown(&report, false), expected);
        assert!(shown(&report, true).contains("\u{1b}["));
    }

    #[test]
    fn diagnostics_without_a_place_or_with_a_long_line_have_no_excerpt() {
        let global = Diagnostic::global(&rule::NO_WORKSPACE, "nothing here");
        assert_eq!(
            render(global, Sources::default()),
            "error[KR401]: nothing here\n\n"
        );
        let text = format!("a\n{}Falcon", "x".repeat(100_000));
        let mut sources = Sources::default();
        let file = sources.add("long.json", text.clone());
        let long = Diagnostic::new(&rule::NAME, span(file, &text, "Falcon"), "no name");
        assert_eq!(
            render(long, sources),
            "error[KR104]: no name\n--> long.json:2:100001\n\n"
        );
        let mut sources = Sources::default();
        let empty = sources.add("empty.yaml", "");
        let nothing = Diagnostic::new(&rule::UNREADABLE, Span::whole(empty), "can't be read");
        assert_eq!(
            render(nothing, sources),
            "error[KR001]: can't be read\n--> empty.yaml:1:1\n\n"
        );
    }

    #[test]
    fn a_terminal_is_safe_from_the_source() {
        let text = "name: \u{1b}[31mred\u{7}\n";
        let mut sources = Sources::default();
        let file = sources.add("\u{1b}]0;x.yaml", text);
        let diagnostic =
            Diagnostic::new(&rule::NAME, span(file, text, "red"), "\u{1b}[2J").hint("\u{1b}[2J");
        let rendered = render(diagnostic, sources);
        assert!(!rendered.contains(['\u{1b}', '\u{7}']), "{rendered:?}");
    }

    #[test]
    fn summaries_count() {
        let summary = |found: Vec<_>| summary(&Report::of(Sources::default(), found));
        let error = |message| Diagnostic::global(&rule::NAME, message);
        let warning = Diagnostic::global(&rule::TIGHT_MEMORY, "");
        assert_eq!(
            summary(vec![warning.clone(), error("a"), error("b")]),
            "2 errors, 1 warning; `kaito-render rule KR104` explains the first error"
        );
        assert_eq!(
            summary(vec![warning]),
            "1 warning; `kaito-render rule KR207` explains the first warning"
        );
        let note = Diagnostic::global(&rule::RELEASE_CHOSEN, "");
        assert_eq!(summary(vec![note]), "");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_text_and_place_panics(text in "[a\\n\\r\\té\u{0}\u{1b}\u{202e}]{0,40}", start in 0_u32..50, length in 0_u32..50, other in 0_u32..50) {
            let mut sources = Sources::default();
            let file = sources.add("a.yaml", text);
            let diagnostic = Diagnostic::new(&rule::NAME, Span { file, start, end: start + length }, "no name")
                .also(Span { file, start: other, end: other + 1 }, "other")
                .fix(Span { file, start: other, end: other + 1 }, "new");
            proptest::prop_assert!(render(diagnostic, sources).contains("no name"));
        }
    }
}
