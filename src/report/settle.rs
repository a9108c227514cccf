//! The end of a run: what it found becomes a [`Report`].

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};

use crate::base::sources::{FileId, Mask, Position, Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics, Fix, Severity};
use crate::report::fix::{self, Fixed};
use crate::report::policy::Policy;
use crate::report::reading::Reading;
use crate::report::secrets;
use crate::session::Session;
use crate::vocab::limits::{LABELS, MESSAGE_BYTES};

/// How many diagnostics of a severity below [`Severity::Error`] a run accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// Only errors fail a run.
    #[default]
    Errors,
    /// Warnings become errors and fail a run.
    DenyWarnings,
}

/// Everything that a run reports, ready to be shown.
///
/// [`Report::finish`] is the only way to make one, and every format takes one, so none of its steps
/// can be left out: the policy is applied, fixes that are not certain are removed, secrets are
/// masked, and the diagnostics are sorted, each of them once.
///
/// ```
/// use std::path::Path;
///
/// use kaito_render::base::shown::ForPeople;
/// use kaito_render::diagnostic::{Diagnostic, rule};
/// use kaito_render::report::policy::Policy;
/// use kaito_render::report::{Report, Strictness, concise, human, json};
/// use kaito_render::session::Session;
///
/// let mut session = Session::default();
/// session.report(
///     Diagnostic::global(&rule::NO_WORKSPACE, "the input holds no Workspace")
///         .hint("name a directory"),
/// );
/// let report = Report::finish(session, &Policy::default(), Strictness::Errors);
///
/// assert!(report.has_errors());
/// assert_eq!(
///     human::document(&report, false).as_str(),
///     "error[KR401]: the input holds no Workspace\n |\n = help: name a directory\n\n"
/// );
/// assert_eq!(
///     concise::document(&report, Path::new("/"), false).as_str(),
///     "error[KR401]: the input holds no Workspace (hint: name a directory)\n"
/// );
/// assert!(json::document(&report).contains(r#""rule": "KR401""#));
/// ```
#[derive(Debug)]
pub struct Report {
    /// In the order in which people read, without secrets.
    diagnostics: Vec<Diagnostic>,
    /// The certain fixes as they are written into files, also those that hold a secret.
    fixes: Vec<Fix>,
    /// How many were not kept, by their severity.
    left_out: BTreeMap<Severity, usize>,
    sources: Sources,
    /// What was read, for a command that says it.
    reading: Option<Reading>,
    /// Hides the secrets of all files; made when it is first needed.
    mask: OnceCell<Mask>,
}

impl Report {
    /// Settles what a run found.
    #[must_use]
    pub fn finish(session: Session, policy: &Policy, strictness: Strictness) -> Self {
        let Session {
            mut sources,
            diagnostics: all,
        } = session;
        // No stage asks for an error any more, so that those can be bounded too.
        let mut diagnostics = Diagnostics::default();
        diagnostics.absorb(all);
        let mut left_out = BTreeMap::new();
        for found in diagnostics.left_out() {
            if let Some(severity) = policy.severity(found) {
                *left_out.entry(severity).or_default() += found.count;
            }
        }
        let mut diagnostics: Vec<_> = diagnostics.into_iter().collect();
        policy.apply(&mut diagnostics);
        if strictness == Strictness::DenyWarnings {
            deny_warnings(&mut diagnostics);
            let warnings = left_out.remove(&Severity::Warning).unwrap_or(0);
            if warnings > 0 {
                *left_out.entry(Severity::Error).or_default() += warnings;
            }
        }
        for diagnostic in &mut diagnostics {
            let fix = &mut diagnostic.fix;
            fix.take_if(|fix| !fix::is_certain(fix, &sources));
        }
        hide_secrets(&mut diagnostics, &mut sources);
        diagnostics.iter_mut().for_each(shorten);
        sort(&mut diagnostics, &sources);
        let fixes = diagnostics.iter().filter_map(|found| found.fix.clone());
        let fixes = fixes.collect();
        let mask = sources.mask();
        for diagnostic in &mut diagnostics {
            let fix = &mut diagnostic.fix;
            fix.take_if(|fix| mask.hides(&fix.replacement));
        }
        Self {
            diagnostics,
            fixes,
            left_out,
            sources,
            reading: None,
            mask: OnceCell::new(),
        }
    }

    /// Adds what was read.
    #[must_use]
    pub fn with_reading(self, reading: Option<Reading>) -> Self {
        Self { reading, ..self }
    }

    /// What was read of the input; none if no input was.
    #[must_use]
    pub fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }

    /// The report of some diagnostics, by no policy.
    #[cfg(test)]
    pub(super) fn of(sources: Sources, found: impl IntoIterator<Item = Diagnostic>) -> Self {
        let mut session = Session {
            sources,
            ..Session::default()
        };
        session.diagnostics.extend(found);
        Self::finish(session, &Policy::default(), Strictness::default())
    }

    /// Leaves the errors, for a command that has nothing to say about the rest.
    #[must_use]
    pub fn only_errors(mut self) -> Self {
        self.diagnostics.retain(Diagnostic::is_error);
        self.left_out
            .retain(|severity, _| *severity == Severity::Error);
        let fixes = self
            .diagnostics
            .iter()
            .filter_map(|found| found.fix.clone());
        self.fixes = fixes.collect();
        self
    }

    /// The diagnostics by file, place and rule, those without a place last. A fix that would show a
    /// secret is left out.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether an error forbids writing objects.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many diagnostics have a severity, with those that were not kept.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let all = self.diagnostics.iter();
        let kept = all.filter(|found| found.severity == severity).count();
        kept + self.left_out.get(&severity).unwrap_or(&0)
    }

    /// How many diagnostics were not kept, and are only counted.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out.values().sum()
    }

    /// How many diagnostics `check --fix` can repair.
    #[must_use]
    pub fn fixable(&self) -> usize {
        self.fixes.len()
    }

    /// The files that there are fixes for, sorted by path, with their fixes made.
    #[must_use]
    pub fn fixed(&self) -> Vec<Fixed<'_>> {
        fix::fixed(&self.fixes, &self.sources)
    }

    /// What hides the secrets of every file that was read, in texts that are no diagnostics.
    #[must_use]
    pub fn secrets(&self) -> &Mask {
        self.mask.get_or_init(|| secrets::mask(&self.sources))
    }

    /// A text for people, such as the output of `explain`, without the secrets of any file that was
    /// read.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.secrets().applied(text)
    }

    /// The name of a file, as the command line gave it.
    #[must_use]
    pub fn name(&self, file: FileId) -> &str {
        self.sources.name(file)
    }

    /// Whether the name of a file is known not to be a path: that of stdin, or of a file
    /// in a revision of Git.
    #[must_use]
    pub fn is_nowhere(&self, file: FileId) -> bool {
        self.sources.is_nowhere(file)
    }

    /// Whether a file is none, but a single value.
    #[must_use]
    pub fn is_value(&self, file: FileId) -> bool {
        self.sources.is_value(file)
    }

    /// Where a place starts and where it ends, behind its last character.
    #[must_use]
    pub fn positions(&self, place: Span) -> [Position; 2] {
        [place.start, place.end].map(|offset| self.sources.position(place.file, offset))
    }

    /// The offsets of a place in the file that was read, which may begin with a byte order mark.
    #[must_use]
    pub fn offsets(&self, place: Span) -> [u32; 2] {
        [place.start, place.end].map(|offset| self.sources.in_file(place.file, offset))
    }

    /// The bytes of some lines, counted from 1, without the last line break; none if there is no
    /// such line.
    #[must_use]
    pub fn lines(&self, file: FileId, lines: RangeInclusive<usize>) -> Option<Range<usize>> {
        let starts = self.sources.line_starts(file);
        let start = *starts.get(lines.start().checked_sub(1)?)?;
        let end = starts.get(*lines.end());
        let end = end.map_or(self.sources.text(file).len(), |next| next - 1);
        Some(start..end.max(start))
    }

    /// The columns of the ends of a place in UTF-16 code units, from 1.
    #[must_use]
    pub fn utf16_columns(&self, place: Span) -> [usize; 2] {
        [place.start, place.end].map(|offset| self.sources.utf16_column(place.file, offset))
    }

    /// The line around the start of a place with asterisks for secrets: at most `reach` bytes on
    /// each side.
    #[must_use]
    pub fn around(&self, place: Span, reach: usize) -> Cow<'_, str> {
        let text = self.sources.text(place.file);
        let middle = text.floor_char_boundary(place.start as usize);
        let before = &text[text.ceil_char_boundary(middle.saturating_sub(reach))..middle];
        let behind = &text[middle..text.floor_char_boundary(middle.saturating_add(reach))];
        let start = before
            .rfind('\n')
            .map_or(before.len(), |at| before.len() - at - 1);
        let end = behind.find('\n').unwrap_or(behind.len());
        let shown = self.sources.shown(place.file, middle - start..middle + end);
        shown.unwrap_or_default()
    }

    /// A part of a file with asterisks for secrets, byte for byte; none outside of the file or of a
    /// character's boundary.
    #[must_use]
    pub fn excerpt(&self, file: FileId, range: Range<usize>) -> Option<Cow<'_, str>> {
        self.sources.shown(file, range)
    }
}

fn deny_warnings(diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics {
        if diagnostic.severity == Severity::Warning {
            diagnostic.severity = Severity::Error;
        }
    }
}

/// Bounds what one diagnostic takes. Its secrets are hidden already: a half of one would not be known.
fn shorten(diagnostic: &mut Diagnostic) {
    diagnostic.also.truncate(LABELS);
    let labels = diagnostic.also.iter_mut().map(|label| &mut label.text);
    let texts = labels
        .chain(&mut diagnostic.hint)
        .chain([&mut diagnostic.message]);
    for text in texts.filter(|text| text.len() > MESSAGE_BYTES) {
        let half = MESSAGE_BYTES / 2;
        let behind = text.split_off(text.ceil_char_boundary(text.len() - half));
        text.truncate(text.floor_char_boundary(half));
        *text += " … ";
        *text += &behind;
    }
}

/// Hides secrets in the files that are shown, and in all texts of diagnostics.
fn hide_secrets(diagnostics: &mut [Diagnostic], sources: &mut Sources) {
    let places = diagnostics.iter().flat_map(Diagnostic::places);
    let files: BTreeSet<_> = places.map(|place| place.file).collect();
    for file in files {
        secrets::hide(file, sources);
    }
    let mask = sources.mask();
    for diagnostic in diagnostics {
        let labels = diagnostic.also.iter_mut().map(|label| &mut label.text);
        let texts = labels
            .chain(&mut diagnostic.hint)
            .chain([&mut diagnostic.message]);
        texts.for_each(|text| mask.apply(text));
    }
}

/// Sorts by file, place and rule, those without a place last, and keeps equal ones once.
fn sort(diagnostics: &mut Vec<Diagnostic>, sources: &Sources) {
    diagnostics.sort_by_cached_key(|found| {
        (
            found.place.is_none(),
            found.place.map(|span| sources.name(span.file).to_owned()),
            found.place.map(|span| (span.start, span.end)),
            found.rule.id,
            found.message.clone(),
        )
    });
    diagnostics.dedup();
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Report, Strictness};
    use crate::base::shown::ForPeople;
    use crate::base::sources::{FileId, Sources, Span};
    use crate::diagnostic::{Diagnostic, Severity, rule};
    use crate::report::policy::Policy;
    use crate::report::{concise, github, human, json, junit, sarif};
    use crate::session::Session;

    const DIRECTORY: &str = "/work";

    /// A report in every format.
    fn texts(report: &Report, file: FileId) -> [String; 6] {
        let directory = Path::new(DIRECTORY);
        [
            human::document(report, true).as_str().to_owned(),
            concise::document(report, directory, true)
                .as_str()
                .to_owned(),
            json::document(report),
            sarif::document(report, directory, "."),
            github::document(report, directory).as_str().to_owned(),
            junit::document(report, directory, &[file]),
        ]
    }

    fn at(file: FileId, text: &str, part: &str) -> Span {
        let start = u32::try_from(text.find(part).unwrap()).unwrap();
        let end = start + u32::try_from(part.len()).unwrap();
        Span { file, start, end }
    }

    #[test]
    fn no_format_shows_a_secret() {
        const KEY: &str = "-----BEGIN PRIVATE KEY-----\n  c0ffee\n  -----END PRIVATE KEY-----";
        let token = format!("hf_{}", "aB3".repeat(12));
        for (text, secret) in [
            (
                "kind: Secret\nstringData: {a: hunter2\n".to_owned(),
                "hunter2",
            ),
            (
                "- name: DB_PASSWORD\n  value: hunter2\n".to_owned(),
                "hunter2",
            ),
            (
                "url: postgres://me:hunter2@example.com\n".to_owned(),
                "hunter2",
            ),
            (format!("key: |\n  {KEY}\n"), "c0ffee"),
            (format!("token: {token}\n"), token.as_str()),
        ] {
            let mut sources = Sources::default();
            let file = sources.add("a.yaml", text.as_str());
            let place = at(file, &text, secret);
            let other = Span::whole(file);
            let report = Report::of(
                sources,
                [
                    Diagnostic::new(&rule::NAME, place, format!("`{secret}` is odd"))
                        .also(other, format!("see `{secret}`"))
                        .hint(format!("write `{secret}`"))
                        .fix(place, format!("\"{secret}\"")),
                    Diagnostic::new(&rule::NAME, other, "odd").also(place, "see"),
                ],
            );
            for shown in texts(&report, file) {
                assert!(!shown.contains(secret), "{text}: {shown}");
            }
            assert_eq!(report.mask(&format!("`{secret}`")), "`***`", "{text}");
        }
    }

    #[test]
    fn a_text_is_masked_by_the_secrets_of_files_without_diagnostics() {
        let mut sources = Sources::default();
        sources.add("a.yaml", "kind: Secret\ndata:\n  a: aHVudGVyMg==\n");
        let report = Report::of(sources, []);
        assert_eq!(report.mask("a: aHVudGVyMg=="), "a: ***");
    }

    #[test]
    fn a_fix_that_quotes_a_secret_is_made_and_not_shown() {
        let text = "- name: DB_PASSWORD\n  value: 12:30:45\n";
        let mut sources = Sources::default();
        let file = sources.add_at("/a.yaml".into(), text);
        let place = at(file, text, "12:30:45");
        let found = Diagnostic::new(&rule::AMBIGUOUS_SCALAR, place, "odd");
        let report = Report::of(sources, [found.fix(place, "\"12:30:45\"")]);
        assert_eq!((report.fixable(), &report.diagnostics()[0].fix), (1, &None));
        assert!(report.fixed()[0].after.contains("\"12:30:45\""));
    }

    #[test]
    fn equal_diagnostics_are_kept_once_in_the_order_of_places() {
        let mut sources = Sources::default();
        let [b, a] = ["b.yaml", "a.yaml"].map(|name| sources.add(name, "x: 1\n"));
        let at = |file| Diagnostic::new(&rule::NAME, Span::whole(file), "odd");
        let global = Diagnostic::global(&rule::NO_WORKSPACE, "none");
        let report = Report::of(sources, [global.clone(), at(b), at(a), global, at(b)]);
        let places = report.diagnostics().iter().map(|found| found.place);
        let files: Vec<_> = places.map(|place| place.map(|place| place.file)).collect();
        assert_eq!(files, [Some(a), Some(b), None]);
    }

    #[test]
    fn denied_warnings_are_errors() {
        for (strictness, severity) in [
            (Strictness::Errors, Severity::Warning),
            (Strictness::DenyWarnings, Severity::Error),
        ] {
            let mut session = Session::default();
            session.report(Diagnostic::global(&rule::TIGHT_MEMORY, "tight"));
            session.report(Diagnostic::global(&rule::RELEASE_CHOSEN, "note"));
            let report = Report::finish(session, &Policy::default(), strictness);
            assert_eq!(report.count(severity), 1);
            assert_eq!(report.count(Severity::Note), 1);
        }
    }
}
