//! Directories for Flux, as kustomize and the Flux CLI read them; and the CLI's plugin.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use super::rig::{examples, program};
use crate::golden::documents;
use crate::support::inputs::{directory, inference_set, profile};
use crate::support::program::{root, run, stdout};
use crate::support::tools::{succeed, tool};

/// The objects of a stream, in one order.
fn objects(stream: &str) -> Vec<String> {
    let mut objects: Vec<_> = documents(stream);
    objects.iter_mut().for_each(Value::sort_all_objects);
    let mut texts: Vec<_> = objects.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

fn built(directory: &Path) -> String {
    let output = succeed(tool("bin/kustomize").arg("build").arg(directory));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn kustomize_builds_the_objects_of_the_plain_output() {
    for release in ["0.3", "0.12"] {
        let args = examples(release);
        let plain = stdout(&args, "");
        for format in ["yaml", "json"] {
            let directory = tempfile::tempdir().unwrap();
            let out = format!("{}/", directory.path().display());
            let layout = ["--layout", "flux", "--format", format, "-o", &out];
            stdout(&[&args[..], &layout].concat(), "");
            let built = built(directory.path());
            assert_eq!(objects(&built), objects(&plain), "{release} {format}");
        }
    }
}

#[test]
fn flux_builds_a_directory_that_has_too_many_objects_for_a_kustomization() {
    let directory = directory(&[
        ("set.yaml", &inference_set(101)),
        ("kaito-render.yaml", &profile("delivery: {host: flux}\n")),
    ]);
    let run_in = |args: &[&str]| stdout_in(directory.path(), args);
    let plain = run_in(&["render", "set.yaml"]);
    run_in(&["render", "set.yaml", "--layout", "flux", "-o", "out/"]);
    let out = directory.path().join("out");
    assert!(!out.join("kustomization.yaml").exists());
    // Each directory that has one is for a Kustomization of its own.
    let parts = fs::read_dir(out.join("default")).unwrap();
    let parts: Vec<_> = parts.map(|entry| built(&entry.unwrap().path())).collect();
    assert_eq!(parts.len(), 101);
    assert_eq!(objects(&parts.join("---\n")), objects(&plain));
    // Flux makes one where there is none, in a copy.
    let copy = directory.path().join("copy");
    succeed(
        std::process::Command::new("cp")
            .arg("-r")
            .arg(&out)
            .arg(&copy),
    );
    let mut flux = program("flux");
    flux.args(["build", "kustomization", "models", "--dry-run", "--path"]);
    flux.arg(&copy).arg("--kustomization-file");
    flux.arg(root().join("deploy/flux/sync.yaml"));
    let output = succeed(&mut flux);
    let whole = String::from_utf8(output.stdout).unwrap();
    assert_eq!(documents(&whole).len(), documents(&plain).len());
}

fn stdout_in(directory: &Path, args: &[&str]) -> String {
    let mut command = crate::support::program::kaito_render(args);
    let run = run(command.current_dir(directory), "");
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    run.stdout
}

#[test]
fn flux_kaito_is_this_program() {
    let plugins = tempfile::tempdir().unwrap();
    let target = env!("CARGO_BIN_EXE_kaito-render");
    symlink(target, plugins.path().join("flux-kaito")).unwrap();
    let flux = |args: &[&str]| {
        let mut flux = program("flux");
        run(flux.args(args).env("FLUXCD_PLUGINS", plugins.path()), "")
    };
    assert!(flux(&["--help"]).stdout.contains("Runs the kaito plugin"));
    let help = flux(&["kaito", "render", "--help"]);
    assert_eq!(help.code, 0, "{}", help.stderr);
    assert!(
        help.stdout.contains("Usage: flux kaito render "),
        "{}",
        help.stdout
    );
    let file = root().join("examples/v1beta1/kaito_workspace_phi_4.yaml");
    let file = file.to_str().unwrap();
    let rendered = flux(&["kaito", "render", file]);
    assert_eq!(rendered.stdout, stdout(&["render", file], ""));
    // An error is the program's own, and so is the exit code.
    assert_eq!(flux(&["kaito", "render", "no-such-file"]).code, 2);
}
