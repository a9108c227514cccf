//! The first error on one line, for a host that shows people only how stderr begins.

use std::path::Path;

use crate::base::shown::{Terminal, one_line};
use crate::base::sources::Span;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::Report;
use crate::report::place::{Location, slashed};

/// The most characters of the line.
const LONGEST: usize = 200;

/// `models/phi-4.yaml:12:11: error[KR203]: release 0.12 has no preset phi-44; did you mean phi-4? (2
/// more)`, with the path of the file from a root; empty without an error.
///
/// `directory` is the working directory, from which files may be named. Both are absolute paths
/// without symbolic links.
#[must_use]
pub fn document(report: &Report, directory: &Path, root: &Path) -> Terminal {
    let place = |found: &Diagnostic| Some(start(found.place?, report, directory, root));
    let mut out = Terminal::default();
    if let Some(line) = first_error(report, place) {
        out.text(&line).end();
    }
    out
}

/// The first error of a report in at most 200 characters, after what `place` makes of its place; none
/// without an error.
pub fn first_error(
    report: &Report,
    place: impl FnOnce(&Diagnostic) -> Option<String>,
) -> Option<String> {
    let mut errors = report.diagnostics().iter().filter(|found| found.is_error());
    let first = errors.next()?;
    let more = match report.count(Severity::Error) - 1 {
        0 => String::new(),
        more => format!(" ({more} more)"),
    };
    let longest = LONGEST - more.chars().count();
    Some(line(first, place(first).as_deref(), longest) + &more)
}

/// A diagnostic in at most so many characters.
fn line(found: &Diagnostic, place: Option<&str>, longest: usize) -> String {
    let place = place.map_or_else(String::new, |place| format!("{place}: "));
    let hint = found.hint.as_ref();
    let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
    let text = format!("{place}{}: {}{hint}", found.head(), found.message);
    // Hosts quote what they run in backticks themselves.
    let text = one_line(&text).replace('`', "");
    if text.chars().count() <= longest {
        return text;
    }
    let kept = text.chars().take(longest - 1);
    format!("{}…", kept.collect::<String>().trim_end())
}

/// Where a place begins, from the root.
fn start(place: Span, report: &Report, directory: &Path, root: &Path) -> String {
    let name = report.name(place.file);
    let path = if report.is_nowhere(place.file) {
        name.to_owned()
    } else {
        let location = Location::of(name, directory);
        let path = directory.join(location.as_str());
        match path.strip_prefix(root) {
            Ok(inside) if inside == Path::new("") => ".".to_owned(),
            Ok(inside) => slashed(inside),
            Err(_) => location.as_str().to_owned(),
        }
    };
    if report.is_value(place.file) {
        return path;
    }
    let [position, _] = report.positions(place);
    format!("{path}:{}:{}", position.line, position.column)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::document;
    use crate::base::shown::ForPeople;
    use crate::base::sources::{Sources, Span};
    use crate::diagnostic::{Diagnostic, rule};
    use crate::report::Report;

    fn shown(found: Vec<Diagnostic>, sources: Sources) -> String {
        let report = Report::of(sources, found);
        let [directory, root] = ["/repo/models", "/repo"].map(Path::new);
        document(&report, directory, root).as_str().to_owned()
    }

    #[test]
    fn the_first_error_is_named_from_the_root() {
        let mut sources = Sources::default();
        let file = sources.add("./phi-4.yaml", "a: b\n");
        let warning = Diagnostic::new(&rule::TIGHT_MEMORY, Span::whole(file), "tight");
        let error = Diagnostic::new(
            &rule::UNKNOWN_PRESET,
            Span::whole(file),
            "no preset `phi-44`",
        );
        let error = error.hint("did you mean `phi-4`?");
        let global = Diagnostic::global(&rule::NO_WORKSPACE, "none");
        assert_eq!(
            shown(vec![global, warning, error], sources),
            "models/phi-4.yaml:1:1: error[KR203]: no preset phi-44; did you mean phi-4? (1 more)\n"
        );
        let note = Diagnostic::global(&rule::RELEASE_CHOSEN, "note");
        assert_eq!(shown(vec![note], Sources::default()), "");
    }

    #[test]
    fn a_line_has_at_most_two_hundred_characters() {
        for length in [10, 150, 180, 190, 300] {
            let long = Diagnostic::global(&rule::NO_WORKSPACE, "é\n".repeat(length));
            let other = Diagnostic::global(&rule::CONFLICT, "other");
            let line = shown(vec![long, other], Sources::default());
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(line.trim_end().chars().count() <= 200, "{line}");
            assert!(line.ends_with(" (1 more)\n"), "{line}");
        }
    }

    #[test]
    fn a_value_has_no_lines() {
        let mut sources = Sources::default();
        let file = sources.add_value("parameter cloud of Application serving", "azur");
        let error = Diagnostic::new(&rule::PROFILE_FIELD, Span::whole(file), "odd");
        assert_eq!(
            shown(vec![error], sources),
            "parameter cloud of Application serving: error[KR501]: odd\n"
        );
    }
}
