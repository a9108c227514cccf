//! Places in a text that is parsed, and what its parser finds wrong.

use granit_parser::{ErrorKind, ScanError};

use super::MAX_DEPTH;
use crate::base::sources::{FileId, Span};
use crate::diagnostic::{Diagnostic, rule};

/// A text of a file.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) file: FileId,
}

impl<'a> Text<'a> {
    /// The text at a place.
    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    /// The place between two offsets, within the text.
    pub(super) fn span(&self, start: Option<usize>, end: Option<usize>) -> Span {
        let start = start.unwrap_or_default().min(self.text.len());
        let end = end.unwrap_or(start).clamp(start, self.text.len());
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span {
            file: self.file,
            start: offset(start),
            end: offset(end),
        }
    }

    /// What the parser finds wrong.
    pub(super) fn syntax(&self, error: &ScanError) -> Diagnostic {
        let start = error
            .marker()
            .byte_offset()
            .unwrap_or_default()
            .min(self.text.len());
        let width = self
            .text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        let span = self.span(Some(start), Some(start + width));
        // A tab is noticed where it stands, or at the end of the line before.
        let next_line = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |length| start + length + 1);
        if let Some(tab) = self
            .tab_in_indent(start)
            .or_else(|| self.tab_in_indent(next_line))
        {
            return tab_error(tab);
        }
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return too_deep(span);
        }
        let message = format!("not valid YAML: {}", error.info());
        let diagnostic = Diagnostic::new(&rule::SYNTAX, span, message);
        match self.slice(span) {
            ":" => diagnostic.hint("quote the value if the `:` is a part of it"),
            sign @ ("@" | "%" | "`") => {
                diagnostic.hint(format!("quote the value: none begins with `{sign}`"))
            }
            _ => diagnostic,
        }
    }

    /// The first tab among the blanks with which the line of an offset begins.
    pub(super) fn tab_in_indent(&self, offset: usize) -> Option<Span> {
        let line = self.text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
        let indent = self.text[line..].find(|char| char != ' ' && char != '\t')?;
        let tab = line + self.text[line..line + indent].find('\t')?;
        Some(self.span(Some(tab), Some(tab + 1)))
    }
}

pub(super) fn tab_error(tab: Span) -> Diagnostic {
    Diagnostic::new(&rule::SYNTAX, tab, "YAML can't be indented by a tab")
        .hint("indent with spaces")
}

pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(
        &rule::TOO_LARGE,
        span,
        format!("mappings and lists are nested more than {MAX_DEPTH} deep"),
    )
}
