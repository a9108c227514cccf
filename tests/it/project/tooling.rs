//! The flake, the dependencies, the scripts and the schema of pods, by the programs that know them.

use std::fs;
use std::path::Path;

use crate::support::program::root;
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

/// The schema of pods is made of Kubernetes' own Go types.
#[test]
fn the_schema_of_pod_templates_is_that_of_go() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/pod-template-schema");
    let made = succeed(
        tool("go")
            .args(["run", "."])
            .env("GOFLAGS", "-mod=readonly")
            .current_dir(directory),
    )
    .stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/pod-template.json");
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
