use serde_json::{Value, json};

use super::Merge;
use crate::base::json::Json;
use crate::base::sources::Sources;
use crate::diagnostic::Diagnostics;
use crate::input;

/// An object with a patch applied; `null` if the patch removes it.
fn merged(object: &Value, patch: &Value) -> Result<Value, String> {
    let mut sources = Sources::default();
    let file = sources.add("patch.yaml", patch.to_string());
    let patch = input::parse(&sources, file, &mut Diagnostics::default()).remove(0);
    let kind = object["kind"].as_str().unwrap_or_default();
    let mut merge = Merge::new(Some("phi"));
    let merged = merge.object(&Json::from(object.clone()), &patch, kind);
    let merged = merged.map_err(|refusal| refusal.message)?;
    Ok(merged.map_or(Value::Null, |merged| Value::from(&merged)))
}

/// A StatefulSet whose pods have this spec.
fn pods(spec: &Value) -> Value {
    json!({"kind": "StatefulSet", "spec": {"template": {"spec": spec}}})
}

fn merged_pods(spec: &Value, patch: &Value) -> Result<Value, String> {
    let merged = merged(&pods(spec), &pods(patch))?;
    Ok(merged["spec"]["template"]["spec"].clone())
}

fn container(env: &Value) -> Value {
    json!({"containers": [{"name": "phi", "env": env}]})
}

#[test]
fn keyed_lists_are_merged_in_the_order_of_the_api_server() {
    let old = json!([{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]);
    for (patch, expected) in [
        (json!([{"name": "c", "value": "3"}]), "c3 a1 b2"),
        (json!([{"name": "b", "value": "3"}]), "a1 b3"),
        (
            json!([{"name": "b", "value": "3"}, {"name": "c", "value": "4"}]),
            "a1 b3 c4",
        ),
        (
            json!([{"name": "a", "value": "3"}, {"name": "c", "value": "4"}]),
            "a3 c4 b2",
        ),
        (json!([{"name": "a", "$patch": "delete"}]), "b2"),
        (json!([{"name": "x", "$patch": "delete"}]), "a1 b2"),
        (
            json!([{"$patch": "replace"}, {"name": "c", "value": "3"}]),
            "c3",
        ),
        (json!([]), "a1 b2"),
    ] {
        let merged = merged_pods(&container(&old), &container(&patch)).unwrap();
        let env = merged["containers"][0]["env"].as_array().unwrap().iter();
        let shown = env.map(|it| format!("{}{}", it["name"], it["value"]).replace('"', ""));
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{patch}");
    }
}

#[test]
fn directives_are_obeyed_and_leave_nothing_behind() {
    let old = json!({
        "nodeSelector": {"a": "b"},
        "tolerations": [{"key": "a"}],
        "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}],
    });
    for (patch, field, expected) in [
        (json!({"nodeSelector": null}), "nodeSelector", json!(null)),
        (
            json!({"nodeSelector": {"a": null, "c": "d"}}),
            "nodeSelector",
            json!({"c": "d"}),
        ),
        (
            json!({"nodeSelector": {"$patch": "delete"}}),
            "nodeSelector",
            json!(null),
        ),
        (
            json!({"nodeSelector": {"$patch": "replace", "c": "d"}}),
            "nodeSelector",
            json!({"c": "d"}),
        ),
        (
            json!({"tolerations": [{"key": "b"}]}),
            "tolerations",
            json!([{"key": "b"}]),
        ),
        (
            json!({"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]}),
            "volumes",
            json!([{"name": "v", "hostPath": {"path": "/x"}}, {"name": "w", "emptyDir": {}}]),
        ),
        (
            json!({"$setElementOrder/volumes": [{"name": "w"}, {"name": "v"}]}),
            "volumes",
            json!([{"name": "w", "emptyDir": {}}, {"name": "v", "emptyDir": {}}]),
        ),
    ] {
        let merged = merged_pods(&old, &patch).unwrap();
        assert_eq!(merged[field], expected, "{patch}");
    }
    assert_eq!(
        merged(&pods(&old), &json!({"$patch": "delete"})).unwrap(),
        Value::Null
    );
}

#[test]
fn directives_that_nobody_obeys_are_refused() {
    let old = json!({"tolerations": [{"key": "a"}], "containers": [{"name": "phi"}]});
    for (patch, message) in [
        (
            json!({"tolerations": [{"$patch": "replace"}]}),
            "a list without merge keys",
        ),
        (
            json!({"containers": [{"$deleteFromPrimitiveList/args": ["a"], "name": "phi"}]}),
            "a directive",
        ),
        (
            json!({"containers": [{"image": "a"}]}),
            "merged by `name` has none",
        ),
        (
            json!({"nodeSelector": {"$patch": "drop"}}),
            "an unknown directive",
        ),
        (
            json!({"$setElementOrder/tolerations": []}),
            "an order of `tolerations`",
        ),
    ] {
        let refused = merged_pods(&old, &patch).unwrap_err();
        assert!(refused.contains(message), "{patch}: {refused}");
    }
}

#[test]
fn requirements_and_taints_of_nodes_have_keys() {
    let node = json!({"kind": "NodeClaim", "spec": {
        "requirements": [{"key": "type", "operator": "In", "values": ["a"]}],
        "taints": [{"key": "sku", "effect": "NoSchedule"}],
    }});
    let patch = json!({"spec": {
        "requirements": [{"key": "zone", "operator": "In", "values": ["1"]}],
        "taints": [{"key": "sku", "effect": "NoExecute"}, {"key": "sku", "effect": "NoSchedule", "value": "x"}],
    }});
    let merged = merged(&node, &patch).unwrap();
    let keys = |list: &str, key: &str| -> Vec<String> {
        let items = merged["spec"][list].as_array().unwrap().iter();
        items
            .map(|item| item[key].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(keys("requirements", "key"), ["zone", "type"]);
    assert_eq!(keys("taints", "effect"), ["NoExecute", "NoSchedule"]);
    assert_eq!(merged["spec"]["taints"][1]["value"], "x");
}

#[test]
fn a_patch_that_says_nothing_changes_nothing_and_twice_is_once() {
    let object = pods(
        &json!({"containers": [{"name": "phi", "env": [{"name": "a"}]}], "tolerations": [{"key": "a"}]}),
    );
    assert_eq!(merged(&object, &json!({})).unwrap(), object);
    let patch =
        pods(&json!({"containers": [{"name": "$main", "env": [{"name": "b"}]}, {"name": "c"}]}));
    let once = merged(&object, &patch).unwrap();
    let names = |value: &Value| value["spec"]["template"]["spec"]["containers"][1]["name"].clone();
    assert_eq!(names(&once), "c");
    assert_eq!(merged(&once, &patch).unwrap(), once);
}
