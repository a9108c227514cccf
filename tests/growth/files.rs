//! Shapes of a file as YAML.

use crate::Shape;
use crate::texts::{annotated, long, many, with, workspace};

/// Shapes of a file, each with the size of its first step.
pub(crate) const FILES: &[Shape] = &[
    ("a long scalar", 100_000, |n| {
        annotated(&format!("a: {}", "x".repeat(n)))
    }),
    ("a long scalar in quotes with escapes", 5_000, |n| {
        annotated(&format!("a: \"{}\"", "\\u00e9\\n".repeat(n)))
    }),
    ("a long key", 20_000, |n| {
        let key = "x".repeat(n);
        with(
            "metadata:",
            &format!("metadata:\n  annotations:\n    ? {key}\n    : x"),
        )
    }),
    ("nested lists", 2_000, |n| {
        format!("{}a: {}\n", workspace("a"), "[".repeat(n))
    }),
    ("nested mappings", 500, |n| {
        let nested = many(90, |depth| format!("{}a:\n", " ".repeat(depth)));
        many(n / 50, |_| format!("---\n{nested}"))
    }),
    ("anchors", 500, |n| {
        annotated(&many(n, |index| format!("k{index}: &a{index} x, ")))
    }),
    ("aliases", 500, |n| {
        annotated(&format!(
            "a: &a x, {}",
            many(n, |index| format!("k{index}: *a, "))
        ))
    }),
    ("aliases of a large value", 40, |n| {
        let large = "x, ".repeat(100);
        format!(
            "{}a: [&a [{large}], {}]\n",
            workspace("a"),
            "*a, ".repeat(n)
        )
    }),
    ("documents", 20, |n| {
        many(n, |index| {
            format!("---\n{}", workspace(&format!("w{index}")))
        })
    }),
    ("documents of other kinds", 400, |n| {
        many(n, |index| {
            format!("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s{index}}}\n")
        })
    }),
    ("broken documents", 400, |n| "---\na: [}\n".repeat(n)),
    ("empty documents", 2_000, |n| "---\n".repeat(n)),
    ("comments", 2_000, |n| {
        workspace("a") + &"# kaito.sh\n".repeat(n)
    }),
    ("a wide mapping", 500, |n| {
        annotated(&many(n, |index| format!("k{index}: x, ")))
    }),
    ("duplicate keys", 50, |n| annotated(&"k: x, ".repeat(n))),
    ("duplicate keys of many names", 50, |n| {
        annotated(&many(2 * n, |index| format!("k{}: x, ", index / 2)))
    }),
    ("unknown fields", 100, |n| {
        workspace("a") + &many(n, |index| format!("field{index}: 1\n"))
    }),
    ("a long name of a field", 5_000, |n| {
        workspace("a") + &format!("? {}\n: 1\n", "inference".repeat(n))
    }),
    ("fields with nearly the right name", 50, |n| {
        let fields = many(n, |index| format!("\n  prest{index}: 1"));
        with("inference:", &format!("inference:{fields}"))
    }),
    ("ambiguous scalars in one line", 50, |n| {
        format!("{}x: [{}]\n", workspace("a"), long(&"on, ".repeat(n)))
    }),
    ("ambiguous scalars in many lines", 50, |n| {
        format!("{}x:\n{}", workspace("a"), "- on\n".repeat(n))
    }),
];

/// Shapes of a Markdown text.
pub(crate) const MARKDOWN: &[Shape] = &[
    ("blocks of YAML", 20, |n| {
        many(n, |index| {
            format!("```yaml\n{}```\n\n", workspace(&format!("w{index}")))
        })
    }),
    ("broken blocks", 50, |n| {
        "```yaml\nkaito.sh: [}\n```\n\n".repeat(n)
    }),
    ("broken blocks of other kinds", 50, |n| {
        "```yaml\na: [}\n```\n\n".repeat(n)
    }),
    ("blocks that nothing closes", 200, |n| {
        many(n, |index| {
            format!("{} ```yaml\na: b\n", "> ".repeat(index % 20))
        })
    }),
    ("a long block", 500, |n| {
        format!(
            "```yaml\n{}{}```\n",
            workspace("a"),
            "# a comment\n".repeat(n)
        )
    }),
];

/// Shapes of a script.
pub(crate) const SCRIPTS: &[Shape] = &[
    ("here-documents", 20, |n| {
        many(n, |index| {
            format!(
                "kubectl apply -f - <<EOF\n{}EOF\n",
                workspace(&format!("w{index}"))
            )
        })
    }),
    ("here-documents that nothing closes", 200, |n| {
        many(n, |index| format!("cat <<A{index}\na: b\n"))
    }),
    ("here-documents in one line", 200, |n| {
        "cat <<A <<B ".repeat(n)
    }),
    ("quotes that nothing closes", 200, |n| {
        "echo \"'`$(\n".repeat(n)
    }),
];
