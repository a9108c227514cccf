//! All mistakes of a document are reported in one run: one hides none in a field that has nothing to
//! do with it.

use std::collections::BTreeMap;

use kaito_render::emit::Format;
use serde_json::{Value, json};

use crate::support::builder::Test;

/// A mistake: where it is, as a JSON Pointer, what is written there (nothing if the field is taken
/// out), and the rule that reports it. `{n}` stands for the number of the document.
struct Mistake {
    pointer: &'static str,
    value: Option<Value>,
    rule: &'static str,
}

fn wrong(pointer: &'static str, value: Value, rule: &'static str) -> Mistake {
    Mistake {
        pointer,
        value: Some(value),
        rule,
    }
}

fn missing(pointer: &'static str, rule: &'static str) -> Mistake {
    Mistake {
        pointer,
        value: None,
        rule,
    }
}

impl Mistake {
    fn title(&self) -> String {
        let value = self.value.as_ref().map_or_else(
            || "missing".to_owned(),
            |value| value.to_string().replace("{n}", ""),
        );
        format!("{} {} = {value}", self.rule, self.pointer)
    }

    /// Makes the mistake in a document.
    fn plant(&self, document: &mut Value, number: usize) {
        let (parent, field) = self.pointer.rsplit_once('/').unwrap();
        let (parent, field) = (
            document.pointer_mut(parent).unwrap(),
            &field.replace("~1", "/"),
        );
        let Some(value) = &self.value else {
            parent.as_object_mut().unwrap().remove(field).unwrap();
            return;
        };
        let text = value.to_string().replace("{n}", &number.to_string());
        let value: Value = serde_json::from_str(&text).unwrap();
        match parent {
            Value::Array(items) => items[field.parse::<usize>().unwrap()] = value,
            parent => parent[field] = value,
        }
    }

    /// Whether neither field holds the other.
    fn is_unrelated(&self, other: &Self) -> bool {
        let holds =
            |outer: &str, inner: &str| format!("{inner}/").starts_with(&format!("{outer}/"));
        !holds(self.pointer, other.pointer) && !holds(other.pointer, self.pointer)
    }
}

/// Mistakes in what all Workspaces have.
fn of_all() -> Vec<Mistake> {
    vec![
        wrong("/metadata/name", json!("Bad_{n}"), "KR104"),
        wrong("/metadata/namespace", json!("Models"), "KR104"),
        wrong("/metadata/generation", json!("one"), "KR101"),
        wrong("/metadata/labels/team_", json!("a"), "KR105"),
        wrong("/metadata/labels/team", json!(7), "KR101"),
        wrong("/metadata/lables", json!({}), "KR102"),
        wrong(
            "/metadata/annotations/render.kaito.sh~1node-count",
            json!("many"),
            "KR121",
        ),
        wrong(
            "/metadata/annotations/kaito.sh~1enable-lb",
            json!("True"),
            "KR122",
        ),
        wrong("/spec", json!({}), "KR102"),
        wrong("/resource/instanceType", json!(7), "KR101"),
        wrong("/resource/instancetype", json!("a"), "KR102"),
        wrong("/resource/preferredNodes", json!("node-a"), "KR101"),
        wrong("/resource/count", json!("1"), "KR101"),
        wrong(
            "/resource/labelSelector/matchLabels/apps",
            json!("-a"),
            "KR105",
        ),
        wrong(
            "/resource/labelSelector/matchLabels",
            json!({"kaito.sh/workspace": "x"}),
            "KR109",
        ),
        missing("/resource/labelSelector", "KR103"),
    ]
}

/// A Workspace that serves a model, and mistakes that it can have beside those of all.
fn serving() -> (Value, Vec<Mistake>) {
    let document = json!({
        "apiVersion": "kaito.sh/v1beta1",
        "kind": "Workspace",
        "metadata": {"name": "serving-{n}", "namespace": "models", "labels": {}, "annotations": {}},
        "resource": {
            "instanceType": "Standard_NC24ads_A100_v4",
            "labelSelector": {"matchLabels": {"apps": "a"}},
        },
        "inference": {
            "preset": {"name": "phi-4", "presetOptions": {}},
            "adapters": [{"source": {"name": "style", "image": "r.example.com/style:1"}}],
        },
    });
    let mistakes = vec![
        wrong(
            "/resource/instanceType",
            json!("Standard_NC24_v44"),
            "KR204",
        ),
        wrong("/inference/preset/name", json!("phi-44"), "KR203"),
        wrong("/inference/preset/name", json!(4), "KR101"),
        missing("/inference/preset/name", "KR103"),
        wrong(
            "/inference/preset/presetOptions/imagePullsecrets",
            json!([]),
            "KR102",
        ),
        wrong(
            "/inference/preset/presetOptions/modelAccessSecret",
            json!("HF_TOKEN"),
            "KR120",
        ),
        wrong("/inference/preset/presetOptions", json!([]), "KR101"),
        wrong(
            "/inference/adapters/0/source/name",
            json!("Tone.1"),
            "KR112",
        ),
        wrong(
            "/inference/adapters/0/source/image",
            json!("r.example.com//a"),
            "KR110",
        ),
        wrong("/inference/adapters/0/strength", json!("2"), "KR112"),
        wrong("/inference/adapters", json!("none"), "KR101"),
        wrong("/inference/config", json!(7), "KR101"),
    ];
    (document, mistakes)
}

/// A Workspace that tunes a model.
fn tuning() -> (Value, Vec<Mistake>) {
    let document = json!({
        "apiVersion": "kaito.sh/v1beta1",
        "kind": "Workspace",
        "metadata": {"name": "tuning-{n}", "namespace": "models", "labels": {}, "annotations": {}},
        "resource": {
            "instanceType": "Standard_NC24ads_A100_v4",
            "labelSelector": {"matchLabels": {"apps": "a"}},
        },
        "tuning": {
            "preset": {"name": "phi-4-mini-instruct"},
            "method": "lora",
            "input": {"urls": ["https://example.com/train.parquet"]},
            "output": {"image": "r.example.com/adapters/phi:1", "imagePushSecret": "push"},
        },
    });
    let mistakes = vec![
        wrong(
            "/resource/instanceType",
            json!("Standard_NC24_v44"),
            "KR204",
        ),
        wrong("/tuning/preset/name", json!("phi-44"), "KR203"),
        wrong("/tuning/method", json!("qlore"), "KR113"),
        wrong("/tuning/method", json!(7), "KR101"),
        wrong("/tuning/methods", json!("lora"), "KR102"),
        wrong(
            "/tuning/input/urls",
            json!(["https://example.com/a file"]),
            "KR119",
        ),
        wrong("/tuning/input", json!({}), "KR114"),
        wrong("/tuning/output/image", json!("r.example.com//a"), "KR110"),
        wrong("/tuning/output/imagePushSecret", json!("A_B"), "KR120"),
        missing("/tuning/output/image", "KR114"),
        missing("/tuning/output", "KR103"),
    ];
    (document, mistakes)
}

/// A Workspace with pods of its own.
fn own_pods() -> (Value, Vec<Mistake>) {
    let document = json!({
        "apiVersion": "kaito.sh/v1beta1",
        "kind": "Workspace",
        "metadata": {"name": "own-{n}", "namespace": "models", "labels": {}, "annotations": {}},
        "resource": {
            "instanceType": "Standard_NC24ads_A100_v4",
            "labelSelector": {"matchLabels": {"apps": "a"}},
        },
        "inference": {"template": {"spec": {"containers": [
            {"name": "server", "image": "r.example.com/server:1"},
        ]}}},
    });
    let mistakes = vec![
        wrong(
            "/inference/template/spec/containers/0/image",
            json!("r.example.com/server"),
            "KR126",
        ),
        wrong(
            "/inference/template/spec/containers/0/ports",
            json!([{"containerPort": 70000}]),
            "KR127",
        ),
        wrong(
            "/inference/template/spec/containers/0/env",
            json!([{"name": "DB_PASSWORD", "value": "a"}]),
            "KR125",
        ),
        wrong(
            "/inference/template/spec/containers/0/args",
            json!(["hf_abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"]),
            "KR124",
        ),
        wrong(
            "/inference/template/spec/containers/0/imagePullPolice",
            json!("Always"),
            "KR102",
        ),
        wrong(
            "/inference/template/spec/containers/0/command",
            json!("serve"),
            "KR101",
        ),
        wrong(
            "/inference/template/spec/restartPolicy",
            json!("Never"),
            "KR127",
        ),
    ];
    (document, mistakes)
}

/// The bases, each with all mistakes that it can have.
fn bases() -> Vec<(Value, Vec<Mistake>)> {
    let bases = [serving(), tuning(), own_pods()].into_iter();
    bases
        .map(|(document, mistakes)| (document, of_all().into_iter().chain(mistakes).collect()))
        .collect()
}

/// The rules that are reported for each of some documents, in one run.
fn reported(documents: &[Value]) -> Vec<Vec<String>> {
    let mut text = String::new();
    let mut ends = Vec::new();
    for document in documents {
        text += &Format::Yaml.document(&document.clone().into());
        text += "---\n";
        ends.push(text.lines().count());
    }
    let mut reported = vec![Vec::new(); documents.len()];
    for found in Test::new().input(&text).run().diagnostics {
        let line = found.lines.first().and_then(|line| line.rsplit(':').next());
        let line: usize = line.unwrap_or("1").parse().unwrap();
        let document = ends.partition_point(|end| *end < line);
        reported[document].push(found.rule().to_owned());
    }
    reported
}

/// A document with mistakes.
fn document(base: &Value, mistakes: &[&Mistake], number: usize) -> Value {
    let mut document = base.clone();
    let name = document["metadata"]["name"].as_str().unwrap();
    document["metadata"]["name"] = name.replace("{n}", &number.to_string()).into();
    for mistake in mistakes {
        mistake.plant(&mut document, number);
    }
    document
}

#[test]
fn each_mistake_is_reported_by_its_rule() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (base, mistakes) in bases() {
        let alone = document(&base, &[], 0);
        let planted = mistakes.iter().zip(1..);
        let documents: Vec<_> = [alone]
            .into_iter()
            .chain(planted.map(|(mistake, number)| document(&base, &[mistake], number)))
            .collect();
        let reported = reported(&documents);
        let errors: Vec<_> = reported[0].iter().filter(|rule| *rule != "KR201").collect();
        assert!(errors.is_empty(), "{base:#}: {errors:?}");
        for (mistake, reported) in mistakes.iter().zip(&reported[1..]) {
            count += 1;
            if !reported.iter().any(|rule| rule == mistake.rule) {
                wrong.push(format!("{}: {reported:?}", mistake.title()));
            }
        }
    }
    assert!(count >= 60, "only {count} mistakes");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_unrelated_mistakes_are_both_reported() {
    let mut pairs = 0;
    // What is hidden, and by what.
    let mut hidden = BTreeMap::<String, Vec<String>>::new();
    for (base, mistakes) in bases() {
        let all = mistakes.iter().enumerate().flat_map(|(number, first)| {
            let others = mistakes[number + 1..].iter();
            others.map(move |second| [first, second])
        });
        let all: Vec<_> = all
            .filter(|[first, second]| first.is_unrelated(second))
            .collect();
        let numbered = all.iter().zip(0..);
        let documents: Vec<_> = numbered
            .map(|(pair, number)| document(&base, pair, number))
            .collect();
        for (pair, reported) in all.iter().zip(reported(&documents)) {
            pairs += 1;
            let count = |rule: &str| reported.iter().filter(|found| *found == rule).count();
            for [mistake, other] in [*pair, [pair[1], pair[0]]] {
                let enough = if mistake.rule == other.rule { 2 } else { 1 };
                if count(mistake.rule) < enough {
                    let by = format!("{} ({reported:?})", other.title());
                    hidden.entry(mistake.title()).or_default().push(by);
                }
            }
        }
    }
    assert!(pairs >= 900, "only {pairs} pairs");
    let shown: String = hidden
        .iter()
        .map(|(mistake, by)| format!("{mistake} is hidden by\n    {}\n", by.join("\n    ")))
        .collect();
    let count: usize = hidden.values().map(Vec::len).sum();
    assert!(
        hidden.is_empty(),
        "of {pairs} pairs, {count} hide one:\n{shown}"
    );
}
