//! Rules that no golden case shows: what KAITO lets pass, or fails at, and a place for each
//! finding.

use std::fs;

use serde_json::Value;

use crate::support::program::{kaito_render, root, run};

const FALCON: &str = "examples/inference/kaito_workspace_falcon_7b.yaml";
const LLAMA: &str = "examples/inference/kaito_workspace_llama2_13b.yaml";
const ADAPTER: &str = "examples/inference/kaito_workspace_falcon_7b_with_adapters.yaml";
const TUNING: &str = "examples/fine-tuning/kaito_workspace_tuning_phi_3.yaml";
const CONFIG: &str = "examples/fine-tuning/kaito_workspace_tuning_falcon_7b_image.yaml";

/// The findings of an example in which a text was replaced, as `RULE severity` and the text at the
/// place.
fn findings(example: &str, from: &str, to: &str, profile: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join(example)).unwrap();
    assert!(text.contains(from), "{example} has no `{from}`");
    let text = text.replacen(from, to, 1);
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    fs::write(
        file.path(),
        format!("apiVersion: render.kaito.sh/v1alpha1\nkind: Profile\nrelease: \"0.3\"\n{profile}"),
    )
    .unwrap();
    let args = [
        "check",
        "-",
        "--format",
        "json",
        "--profile",
        file.path().to_str().unwrap(),
    ];
    let report: Value = serde_json::from_str(&run(&mut kaito_render(&args), &text).stdout).unwrap();
    let found = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let part =
                |place: &str| usize::try_from(finding[place]["byte"].as_u64().unwrap()).unwrap();
            let texts = [
                ("<stdin>", text.clone()),
                ("", fs::read_to_string(file.path()).unwrap()),
            ];
            let at = finding["file"].as_str().map(|name| {
                let (_, text) = texts
                    .iter()
                    .find(|(known, _)| *known == name || known.is_empty())
                    .unwrap();
                text[part("start")..part("end")].to_owned()
            });
            (
                format!(
                    "{} {}",
                    finding["rule"].as_str().unwrap(),
                    finding["severity"].as_str().unwrap()
                ),
                at.unwrap_or_default(),
            )
        });
    found.collect()
}

#[test]
fn what_can_never_work_is_reported_at_its_place() {
    let machine = "provisioner: machine\n";
    for (example, from, to, profile, rule, at) in [
        (
            FALCON,
            "name: workspace-falcon-7b",
            "name: 7b",
            machine,
            "KR104 error",
            "7b",
        ),
        (
            LLAMA,
            "name: workspace-llama-2-13b",
            &format!("name: {}", "a".repeat(53)),
            machine,
            "KR104 error",
            &"a".repeat(53),
        ),
        (
            FALCON,
            "Standard_NC12s_v3",
            "Standard_NG32ads_V620_v1",
            machine,
            "KR216 error",
            "\"Standard_NG32ads_V620_v1\"",
        ),
        (
            FALCON,
            "Standard_NC12s_v3",
            "Standard_D8s_v5",
            machine,
            "KR216 error",
            "\"Standard_D8s_v5\"",
        ),
        (
            TUNING,
            "Standard_NC6s_v3",
            "Standard_D8s_v5",
            machine,
            "KR216 error",
            "\"Standard_D8s_v5\"",
        ),
        (
            TUNING,
            "Standard_NC6s_v3",
            "NC6s_v3",
            machine,
            "KR204 error",
            "\"NC6s_v3\"",
        ),
        (
            FALCON,
            "Standard_NC12s_v3",
            "p4d.24xlarge",
            "cloud: aws\nprovisioner: nodeclaim\n",
            "KR215 error",
            "aws",
        ),
        (
            FALCON,
            "Standard_NC12s_v3",
            "p4d.24xlarge",
            "cloud: aws\nprovisioner: machine\n",
            "KR212 warning",
            "aws",
        ),
        (
            FALCON,
            "Standard_NC12s_v3",
            "trn1.2xlarge",
            "cloud: aws\nclusterName: c\nprovisioner: nodeclaim\n",
            "KR216 error",
            "\"trn1.2xlarge\"",
        ),
        (
            ADAPTER,
            "name: falcon-7b-adapter",
            "name: 7b-adapter",
            machine,
            "KR112 error",
            "7b-adapter",
        ),
        (
            CONFIG,
            "/mnt/",
            "",
            machine,
            "KR217 warning",
            "training_config.yaml",
        ),
        (
            FALCON,
            "resource:",
            "resource:\n  count: 5001",
            machine,
            "KR108 error",
            "5001",
        ),
        (
            LLAMA,
            "- myregistry-pull",
            "- My_Registry",
            machine,
            "KR120 error",
            "My_Registry",
        ),
        (
            LLAMA,
            "- myregistry-pull",
            "- a\n        - a",
            machine,
            "KR218 warning",
            "inference",
        ),
        (
            LLAMA,
            "image: myregistry.azurecr.io/",
            "image: my registry.azurecr.io/",
            machine,
            "KR110 error",
            "my registry.azurecr.io/llama-2-13b:0.0.1",
        ),
        (
            FALCON,
            "metadata:",
            "metadata:\n  generation: one",
            machine,
            "KR101 error",
            "one",
        ),
    ] {
        let found = findings(example, from, to, profile);
        assert_eq!(found, [(rule.to_owned(), at.to_owned())], "{example}: {to}");
    }
}

#[test]
fn data_that_can_not_be_downloaded_is_reported() {
    let profile = "provisioner: machine\n";
    let urls = |second: &str| format!("urls:\n      - {second}\n");
    for (url, expected) in [
        ("https://example.com/a file", "KR119 warning"),
        ("example.com/file", "KR119 warning"),
        (
            "https://example.com/a\n      - https://example.org/a",
            "KR119 warning",
        ),
    ] {
        let found = findings(TUNING, "urls:\n", &urls(url), profile);
        let rules: Vec<_> = found.iter().map(|(rule, _)| rule.as_str()).collect();
        assert_eq!(rules, ["KR207 warning", expected], "{url}");
    }
}

#[test]
fn a_document_that_is_nearly_a_workspace_is_not_passed_over() {
    for (from, to, rule, at) in [
        (
            "kind: Workspace",
            "kind: Workspaces",
            "KR118 error",
            "Workspaces",
        ),
        ("kind: Workspace\n", "", "KR118 error", ""),
        ("kaito.sh/v1alpha1", "v1alpha1", "KR118 error", "v1alpha1"),
    ] {
        let found = findings(FALCON, from, to, "");
        assert!(
            found
                .iter()
                .any(|(found, place)| found == rule && (at.is_empty() || place == at)),
            "{to}: {found:?}"
        );
    }
}

#[test]
fn the_same_without_the_mistake_is_right() {
    for example in [FALCON, LLAMA, ADAPTER, CONFIG] {
        assert_eq!(
            findings(example, "name: ", "name: ", "provisioner: machine\n"),
            [],
            "{example}"
        );
    }
    let aws = "cloud: aws\nclusterName: c\nprovisioner: nodeclaim\n";
    assert_eq!(
        findings(FALCON, "Standard_NC12s_v3", "p4d.24xlarge", aws),
        []
    );
}
