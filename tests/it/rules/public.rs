//! What is said of mistakes that people published: files of `tests/suite/public`, whose places the
//! suite holds, with what their hints have to say.

use serde_json::Value;

use crate::support::inputs::directory;
use crate::support::program::{kaito_render, root, run};

/// Files, and texts of messages and hints about them, with ` | ` between the two.
const EXPECTED: [(&str, &[&str]); 6] = [
    (
        "selector-beside-resource.yaml",
        &["`labelSelector` belongs under `resource`"],
    ),
    (
        "spec-around-everything.yaml",
        &[
            "a Workspace has no `spec`",
            "did you mean `phi-4-mini-instruct`?",
        ],
    ),
    (
        "proposed-inference-set.yaml",
        &[
            "write `nodeCountLimit`",
            "write `labelSelector`",
            "`meta-llama/llama-3.1-8b-instruct` comes nearest",
            "presetOptions.modelAccessSecret`",
        ],
    ),
    (
        "later-release-v1alpha1.yaml",
        &[
            "release 0.3 does not read the annotation `kaito.sh/runtime` | release 0.12 has it: set `release: \"0.12\"`",
            "release 0.3 has no field `inference.config` | release 0.12 has it",
            "has no preset `phi-4-mini-instruct` | release 0.12 has it",
        ],
    ),
    (
        "scaled-set.yaml",
        &[
            "`spec.replicas` stays 1",
            "release 0.12 does not read the annotation `kaito.sh/enable-speculative-decoding` | remove it",
            "`kaito.sh/v1alpha1` is compiled with release 0.12",
        ],
    ),
    (
        "machine-without-gpus.yaml",
        &[
            "`Standard_E16ds_v5` has no GPUs",
            "the smallest that are large enough",
        ],
    ),
];

/// The messages and hints about a file, by line.
fn said(file: &str) -> Vec<(u64, String)> {
    let text = std::fs::read_to_string(root().join("tests/suite/public").join(file)).unwrap();
    let files = directory(&[("input.yaml", &text)]);
    let input = files.path().join("input.yaml");
    let run = run(
        &mut kaito_render(&["check", input.to_str().unwrap(), "--format", "json"]),
        "",
    );
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let all = report["diagnostics"].as_array().unwrap();
    let text = |it: &Value| format!("{} | {}", it["message"], it["hint"]).replace("\\\"", "\"");
    all.iter()
        .map(|it| (it["start"]["line"].as_u64().unwrap_or(0), text(it)))
        .collect()
}

#[test]
fn hints_about_published_mistakes_say_what_is_right() {
    for (file, expected) in EXPECTED {
        let said = said(file);
        for wanted in expected {
            let parts: Vec<_> = wanted.split(" | ").collect();
            let has = |text: &str| parts.iter().all(|part| text.contains(part));
            assert!(
                said.iter().any(|(_, text)| has(text)),
                "{file}: {wanted}: {said:#?}"
            );
        }
    }
}

/// `--fix` leaves of a Workspace in `spec` one that is right, and nothing else changes.
#[test]
fn a_spec_around_everything_is_unwrapped() {
    let before = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: phi\n\
                  # what it runs on\nspec: # as Deployments have it\n    resource:\n        \
                  instanceType: Standard_NC24ads_A100_v4 # one GPU\n        labelSelector:\n            \
                  matchLabels: {apps: phi}\n\n    inference:\n        preset:\n            name: phi-4\n";
    let after = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: phi\n\
                 # what it runs on\n# as Deployments have it\nresource:\n    \
                 instanceType: Standard_NC24ads_A100_v4 # one GPU\n    labelSelector:\n        \
                 matchLabels: {apps: phi}\n\ninference:\n    preset:\n        name: phi-4\n";
    let files = directory(&[("input.yaml", before)]);
    let input = files.path().join("input.yaml");
    let path = input.to_str().unwrap();
    let run = |args: &[&str]| run(&mut kaito_render(args), "");
    run(&["check", "--fix", path]);
    assert_eq!(std::fs::read_to_string(&input).unwrap(), after);
    let check = run(&["check", path]);
    assert_eq!(check.code, 0, "{}", check.stderr);
}

/// keda-kaito-scaler leaves a set alone that does not ask for it.
#[test]
fn a_set_that_is_not_scaled_loses_nothing() {
    let text = std::fs::read_to_string(root().join("tests/suite/public/scaled-set.yaml")).unwrap();
    let on = "scaledobject.kaito.sh/auto-provision: \"true\"";
    assert!(text.contains(on));
    let off = text.replace(on, &on.replace("true", "false"));
    let files = directory(&[("on.yaml", &text), ("off.yaml", &off)]);
    let says_so = |name: &str| {
        let path = files.path().join(name);
        let run = run(&mut kaito_render(&["check", path.to_str().unwrap()]), "");
        run.stderr.contains("keda-kaito-scaler")
    };
    assert!(says_so("on.yaml"));
    assert!(!says_so("off.yaml"));
}
