//! Shapes of what `diff` compares.

use crate::Text;
use crate::texts::many;

/// Shapes of two sides of a comparison: the text before, and after.
pub(crate) const COMPARISONS: &[(&str, usize, Text, Text)] = &[
    (
        "objects that are new",
        40,
        |_| String::new(),
        |n| maps(n, 1, "x"),
    ),
    (
        "objects that differ",
        40,
        |n| maps(n, 1, "x"),
        |n| maps(n, 1, "y"),
    ),
    (
        "objects with another name",
        40,
        |n| maps(n, 1, "x"),
        |n| maps(n, 1, "x").replace("name: m", "name: o"),
    ),
    (
        "fields that differ",
        200,
        |n| maps(1, n, "x"),
        |n| maps(1, n, "y"),
    ),
    (
        "fields that are new",
        200,
        |_| maps(1, 1, "x"),
        |n| maps(1, n, "x"),
    ),
    (
        "lines of a text that differ",
        500,
        |n| lines(n, "x"),
        |n| lines(n, "y"),
    ),
    (
        "items of a list in another order",
        200,
        |n| list(0..n),
        |n| list((0..n).rev()),
    ),
    (
        "items of a list that differ",
        100,
        |n| list(0..n),
        |n| list(n..2 * n),
    ),
];

/// ConfigMaps, each with as many fields.
pub(crate) fn maps(number: usize, fields: usize, value: &str) -> String {
    let fields = many(fields, |index| format!("k{index}: {value}, "));
    many(number, |index| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{index}, namespace: a}}\ndata: {{{fields}}}\n"
        )
    })
}

pub(crate) fn lines(number: usize, text: &str) -> String {
    let lines = many(number, |index| format!("    {text} {index}\n"));
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m, namespace: a}}\ndata:\n  a: |\n{lines}"
    )
}

pub(crate) fn list(items: impl Iterator<Item = usize>) -> String {
    let items: String = items
        .map(|item| format!("  - {{name: p{item}, port: {}}}\n", item + 1))
        .collect();
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: m, namespace: a}}\nspec:\n  ports:\n{items}"
    )
}
