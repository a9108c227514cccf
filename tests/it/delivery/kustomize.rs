//! The real kustomize, with `kaito-render fn` as a function: what a person sees, to the byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::golden::documents;
use crate::support::inputs::{SMALL, directory, profile, workspace};
use crate::support::program::{Run, kaito_render, root, run, stdout};
use crate::support::tools::tool;

/// What both flags switch on.
const FLAGS: [&str; 2] = ["--enable-alpha-plugins", "--enable-exec"];

/// kustomize in a directory, with this program on its path.
fn kustomize(args: &[&str], directory: &Path) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_kaito-render"));
    let mut command = tool("bin/kustomize");
    command.args(args).current_dir(directory);
    run(on_path(&mut command, program), "")
}

fn on_path<'a>(command: &'a mut Command, program: &Path) -> &'a mut Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let directory = program.parent().unwrap().display();
    command.env("PATH", format!("{directory}:{path}"))
}

/// A copy of one of the examples.
fn example(name: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let example = root().join("examples/kustomize").join(name);
    for entry in fs::read_dir(example).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), directory.path().join(entry.file_name())).unwrap();
    }
    directory
}

/// The objects of a stream, in one order, and without the label of the team.
fn objects(stream: &str) -> Vec<String> {
    let mut objects = documents(&stream.replace("    team: a\n", ""));
    objects.iter_mut().for_each(Value::sort_all_objects);
    let mut texts: Vec<_> = objects.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

fn build(directory: &Path) -> Run {
    kustomize(&[&["build"], &FLAGS[..], &["."]].concat(), directory)
}

#[test]
fn a_transformer_makes_what_the_pipe_makes() {
    let transformer = example("transformer");
    let built = build(transformer.path());
    assert_eq!(built.code, 0, "{}", built.stderr);
    // The same by the way without flags: what kustomize builds is rendered.
    let kustomization = transformer.path().join("kustomization.yaml");
    let text = fs::read_to_string(&kustomization).unwrap();
    let (plain, _) = text.split_once("transformers:").unwrap();
    fs::write(&kustomization, plain).unwrap();
    let plain = kustomize(&["build", "."], transformer.path());
    let piped = stdout(&["render", "-"], &plain.stdout);
    assert_eq!(objects(&built.stdout), objects(&piped));
    assert_eq!(built.stdout.matches("    team: a\n").count(), 4);
}

#[test]
fn a_generator_makes_the_objects_of_its_workspace() {
    let generator = example("generator");
    let built = build(generator.path());
    assert_eq!(built.code, 0, "{}", built.stderr);
    let kinds = ["Service", "StatefulSet", "Workspace", "NodeClaim"];
    let made = kinds.map(|kind| built.stdout.matches(&format!("kind: {kind}\n")).count());
    assert_eq!(made, [2, 1, 1, 1], "{}", built.stdout);
}

#[test]
fn an_error_is_the_first_line_that_kustomize_shows() {
    let directory = example("transformer");
    let workspace = directory.path().join("workspace.yaml");
    let text = fs::read_to_string(&workspace).unwrap();
    fs::write(&workspace, text.replace("name: phi-4", "name: phi-44")).unwrap();
    let built = build(directory.path());
    let expected = "Workspace team-a/transformed-phi-4 inference.preset.name: error[KR203]: release 0.12 has no \
                    preset phi-44; kaito-render presets list names them all\n";
    assert!(
        built.code == 1 && built.stderr.starts_with(expected),
        "{}",
        built.stderr
    );
    assert!(
        built
            .stderr
            .trim_end()
            .ends_with("Error: couldn't execute function: exit status 1")
    );
    assert!(built.stdout.is_empty());
}

#[test]
fn without_flags_kustomize_says_so_or_nothing() {
    let directory = example("transformer");
    let refused = kustomize(&["build", "."], directory.path());
    assert!(refused.code == 1 && refused.stderr.contains("external plugins disabled"));
    // With one of the two the function is passed over, and the Workspace stays as it is.
    let silent = kustomize(&["build", FLAGS[0], "."], directory.path());
    assert_eq!((silent.code, silent.stderr.as_str()), (0, ""));
    assert!(silent.stdout.contains("kind: Workspace") && !silent.stdout.contains("StatefulSet"));
}

#[test]
fn functions_in_place_keep_files_and_change_nothing_twice() {
    let directory = tempfile::tempdir().unwrap();
    let models = directory.path().join("models");
    fs::create_dir(&models).unwrap();
    let example = root().join("examples/kustomize/transformer/workspace.yaml");
    let text = fs::read_to_string(example).unwrap();
    fs::write(models.join("workspace.yaml"), format!("# ours\n{text}")).unwrap();
    let function = directory.path().join("function.sh");
    fs::write(&function, "#!/bin/sh\nexec kaito-render fn\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&function, mode).unwrap();
    let in_place = || {
        let args = [
            "fn",
            "run",
            "models",
            "--enable-exec",
            "--exec-path",
            "./function.sh",
        ];
        let run = kustomize(&args, directory.path());
        assert_eq!(run.code, 0, "{}", run.stderr);
        crate::cli::output::tree(&models)
    };
    let first = in_place();
    let names: Vec<_> = first.keys().map(String::as_str).collect();
    let expected = [
        "nodeclaim_transformed-phi-4-0.yaml",
        "service_transformed-phi-4-headless.yaml",
        "service_transformed-phi-4.yaml",
        "statefulset_transformed-phi-4.yaml",
        "workspace.yaml",
    ];
    assert_eq!(names, expected);
    assert!(first["workspace.yaml"].starts_with(b"# ours\napiVersion: kaito.sh/v1beta1\n"));
    assert_eq!(in_place(), first);
}

#[test]
fn an_overlay_among_the_resources_is_applied_and_no_object() {
    let transformer = example("transformer");
    let overlay = "apiVersion: render.kaito.sh/v1alpha1\nkind: Overlay\nmetadata:\n  name: batch\n\
                   pod: {priorityClassName: batch}\n";
    fs::write(transformer.path().join("overlay.yaml"), overlay).unwrap();
    let kustomization = transformer.path().join("kustomization.yaml");
    let text = fs::read_to_string(&kustomization).unwrap();
    let text = text.replacen("resources:\n", "resources:\n- overlay.yaml\n", 1);
    fs::write(&kustomization, text).unwrap();
    let built = build(transformer.path());
    assert_eq!(built.code, 0, "{}", built.stderr);
    assert!(
        built.stdout.contains("priorityClassName: batch\n"),
        "{}",
        built.stdout
    );
    assert!(!built.stdout.contains("kind: Overlay"), "{}", built.stdout);
}

/// What of a kustomization an overlay takes over, with all that depends on the order.
const PROD: &str = "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [objects.yaml]
components: [../part]
patchesStrategicMerge:
- merge.yaml
patches:
- target: {kind: StatefulSet}
  path: ops.yaml
- patch: |
    apiVersion: v1
    kind: Service
    metadata: {name: a, labels: {team: patch}}
    spec: {sessionAffinity: ClientIP}
patchesJson6902:
- target: {version: v1, kind: Service, name: a}
  patch: |
    - {op: test, path: /metadata/labels/team, value: prod}
    - {op: add, path: /metadata/labels/json, value: \"1\"}
labels:
- pairs: {team: prod}
- pairs: {pods: \"1\"}
  includeTemplates: true
commonAnnotations: {example.com/a: b}
images:
- {name: example.com/patched, newName: example.com/replaced, newTag: \"2\"}
";

const PART: &str = "\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
labels:
- pairs: {team: part, part: \"1\"}
patches:
- target: {kind: StatefulSet}
  patch: '[{\"op\": \"add\", \"path\": \"/spec/minReadySeconds\", \"value\": 2}]'
";

const MERGE: &str = "\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a}
spec:
  minReadySeconds: 3
  template:
    spec:
      containers: [{name: a, image: \"example.com/patched:1\"}]
";

/// The objects of a stream but for node objects, which get no labels of an overlay unasked.
fn without_nodes(stream: &str) -> BTreeMap<String, Value> {
    let objects = documents(stream).into_iter();
    let objects = objects.filter(|object| object["kind"] != "NodeClaim");
    let named = objects.map(|mut object| {
        object.sort_all_objects();
        let name = object["metadata"]["name"].as_str().unwrap();
        (format!("{} {name}", object["kind"]), object)
    });
    named.collect()
}

#[test]
fn a_kustomization_as_an_overlay_makes_what_kustomize_makes() {
    let directory = directory(&[
        ("a.yaml", &workspace("a", SMALL)),
        (
            "kaito-render.yaml",
            &profile("overlays: [{kustomization: k/prod}]\n"),
        ),
        ("k/prod/kustomization.yaml", PROD),
        ("k/prod/merge.yaml", MERGE),
        (
            "k/prod/ops.yaml",
            "- {op: add, path: /spec/template/spec/priorityClassName, value: batch}\n",
        ),
        ("k/part/kustomization.yaml", PART),
    ]);
    let render = |args: &[&str]| {
        let mut command = kaito_render(&[&["render", "a.yaml"], args].concat());
        let run = run(command.current_dir(directory.path()), "");
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout.clone()
    };
    let plain = render(&["--no-overlays"]);
    fs::write(directory.path().join("k/prod/objects.yaml"), plain).unwrap();
    let built = kustomize(&["build", "k/prod"], directory.path());
    assert_eq!(built.code, 0, "{}", built.stderr);
    let (ours, theirs) = (without_nodes(&render(&[])), without_nodes(&built.stdout));
    assert!(ours.len() == 4, "{ours:?}");
    assert_eq!(ours, theirs);
}
