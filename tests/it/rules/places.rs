//! Rules that no golden case shows: what KAITO lets pass, or fails at, and a place for each
//! diagnostic.

use crate::support::builder::Test;

const FALCON: &str = "examples/inference/kaito_workspace_falcon_7b.yaml";
const LLAMA: &str = "examples/inference/kaito_workspace_llama2_13b.yaml";
const ADAPTER: &str = "examples/inference/kaito_workspace_falcon_7b_with_adapters.yaml";
const TUNING: &str = "examples/fine-tuning/kaito_workspace_tuning_phi_3.yaml";
const CONFIG: &str = "examples/fine-tuning/kaito_workspace_tuning_falcon_7b_image.yaml";

/// A check of an example in which a text is replaced, by release 0.3.
fn changed(example: &str, from: &str, to: &str, profile: &str) -> Test {
    Test::example(example)
        .replace(from, to)
        .profile(&format!("release: \"0.3\"\n{profile}"))
        .with_notes()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
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
        (CONFIG, "/mnt/", "", machine, "KR217 warning", "\"results\""),
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
        changed(example, from, to, profile).finds(rule, at).run();
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
        changed(TUNING, "urls:\n", &urls(url), profile)
            .finds("KR207 warning", None)
            .finds(expected, None)
            .run();
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
        let at = Some(at).filter(|at| !at.is_empty());
        changed(FALCON, from, to, "").finds_among(rule, at).run();
    }
}

#[test]
fn the_same_without_the_mistake_is_right() {
    for example in [FALCON, LLAMA, ADAPTER, CONFIG] {
        changed(example, "name: ", "name: ", "provisioner: machine\n")
            .finds_nothing()
            .exits(0)
            .run();
    }
    let aws = "cloud: aws\nclusterName: c\nprovisioner: nodeclaim\n";
    changed(FALCON, "Standard_NC12s_v3", "p4d.24xlarge", aws)
        .finds_nothing()
        .run();
}
