//! `diff` compiles what both sides have once, which nobody sees: two directories differ as two files
//! do that hold all of their documents, of which nothing is left out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof};
use proptest::{collection, option, prop_assert_eq, proptest};

use crate::support::inputs::{self, LARGE, SMALL, commit, git, workspace};
use crate::support::program::{Run, kaito_render, run, sample};

/// The documents of a side by the names of their files, and its profile.
#[derive(Clone, Debug)]
struct Side {
    files: BTreeMap<String, String>,
    profile: String,
}

fn set(name: &str, replicas: u32) -> String {
    format!(
        "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {{name: {name}}}\nspec:\n  \
         replicas: {replicas}\n  labelSelector: {{matchLabels: {{apps: {name}}}}}\n  template:\n    \
         resource: {{instanceType: {SMALL}}}\n    inference:\n      preset: {{name: phi-4}}\n"
    )
}

/// A Workspace with a ConfigMap of its own namespace.
fn configured(name: &str, config_map: &str) -> String {
    format!("{}  config: {config_map}\n", workspace(name, SMALL))
}

fn config_map(name: &str, length: u32) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  \
         inference_config.yaml: |\n    vllm:\n      max-model-len: {length}\n"
    )
}

fn tuned(name: &str) -> String {
    format!(
        "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {{name: {name}}}\nresource:\n  \
         instanceType: {SMALL}\n  labelSelector: {{matchLabels: {{apps: {name}}}}}\ntuning:\n  \
         preset: {{name: phi-4-mini-instruct}}\n  method: qlora\n  \
         input: {{urls: [https://example.com/data]}}\n  \
         output: {{image: example.com/out:1, imagePushSecret: push}}\n"
    )
}

/// A document, in which `FILE` and `NUMBER` stand for those that it has. So only some names are there
/// twice.
fn document() -> impl Strategy<Value = String> {
    let name = || prop_oneof![30 => Just("w-FILE-NUMBER"), 1 => Just("twice")];
    let instance_type = prop_oneof![Just(SMALL), Just(LARGE)];
    let length = prop_oneof![Just(1024), Just(2048)];
    prop_oneof![
        4 => (name(), instance_type).prop_map(|(name, of)| workspace(name, of)),
        3 => name().prop_map(|name| configured(name, "settings")),
        1 => name().prop_map(|name| configured(name, "settings-FILE")),
        2 => length.prop_map(|length| config_map("settings-FILE", length)),
        1 => (0..4_u32).prop_map(|replicas| set("set-FILE", replicas)),
        1 => name().prop_map(tuned),
        1 => Just("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n".to_owned()),
        1 => Just("apiVersion: v1\nkind: Service\nmetadata: {name: s}\n".to_owned()),
    ]
}

fn file() -> impl Strategy<Value = Vec<String>> {
    collection::vec(document(), 1..3)
}

/// The text of a file.
fn text(documents: Vec<String>, file: usize) -> String {
    let numbered = documents.into_iter().enumerate();
    let documents = numbered.map(|(number, text)| {
        let text = text.replace("FILE", &file.to_string());
        text.replace("NUMBER", &number.to_string())
    });
    documents.collect::<Vec<_>>().join("---\n")
}

/// What becomes of a file.
#[derive(Clone, Debug)]
enum Change {
    None,
    Removed,
    Moved,
    Edited(Vec<String>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => Just(Change::None),
        1 => Just(Change::Removed),
        1 => Just(Change::Moved),
        1 => file().prop_map(Change::Edited),
    ]
}

fn sides() -> impl Strategy<Value = [Side; 2]> {
    let files = collection::vec((file(), change()), 0..6);
    let profile =
        || prop_oneof![9 => Just(("a", 1024)), 1 => Just(("b", 1024)), 2 => Just(("a", 2048))];
    let sides = (files, option::of(file()), profile(), profile());
    sides.prop_map(|(files, added, was, is)| {
        let side = |(registry, length)| Side {
            files: [("settings.yaml".to_owned(), config_map("settings", length))].into(),
            profile: inputs::profile(&format!("registry: {registry}.example.com\n")),
        };
        let (mut before, mut after) = (side(was), side(is));
        for (number, (documents, change)) in files.into_iter().enumerate() {
            let whole = text(documents, number);
            let (name, other) = (format!("{number}.yaml"), format!("moved/{number}.yaml"));
            before.files.insert(name.clone(), whole.clone());
            match change {
                Change::None => after.files.insert(name, whole),
                Change::Moved => after.files.insert(other, whole),
                Change::Edited(documents) => after.files.insert(name, text(documents, number)),
                Change::Removed => None,
            };
        }
        let added = added.map(|documents| ("added.yaml".to_owned(), text(documents, 9)));
        after.files.extend(added);
        [before, after]
    })
}

/// Writes a side as it is, and as one file. Only what matters is a document of a directory.
fn write(side: &Side, directory: &Path, whole: &Path) {
    let is_other = |text: &&str| text.contains("kind: Service");
    let texts = side.files.values().flat_map(|text| text.split("---\n"));
    let documents: Vec<_> = texts.filter(|text| !is_other(text)).collect();
    inputs::write(&whole.join("all.yaml"), &documents.join("---\n"));
    for directory in [directory, whole] {
        inputs::write(&directory.join("kaito-render.yaml"), &side.profile);
    }
    for (path, text) in &side.files {
        inputs::write(&directory.join(path), text);
    }
}

fn diff(directory: &Path, args: &[&str]) -> (i32, String) {
    let args = [&["diff", "--format", "json"], args].concat();
    let Run { code, stdout, .. } = run(kaito_render(&args).current_dir(directory), "");
    (code, stdout)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: u32::try_from(sample(160)).unwrap(),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_both_sides_have_is_not_missed(sides in sides()) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        for (side, name) in sides.iter().zip(["before", "after"]) {
            write(side, &path.join(name), &path.join("whole").join(name));
        }
        let whole = diff(path, &["whole/before/all.yaml", "whole/after/all.yaml"]);
        prop_assert_eq!(&diff(path, &["before", "after"]), &whole);
    }
}

#[test]
fn a_revision_has_the_same_as_the_working_tree() {
    for (format, options) in [("sha1", &[][..]), ("sha256", &["--object-format=sha256"])] {
        let directory = tempfile::tempdir().unwrap();
        let (path, tree) = (directory.path(), directory.path().join("tree"));
        fs::create_dir(&tree).unwrap();
        git(&tree, &[&["init", "--quiet"], options].concat());
        let write = |settings, label: &str| {
            inputs::write(&tree.join("a.yaml"), &configured("a", "settings"));
            inputs::write(&tree.join("b.yaml"), &workspace("b", SMALL));
            inputs::write(
                &tree.join("settings.yaml"),
                &config_map("settings", settings),
            );
            let changed =
                workspace("c", SMALL).replace("metadata:\n", &format!("metadata:\n{label}"));
            inputs::write(&tree.join("c.yaml"), &changed);
        };
        write(1024, "");
        commit(&tree);
        let copy = path.join("copy");
        for name in ["a.yaml", "b.yaml", "c.yaml", "settings.yaml"] {
            inputs::write(
                &copy.join(name),
                &fs::read_to_string(tree.join(name)).unwrap(),
            );
        }
        for (settings, label) in [(1024, ""), (1024, "  labels: {a: b}\n"), (2048, "")] {
            write(settings, label);
            let expected = diff(path, &["copy", "tree"]);
            assert_eq!(
                diff(&tree, &["--against", "HEAD", "."]),
                expected,
                "{format}"
            );
        }
        commit(&tree);
        let expected = diff(path, &["copy", "tree"]);
        let found = diff(&tree, &["--against", "HEAD~1", "--to", "HEAD", "."]);
        assert_eq!(found, expected, "{format}");
    }
}
