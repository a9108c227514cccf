//! Findings for people, with excerpts of the source.

use std::ops::Range;

use annotate_snippets::{
    AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet,
    normalize_untrusted_str as normalized,
};

use crate::base::sources::{FileId, Sources, Span};
use crate::base::wording;
use crate::diagnostic::{Diagnostic, Label, Severity};

/// The lines that may lie between two places for one excerpt to show both.
const NEAR: usize = 20;

/// The longest line that is shown, in bytes.
const LONG: usize = 4096;

/// One finding: what it is, where, an excerpt, and what to do.
///
/// Only the lines concerned are looked at, whatever the size of the file, and what a terminal could
/// take for more than text is made visible.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let level = level(diagnostic.severity);
    let title = level
        .primary_title(normalized(&diagnostic.message))
        .id(diagnostic.rule.id);
    let mut group = Group::with_title(title);
    if let Some(place) = diagnostic.place {
        let (near, far): (Vec<_>, Vec<_>) = diagnostic
            .also
            .iter()
            .partition(|label| is_near(label.span, place, sources));
        group = excerpt(group, place, None, &near, sources);
        for label in far {
            group = excerpt(group, label.span, Some(&label.text), &[], sources);
        }
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(normalized(hint)));
    }
    let fix = diagnostic.fix.as_ref().and_then(|fix| {
        let window = window(fix.span, &[], sources)?;
        let patch = Patch::new(window.range(fix.span), fix.replacement.clone());
        Some(
            Level::HELP
                .secondary_title("`check --fix` writes this")
                .element(
                    Snippet::source(window.text.clone())
                        .line_start(window.line)
                        .path(normalized(sources.name(fix.span.file)))
                        .patch(patch),
                ),
        )
    });
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let groups: Vec<_> = [Some(group), fix].into_iter().flatten().collect();
    format!("{}\n", renderer.render(&groups))
}

/// How many findings there were, such as `2 errors, 1 warning (1 fixable by `check --fix`)`, and
/// the command that says more about the first of the worst; empty if there were none to act on.
#[must_use]
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| {
        diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    };
    let counts = [
        (count(Severity::Error), "error"),
        (count(Severity::Warning), "warning"),
    ];
    let counts = counts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| wording::count(*number, noun));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let of = |severity| {
        diagnostics
            .iter()
            .find(|diagnostic| diagnostic.severity == severity)
    };
    let Some(worst) = of(Severity::Error).or_else(|| of(Severity::Warning)) else {
        return counts;
    };
    let fixable = match diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.fix.is_some())
        .count()
    {
        0 => String::new(),
        fixable => format!(" ({fixable} fixable by `check --fix`)"),
    };
    format!(
        "{counts}{fixable}; `kaito-render rule {}` says more",
        worst.rule.id
    )
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

fn line(span: Span, sources: &Sources) -> usize {
    sources.position(span.file, span.start).line
}

fn is_near(span: Span, place: Span, sources: &Sources) -> bool {
    span.file == place.file && line(span, sources).abs_diff(line(place, sources)) <= NEAR
}

fn excerpt<'a>(
    group: Group<'a>,
    place: Span,
    label: Option<&'a str>,
    near: &[&'a Label],
    sources: &'a Sources,
) -> Group<'a> {
    let Some(window) = window(place, near, sources) else {
        let position = sources.position(place.file, place.start);
        let name = normalized(sources.name(place.file));
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
            .label(normalized(&label.text))
    });
    let snippet = Snippet::source(window.text.clone())
        .line_start(window.line)
        .path(normalized(sources.name(place.file)))
        .annotation(kind.span(window.range(place)).label(label.map(normalized)))
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
fn window(place: Span, near: &[&Label], sources: &Sources) -> Option<Window> {
    let lines = near
        .iter()
        .map(|label| line(label.span, sources))
        .chain([line(place, sources)]);
    let (first, last) = lines.fold((usize::MAX, 0), |(first, last), line| {
        (first.min(line), last.max(line))
    });
    let (start, end) = (
        line_start(place.file, first, sources)?,
        line_end(place.file, last, sources),
    );
    let text = sources.shown(place.file, start..end)?;
    // Offsets stay what they are.
    let text = text.replace('\r', " ");
    let is_shown = !text.is_empty() && text.len() <= LONG;
    is_shown.then_some(Window {
        text,
        line: first,
        start,
    })
}

fn line_start(file: FileId, line: usize, sources: &Sources) -> Option<usize> {
    sources.line_starts(file).get(line.checked_sub(1)?).copied()
}

fn line_end(file: FileId, line: usize, sources: &Sources) -> usize {
    line_start(file, line + 1, sources).map_or(sources.text(file).len(), |start| start - 1)
}

#[cfg(test)]
mod tests {
    use super::{render, summary};
    use crate::base::sources::{FileId, Sources, Span};
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::rule;

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
        assert_eq!(render(&diagnostic, &sources, false), expected);
        assert!(render(&diagnostic, &sources, true).contains("\u{1b}["));
    }

    #[test]
    fn findings_without_a_place_or_with_a_long_line_have_no_excerpt() {
        let mut sources = Sources::default();
        let global = Diagnostic::global(&rule::NO_WORKSPACE, "nothing here");
        assert_eq!(
            render(&global, &sources, false),
            "error[KR401]: nothing here\n"
        );
        let text = format!("a\n{}Falcon", "x".repeat(100_000));
        let file = sources.add("long.json", text.clone());
        let long = Diagnostic::new(&rule::NAME, span(file, &text, "Falcon"), "no name");
        assert_eq!(
            render(&long, &sources, false),
            "error[KR104]: no name\n--> long.json:2:100001\n"
        );
        let empty = sources.add("empty.yaml", "");
        let nothing = Diagnostic::new(&rule::UNREADABLE, Span::whole(empty), "can't be read");
        assert_eq!(
            render(&nothing, &sources, false),
            "error[KR001]: can't be read\n--> empty.yaml:1:1\n"
        );
    }

    #[test]
    fn a_terminal_is_safe_from_the_source() {
        let text = "name: \u{1b}[31mred\u{7}\n";
        let mut sources = Sources::default();
        let file = sources.add("\u{1b}]0;x.yaml", text);
        let diagnostic =
            Diagnostic::new(&rule::NAME, span(file, text, "red"), "\u{1b}[2J").hint("\u{1b}[2J");
        let rendered = render(&diagnostic, &sources, false);
        assert!(!rendered.contains(['\u{1b}', '\u{7}']), "{rendered:?}");
    }

    #[test]
    fn summaries_count() {
        let error = Diagnostic::global(&rule::NAME, "");
        let warning = Diagnostic::global(&rule::TIGHT_MEMORY, "");
        let more = |id| format!("`kaito-render rule {id}` says more");
        assert_eq!(
            summary(&[warning.clone(), error.clone(), error]),
            format!("2 errors, 1 warning; {}", more("KR104"))
        );
        assert_eq!(summary(&[warning]), format!("1 warning; {}", more("KR207")));
        assert_eq!(
            summary(&[Diagnostic::global(&rule::RELEASE_CHOSEN, "")]),
            ""
        );
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
            proptest::prop_assert!(render(&diagnostic, &sources, false).contains("no name"));
        }
    }
}
