//! The flake, the dependencies, the scripts and the schema of pods, by the programs that know them.

use std::fs;

use crate::support::program::root;
use crate::support::tools::{directory, succeed, tool};

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

/// What a Go program prints is what a file under `schemas/` holds.
fn holds_schema(name: &str, flags: &str, args: &[&str]) {
    let made = succeed(
        tool("go")
            .args(["run", "."])
            .args(args)
            .env("GOFLAGS", flags)
            .current_dir(root().join("tools/kubernetes-schemas")),
    )
    .stdout;
    let path = root().join("schemas").join(name);
    if std::env::var_os("KAITO_RENDER_BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let same = fs::read(&path).unwrap() == made;
    assert!(
        same,
        "{}: run the tests with KAITO_RENDER_BLESS=1",
        path.display()
    );
}

/// The schema of pods is made of Kubernetes' own Go types.
#[test]
fn the_schema_of_pod_templates_is_that_of_go() {
    holds_schema("pod-template.json", "-mod=readonly", &["pods"]);
}

/// So are those of objects, with the comments that an API server goes by; those of custom resources
/// are their CRDs'.
#[test]
fn the_schemas_of_objects_are_those_of_go_and_of_crds() {
    const CRDS: [&str; 10] = [
        "gateway/gateway.networking.k8s.io_httproutes.yaml",
        "karpenter-aws/karpenter.k8s.aws_ec2nodeclasses.yaml",
        "karpenter/karpenter.sh_nodeclaims.yaml",
        "karpenter/karpenter.sh_nodepools.yaml",
        "machine/karpenter.sh_machines.yaml",
        "nodeclaim-aws/karpenter.k8s.aws_ec2nodeclasses.yaml",
        "nodeclaim/karpenter.sh_nodeclaims.yaml",
        "nodeclaim/karpenter.sh_nodepools.yaml",
        "prometheus/monitoring.coreos.com_podmonitors.yaml",
        "prometheus/monitoring.coreos.com_servicemonitors.yaml",
    ];
    let paths = CRDS.map(|crd| directory().join("crds").join(crd));
    let paths = paths.iter().map(|path| path.to_str().unwrap());
    let args: Vec<_> = ["objects"].into_iter().chain(paths).collect();
    holds_schema("objects.json", "-mod=readonly -modfile=objects.mod", &args);
}
