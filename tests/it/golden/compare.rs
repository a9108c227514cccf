//! When objects are equal to those of KAITO, short of the meant departures (docs/parity.md).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

const NODE_KINDS: [&str; 3] = ["Machine", "NodeClaim", "NodePool"];
const NOT_COMPARED: [&str; 6] = [
    "Workspace",
    "InferenceSet",
    "ControllerRevision",
    "AKSNodeClass",
    "EC2NodeClass",
    "KaitoNodeClass",
];

/// The annotation that keeps Flux from replacing variables.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Every difference between the objects of KAITO and ours, and every departure that ours lack.
pub(super) fn differences(expected: &[Value], actual: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let (left, right) = (groups(expected), groups(actual));
    for name in left
        .keys()
        .chain(right.keys().filter(|name| !left.contains_key(*name)))
    {
        let empty = Vec::new();
        let (ours, theirs) = (
            right.get(name).unwrap_or(&empty),
            left.get(name).unwrap_or(&empty),
        );
        if ours.len() != theirs.len() {
            found.push(format!(
                "{name}: expected {}, got {}",
                theirs.len(),
                ours.len()
            ));
        }
        for (theirs, ours) in theirs.iter().zip(ours) {
            walk(name, theirs, ours, &mut found);
        }
    }
    departures(actual, &mut found);
    found
}

fn groups(objects: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for object in objects
        .iter()
        .filter(|object| !NOT_COMPARED.contains(&kind(object)))
    {
        let object = normalised(object);
        let metadata = &object["metadata"];
        let name = format!(
            "{} {} {} {}",
            object["apiVersion"], object["kind"], metadata["namespace"], metadata["name"]
        );
        groups.entry(name).or_default().push(object);
    }
    groups
}

fn kind(object: &Value) -> &str {
    object["kind"].as_str().unwrap_or_default()
}

fn normalised(object: &Value) -> Value {
    let mut object = pruned(object);
    let kind = kind(&object).to_owned();
    let is_node = NODE_KINDS.contains(&kind.as_str());
    object.as_object_mut().unwrap().shift_remove("status");
    metadata(&mut object["metadata"], is_node);
    if is_node && object["spec"].get("machineTemplateRef").is_some() {
        object["spec"]["machineTemplateRef"]["name"] = json!("<name>");
    }
    if let Some(template) = object
        .pointer_mut("/spec/template/metadata")
        .filter(|_| is_node)
    {
        strip(template.as_object_mut().unwrap(), "labels", |key| {
            key == "accelerator"
        });
    }
    if kind == "ConfigMap" {
        yaml_values(&mut object["data"]);
    }
    claims(&mut object);
    if let Some(pod) = object
        .pointer_mut("/spec/template/spec")
        .filter(|_| !is_node)
    {
        pod_spec(pod);
    }
    object
}

fn metadata(metadata: &mut Value, is_node: bool) {
    let metadata = metadata.as_object_mut().unwrap();
    for field in [
        "ownerReferences",
        "uid",
        "generation",
        "resourceVersion",
        "finalizers",
    ] {
        metadata.shift_remove(field);
    }
    let ours = if is_node {
        "accelerator"
    } else {
        "kaito.sh/workspace"
    };
    let prefixes = ["workspace.kaito.io/", "render.kaito.sh/"];
    strip(metadata, "labels", |key| {
        key == ours || key == "app.kubernetes.io/managed-by"
    });
    strip(metadata, "annotations", |key| {
        key == SUBSTITUTE || prefixes.iter().any(|prefix| key.starts_with(prefix))
    });
    if is_node {
        metadata.shift_remove("namespace");
        if metadata["name"]
            .as_str()
            .is_some_and(|name| name.len() == 11 && name.starts_with("ws"))
        {
            metadata.insert("name".to_owned(), json!("<name>"));
        }
    } else {
        metadata
            .entry("namespace")
            .or_insert_with(|| json!("default"));
    }
}

fn strip(metadata: &mut Map<String, Value>, field: &str, is_left_out: impl Fn(&str) -> bool) {
    let Some(Value::Object(entries)) = metadata.get_mut(field) else {
        return;
    };
    entries.retain(|key, _| !is_left_out(key));
    if entries.is_empty() {
        metadata.shift_remove(field);
    }
}

/// Drops nulls and the empty leftovers of Go's encoder; quantities become numbers.
fn pruned(value: &Value) -> Value {
    const LEFTOVERS: [&str; 5] = [
        "resources",
        "strategy",
        "updateStrategy",
        "annotations",
        "labels",
    ];
    match value {
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (key, item) in fields {
                let item = pruned(item);
                let is_empty = item.as_object().is_some_and(Map::is_empty);
                let is_leftover =
                    is_empty && (LEFTOVERS.contains(&key.as_str()) || key == "status");
                if item.is_null()
                    || is_leftover
                    || key == "creationTimestamp"
                    || key == "serviceName" && item == ""
                    || key == "hostNetwork" && item == false
                {
                    continue;
                }
                let is_amounts = key == "requests" || key == "limits";
                kept.insert(key.clone(), if is_amounts { amounts(&item) } else { item });
            }
            Value::Object(kept)
        }
        Value::Array(items) => items.iter().map(pruned).collect(),
        scalar => scalar.clone(),
    }
}

fn amounts(value: &Value) -> Value {
    let Some(fields) = value.as_object() else {
        return value.clone();
    };
    Value::Object(
        fields
            .iter()
            .map(|(key, value)| (key.clone(), amount(value)))
            .collect(),
    )
}

/// A quantity in thousandths of its unit.
fn amount(value: &Value) -> Value {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "m" => 1.0,
        "" => 1e3,
        "k" => 1e6,
        "M" => 1e9,
        "G" => 1e12,
        "Ki" => 1e3 * f64::from(1 << 10),
        "Mi" => 1e3 * f64::from(1 << 20),
        "Gi" => 1e3 * f64::from(1 << 30),
        "Ti" => 1e6 * f64::from(1 << 30) * 1.024,
        _ => return value.clone(),
    };
    digits
        .parse::<f64>()
        .map_or_else(|_| value.clone(), |number| json!(number * factor))
}

fn yaml_values(data: &mut Value) {
    let Some(data) = data.as_object_mut() else {
        return;
    };
    for (_, text) in data.iter_mut().filter(|(key, _)| key.contains(".y")) {
        if let Some(value) = text
            .as_str()
            .and_then(|text| serde_yaml::from_str::<Value>(text).ok())
        {
            *text = value;
        }
    }
}

/// Claims are of one kind, whether they say so or not.
fn claims(object: &mut Value) {
    let claims = object.pointer_mut("/spec/volumeClaimTemplates");
    for claim in claims
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        claim.insert("apiVersion".to_owned(), json!("v1"));
        claim.insert("kind".to_owned(), json!("PersistentVolumeClaim"));
    }
}

/// Pull Secrets, each once.
fn pull_secrets(pod: &mut Value) {
    if let Some(Value::Array(secrets)) = pod.get_mut("imagePullSecrets") {
        let mut seen = Vec::new();
        secrets.retain(|secret| {
            let is_new = !seen.contains(secret);
            seen.push(secret.clone());
            is_new
        });
    }
}

fn pod_spec(pod: &mut Value) {
    pull_secrets(pod);
    let path =
        "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let terms = pod
        .pointer_mut(path)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten();
    for expressions in terms.filter_map(|term| term.get_mut("matchExpressions")?.as_array_mut()) {
        expressions.sort_by_key(ToString::to_string);
    }
    for list in ["containers", "initContainers"] {
        for container in pod
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            for field in ["command", "args"] {
                let words = container
                    .get_mut(field)
                    .and_then(Value::as_array_mut)
                    .into_iter()
                    .flatten();
                words.for_each(|word| {
                    *word = json!(with_sorted_flags(word.as_str().unwrap_or_default()));
                });
            }
        }
    }
}

/// Sorts each unbroken run of flags: KAITO writes them in a random order.
fn with_sorted_flags(text: &str) -> String {
    if text.contains('\n') || !text.contains(" --") {
        return text.to_owned();
    }
    let (mut sorted, mut run) = (Vec::new(), Vec::new());
    for word in words(text) {
        if word.starts_with("--") {
            run.push(word);
        } else {
            run.sort_unstable();
            sorted.append(&mut run);
            sorted.push(word);
        }
    }
    run.sort_unstable();
    sorted.append(&mut run);
    sorted.join(" ")
}

/// Splits at blanks, but not inside of `$(…)`.
fn words(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let is_end = |char: char| {
        depth += i32::from(char == '(') - i32::from(char == ')');
        char == ' ' && depth == 0
    };
    text.split(is_end).collect()
}

fn walk(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, expected) in left {
                match right.get(key) {
                    Some(actual) => walk(&format!("{path}.{key}"), expected, actual, found),
                    None => found.push(format!("{path}.{key}: missing, expected {expected}")),
                }
            }
            let unexpected = right.iter().filter(|(key, _)| !left.contains_key(*key));
            found
                .extend(unexpected.map(|(key, value)| format!("{path}.{key}: unexpected {value}")));
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let pairs = left.iter().zip(right).enumerate();
            pairs.for_each(|(index, (left, right))| {
                walk(&format!("{path}[{index}]"), left, right, found);
            });
        }
        (Value::String(left), Value::String(right))
            if left == "<script>" && right.trim().contains('\n') => {}
        (Value::Number(left), Value::Number(right)) if left.as_f64() == right.as_f64() => {}
        _ if expected == actual => {}
        _ => found.push(format!("{path}: expected {expected}, got {actual}")),
    }
}

/// What our objects have to be although KAITO's are not.
fn departures(objects: &[Value], found: &mut Vec<String>) {
    let mut names = Vec::new();
    for object in objects {
        let metadata = &object["metadata"];
        let (kind, labels) = (kind(object), &metadata["labels"]);
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                found.push(format!("{kind} {}: {what}", metadata["name"]));
            }
        };
        expect(metadata.get("ownerReferences").is_none(), "has owners");
        expect(object.get("status").is_none(), "has a status");
        expect(!has_null(object), "has a null");
        for_tools(object, &mut expect);
        if NODE_KINDS.contains(&kind) {
            expect(
                metadata.get("namespace").is_none(),
                "is cluster-scoped but has a namespace",
            );
            expect(
                labels.get("app.kubernetes.io/managed-by").is_none(),
                "has a label that the node would inherit",
            );
            let name = metadata["name"].as_str().unwrap_or_default();
            let is_hashed = name.len() == 11 && name.starts_with("ws");
            expect(
                is_hashed || kind == "NodePool",
                "has no content-addressed name",
            );
            expect(!names.contains(&name), "has the name of another");
            let template = &object["spec"]["machineTemplateRef"]["name"];
            expect(
                template.is_null() || template == name,
                "names another object as its template",
            );
            names.push(name);
        } else if kind == "Workspace" {
            let rendered = &metadata["annotations"]["render.kaito.sh/rendered"];
            expect(rendered.is_string(), "is not annotated as rendered");
        } else if !NOT_COMPARED.contains(&kind) {
            expect(metadata.get("namespace").is_some(), "has no namespace");
            expect(
                labels["app.kubernetes.io/managed-by"] == "kaito-render",
                "is not labelled as ours",
            );
        }
    }
    if !objects.iter().any(|object| kind(object) == "Workspace") {
        found.push("the Workspace itself is missing".to_owned());
    }
}

/// What the tools that apply objects need of them.
fn for_tools(object: &Value, expect: &mut impl FnMut(bool, &str)) {
    let marked = &object["metadata"]["annotations"][SUBSTITUTE];
    expect(
        marked == "disabled" || marked.is_null() && !object.to_string().contains("${"),
        "holds `${` and is not marked for Flux",
    );
    let items = |pointer| {
        let list = object.pointer(pointer).and_then(Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    };
    for claim in items("/spec/volumeClaimTemplates") {
        expect(
            claim["apiVersion"] == "v1" && claim["kind"] == "PersistentVolumeClaim",
            "has a claim that does not say its kind",
        );
    }
    let secrets = items("/spec/template/spec/imagePullSecrets");
    let is_repeated = |(index, secret)| secrets[..index].contains(secret);
    expect(
        !secrets.iter().enumerate().any(is_repeated),
        "names a pull Secret twice",
    );
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.values().any(has_null),
        Value::Array(items) => items.iter().any(has_null),
        _ => false,
    }
}
