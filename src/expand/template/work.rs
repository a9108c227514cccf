//! What a template may make.

use std::cell::Cell;

use super::failure;
use crate::base::node::{Data, Node};
use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;
use crate::vocab::limits::TEMPLATE_BYTES;

/// What a value costs beside its text: its place in its list or mapping, and the time to make it.
const EACH: u64 = 256;

/// What an item of a `$for` costs: a scope of its own.
pub(super) const SCOPE: usize = 1024;

/// The bytes that one rendering of a template may still make.
#[derive(Debug)]
pub(super) struct Work {
    left: Cell<u64>,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            left: Cell::new(TEMPLATE_BYTES),
        }
    }
}

impl Work {
    /// Pays for a value with so many bytes of text.
    pub(super) fn charge(&self, bytes: usize, place: Span) -> Result<(), Diagnostic> {
        let left = self.left.get().checked_sub(EACH + bytes as u64);
        self.left.set(left.unwrap_or(0));
        left.map(drop).ok_or_else(|| {
            let message = format!(
                "the template makes more than {} MiB of one Workspace",
                TEMPLATE_BYTES >> 20
            );
            failure(place, message)
        })
    }
}

/// The bytes of a part of a template in which nothing changes.
pub(super) fn size(node: &Node) -> usize {
    let inside = match &node.data {
        Data::String(text) => text.len(),
        Data::List(items) => items.iter().map(size).sum(),
        Data::Map(entries) => entries
            .iter()
            .map(|entry| entry.key.len() + size(&entry.value))
            .sum(),
        _ => 0,
    };
    inside + usize::try_from(EACH).unwrap_or(0)
}
