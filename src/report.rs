//! What a run says at its end: how much each diagnostic matters, and one file for each format.
//!
//! Uses [`diagnostic`](crate::diagnostic) and what is below it; the command line uses it.

pub mod concise;
pub mod fix;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
mod place;
pub mod policy;
pub mod sarif;

use std::path::Path;

use annotate_snippets::normalize_untrusted_str;

use crate::base::sources::Sources;
use crate::diagnostic::Diagnostic;

/// What formats for other programs write.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The findings, in their order.
    pub diagnostics: &'a [Diagnostic],
    /// The texts they are about.
    pub sources: &'a Sources,
    /// The absolute path of the working folder, from which those of files are told.
    pub folder: &'a Path,
}

impl Report<'_> {
    /// The message and the hint of a finding, and a line for each other place.
    pub(crate) fn details(&self, finding: &Diagnostic) -> String {
        let also = finding
            .also
            .iter()
            .map(|label| format!("\n{}: {}", self.start(label.span), label.text));
        finding.text() + &also.collect::<String>()
    }
}

/// A text on one line that a terminal can't take for more than text.
pub(crate) fn one_line(text: &str) -> String {
    normalize_untrusted_str(text).replace('\n', "␊")
}
