//! The names of nodes.

use std::fs;

use crate::support::builder::Test;
use crate::support::program::{root, stdout};

/// A name that changes is a node that is replaced. Where that is meant, it is a line "replaces
/// nodes" in CHANGELOG.md.
#[test]
fn names_of_nodes_stay() {
    let known = fs::read_to_string(root().join("tests/node-names.txt")).unwrap();
    let names = names_of_nodes();
    assert_eq!(names.lines().filter(|line| line.contains("/w")).count(), 50);
    assert_eq!(names.lines().filter(|line| line.contains("/b")).count(), 50);
    assert_eq!(names, known, "{names}");
}

/// A template may put the name of a node into any string: the name follows from the object as if
/// its own name stood nowhere in it.
#[test]
fn a_template_puts_the_name_of_a_node_anywhere() {
    let template = fs::read_to_string(root().join("templates/0.3/machine.yaml")).unwrap();
    let label = "  labels:\n    own: \"x-{{ node.name }}-{{ node.ordinal }}\"\n";
    let names = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: names, namespace: ai}\n\
                 data: {second: '{{ plan.nodes[1].name }}'}\n";
    Test::new()
        .command("render")
        .file(
            "library/templates/0.3/machine.yaml",
            &template.replace("  labels:\n", label),
        )
        .file("library/templates/0.3/names.yaml", names)
        .args(&["--library", "library", "--release", "0.3"])
        .input(
            "apiVersion: kaito.sh/v1alpha1\nkind: Workspace\nmetadata: {name: llama, namespace: ai}\n\
             resource: {count: 2, instanceType: Standard_NC96ads_A100_v4, \
             labelSelector: {matchLabels: {apps: llama}}}\n\
             inference: {preset: {name: llama-2-70b-chat, accessMode: private, \
             presetOptions: {image: r.io/a/b:1}}}\n",
        )
        .prints("  name: ws16b820b6e\n")
        .prints("    own: x-ws16b820b6e-0\n")
        .prints("  name: ws7a697967a\n")
        .prints("    own: x-ws7a697967a-1\n")
        .prints("  second: ws7a697967a\n")
        .hides("render.kaito.sh/node-")
        .exits(0)
        .run();
}

/// Fifty nodes of each release that differ in everything a name follows from.
fn names_of_nodes() -> String {
    let list = [
        "render",
        "-",
        "--only",
        "Machine,NodeClaim",
        "--format",
        "json",
    ];
    let list: serde_json::Value =
        serde_json::from_str(&stdout(&list, &(machines() + &node_claims()))).unwrap();
    let line = |object: &serde_json::Value| {
        let label = |name: &str| {
            object["metadata"]["labels"][name]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let owner = format!(
            "{}/{}",
            label("kaito.sh/workspacenamespace"),
            label("kaito.sh/workspace")
        );
        format!("{owner} {}\n", object["metadata"]["name"].as_str().unwrap())
    };
    let mut lines: Vec<_> = list["items"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines.concat()
}

/// Fifty NodeClaims of release 0.12: 25 Workspaces on two nodes each.
fn node_claims() -> String {
    let types = [
        "Standard_NV36ads_A10_v5",
        "Standard_NC24ads_A100_v4",
        "Standard_ND96isr_H100_v5",
    ];
    let mut input = String::new();
    for number in 0..25 {
        let (instance_type, namespace) = (types[number % 3], ["default", "ml"][number % 2]);
        let preset = [
            "phi-4",
            "phi-4-mini-instruct",
            "mistral-7b",
            "gemma-3-4b-instruct",
        ][number % 4];
        let family = ["ubuntu", "azurelinux"][number / 13];
        input += &format!(
            "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: b{number}\n  namespace: {namespace}\n  \
             annotations: {{kaito.sh/node-image-family: {family}, render.kaito.sh/node-count: \"2\"}}\n\
             resource:\n  instanceType: {instance_type}\n  labelSelector: {{matchLabels: {{apps: \"a{}\"}}}}\n\
             inference: {{preset: {{name: {preset}}}}}\n---\n",
            number / 7
        );
    }
    input
}

/// Fifty Machines of release 0.3: 25 Workspaces on two nodes each.
fn machines() -> String {
    let types = [
        "Standard_NC6s_v3",
        "Standard_NC12s_v3",
        "Standard_NC24ads_A100_v4",
        "Standard_NC96ads_A100_v4",
        "Standard_NV99",
    ];
    let mut input = String::new();
    for number in 0..25 {
        let (instance_type, namespace) = (types[number % 5], ["default", "ml"][number % 2]);
        let preset = ["falcon-7b", "phi-2", "phi-3-mini-4k-instruct"][number % 3];
        input += &format!(
            "apiVersion: kaito.sh/v1alpha1\nkind: Workspace\nmetadata: {{name: w{number}, namespace: {namespace}}}\n\
             resource:\n  count: 2\n  instanceType: {instance_type}\n  labelSelector: {{matchLabels: {{apps: \"a{}\"}}}}\n\
             inference: {{preset: {{name: {preset}}}}}\n---\n",
            number / 7
        );
    }
    input
}
