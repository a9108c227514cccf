//! The project itself: its flake, its dependencies, its scripts, its names of nodes.

use std::fs;

use crate::support::program::{root, stdout};
use crate::support::tools::{succeed, tool};

#[test]
fn the_flake_is_well_formed() {
    let state = tempfile::tempdir().unwrap();
    let mut nix = tool("bin/nix-instantiate");
    // Parsing touches no store, but Nix wants to know where one would be.
    nix.args(["--parse", "flake.nix"])
        .current_dir(root())
        .env("NIX_STATE_DIR", state.path());
    succeed(nix.env("NIX_STORE_DIR", state.path().join("store")));
}

#[test]
fn dependencies_are_allowed() {
    // The bans keep the network out of the compiler; the controller, a feature, needs it.
    for args in [
        &["check", "bans"][..],
        &["--all-features", "check", "licenses", "sources"],
    ] {
        let mut deny = tool("bin/cargo-deny");
        deny.current_dir(root()).env("CARGO_NET_OFFLINE", "true");
        succeed(
            deny.args(["--locked", "--offline"])
                .args(args)
                .arg("--hide-inclusion-graph"),
        );
    }
}

/// The bans name a few crates; this holds that the feature brings them, and that without it none of
/// them is there.
#[test]
fn only_the_controller_is_linked_with_a_network() {
    let crates = |args: &[&str]| {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo
            .args([
                "tree",
                "--locked",
                "--offline",
                "--edges=normal",
                "--prefix=none",
                "--format={lib}",
            ])
            .args(args);
        String::from_utf8(succeed(cargo.current_dir(root())).stdout).unwrap()
    };
    let [without, with] = [crates(&[]), crates(&["--features=controller"])];
    for name in [
        "hyper",
        "kube",
        "kube_client",
        "mio",
        "rustls",
        "socket2",
        "tokio",
    ] {
        let has = |tree: &str| tree.lines().any(|line| line == name);
        assert_eq!((has(&without), has(&with)), (false, true), "{name}");
    }
}

#[test]
fn scripts_pass_shellcheck() {
    succeed(
        tool("bin/shellcheck")
            .args([".ci/run", "tests/fuzz", "tests/run", "tests/tools.sh"])
            .current_dir(root()),
    );
}

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
