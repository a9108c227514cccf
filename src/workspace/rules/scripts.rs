//! Variables that the shell of a script fills in, when only the script is checked.

use crate::base::sources::{Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, rule};

/// Says of what a shell fills in only that it is not checked, among what was reported.
pub(crate) fn settle(diagnostics: &mut Diagnostics, sources: &Sources) {
    let is_filled_in = |found: &Diagnostic| {
        let place = found.place.filter(|place| sources.is_expanded(*place));
        found.rule == &rule::PLACEHOLDER && place.is_some_and(|place| is_expanded(sources, place))
    };
    if !diagnostics.iter().any(is_filled_in) {
        return;
    }
    let found = diagnostics.split_off(0).into_iter();
    diagnostics.extend(found.map(|found| {
        if is_filled_in(&found) {
            Diagnostic {
                severity: Severity::Note,
                ..found
            }
            .hint("the shell replaces it: check what the script writes")
        } else {
            found
        }
    }));
}

fn is_expanded(sources: &Sources, place: Span) -> bool {
    let text = sources.text(place.file);
    text.get(place.start as usize..)
        .is_some_and(|text| text.starts_with('$'))
}
