//! The bounds of a run, each at the last number that is accepted and the first that is not.

use std::collections::BTreeSet;

use crate::support::builder::{Diagnostic, Test};
use crate::support::inputs::{SMALL, workspace};

fn annotated(count: &str) -> String {
    let annotation =
        format!("metadata:\n  annotations: {{render.kaito.sh/node-count: \"{count}\"}}");
    workspace("a", SMALL).replace("metadata:", &annotation)
}

fn set(name: &str, replicas: u32) -> String {
    format!(
        "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {{name: {name}}}\nspec:\n  replicas: {replicas}\n  \
         labelSelector: {{matchLabels: {{apps: {name}}}}}\n  template:\n    resource: {{instanceType: {SMALL}}}\n    \
         inference: {{preset: {{name: phi-4}}}}\n"
    )
}

#[test]
fn a_workspace_has_at_most_5000_nodes_whoever_asks() {
    let counts = |count: &str| format!("nodeCounts: {{default/a: {count}}}\n");
    for count in ["0", "5001", "100000", "4294967295", "99999999999"] {
        Test::new()
            .input(&annotated(count))
            .finds("KR121 error", format!("\"{count}\"").as_str())
            .run();
        Test::new()
            .input(&workspace("a", SMALL))
            .profile(&counts(count))
            .finds("KR501 error", count)
            .run();
    }
    Test::new().input(&annotated("5000")).finds_nothing().run();
    Test::new()
        .input(&workspace("a", SMALL))
        .profile(&counts("5000"))
        .finds_nothing()
        .run();
    let sized = |count: u32| {
        workspace("a", SMALL)
            .replace("v1beta1", "v1alpha1")
            .replace("phi-4", "falcon-7b")
            .replace("resource:", &format!("resource:\n  count: {count}"))
    };
    Test::new()
        .input(&sized(5001))
        .finds("KR108 error", "5001")
        .run();
    Test::new()
        .input(&set("s", 5001))
        .finds("KR108 error", "5001")
        .run();
}

/// What asks for twelve nodes, of which the documents themselves account for some.
#[test]
fn a_run_has_at_most_the_nodes_of_its_bound_whoever_asks() {
    let workspaces: Vec<_> = ["a", "b", "c"]
        .map(|name| annotated("5").replace(": a", &format!(": {name}")))
        .into();
    for (input, bound, at) in [
        (set("s", 12), 12, "12"),
        ([set("s", 7), set("t", 5)].join("---\n"), 12, "5"),
        // The first node of each is for free.
        (workspaces.join("---\n"), 12, "\"5\""),
        (annotated("13"), 12, "\"13\""),
    ] {
        for command in ["check", "render", "explain"] {
            let test = || Test::new().command(command).args(&["-"]).input(&input);
            let run = test()
                .args(&["--max-nodes", &bound.to_string()])
                .exits(0)
                .run();
            assert!(!run.stderr.contains("in all"), "{}", run.stderr);
            let less = (bound - 1).to_string();
            let run = test().args(&["--max-nodes", &less]).exits(1).run();
            let why = format!("the input asks for more than {less} nodes in all");
            assert_eq!(
                run.stderr.matches(&why).count(),
                1,
                "{command}: {}",
                run.stderr
            );
            // The hint, followed to the letter.
            let twice = (2 * (bound - 1)).to_string();
            assert!(
                run.stderr.contains(&format!("`--max-nodes {twice}`")),
                "{}",
                run.stderr
            );
            test().args(&["--max-nodes", &twice]).exits(0).run();
        }
        Test::new()
            .input(&input)
            .args(&["--max-nodes", &(bound - 1).to_string()])
            .finds("KR108 error", at)
            .run();
    }
}

/// The nodes repeat the labels of their Workspace.
#[test]
fn copies_of_the_input_are_bounded() {
    let labels: Vec<_> = (0..20_000)
        .map(|index| format!("label-{index:05}: x"))
        .collect();
    let large = annotated("1000").replace("apps: a", &labels.join(", "));
    let run = Test::new()
        .input(&large)
        .finds_among("KR108 error", "\"1000\"")
        .run();
    assert!(
        run.stdout.contains("repeat more than 256 MiB"),
        "{}",
        run.stdout
    );
    let replicas = set("s", 2000).replace("apps: s", &labels.join(", "));
    let run = Test::new()
        .input(&replicas)
        .finds_among("KR108 error", "2000")
        .run();
    assert!(
        run.stdout.contains("repeat more than 256 MiB"),
        "{}",
        run.stdout
    );
}

#[test]
fn people_read_the_worst_300_diagnostics_and_the_number_of_the_others() {
    let odd = "- on\n".repeat(5_000);
    let input = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{odd}---\n{}",
        workspace("B", SMALL)
    );
    let input = input.replace("data:\n- on", "list:\n- on");
    let run = Test::new()
        .command("check")
        .args(&["-"])
        .input(&input)
        .exits(1)
        .run();
    assert_eq!(
        run.stderr.matches("\nwarning[KR006]").count() + 1,
        299,
        "{}",
        run.stderr
    );
    assert_eq!(run.stderr.matches("\nerror[").count(), 1);
    assert!(
        run.stderr.contains("4701 more diagnostics not shown"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("1 error, 5000 warnings"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.len() < 100_000);
    let run = Test::new().input(&input).exits(1).run();
    assert_eq!(
        run.diagnostics.len(),
        1_001,
        "1,000 of the rule, and the error"
    );
    // What was not kept may have been worse than what was.
    let run = Test::new()
        .command("check")
        .args(&["-", "--deny-warnings"])
        .input(&input)
        .exits(1)
        .run();
    assert!(run.stderr.contains("5001 errors"), "{}", run.stderr);
    // What is off is no less off because it is too much.
    let run = Test::new()
        .command("check")
        .args(&["-", "--deny-warnings"])
        .input(&input)
        .profile("rules: [{rule: KR006, severity: off}]\n")
        .exits(1)
        .run();
    assert!(run.stderr.contains("1 error"), "{}", run.stderr);
    assert!(!run.stderr.contains("more diagnostic"), "{}", run.stderr);
}

#[test]
fn what_is_quoted_of_the_input_is_short() {
    let long = "x".repeat(1_000_000);
    let name = workspace("a", SMALL).replace("name: a\n", &format!("name: {long}\n"));
    let key = format!("{}{long}: 1\n", workspace("a", SMALL));
    let nested = workspace("a", SMALL).replace("inference:", &format!("inference:\n  {long}: 1\n"));
    for input in [name, key, nested] {
        for format in ["human", "concise", "json", "sarif", "github", "junit"] {
            let run = Test::new().format(format).input(&input).exits(1).run();
            let bytes = run.stdout.len() + run.stderr.len();
            assert!(bytes < 60_000, "{format}: {bytes}");
        }
    }
}

#[test]
fn errors_of_one_rule_are_bounded_like_all_others() {
    let keys = "k: x, ".repeat(3_000);
    let annotations = format!("metadata:\n  annotations: {{{keys}}}");
    let duplicate = workspace("a", SMALL).replace("metadata:", &annotations);
    let broken = "---\n".to_owned() + &workspace("B", SMALL);
    for (input, errors) in [(duplicate, 2_999), (broken.repeat(1_100), 2_199)] {
        let run = Test::new().input(&input).exits(1).run();
        let rules: BTreeSet<_> = run.diagnostics.iter().map(Diagnostic::rule).collect();
        assert!(run.diagnostics.len() <= 1_000 * rules.len(), "{rules:?}");
        let count = format!("\"errors\": {errors}");
        assert!(run.stdout.contains(&count), "{count}: {rules:?}");
    }
}
