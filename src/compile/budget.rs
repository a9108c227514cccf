//! What the Workspaces of a run may cost together.
//!
//! A few bytes of input can ask for thousands of nodes, and each node repeats the labels of its
//! Workspace. So what is asked for is added up, in the order of the documents, and the run ends
//! where it is too much.

use crate::base::node::{Data, Node};
use crate::base::sources::Span;
use crate::diagnostic::{Diagnostic, rule};
use crate::vocab::limits::COPIED_BYTES;

/// What a Workspace asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// Its nodes. The first one of a document is for free: that many have been written down.
    pub(super) nodes: usize,
    /// The bytes of the copies of its document.
    pub(super) bytes: u64,
}

impl Cost {
    /// What the replicas of a set cost at least.
    pub(super) fn of_replicas(count: usize, set: &Node) -> Self {
        Self {
            nodes: count,
            bytes: size(set).saturating_mul(count as u64),
        }
    }
}

/// What is left for the Workspaces that follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    most: usize,
    left: Cost,
}

impl Budget {
    /// A run of so many nodes.
    pub(super) fn new(most: usize) -> Self {
        let left = Cost {
            nodes: most,
            bytes: COPIED_BYTES,
        };
        Self { most, left }
    }

    /// Takes what a Workspace costs, which is asked for at a place.
    pub(super) fn take(&mut self, cost: Cost, place: Span) -> Result<(), Diagnostic> {
        let nodes = self.left.nodes.checked_sub(cost.nodes);
        let bytes = self.left.bytes.checked_sub(cost.bytes);
        if let (Some(nodes), Some(bytes)) = (nodes, bytes) {
            self.left = Cost { nodes, bytes };
            return Ok(());
        }
        let (message, hint) = if nodes.is_none() {
            (
                format!("the input asks for more than {} nodes in all", self.most),
                format!(
                    "check this number; `--max-nodes {}` allows twice as many",
                    self.most.saturating_mul(2)
                ),
            )
        } else {
            (
                format!(
                    "the nodes and replicas in the input repeat more than {} MiB of it",
                    COPIED_BYTES >> 20
                ),
                "ask for fewer here, or shorten what is repeated".to_owned(),
            )
        };
        Err(Diagnostic::new(&rule::COUNT, place, message).hint(hint))
    }
}

/// The bytes that a copy of a document takes, roughly.
pub(super) fn size(node: &Node) -> u64 {
    const EACH: u64 = 16;
    let inside = match &node.data {
        Data::String(text) => text.len() as u64,
        Data::List(items) => items.iter().map(size).sum(),
        Data::Map(entries) => entries
            .iter()
            .map(|entry| entry.key.len() as u64 + size(&entry.value))
            .sum(),
        _ => 0,
    };
    EACH + inside
}

#[cfg(test)]
mod tests {
    use super::{Budget, Cost};
    use crate::base::sources::{Sources, Span};
    use crate::vocab::limits::COPIED_BYTES;

    #[test]
    fn a_budget_ends_with_its_last_node_and_its_last_byte() {
        let place = Span::whole(Sources::default().add("a.yaml", ""));
        let cost = |nodes, bytes| Cost { nodes, bytes };
        let mut budget = Budget::new(3);
        assert!(budget.take(cost(2, 0), place).is_ok());
        let error = budget.take(cost(2, 0), place).unwrap_err();
        assert_eq!(error.message, "the input asks for more than 3 nodes in all");
        assert!(budget.take(cost(1, COPIED_BYTES), place).is_ok());
        let error = budget.take(cost(0, 1), place).unwrap_err();
        assert!(error.message.contains("256 MiB"), "{}", error.message);
    }
}
