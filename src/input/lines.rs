//! Places in a string that stands in a file line by line, as places in the file.

use crate::base::node::{Data, Node};
use crate::base::sources::Span;

/// Where the lines of a string begin.
#[derive(Debug)]
pub(super) struct Lines {
    /// The string as a whole.
    pub(super) place: Span,
    /// The offset of each line in the string, and in the file; none if it is not written line by
    /// line.
    pub(super) starts: Vec<(u32, u32)>,
}

impl Lines {
    /// The place in the file of one in the string, up to the end of its line.
    pub(super) fn place(&self, inside: Span) -> Span {
        let at = self
            .starts
            .partition_point(|(start, _)| *start <= inside.start);
        let Some((start, in_file)) = at.checked_sub(1).and_then(|at| self.starts.get(at)) else {
            return self.place;
        };
        let next = self.starts.get(at).map(|(next, _)| next.saturating_sub(1));
        let end = next.map_or(inside.end, |next| inside.end.min(next));
        Span {
            start: in_file + (inside.start - start),
            end: in_file + (end.max(inside.start) - start),
            ..self.place
        }
    }

    /// The place in the file of one that may go over many lines.
    pub(super) fn lines(&self, inside: Span) -> Span {
        let begin = self.place(inside);
        let before = self.starts.partition_point(|(at, _)| *at < inside.end);
        let last = before.checked_sub(1).and_then(|at| self.starts.get(at));
        let end = last.map_or(begin.end, |(start, at)| at + (inside.end - start));
        Span {
            end: end.max(begin.start),
            ..begin
        }
    }
}

/// Gives everything in a document another place.
pub(super) fn relocate(node: &mut Node, place: &impl Fn(Span) -> Span) {
    node.span = place(node.span);
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(|item| relocate(item, place)),
        Data::Map(entries) => {
            for entry in entries {
                entry.key_span = place(entry.key_span);
                relocate(&mut entry.value, place);
            }
        }
        _ => {}
    }
}
