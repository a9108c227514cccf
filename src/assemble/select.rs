//! A choice of kinds.

use std::collections::BTreeSet;

use crate::base::object::Identified;
use crate::base::similar;
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Which kinds of objects are wanted. Letter case does not count, as on kubectl's command line.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these; all if empty.
    pub only: Vec<String>,
    /// The kinds to leave out, even if `only` names them.
    pub exclude: Vec<String>,
}

impl Selection {
    /// Drops what is not wanted. If that is everything, nothing is dropped and an error is reported,
    /// because an empty output would delete whatever was applied before.
    pub fn apply<T: Identified>(&self, objects: &mut Vec<T>, diagnostics: &mut Diagnostics) {
        if self.only.is_empty() && self.exclude.is_empty() {
            return;
        }
        self.check_names(objects, diagnostics);
        if objects.is_empty() || objects.iter().any(|object| self.wants(object)) {
            return objects.retain(|object| self.wants(object));
        }
        let kinds: BTreeSet<_> = objects
            .iter()
            .map(|object| object.identity().kind)
            .collect();
        let kinds: Vec<_> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let nothing = Diagnostic::global(
            &rule::EMPTY_SELECTION,
            "`--only` and `--exclude` exclude every object",
        );
        diagnostics.report(nothing.hint(format!(
            "the kinds in the output are {}",
            wording::and(&kinds)
        )));
    }

    /// Warns of a kind that was probably misspelt.
    fn check_names<T: Identified>(&self, objects: &[T], diagnostics: &mut Diagnostics) {
        let kinds: BTreeSet<_> = objects
            .iter()
            .map(|object| object.identity().kind)
            .collect();
        for name in self.only.iter().chain(&self.exclude) {
            let near = similar::nearest(name, kinds.iter().copied())
                .filter(|near| !near.eq_ignore_ascii_case(name));
            if let Some(near) =
                near.filter(|_| !kinds.iter().any(|kind| kind.eq_ignore_ascii_case(name)))
            {
                let diagnostic = Diagnostic::global(
                    &rule::UNKNOWN_KIND,
                    format!("no object has the kind `{name}`"),
                );
                diagnostics.report(diagnostic.hint(format!("did you mean `{near}`?")));
            }
        }
    }

    fn wants<T: Identified>(&self, object: &T) -> bool {
        let kind = object.identity().kind;
        let names = |kinds: &[String]| kinds.iter().any(|name| name.eq_ignore_ascii_case(kind));
        (self.only.is_empty() || names(&self.only)) && !names(&self.exclude)
    }
}
