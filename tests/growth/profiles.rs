//! Shapes of a profile.

use crate::Shape;
use crate::texts::{items, many};

/// Shapes of a profile.
pub(crate) const PROFILES: &[Shape] = &[
    ("rules of a profile", 200, |n| {
        format!(
            "rules:\n{}",
            "- {rule: KR207, severity: error, paths: [\"x/**\"]}\n".repeat(n)
        )
    }),
    ("paths of a rule", 200, |n| {
        format!(
            "rules:\n- {{rule: KR207, severity: error, paths: [{}]}}\n",
            items(n, |index| format!("\"x{index}/**\", "))
        )
    }),
    ("nodes that a profile counts", 500, |n| {
        format!(
            "nodeCounts: {{{}}}\n",
            items(n, |index| format!("default/w{index}: 1, "))
        )
    }),
    ("unknown fields of a profile", 500, |n| {
        many(n, |index| format!("field{index}: 1\n"))
    }),
];
