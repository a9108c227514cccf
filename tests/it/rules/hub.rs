//! Release 0.12 from the outside: what no golden case shows.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::builder::{Diagnostic, Test};
use crate::support::inputs::{SMALL, workspace};
use crate::support::program::{Run, kaito_render, root, run, stdout};

const PHI_4: &str = "examples/v1beta1/kaito_workspace_phi_4.yaml";
const LLAMA: &str = "examples/v1beta1/kaito_workspace_llama_3.3_70b.yaml";
const ADAPTERS: &str = "examples/v1beta1/kaito_workspace_phi_3_with_adapters.yaml";
const CONFIG: &str = "examples/v1beta1/kaito_workspace_phi_4_mini_with_config.yaml";
const SET: &str = "examples/v1beta1/kaito_inferenceset_mistral_7b.yaml";
const TUNING: &str = "examples/v1beta1/kaito_workspace_tuning_phi_4_mini.yaml";

fn read(example: &str) -> String {
    fs::read_to_string(root().join(example)).unwrap()
}

/// A text in which another one was replaced once.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "there is no `{from}` in:\n{text}");
    text.replacen(from, to, 1)
}

/// A run with a text and a profile of release 0.12 with some more lines.
fn with(text: &str, lines: &str) -> Test {
    Test::new()
        .input(text)
        .profile(&format!("release: \"0.12\"\n{lines}"))
}

/// A check, in which notes count.
fn check(text: &str, lines: &str) -> Test {
    with(text, lines).with_notes()
}

fn objects(text: &str, lines: &str) -> Vec<Value> {
    let rendered = with(text, lines).command("render").format("json");
    let list: Value = serde_json::from_str(&rendered.exits(0).run().stdout).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn find<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    objects
        .iter()
        .find(|object| object["kind"] == kind)
        .unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_can_not_work_is_reported() {
    for (example, from, to, lines, expected) in [
        (
            PHI_4,
            "Standard_NC24ads_A100_v4",
            "Standard_NC6s_v3",
            "",
            "KR261 error",
        ),
        (
            PHI_4,
            "Standard_NC24ads_A100_v4",
            "standard_nc24ads_a100_v4",
            "",
            "KR228 warning",
        ),
        (
            PHI_4,
            "Standard_NC24ads_A100_v4",
            "Standard_NG32ads_V620_v1",
            "",
            "KR216 error",
        ),
        (
            PHI_4,
            "  instanceType: Standard_NC24ads_A100_v4\n",
            "",
            "",
            "KR107 error",
        ),
        (
            PHI_4,
            "apps: phi-4",
            "kaito.sh/workspace: x",
            "",
            "KR109 error",
        ),
        (
            PHI_4,
            "apps: phi-4",
            "apps: phi-4\n      kaito.sh/workspace: x",
            "",
            "KR227 warning",
        ),
        (
            PHI_4,
            "resource:",
            "resource:\n  count: 2",
            "",
            "KR227 warning",
        ),
        (
            PHI_4,
            "resource:",
            "resource:\n  partition: {mode: mig, profile: 1g.10gb}",
            "",
            "KR221 error",
        ),
        (PHI_4, "name: phi-4\n", "name: phi-44\n", "", "KR203 error"),
        (
            PHI_4,
            "name: workspace",
            "annotations: {kaito.sh/performance-mode: fast}\n  name: workspace",
            "",
            "KR121 error",
        ),
        (
            PHI_4,
            "name: workspace",
            "annotations: {kaito.sh/streaming-service-account: a}\n  name: workspace",
            "",
            "KR211 error",
        ),
        (
            PHI_4,
            "name: workspace",
            "annotations: {render.kaito.sh/node-count: none}\n  name: workspace",
            "",
            "KR121 error",
        ),
        (
            PHI_4,
            "name: workspace",
            "annotations: {kaito.sh/node-class-name: mine}\n  name: workspace",
            "provisioner: nodepool\n",
            "KR224 error",
        ),
        (PHI_4, "phi-4", "phi-4", "cloud: arc\n", "KR204 error"),
        (
            PHI_4,
            "phi-4",
            "phi-4",
            "provisioner: machine\n",
            "KR213 error",
        ),
        (
            PHI_4,
            "  instanceType: Standard_NC24ads_A100_v4\n",
            "",
            "provisioner: none\n",
            "KR222 error",
        ),
        (LLAMA, "hf-token\n", "HF_TOKEN\n", "", "KR120 error"),
        (LLAMA, "hf-token\n", "YOUR_SECRET\n", "", "KR116 warning"),
        (
            ADAPTERS,
            "        name: phi-3-adapter\n",
            "",
            "",
            "KR112 error",
        ),
        (
            ADAPTERS,
            "    - source:",
            "    - strength: \"0.5\"\n      source:",
            "",
            "KR220 error",
        ),
        (
            ADAPTERS,
            "myregistry.azurecr.io/phi-3-adapter",
            "My Registry",
            "",
            "KR110 error",
        ),
        (CONFIG, "65536", "655360", "", "KR223 error"),
        (
            CONFIG,
            "max-model-len: 65536",
            "max-model-len: {a: 1}",
            "",
            "KR223 error",
        ),
        (
            CONFIG,
            "  name: phi-4-mini-settings",
            "  name: other",
            "",
            "KR223 error",
        ),
        (
            TUNING,
            "https://huggingface.co",
            "http://10.0.0.1",
            "",
            "KR119 error",
        ),
        (
            TUNING,
            "phi-4-mini-instruct",
            "mistral-7b",
            "",
            "KR208 error",
        ),
        (
            TUNING,
            "    imagePushSecret: myregistry-push\n",
            "",
            "",
            "KR114 error",
        ),
        (SET, "replicas: 2", "replicas: -1", "", "KR101 error"),
        (SET, "replicas: 2", "replicas: 6000", "", "KR108 error"),
        (SET, "replicas: 2", "replica: 2", "", "KR102 error"),
        (
            SET,
            "replicas: 2\n",
            "replicas: 0\n  nodeCountLimit: a\n",
            "",
            "KR101 error",
        ),
        (
            PHI_4,
            "phi-4",
            "phi-4",
            "nodeCounts: {default/workspace-phi-4: 0}\n",
            "KR501 error",
        ),
        (
            TUNING,
            "metadata:",
            "metadata:\n  annotations: {render.kaito.sh/node-count: \"2\"}",
            "",
            "KR227 warning",
        ),
        (
            SET,
            "mistral-7b-instruct",
            "mistral-8b-instruct",
            "",
            "KR203 error",
        ),
        (
            SET,
            "kind: InferenceSet",
            "kind: InferenceSets",
            "",
            "KR118 error",
        ),
    ] {
        let outcome = check(&changed(&read(example), from, to), lines)
            .finds_among(expected, None)
            .run();
        let errors: Vec<_> = outcome
            .diagnostics
            .iter()
            .filter(|found| found.title.ends_with("error"))
            .collect();
        assert!(
            errors.len() <= 2,
            "{example}: {to}: one mistake, but {errors:#?}"
        );
    }
}

#[test]
fn a_set_of_the_older_version_makes_workspaces_of_the_newer_one() {
    let older = changed(&read(SET), "kaito.sh/v1beta1", "kaito.sh/v1alpha1");
    Test::new()
        .input(&older)
        .with_notes()
        .finds_among("KR201 note", None)
        .exits(0)
        .run();
}

#[test]
fn the_examples_have_no_diagnostics() {
    for example in [PHI_4, LLAMA, ADAPTERS, CONFIG, SET, TUNING] {
        check(&read(example), "").finds_nothing().run();
    }
}

#[test]
fn a_number_of_nodes_that_somebody_decided_on_wins() {
    let annotated = |count: u32| {
        changed(
            &read(LLAMA),
            "metadata:",
            &format!("metadata:\n  annotations: {{render.kaito.sh/node-count: \"{count}\"}}"),
        )
    };
    for (text, lines, nodes, warnings) in [
        (read(LLAMA), "", 3, 0),
        (annotated(4), "", 4, 0),
        (annotated(2), "", 2, 1),
        (
            read(LLAMA),
            "nodeCounts: {default/workspace-llama-3-3-70b: 5}\n",
            5,
            0,
        ),
        (
            annotated(4),
            "nodeCounts: {default/workspace-llama-3-3-70b: 5}\n",
            4,
            0,
        ),
    ] {
        let objects = objects(&text, lines);
        assert_eq!(find(&objects, "StatefulSet")["spec"]["replicas"], nodes);
        assert_eq!(
            objects
                .iter()
                .filter(|object| object["kind"] == "NodeClaim")
                .count(),
            nodes
        );
        let found = check(&text, lines).run().diagnostics;
        let is_too_few = |found: &&Diagnostic| found.title == "KR226 warning";
        assert_eq!(
            found.iter().filter(is_too_few).count(),
            warnings,
            "{found:#?}"
        );
    }
}

#[test]
fn an_inference_set_is_its_workspaces_written_once() {
    let by_hand = |ordinal: u32| {
        format!(
            "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: mistral-7b-{ordinal}\n  \
             labels: {{inferenceset.kaito.sh/created-by: mistral-7b}}\nresource:\n  \
             instanceType: Standard_NC24ads_A100_v4\n  labelSelector: {{matchLabels: {{apps: mistral-7b}}}}\n\
             inference: {{preset: {{name: mistral-7b-instruct}}}}\n"
        )
    };
    for lines in ["", "provisioner: nodepool\n"] {
        let set = objects(&read(SET), lines);
        let workspaces = objects(&[by_hand(0), by_hand(1)].join("---\n"), lines);
        assert_eq!(set.len(), workspaces.len());
        for (of_set, of_workspace) in set.iter().zip(&workspaces) {
            if of_set["kind"] == "Workspace" {
                assert_eq!(of_set["metadata"]["name"], of_workspace["metadata"]["name"]);
            } else {
                assert_eq!(of_set, of_workspace);
            }
        }
    }
    assert_eq!(
        objects(&changed(&read(SET), "replicas: 2", "replicas: 0"), ""),
        [Value::Null; 0]
    );
}

#[test]
fn what_is_wrong_with_all_replicas_is_said_once() {
    let text = changed(&read(SET), "replicas: 2", "replicas: 5");
    let wrong = changed(&text, "mistral-7b-instruct", "mistral-8b-instruct");
    check(&wrong, "").finds("KR203 error", None).run();
    check(&changed(&wrong, "replicas: 5", "replicas: 0"), "")
        .finds("KR129 warning", "0")
        .finds("KR203 error", None)
        .run();
}

#[test]
fn an_older_workspace_is_read_as_one_of_the_newer_version() {
    let older = changed(&read(PHI_4), "kaito.sh/v1beta1", "kaito.sh/v1alpha1");
    let without_type = changed(&older, "  instanceType: Standard_NC24ads_A100_v4\n", "");
    let made = |text: &str| {
        let mut objects = objects(text, "");
        objects.retain(|object| object["kind"] != "Workspace");
        objects
    };
    assert_eq!(made(&older), made(&read(PHI_4)));
    assert_eq!(made(&without_type), made(&read(PHI_4)));
    let options = "name: phi-4\n    presetOptions: {modelAccessSecret: a}\n";
    check(&changed(&older, "name: phi-4\n", options), "")
        .finds("KR102 error", None)
        .run();
}

#[test]
fn node_pools_of_one_name_are_a_conflict() {
    let first = changed(
        &read(PHI_4),
        "  name: workspace-phi-4",
        "  name: b-c\n  namespace: a",
    );
    let second = changed(
        &read(PHI_4),
        "  name: workspace-phi-4",
        "  name: c\n  namespace: a-b",
    );
    let lines = "provisioner: nodepool\nkarpenter: {staticCapacity: true}\n";
    check(&format!("{first}---\n{second}"), lines)
        .finds("KR402 error", None)
        .run();
}

#[test]
fn node_classes_are_written_where_the_profile_says_what_they_are() {
    let lines = "provisioner: nodepool\nnodeClasses:\n- {name: gpu, default: true, spec: {imageFamily: Ubuntu2204}}\n- {name: other}\n";
    let objects = objects(&read(PHI_4), lines);
    let class = find(&objects, "AKSNodeClass");
    assert_eq!(class["metadata"]["name"], "gpu");
    assert_eq!(
        class["metadata"]["labels"]["karpenter.kaito.sh/default"],
        "true"
    );
    assert_eq!(class["spec"]["imageFamily"], "Ubuntu2204");
    let pool = find(&objects, "NodePool");
    assert_eq!(
        pool["spec"]["template"]["spec"]["nodeClassRef"]["name"],
        "gpu"
    );
    assert_eq!(
        objects
            .iter()
            .filter(|object| object["kind"] == "AKSNodeClass")
            .count(),
        1
    );
}

/// Imports a model with the configuration of a Qwen 3 of 20 GiB, by files in a directory.
fn import(directory: &Path, name: &str, more: &[&str]) -> Run {
    let [config, files] = ["config.json", "files.json"].map(|name| directory.join(name));
    let text = r#"{"architectures": ["Qwen3ForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 8192, "x": NaN}"#;
    fs::write(&config, text).unwrap();
    let text = r#"[{"path": "a.safetensors", "size": 21474836480}]"#;
    fs::write(&files, text).unwrap();
    let mut program = kaito_render(&["presets", "import", "--name", name]);
    program
        .arg("--config")
        .arg(config)
        .arg("--files")
        .arg(files);
    run(program.args(more), "")
}

#[test]
fn a_model_beyond_the_catalogue_is_imported_and_served() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let import = |name: &str, more: &[&str]| import(directory.path(), name, more);
    let printed = import("Acme/Qwen3-Custom", &[]);
    assert!(
        printed.code == 0 && printed.stdout.starts_with("name: Acme/Qwen3-Custom\n"),
        "{}",
        printed.stderr
    );
    let text = changed(&read(PHI_4), "name: phi-4\n", "name: acme/qwen3-custom\n");
    let unknown = run(&mut kaito_render(&["check", "-"]), &text);
    assert!(
        unknown
            .stderr
            .contains("kaito-render presets import --name acme/qwen3-custom"),
        "{}",
        unknown.stderr
    );
    let near = run(
        &mut kaito_render(&["check", "-"]),
        &text.replace("acme/qwen3-custom", "qwen/qwen3-8b-aqw"),
    );
    assert!(
        near.stderr.contains("did you mean") && near.stderr.contains("presets import"),
        "{}",
        near.stderr
    );

    let library = path("library");
    let written = import("Acme/Qwen3-Custom", &["--library", &library]);
    assert_eq!(
        (written.code, written.stdout.as_str()),
        (0, ""),
        "{}",
        written.stderr
    );
    let file = Path::new(&library).join("presets/0.12/models/acme/qwen3-custom.yaml");
    assert_eq!(fs::read_to_string(file).unwrap(), printed.stdout);
    let rendered = stdout(&["render", "-", "--library", &library], &text);
    assert!(
        rendered.contains("--tool-call-parser=hermes") && rendered.contains("storage: 100Gi"),
        "{rendered}"
    );
}

#[test]
fn models_that_can_not_be_imported_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let import = |name: &str, more: &[&str]| import(directory.path(), name, more);
    for (name, more) in [
        ("acme", &[][..]),
        ("../a", &[]),
        ("a/b", &["--release", "0.3"]),
        ("a/b", &["--release", "9"]),
    ] {
        let refused = import(name, more);
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (2, ""),
            "{name}: {}",
            refused.stderr
        );
    }
}

/// Server-side apply refuses a list that names one twice.
#[test]
fn a_pull_secret_stands_once_in_the_pods() {
    let adapter = |name: &str| {
        format!(
            "  - source: {{name: {name}, image: r.example.com/a/{name}:1, imagePullSecrets: [pull, pull]}}\n"
        )
    };
    let preset = "  preset:\n    name: phi-4\n";
    let text = workspace("a", SMALL);
    assert!(text.contains(preset), "{text}");
    let adapted = text.replace(
        preset,
        &format!("{preset}  adapters:\n{}{}", adapter("one"), adapter("two")),
    );
    let own = text.replace(
        preset,
        "  template: {spec: {imagePullSecrets: [{name: pull}, {name: other}, {name: pull}], \
         containers: [{name: c, image: r.example.com/c:1}]}}\n",
    );
    for (text, names) in [(adapted, &["pull"][..]), (own, &["pull", "other"])] {
        let outcome = Test::new()
            .input(&text)
            .command("render")
            .format("json")
            .exits(0)
            .run();
        let list: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        let items = list["items"].as_array().unwrap();
        let pods = items.iter().find(|it| it["kind"] == "StatefulSet").unwrap();
        let secrets = pods["spec"]["template"]["spec"]["imagePullSecrets"].as_array();
        let found: Vec<_> = secrets
            .unwrap()
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        assert_eq!(found, names);
        let text = pods.to_string();
        assert!(text.matches("\"secret\":{").count() <= 2, "{text}");
    }
}
