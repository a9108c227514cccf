//! What holds for every input.

use std::fs;
use std::path::{Path, PathBuf};

use kaito_render::compile::{Options, compile};
use kaito_render::emit::Format;
use kaito_render::library::Library;
use kaito_render::profile::Profile;
use kaito_render::session::Session;
use kaito_render::source;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::sample::{Index, subsequence};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{kaito_render, root, run, stdout};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Workspaces of one input, each its own document.
fn workspaces() -> Vec<String> {
    let served = fs::read_to_string(root().join("examples/inference/kaito_workspace_falcon_7b.yaml")).unwrap();
    let tuned = fs::read_to_string(root().join("examples/fine-tuning/kaito_workspace_tuning_phi_3.yaml")).unwrap();
    let variants = |text: &str, name: &str| {
        let of = |number| text.replacen(&format!("name: {name}"), &format!("name: {name}-{number}"), 1);
        (0..4).map(of).collect::<Vec<_>>()
    };
    [variants(&served, "workspace-falcon-7b"), variants(&tuned, "workspace-tuning-phi-3")].concat()
}

/// A folder with one file a Workspace, spread over folders as the numbers say.
fn folder(workspaces: &[String], spread: &[Index]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, (text, spread)) in workspaces.iter().zip(spread).enumerate() {
        let parent = folder.path().join(["a", "b/c", "."][spread.index(3)]);
        fs::create_dir_all(&parent).unwrap();
        fs::write(parent.join(format!("{}-{number}.yaml", ["x", "y"][spread.index(2)])), text).unwrap();
    }
    folder
}

/// All Workspaces in one stream, rendered from standard input.
fn reference() -> String {
    stdout(&["render", "-"], &workspaces().join("---\n"))
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn files_in_any_order_and_place_give_the_same_bytes(
        workspaces in Just(workspaces()).prop_shuffle(),
        spread in vec(any::<Index>(), 8),
        locale in prop_oneof![Just("C"), Just("de_DE.UTF-8"), Just("tr_TR.UTF-8")],
        zone in prop_oneof![Just("UTC"), Just("Asia/Tokyo"), Just("America/St_Johns")],
        threads in 1_u8..4,
    ) {
        let folder = folder(&workspaces, &spread);
        let mut command = kaito_render(&["render", "."]);
        command.current_dir(folder.path()).env("LC_ALL", locale).env("TZ", zone);
        command.env("RAYON_NUM_THREADS", threads.to_string()).env("TOKIO_WORKER_THREADS", threads.to_string());
        let run = run(&mut command, "");
        prop_assert_eq!(run.code, 0, "{}", run.stderr);
        prop_assert_eq!(run.stdout, reference());
    }

    #[test]
    fn rendered_output_is_rendered_to_itself(chosen in subsequence(workspaces(), 1..=8), json: bool) {
        let format = if json { "json" } else { "yaml" };
        let once = stdout(&["render", "-", "--format", format], &chosen.join("---\n"));
        prop_assert_eq!(stdout(&["render", "-", "--format", format], &once), once);
    }

    #[test]
    fn all_together_are_the_union_of_each_alone(chosen in subsequence(workspaces(), 1..=8)) {
        let mut alone: Vec<_> = chosen.iter().flat_map(|text| documents(&stdout(&["render", "-"], text))).collect();
        let together = documents(&stdout(&["render", "-"], &chosen.join("---\n")));
        alone.retain(|document| together.contains(document));
        alone.sort();
        alone.dedup();
        let mut together = together;
        together.sort();
        prop_assert_eq!(alone, together);
    }
}

fn documents(stream: &str) -> Vec<String> {
    stream.split("---\n").filter(|document| !document.is_empty()).map(str::to_owned).collect()
}

/// Compiles bytes as a file that was named outright.
fn compile_bytes(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input.yaml");
    fs::write(&path, bytes).unwrap();
    let mut session = Session::default();
    let documents = source::load(&[path], &mut session.sources, &mut session.diagnostics).unwrap();
    let options = Options {
        namespace: "default".to_owned(),
        profile: Profile::default(),
        only_generated: false,
        allow_empty: false,
    };
    let objects = compile(documents, &options, &Library::embedded(), &mut session);
    let text = Format::Yaml.stream(objects.iter().map(|object| &object.value));
    assert!(session.failed_since(0) || !text.is_empty());
    for finding in &session.diagnostics {
        assert!(!kaito_render::diagnostic::human::render(finding, &session.sources, true).is_empty());
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        compile_bytes(&bytes);
    }

    /// A Workspace with some of its bytes put in another's place is a harder input than noise.
    #[test]
    fn damaged_workspaces_never_panic(
        which in any::<Index>(),
        cuts in vec((any::<Index>(), any::<Index>(), prop_oneof![Just(""), Just("\t"), Just(": "), Just("{"), Just("&a *a"), Just("é\u{0}"), Just("- ")]), 1..5),
    ) {
        let mut text = which.get(&workspaces()).clone();
        for (from, length, put) in cuts {
            let start = text.floor_char_boundary(from.index(text.len().max(1)));
            let end = text.floor_char_boundary((start + length.index(12)).min(text.len()));
            text.replace_range(start..end, put);
        }
        compile_bytes(text.as_bytes());
    }

    /// What is written is read back as it was by our own reader and by another.
    #[test]
    fn writing_and_reading_is_identity(value in value()) {
        let text = Format::Yaml.stream([&value]);
        let mut session = Session::default();
        let file = session.sources.add("written.yaml", text.clone());
        let documents = source::parse(&session.sources, file, &mut session.diagnostics);
        prop_assert!(session.diagnostics.is_empty(), "{:?}\n{text}", session.diagnostics);
        prop_assert_eq!(documents[0].to_value(), value.clone(), "{}", text);
        prop_assert_eq!(serde_yaml::from_str::<Value>(text.trim_start_matches("---\n")).unwrap(), value);
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // To kubectl a float without a fraction is an integer.
        (-1e6..1e6).prop_map(|float: f64| Value::from(float.trunc() + 0.5)),
        any::<String>().prop_map(Value::from),
        "[-:#?!&*%@`'\"{}\\[\\]|>, \\n\\t0-9yYnNoOeExX._~=<]{0,12}".prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((any::<String>(), inner), 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    vec(("[a-z]{1,8}", tree), 1..4).prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

/// The examples exist, and each compiles on its own: a mistake in one of them would be everybody's first impression.
#[test]
fn every_example_compiles() {
    let examples = examples();
    assert!(examples.len() >= 20, "{examples:?}");
    for example in &examples {
        stdout(&["render", example.to_str().unwrap()], "");
    }
    let list: Value = serde_json::from_str(&stdout(&["render", "examples/", "--format", "json"], "")).unwrap();
    let kinds: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    for kind in ["Workspace", "ConfigMap", "Service", "Machine", "Deployment", "StatefulSet", "Job"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!(kinds.iter().filter(|kind| **kind == "Workspace").count(), examples.len());
}

/// The YAML files in the folders of `examples/`.
fn examples() -> Vec<PathBuf> {
    let entries = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let folders = entries(&root().join("examples")).into_iter().filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| entries(&folder));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}
