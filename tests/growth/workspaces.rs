//! Shapes of a Workspace, or of what goes with one.

use crate::Shape;
use crate::texts::{annotated, configured, items, long, many, own_pods, with, workspace};

/// Shapes of a Workspace, or of what goes with one.
pub(crate) const WORKSPACES: &[Shape] = &[
    ("a long name of a preset", 5_000, |n| {
        with("phi-4", &"phi-4".repeat(n))
    }),
    ("placeholders", 50, |n| {
        annotated(&many(n, |index| format!("k{index}: <your-name>, ")))
    }),
    ("marks that nothing closes: <", 1_000, |n| {
        annotated(&format!("a: \"{}\"", "<".repeat(n)))
    }),
    ("marks that nothing closes: ${", 1_000, |n| {
        annotated(&format!("a: \"{}\"", "${".repeat(n)))
    }),
    ("marks that nothing closes: {{", 1_000, |n| {
        annotated(&format!("a: \"{}\"", "{{".repeat(n)))
    }),
    ("label selectors", 200, |n| {
        with(
            "{apps: a}",
            &format!("{{{}}}", items(n, |index| format!("k{index}: x, "))),
        )
    }),
    ("bad label selectors", 50, |n| {
        with(
            "{apps: a}",
            &format!("{{{}}}", items(n, |index| format!("-k{index}: \"-\", "))),
        )
    }),
    ("duplicate names", 20, |n| {
        many(n, |_| format!("---\n{}", workspace("w")))
    }),
    ("shared labels", 20, |n| {
        many(n, |index| {
            let workspace = workspace(&format!("w{index}"));
            format!(
                "---\n{}",
                workspace.replace(&format!("apps: w{index}"), "apps: w")
            )
        })
    }),
    ("InferenceSets", 10, |n| {
        many(n, |index| {
            format!(
                "---\napiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {{name: s{index}}}\nspec:\n  replicas: 2\n  \
                 labelSelector: {{matchLabels: {{apps: s{index}}}}}\n  template:\n    resource: {{instanceType: Standard_NC24ads_A100_v4}}\n    \
                 inference: {{preset: {{name: phi-4}}}}\n"
            )
        })
    }),
    ("replicas of an InferenceSet", 40, |n| {
        format!(
            "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {{name: s}}\nspec:\n  replicas: {n}\n  \
             labelSelector: {{matchLabels: {{apps: s}}}}\n  template:\n    resource: {{instanceType: Standard_NC24ads_A100_v4}}\n    \
             inference: {{preset: {{name: phi-4}}}}\n"
        )
    }),
    ("nodes of a Workspace", 50, |n| {
        annotated(&format!("render.kaito.sh/node-count: \"{n}\""))
    }),
    ("arguments of a server", 50, |n| {
        configured(&format!(
            "vllm:\n{}",
            many(n, |index| format!("  flag{index}: x\n"))
        ))
    }),
    ("wrong settings in one line", 50, |n| {
        configured(&format!(
            "vllm: {{{}}}",
            items(n, |index| format!("cpu-offload-gb{index}: on, "))
        ))
    }),
    ("a long ConfigMap", 2_000, |n| {
        configured(&"# a comment\n".repeat(n))
    }),
    ("a ConfigMap with broken lines", 1_000, |n| {
        configured(&"a: [}\n".repeat(n))
    }),
    ("adapters", 100, |n| {
        let adapters = many(n, |index| {
            format!("  - source: {{name: a{index}, image: \"a.io/a:1\"}}\n    strength: \"0.5\"\n")
        });
        with(
            "inference:",
            &format!("inference:\n  adapters:\n{adapters}"),
        )
    }),
    ("variables of a container", 200, |n| {
        own_pods(&format!(
            "env: [{}]",
            items(n, |index| format!("{{name: NAME{index}, value: x}}, "))
        ))
    }),
    ("variables of a container that have one name", 50, |n| {
        own_pods(&format!(
            "env: [{}]",
            long(&"{name: NAME, value: x}, ".repeat(n))
        ))
    }),
    ("arguments of a container", 200, |n| {
        own_pods(&format!("args: [{}]", long(&"\"$(A)\", ".repeat(n))))
    }),
    ("ports of a container", 500, |n| {
        own_pods(&format!(
            "ports: [{}]",
            items(n, |index| format!("{{containerPort: {}}}, ", index + 1))
        ))
    }),
    ("rules that a Workspace allows", 500, |n| {
        annotated(&format!(
            "render.kaito.sh/allow: \"{}\"",
            "KR207,".repeat(n)
        ))
    }),
    (
        "Workspaces that allow a rule that reports nothing",
        20,
        |n| {
            let annotations = "metadata:\n  annotations: {render.kaito.sh/allow: KR207}";
            many(n, |index| {
                let workspace = workspace(&format!("w{index}"));
                format!("---\n{}", workspace.replace("metadata:", annotations))
            })
        },
    ),
    ("unknown rules that a Workspace allows", 50, |n| {
        annotated(&format!(
            "render.kaito.sh/allow: \"{}\"",
            "KR999,".repeat(n)
        ))
    }),
    ("secrets", 40, |n| {
        own_pods(&format!(
            "env: [{}]",
            items(n, |index| format!(
                "{{name: PASSWORD, value: secret-{index:06}}}, "
            ))
        ))
    }),
    ("secrets in one text", 40, |n| {
        annotated(&format!(
            "a: \"{}\"",
            many(n, |index| format!("ghp_{index:036} "))
        ))
    }),
    ("a Secret in a broken file", 500, |n| {
        format!(
            "kind: Secret\nstringData:\n{}x: [}}\n",
            many(n, |index| format!("  k{index}: value-{index}\n"))
        )
    }),
];
