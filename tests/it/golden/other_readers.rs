//! What this program writes, as the other YAML readers of the ecosystem read it: `PyYAML`, kubectl and
//! kustomize.

use std::fs;
use std::process::Command;

use kaito_render::emit::Format;
use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
use proptest::prelude::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::hostile_strings::{STRINGS, assert_same, objects, read_by_us, written};
use crate::support::program::run;
use crate::support::tools::{succeed, tool};

#[test]
fn pyyaml_reads_hostile_strings_as_they_are() {
    let mut objects = objects(&STRINGS);
    assert_same(&objects, &read_by_pyyaml(&written(Format::Yaml, &objects)));
    for object in &mut objects {
        remove_keys(object, &is_too_long_for_json);
    }
    let list = read_by_pyyaml(&written(Format::Json, &objects));
    assert_same(&objects, list[0]["items"].as_array().unwrap());
}

#[test]
fn kubectl_reads_hostile_strings_as_they_are() {
    let objects = objects(&STRINGS);
    for format in [Format::Yaml, Format::Json] {
        assert_same(&objects, &read_by_kubectl(&written(format, &objects)));
    }
}

#[test]
fn every_reader_reads_numbers_as_they_are() {
    let mut runner = TestRunner::deterministic();
    let floats = NORMAL | SUBNORMAL | ZERO | POSITIVE | NEGATIVE;
    let mut numbers: Vec<_> = (0..500)
        .map(|_| json!(floats.new_tree(&mut runner).unwrap().current()))
        .collect();
    numbers.extend([
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e16),
        json!(5e-324),
        json!(f64::MAX),
        json!(0.1),
        json!(1e6),
    ]);
    let object = json!({"apiVersion": "v1", "kind": "Free", "metadata": {"name": "a", "annotations": {}}, "list": numbers});
    let text = written(Format::Yaml, &[object]);
    for read in [
        read_by_us(&text).unwrap(),
        read_by_pyyaml(&text),
        read_by_kubectl(&text),
    ] {
        let read = read[0]["list"].as_array().unwrap();
        assert_eq!(read.len(), numbers.len());
        for (written, read) in numbers.iter().zip(read) {
            assert_eq!(
                written.as_f64(),
                read.as_f64(),
                "{written} is read as {read}"
            );
        }
    }
}

/// The other direction: bare scalars are to us what they are to kubectl, wherever we take them
/// without a word.
#[test]
fn kubectl_takes_bare_scalars_for_what_we_do() {
    let is_scalar = |text: &&String| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-._~".contains(&byte))
    };
    let of_us = |text: &String| {
        read_by_us(&format!("- {text}\n"))
            .ok()
            .map(|documents| (text.clone(), documents[0][0].clone()))
    };
    let ours: Map<String, Value> = STRINGS.iter().filter(is_scalar).filter_map(of_us).collect();
    assert!(ours.len() >= 300, "{}", ours.len());
    let lines: String = ours.keys().map(|text| format!("- {text}\n")).collect();
    let free = "apiVersion: example.com/v1\nkind: Free\nmetadata: {name: free}\nspec:\n";
    let theirs = &read_by_kubectl(&format!("{free}{lines}"))[0]["spec"];
    for ((text, ours), theirs) in ours.iter().zip(theirs.as_array().unwrap()) {
        let is_same = ours == theirs || ours.is_number() && ours.as_f64() == theirs.as_f64();
        assert!(is_same, "{text}: {ours} to us, {theirs} to kubectl");
    }
}

/// What `kustomize build` makes of the strings, as kubectl reads it.
#[test]
fn kustomize_passes_hostile_strings_on_as_they_are() {
    let passed: Vec<_> = STRINGS
        .iter()
        .filter(|text| !is_lost_in_kustomize(text))
        .cloned()
        .collect();
    assert!(
        passed.len() > STRINGS.len() / 100 * 97,
        "{} of {}",
        passed.len(),
        STRINGS.len()
    );
    let mut objects = objects(&passed);
    for object in &mut objects {
        remove_keys(object, &is_key_lost_in_kustomize);
        let annotations = object["metadata"]["annotations"].as_object_mut().unwrap();
        annotations
            .retain(|key, value| !is_annotation_lost_in_kustomize(key, value.as_str().unwrap()));
    }
    for format in [Format::Yaml, Format::Json] {
        let directory = tempfile::tempdir().unwrap();
        let file = format!("objects.{}", format.extension());
        fs::write(
            directory.path().join("kustomization.yaml"),
            format!("resources: [{file}]\n"),
        )
        .unwrap();
        fs::write(directory.path().join(&file), written(format, &objects)).unwrap();
        let built = succeed(tool("bin/kustomize").arg("build").arg(directory.path())).stdout;
        assert_same(
            &objects,
            &read_by_kubectl(&String::from_utf8(built).unwrap()),
        );
    }
}

/// Strings that kustomize 5.8 loses whichever way they are written: between two of its steps it
/// writes objects as JSON, where these characters stand bare, and reads that as YAML, which refuses
/// the first and folds the second as a line break.
fn is_lost_in_kustomize(text: &str) -> bool {
    text.contains(['\u{7f}', '\u{85}'])
}

/// Keys that kustomize 5.8 loses: it merges a quoted `<<` too, and those that are too long for JSON
/// as YAML.
fn is_key_lost_in_kustomize(key: &str) -> bool {
    key == "<<" || is_too_long_for_json(key)
}

/// Annotations, and nothing else, that kustomize 5.8 reads well but writes anew with quotes or
/// without as it likes: under a key that is then a number or date in some version of YAML, a
/// boolean or a null; and those whose lines are led by a tab, which it writes as a block that it
/// can't read itself.
fn is_annotation_lost_in_kustomize(key: &str, value: &str) -> bool {
    let is_number =
        || key.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    let is_word = || {
        ["", "~", "null", "true", "false"]
            .iter()
            .any(|word| key.eq_ignore_ascii_case(word))
    };
    let is_led_by_tab = || value.contains('\n') && value.trim_start_matches('\n').starts_with('\t');
    is_number() || is_word() || is_led_by_tab()
}

/// Keys that YAML readers do not take from JSON, which has no mark for them. No key in Kubernetes
/// is half as long.
fn is_too_long_for_json(key: &str) -> bool {
    key.len() > 1000
}

fn remove_keys(value: &mut Value, is_removed: &dyn Fn(&str) -> bool) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !is_removed(key));
            fields
                .values_mut()
                .for_each(|value| remove_keys(value, is_removed));
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| remove_keys(item, is_removed)),
        _ => {}
    }
}

fn read_by_pyyaml(text: &str) -> Vec<Value> {
    let script =
        "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin.buffer)), sys.stdout)";
    let read = read_by(tool("venv/bin/python").args(["-c", script]), text);
    read[0].as_array().unwrap().clone()
}

/// What kubectl reads: it prints the objects as JSON after it has set an annotation, which is taken
/// off again.
fn read_by_kubectl(text: &str) -> Vec<Value> {
    let mut kubectl = tool("bin/kubectl");
    kubectl.args([
        "annotate",
        "--local",
        "--overwrite",
        "-f",
        "-",
        "-o",
        "json",
        "read-by=kubectl",
    ]);
    // No cluster that somebody works with may be asked for anything.
    let mut objects = read_by(kubectl.env("KUBECONFIG", "/dev/null"), text);
    for object in &mut objects {
        let annotations = object["metadata"]["annotations"].as_object_mut().unwrap();
        assert_eq!(annotations.remove("read-by"), Some(json!("kubectl")));
    }
    objects
}

/// Gives a text to a program and reads the JSON that it answers with.
fn read_by(program: &mut Command, text: &str) -> Vec<Value> {
    let run = run(program, text);
    assert_eq!(run.code, 0, "{program:?}: {}", run.stderr);
    serde_json::Deserializer::from_str(&run.stdout)
        .into_iter()
        .map(Result::unwrap)
        .collect()
}
