//! What holds for every input.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::compile::{Options, compile};
use kaito_render::emit::Format;
use kaito_render::input;
use kaito_render::report::policy::Policy;
use kaito_render::report::{Report, Strictness, human};
use kaito_render::session::Session;
use proptest::collection::vec;
use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::sample::{Index, select, subsequence};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use tempfile::TempDir;
use walkdir::WalkDir;

use crate::golden;
use crate::golden::hostile_strings::written;
use crate::support::program::{kaito_render, root, run, sample, stdout};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Inputs of one Workspace each, that can stand in one stream: the examples, more Workspaces like
/// two of them, which share a ConfigMap, and golden cases with what they name, each in a namespace
/// of its own.
static INPUTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let like = |name: &str, path: &str| {
        let text = read(&root().join("examples").join(path));
        (0..3)
            .map(|number| {
                text.replacen(
                    &format!("name: {name}"),
                    &format!("name: {name}-{number}"),
                    1,
                )
            })
            .collect::<Vec<_>>()
    };
    let mut inputs: Vec<_> = examples().iter().map(|path| read(path)).collect();
    inputs.extend(like(
        "workspace-falcon-7b",
        "inference/kaito_workspace_falcon_7b.yaml",
    ));
    inputs.extend(like(
        "workspace-tuning-phi-3",
        "fine-tuning/kaito_workspace_tuning_phi_3.yaml",
    ));
    // The others need a profile of their own.
    let is_taken = |case: &PathBuf| {
        case.join("expected.yaml").exists() && case.to_str().unwrap().ends_with(".machine")
    };
    let cases: Vec<_> = golden_cases().into_iter().filter(is_taken).collect();
    assert!(cases.len() >= 10, "{cases:?}");
    inputs.extend(cases.iter().enumerate().map(|(number, case)| {
        let mut documents = golden::documents(&read(&case.join("input.yaml")));
        for document in &mut documents {
            document["metadata"]["namespace"] = Value::from(format!("case-{number}"));
        }
        written(Format::Yaml, &documents)
    }));
    inputs
});

fn golden_cases() -> Vec<PathBuf> {
    golden::entries(&root().join("tests/golden/0.3"))
}

/// What each input is rendered to on its own.
static ALONE: LazyLock<Vec<BTreeSet<String>>> = LazyLock::new(|| {
    INPUTS
        .iter()
        .map(|input| objects(input).into_iter().collect())
        .collect()
});

/// All inputs in one stream, rendered from standard input.
static TOGETHER: LazyLock<String> =
    LazyLock::new(|| stdout(&["render", "-", "--only-generated"], &INPUTS.join("---\n")));

/// The objects that an input is rendered to, each as one line.
fn objects(input: &str) -> Vec<String> {
    let list: Value =
        serde_json::from_str(&stdout(&["render", "-", "--format", "json"], input)).unwrap();
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(Value::to_string)
        .collect()
}

/// A directory with one file an input, spread over directories as the numbers say.
fn directory(inputs: &[String], spread: &[Index]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (number, (text, spread)) in inputs.iter().zip(spread).enumerate() {
        let parent = directory.path().join(["a", "b/c", "."][spread.index(3)]);
        fs::create_dir_all(&parent).unwrap();
        fs::write(
            parent.join(format!("{}-{number}.yaml", ["x", "y"][spread.index(2)])),
            text,
        )
        .unwrap();
    }
    directory
}

proptest! {
    #![proptest_config(config(u32::try_from(sample(8)).unwrap()))]

    #[test]
    fn files_in_any_order_and_place_give_the_same_bytes(
        inputs in Just(INPUTS.clone()).prop_shuffle(),
        spread in vec(any::<Index>(), INPUTS.len()),
        locale in prop_oneof![Just("C"), Just("de_DE.UTF-8"), Just("tr_TR.UTF-8")],
        zone in prop_oneof![Just("UTC"), Just("Asia/Tokyo"), Just("America/St_Johns")],
    ) {
        let directory = directory(&inputs, &spread);
        let mut command = kaito_render(&["render", ".", "--only-generated"]);
        command.current_dir(directory.path()).env("LC_ALL", locale).env("LANG", locale).env("TZ", zone);
        let run = run(&mut command, "");
        prop_assert_eq!(run.code, 0, "{}", run.stderr);
        prop_assert!(run.stdout == *TOGETHER);
    }

    #[test]
    fn rendered_output_is_rendered_to_itself(chosen in subsequence(INPUTS.clone(), 1..=INPUTS.len()), json: bool) {
        let format = if json { "json" } else { "yaml" };
        let once = stdout(&["render", "-", "--format", format], &chosen.join("---\n"));
        prop_assert!(stdout(&["render", "-", "--format", format], &once) == once);
    }

    /// And what several of them make alike, such as a ConfigMap with the defaults of a method, is there once.
    #[test]
    fn all_together_are_the_union_of_each_alone(chosen in subsequence((0..INPUTS.len()).collect::<Vec<_>>(), 1..=INPUTS.len())) {
        let input = chosen.iter().map(|index| INPUTS[*index].as_str()).collect::<Vec<_>>().join("---\n");
        let mut together = objects(&input);
        together.sort();
        let alone: BTreeSet<_> = chosen.iter().flat_map(|index| ALONE[*index].clone()).collect();
        prop_assert_eq!(together, alone.into_iter().collect::<Vec<_>>());
    }
}

/// The union would say nothing of shared objects if there were none.
#[test]
fn some_inputs_share_objects() {
    let all: BTreeSet<_> = ALONE.iter().flatten().collect();
    assert!(all.len() < ALONE.iter().map(BTreeSet::len).sum());
}

#[test]
fn runs_at_the_same_time_and_in_different_directories_give_the_same_bytes() {
    let (input, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(input.path().join("all.yaml"), INPUTS.join("---\n")).unwrap();
    let name = input.path().file_name().unwrap().to_str().unwrap();
    let absolute = input.path().to_str().unwrap();
    let parent = input.path().parent().unwrap();
    let runs = [
        (elsewhere.path(), absolute),
        (Path::new("/"), absolute),
        (parent, name),
        (input.path(), "."),
    ];
    std::thread::scope(|scope| {
        let runs = runs.iter().cycle().take(8).map(|(directory, path)| {
            scope.spawn(move || {
                let mut command = kaito_render(&["render", path, "--only-generated"]);
                run(command.current_dir(directory), "")
            })
        });
        for run in runs.collect::<Vec<_>>() {
            let run = run.join().unwrap();
            assert_eq!(run.code, 0, "{}", run.stderr);
            assert!(run.stdout == *TOGETHER);
        }
    });
}

/// Compiles bytes as a file that was named outright.
fn compile_bytes(bytes: &[u8]) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("input.yaml");
    fs::write(&path, bytes).unwrap();
    let mut session = Session::default();
    let documents = input::load(
        &input::Disk,
        &[path],
        input::DocumentFilter::Input,
        &mut session.sources,
        &mut session.diagnostics,
    )
    .unwrap();
    let options = Options::default();
    let objects = compile(documents, &options, &Library::embedded(), &mut session);
    let text = Format::Yaml.stream(objects.iter().map(|object| &object.value));
    assert!(session.failed_since(0) || !text.is_empty());
    let is_clean = session.diagnostics.is_empty();
    let report = Report::finish(session, &Policy::default(), Strictness::Errors);
    assert_eq!(human::document(&report, true).is_empty(), is_clean);
}

proptest! {
    #![proptest_config(config(u32::try_from(sample(300)).unwrap()))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        compile_bytes(&bytes);
    }

    /// An input with some of its bytes put in another's place is a harder one than noise.
    #[test]
    fn damaged_inputs_never_panic(text in select(VALID_AND_REFUSED.clone()), damage in vec(damage(), 1..5)) {
        compile_bytes(&damaged(text, &damage));
    }

    #[test]
    fn damaged_profiles_never_panic(damage in vec(damage(), 1..4)) {
        let text = fs::read_to_string(golden_cases()[0].join("profile.yaml")).unwrap();
        let text = String::from_utf8_lossy(&damaged(text, &damage)).into_owned();
        let mut session = Session::default();
        let file = session.sources.add("kaito-render.yaml", text);
        for document in input::parse(&session.sources, file, &mut session.diagnostics) {
            Profile::read(&document, &mut session.diagnostics);
        }
    }

    /// What is written is read back as it was by our own reader and by another.
    #[test]
    fn writing_and_reading_is_identity(value in value()) {
        let text = written(Format::Yaml, std::slice::from_ref(&value));
        prop_assert_eq!(read_back(&text), value.clone(), "{}", text);
        prop_assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), value);
    }

    /// A float without a fraction is an integer to kubectl, and so to us: it is the same number, and stays what it is.
    #[test]
    fn every_float_is_read_back_as_the_same_number(float in prop_oneof![POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO, (-1e6..1e6)]) {
        let text = written(Format::Yaml, &[json!({"a": [float]})]);
        let value = read_back(&text);
        prop_assert_eq!(value["a"][0].as_f64(), Some(float), "{}", text);
        prop_assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap()["a"][0].as_f64(), Some(float), "{}", text);
        let again = written(Format::Yaml, std::slice::from_ref(&value));
        prop_assert_eq!(written(Format::Yaml, &[read_back(&again)]), again);
    }
}

/// The one document of a text, in which nothing may be found wrong.
fn read_back(text: &str) -> Value {
    let mut session = Session::default();
    let file = session.sources.add("written.yaml", text);
    let documents = input::parse(&session.sources, file, &mut session.diagnostics);
    assert!(
        session.diagnostics.is_empty(),
        "{:?}\n{text}",
        session.diagnostics
    );
    documents[0].to_value()
}

/// Inputs as people write them, and those of the golden cases, among which are many that are
/// refused.
static VALID_AND_REFUSED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let cases = golden_cases()
        .into_iter()
        .map(|case| case.join("input.yaml"));
    examples()
        .into_iter()
        .chain(cases)
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
});

/// Where bytes are cut out, how many, and what is put there.
type Damage = (Index, usize, Vec<u8>);

fn damage() -> impl Strategy<Value = Damage> {
    let marks = vec![
        "", "\t", ": ", "{", "[", "&a *a", "*a", "<<: ", "é\0", "- ", "\n", "\n  ", "---\n",
        "!!int ", "|\n", "~", "9e999", "\"",
    ];
    let put = prop_oneof![
        select(marks).prop_map(|mark| mark.as_bytes().to_vec()),
        vec(any::<u8>(), 0..4)
    ];
    (any::<Index>(), 0..12_usize, put)
}

fn damaged(text: String, damage: &[Damage]) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    for (place, length, put) in damage {
        let start = place.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, put.iter().copied());
    }
    bytes
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
            vec((any::<String>(), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    vec(("[a-z]{1,8}", tree), 1..4).prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

/// The examples exist, and each compiles on its own: a mistake in one of them would be everybody's
/// first impression.
#[test]
fn every_example_compiles() {
    let examples = examples();
    assert!(examples.len() >= 20, "{examples:?}");
    for example in &examples {
        stdout(&["render", example.to_str().unwrap()], "");
    }
    let list: Value =
        serde_json::from_str(&stdout(&["render", "examples/", "--format", "json"], "")).unwrap();
    let kinds: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect();
    for kind in [
        "Workspace",
        "ConfigMap",
        "Service",
        "Machine",
        "Deployment",
        "StatefulSet",
        "Job",
    ] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    // One of the examples is an InferenceSet of two replicas.
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "Workspace").count(),
        examples.len() + 1
    );
}

/// The YAML files in the directories of `examples/`.
fn examples() -> Vec<PathBuf> {
    let files = WalkDir::new(root().join("examples")).sort_by_file_name();
    let paths = files.into_iter().map(|entry| entry.unwrap().into_path());
    let is_workspace = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_ours = name.starts_with("kaito_") || name == "workspace.yaml";
        is_ours && path.extension().is_some_and(|it| it == "yaml")
    };
    paths.filter(is_workspace).collect()
}
