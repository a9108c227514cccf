//! Shapes of a template.

use crate::Shape;
use crate::texts::many;

/// Shapes of a template of a library, laid over that of the Service.
pub(crate) const TEMPLATES: &[Shape] = &[
    ("fields of a template", 200, |n| {
        service(&many(n, |index| {
            format!("  k{index}: \"{{{{ plan.name }}}}\"\n")
        }))
    }),
    ("expressions in one text", 200, |n| {
        service(&format!("  a: \"{}\"\n", "{{ plan.name }}".repeat(n)))
    }),
    ("expressions that nothing closes", 2_000, |n| {
        service(&format!("  a: \"{}\"\n", "{{ ".repeat(n)))
    }),
    ("operators of an expression", 20_000, |n| {
        service(&format!("  a: \"{{{{ {}1 }}}}\"\n", "- ".repeat(n)))
    }),
    ("conditions", 200, |n| {
        service(&format!(
            "  a:\n{}",
            "  - {$if: plan.name, a: b}\n".repeat(n)
        ))
    }),
    ("loops", 200, |n| {
        service(&format!(
            "  a:\n{}",
            "  - {$for: \"x in [1]\", a: \"{{ x }}\"}\n".repeat(n)
        ))
    }),
    ("items of a loop", 1_000, |n| {
        service(&format!(
            "  a:\n  - {{$for: \"x in [1] * {n}\", a: \"{{{{ x }}}}\"}}\n"
        ))
    }),
    ("nested loops", 8, |n| {
        let nested = (0..n).fold("{a: b}".to_owned(), |inner, index| {
            format!("{{$for: \"x{index} in [1]\", a: [{inner}]}}")
        });
        service(&format!("  a: [{nested}]\n"))
    }),
    ("mistakes in a template", 50, |n| {
        service(&many(n, |index| {
            format!("  k{index}: \"{{{{ plan.nmae }}}}\"\n")
        }))
    }),
];

pub(crate) fn service(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: x, namespace: default}}\nspec:\n{spec}"
    )
}
