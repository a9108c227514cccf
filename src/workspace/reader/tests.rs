//! Any two mistakes in unrelated fields are found together, and nothing beside them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ReadRules, Reader};
use crate::base::sources::Sources;
use crate::diagnostic::Diagnostics;
use crate::input;
use crate::vocab::WorkspaceApi;

/// A mistake: the field, what stands there instead (null removes it), and the rule.
type Mistake = (&'static str, Value, &'static str);

fn serving() -> Value {
    json!({
        "apiVersion": "kaito.sh/v1beta1", "kind": "Workspace",
        "metadata": {"name": "phi", "namespace": "models", "labels": {"team": "a"},
            "annotations": {"kaito.sh/runtime": "vllm"}},
        "resource": {"instanceType": "Standard_NC24ads_A100_v4", "count": 1,
            "partition": {"mode": "mig", "profile": "1g.10gb"},
            "labelSelector": {"matchLabels": {"apps": "phi"}}},
        "inference": {"config": "settings",
            "preset": {"name": "phi-4", "presetOptions": {"modelAccessSecret": "token"}},
            "adapters": [{"strength": "0.5", "source": {"name": "a", "image": "r.io/a:1"}},
                {"source": {"name": "b", "image": "r.io/b:1"}}]},
    })
}

fn serving_mistakes() -> Vec<Mistake> {
    [mistakes_of_nodes(), mistakes_of_models()].concat()
}

fn mistakes_of_nodes() -> Vec<Mistake> {
    vec![
        ("/metadata/name", json!("Phi"), "KR104"),
        ("/metadata/name", json!(5), "KR101"),
        ("/metadata/name", Value::Null, "KR104"),
        ("/metadata/namespace", json!("a.b"), "KR104"),
        ("/metadata/labels/team", json!("a b"), "KR105"),
        ("/metadata/labels", json!([]), "KR101"),
        (
            "/metadata/annotations/kaito.sh~1runtme",
            json!("vllm"),
            "KR122",
        ),
        (
            "/metadata/annotations/kaito.sh~1performance-mode",
            json!("fast"),
            "KR121",
        ),
        ("/metadata/uid", json!(1), "KR101"),
        ("/metadata/annotation", json!({}), "KR102"),
        ("/resource/count", json!("two"), "KR101"),
        ("/resource/count", json!(5001), "KR108"),
        ("/resource/instanceType", json!(["a"]), "KR101"),
        ("/resource/partition/mode", json!("half"), "KR101"),
        ("/resource/labelSelector", Value::Null, "KR103"),
        (
            "/resource/labelSelector/matchLabels/apps",
            json!(true),
            "KR101",
        ),
        (
            "/resource/labelSelector/matchLabels/apps",
            json!("-"),
            "KR105",
        ),
        (
            "/resource/labelSelector/matchExpressions",
            json!([{"key": "a"}]),
            "KR103",
        ),
        ("/resource/size", json!(1), "KR102"),
    ]
}

fn mistakes_of_models() -> Vec<Mistake> {
    vec![
        ("/inference/config", json!({}), "KR101"),
        ("/inference/preset", Value::Null, "KR106"),
        ("/inference/preset", json!("phi-4"), "KR101"),
        ("/inference/preset/name", Value::Null, "KR103"),
        ("/inference/preset/name", json!(4), "KR101"),
        (
            "/inference/preset/presetOptions/modelAccessSecret",
            json!("A_B"),
            "KR120",
        ),
        ("/inference/preset/presetOptions/image", json!(1), "KR101"),
        ("/inference/adapters", json!("a"), "KR101"),
        ("/inference/adapters/0/strength", json!(0.5), "KR101"),
        ("/inference/adapters/0/strength", json!("2"), "KR112"),
        ("/inference/adapters/0/source", Value::Null, "KR112"),
        (
            "/inference/adapters/0/source/image",
            json!("UPPER:x y"),
            "KR110",
        ),
        ("/inference/adapters/1/source/image", json!(["b"]), "KR101"),
        ("/inference/adapters/1/source/name", json!("B"), "KR112"),
        (
            "/inference/adapters/1/source/urls",
            json!(["https://example.com"]),
            "KR112",
        ),
        ("/tuning", json!({}), "KR103"),
        ("/status", json!("x"), ""),
    ]
}

fn tuning() -> Value {
    json!({
        "apiVersion": "kaito.sh/v1alpha1", "kind": "Workspace",
        "metadata": {"name": "tune", "namespace": "models"},
        "resource": {"instanceType": "Standard_NC24ads_A100_v4",
            "labelSelector": {"matchLabels": {"apps": "tune"}}},
        "tuning": {"preset": {"name": "phi-3-mini-4k-instruct"}, "method": "lora",
            "input": {"name": "data", "urls": ["https://example.com/a", "https://example.com/b"]},
            "output": {"image": "r.io/out/a:1", "imagePushSecret": "push"}},
    })
}

fn tuning_mistakes() -> Vec<Mistake> {
    vec![
        ("/metadata/generateName", json!(false), "KR101"),
        ("/metadata/labels", json!({"-": "a"}), "KR105"),
        ("/resource/count", json!(2), "KR108"),
        ("/resource/count", json!([]), "KR101"),
        ("/resource/labelSelector/matchLabels", json!({}), "KR109"),
        ("/resource/labelSelector/matchLabels", json!(1), "KR101"),
        ("/resource/preferredNodes", json!("node"), "KR101"),
        ("/inference", json!({}), "KR106"),
        ("/tuning/method", json!("full"), "KR113"),
        ("/tuning/method", Value::Null, "KR113"),
        ("/tuning/method", json!(1), "KR101"),
        ("/tuning/preset", Value::Null, "KR106"),
        ("/tuning/preset/accessMode", json!("private"), "KR111"),
        ("/tuning/preset/accessMode", json!("secret"), "KR101"),
        ("/tuning/config", json!([]), "KR101"),
        ("/tuning/input", Value::Null, "KR103"),
        ("/tuning/input/urls", Value::Null, "KR114"),
        (
            "/tuning/input/urls",
            json!("https://example.com/a"),
            "KR101",
        ),
        ("/tuning/input/urls/0", json!("a b"), "KR119"),
        ("/tuning/input/urls/1", json!(1), "KR101"),
        ("/tuning/input/volumeSource", json!({}), "KR115"),
        ("/tuning/output/image", json!("REPO_HERE/a:1"), "KR116"),
        ("/tuning/output/image", Value::Null, "KR114"),
        ("/tuning/output/image", json!(1), "KR101"),
        ("/tuning/output/imagePushSecret", Value::Null, "KR114"),
        ("/tuning/output/imagePushSecret", json!({}), "KR101"),
    ]
}

/// What is found, as rules and messages.
fn found(
    reader: &mut Reader,
    value: &Value,
    api: WorkspaceApi,
) -> BTreeSet<(&'static str, String)> {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let file = sources.add("w.json", serde_json::to_string_pretty(value).unwrap());
    let node = input::parse(&sources, file, &mut diagnostics).remove(0);
    let read_rules = ReadRules {
        api,
        default_instance_type: None,
        release: None,
        sources: None,
        substitution: None,
    };
    let draft = reader.read(node, read_rules, &mut diagnostics);
    assert!(draft.is_ok(), "{value}");
    let found = diagnostics.into_iter();
    found.map(|found| (found.rule.id, found.message)).collect()
}

fn plant(document: &mut Value, pointer: &str, value: &Value) {
    let (holder, field) = pointer.rsplit_once('/').unwrap();
    let field = field.replace("~1", "/");
    match document.pointer_mut(holder).unwrap() {
        Value::Array(items) => items[field.parse::<usize>().unwrap()] = value.clone(),
        Value::Object(fields) if value.is_null() => _ = fields.shift_remove(&field),
        Value::Object(fields) => _ = fields.insert(field, value.clone()),
        other => panic!("{pointer} is in {other}"),
    }
}

/// Fields of which one replaces the other: the rules of one depend on the other.
const TOGETHER: [[&str; 2]; 3] = [
    ["/tuning", "/resource/count"],
    ["/tuning/input/volumeSource", "/tuning/input/urls"],
    ["/tuning/output/imagePushSecret", "/tuning/output/image"],
];

fn are_related(a: &str, b: &str) -> bool {
    if TOGETHER.contains(&[a, b]) || TOGETHER.contains(&[b, a]) {
        return true;
    }
    let of = |a: &str, b: &str| format!("{a}/").starts_with(&format!("{b}/"));
    of(a, b) || of(b, a)
}

/// Two mistakes are found together as each by itself, and nothing beside them.
fn check_pairs(good: &Value, mistakes: &[Mistake], api: WorkspaceApi) {
    let mut reader = Reader::new("default".to_owned());
    let mut with = |mistakes: &[&Mistake]| {
        let mut document = good.clone();
        for (pointer, value, _) in mistakes {
            plant(&mut document, pointer, value);
        }
        found(&mut reader, &document, api)
    };
    assert_eq!(with(&[]), BTreeSet::new());
    let single: Vec<_> = mistakes.iter().map(|mistake| with(&[mistake])).collect();
    let mut wrong = Vec::new();
    for (index, first) in mistakes.iter().enumerate() {
        let is_found = single[index].iter().any(|(id, _)| *id == first.2);
        assert!(
            is_found || first.2.is_empty(),
            "{first:?}: {:?}",
            single[index]
        );
        for (other, second) in mistakes[..index].iter().enumerate() {
            if are_related(first.0, second.0) {
                continue;
            }
            let both: BTreeSet<_> = single[index].union(&single[other]).cloned().collect();
            let found = with(&[first, second]);
            if found != both {
                let difference: Vec<_> = found.symmetric_difference(&both).collect();
                wrong.push(format!("{first:?} and {second:?}: {difference:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_mistakes_in_what_is_served_are_found_together() {
    check_pairs(&serving(), &serving_mistakes(), WorkspaceApi::V1beta1);
}

#[test]
fn two_mistakes_in_a_tuning_are_found_together() {
    check_pairs(&tuning(), &tuning_mistakes(), WorkspaceApi::V1alpha1);
}
