//! Patches of overlays against the two programs that patch objects of Kubernetes: random patches, by
//! us, by the real kustomize and by a real API server. Where these two agree, we do the same; where
//! they do not, the difference is of a class in docs/overlays.md.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use kaito_render::base::object::Object;
use serde_json::{Value, json};

use crate::golden::{documents, render_into};
use crate::support::cluster::Cluster;
use crate::support::program::{root, run};
use crate::support::tools::{succeed, tool};

/// The golden cases whose objects are patched: StatefulSets with and without init containers, and a
/// Deployment. The pods of Jobs can't change, so the API server says nothing of patches for them.
const CASES: [&str; 5] = [
    "0.12/a-inference-phi-3-with-adapters-tfs",
    "0.12/a-inference-kaito-workspace-custom-config",
    "0.12/d-lb-config-mistral-7b-instruct-v0-3",
    "0.3/a-example-inference-phi-3-mini-128k.machine",
    "0.12/b-one-llama-3-3-70b-instruct",
];

/// Numbers that look like chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % count
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Why kustomize and the API server may do otherwise, as docs/overlays.md has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// An item that is patched moves to the front in kustomize.
    Order,
    /// kustomize knows ports by number and protocol.
    Ports,
    /// kustomize writes the directive into the object.
    Directive,
    /// The API server leaves an empty mapping.
    Deleted,
    /// The API server tests an object that has its defaults.
    Defaults,
    /// kustomize writes a null into a mapping that is new.
    Null,
}

#[derive(Debug)]
struct Patch {
    text: Value,
    classes: Vec<Class>,
}

/// Parts of a pod's spec. `$C` is its first container, `$ENV`, `$MOUNT` and `$VOLUME` one of what it
/// has.
const PARTS: [(&str, &[Class]); 28] = [
    (r#"{"terminationGracePeriodSeconds": 9}"#, &[]),
    (
        r#"{"priorityClassName": "gpu", "schedulerName": "volcano"}"#,
        &[],
    ),
    (
        r#"{"containers": [{"name": "$C", "env": [{"name": "A", "value": "b"}, {"name": "B", "value": ""}]}]}"#,
        &[],
    ),
    (
        r#"{"containers": [{"name": "$C", "env": [{"name": "$ENV", "value": "other"}]}]}"#,
        &[Class::Order],
    ),
    (
        r#"{"containers": [{"name": "$C", "env": [{"name": "$ENV", "$patch": "delete"}]}]}"#,
        &[],
    ),
    (
        r#"{"containers": [{"name": "$C", "env": [{"name": "NONE", "$patch": "delete"}]}]}"#,
        &[],
    ),
    (
        r#"{"containers": [{"name": "$C", "env": [{"$patch": "replace"}, {"name": "ONLY", "value": "x"}]}]}"#,
        &[Class::Directive],
    ),
    (
        r#"{"volumes": [{"name": "more", "emptyDir": {"sizeLimit": "1Gi"}}, {"name": "again", "configMap": {"name": "x"}}]}"#,
        &[],
    ),
    (
        r#"{"volumes": [{"name": "$VOLUME", "emptyDir": {"medium": "Memory"}}]}"#,
        &[Class::Order],
    ),
    (
        r#"{"containers": [{"name": "$C", "volumeMounts": [{"mountPath": "$MOUNT", "readOnly": true}]}]}"#,
        &[Class::Order],
    ),
    (
        r#"{"containers": [{"name": "$C", "volumeMounts": [{"mountPath": "/more", "name": "$VOLUME"}]}]}"#,
        &[],
    ),
    (
        r#"{"containers": [{"name": "sidecar", "image": "a:1", "args": ["x", "y"]}]}"#,
        &[],
    ),
    (
        r#"{"initContainers": [{"name": "before", "image": "a:1", "command": ["true"]}]}"#,
        &[],
    ),
    (
        r#"{"tolerations": [{"key": "spot", "operator": "Exists"}]}"#,
        &[],
    ),
    (r#"{"tolerations": []}"#, &[]),
    (
        r#"{"containers": [{"name": "$C", "command": ["sh", "-c", "sleep 1"], "args": null}]}"#,
        &[],
    ),
    (
        r#"{"nodeSelector": {"zone": "1", "gone": null}}"#,
        &[Class::Null],
    ),
    (
        r#"{"containers": [{"name": "$C", "livenessProbe": null, "startupProbe": null}]}"#,
        &[],
    ),
    (
        r#"{"containers": [{"name": "$C", "readinessProbe": {"periodSeconds": 7, "exec": {"command": ["true"]}, "httpGet": null}}]}"#,
        &[],
    ),
    (
        r#"{"containers": [{"name": "$C", "resources": {"limits": {"memory": "64Gi"}, "requests": {"cpu": "2"}}}]}"#,
        &[],
    ),
    (
        r#"{"containers": [{"name": "$C", "securityContext": {"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}}}]}"#,
        &[],
    ),
    (
        r#"{"securityContext": {"fsGroup": 1000, "supplementalGroups": [1, 2]}}"#,
        &[],
    ),
    (
        r#"{"containers": [{"name": "$C", "ports": [{"containerPort": 5000, "name": "web"}]}]}"#,
        &[Class::Ports],
    ),
    (
        r#"{"topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}]}"#,
        &[],
    ),
    (
        r#"{"imagePullSecrets": [{"name": "mirror"}], "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}]}"#,
        &[],
    ),
    (
        r#"{"$setElementOrder/volumes": [{"name": "$VOLUME"}]}"#,
        &[Class::Directive],
    ),
    (
        r#"{"volumes": [{"name": "$VOLUME", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]}"#,
        &[Class::Directive, Class::Order],
    ),
    (
        r#"{"containers": [{"name": "$C", "readinessProbe": {"$patch": "delete"}}]}"#,
        &[Class::Deleted],
    ),
];

/// A part of a pod's spec, and why kustomize and the API server may do otherwise with it.
fn of_pod(pod: &Value, chance: &mut Chance) -> (Value, Vec<Class>) {
    let container = &pod["containers"][0];
    loop {
        let (text, classes) = chance.one(&PARTS);
        let mut text = text.replace("$C", container["name"].as_str().unwrap());
        for (mark, list, key) in [
            ("$ENV", &container["env"], "name"),
            ("$MOUNT", &container["volumeMounts"], "mountPath"),
            ("$VOLUME", &pod["volumes"], "name"),
        ] {
            let items = list.as_array().map_or(&[][..], Vec::as_slice);
            if text.contains(mark) && !items.is_empty() {
                text = text.replace(mark, chance.one(items)[key].as_str().unwrap());
            }
        }
        if ["$ENV", "$MOUNT", "$VOLUME"]
            .iter()
            .any(|mark| text.contains(mark))
        {
            continue;
        }
        let mut classes = classes.to_vec();
        // A container that is patched among others moves in kustomize.
        if text.contains("containers") && pod["containers"].as_array().unwrap().len() > 1 {
            classes.push(Class::Order);
        }
        return (serde_json::from_str(&text).unwrap(), classes);
    }
}

/// A strategic merge patch.
fn merge(object: &Value, chance: &mut Chance) -> Patch {
    if object["kind"] == "Service" {
        let (fields, classes) = match chance.below(4) {
            0 => (
                json!({"spec": {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}}),
                vec![],
            ),
            1 => (
                json!({"spec": {"ports": [{"name": "more", "port": 9, "targetPort": 9}]}}),
                vec![Class::Ports],
            ),
            2 => (
                json!({"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d", "e": null}}}),
                vec![Class::Null],
            ),
            _ => (
                json!({"spec": {"publishNotReadyAddresses": null, "sessionAffinity": "ClientIP"}}),
                vec![],
            ),
        };
        return Patch {
            text: fields,
            classes,
        };
    }
    let mut text = json!({});
    let mut classes = Vec::new();
    for _ in 0..=chance.below(2) {
        let pod = &object["spec"]["template"]["spec"];
        let (part, found) = match chance.below(10) {
            0 => (
                json!({"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}),
                vec![],
            ),
            1 => (
                json!({"spec": {"template": {"metadata": {"annotations": {"c": "d"}, "labels": {"e": "f"}}}}}),
                vec![],
            ),
            _ => {
                let (part, classes) = of_pod(pod, chance);
                (json!({"spec": {"template": {"spec": part}}}), classes)
            }
        };
        join(&mut text, &part);
        classes.extend(found);
    }
    Patch { text, classes }
}

/// Puts a patch into another one, field by field; lists of containers item by item.
fn join(text: &mut Value, part: &Value) {
    let (Some(fields), Some(parts)) = (text.as_object_mut(), part.as_object()) else {
        *text = part.clone();
        return;
    };
    for (key, part) in parts {
        match fields.get_mut(key) {
            Some(known) if key == "containers" => {
                let items = known.as_array_mut().unwrap();
                for part in part.as_array().unwrap() {
                    match items.iter_mut().find(|it| it["name"] == part["name"]) {
                        Some(item) => join(item, part),
                        None => items.push(part.clone()),
                    }
                }
            }
            Some(known) if known.is_object() && part.is_object() => join(known, part),
            _ => drop(fields.insert(key.clone(), part.clone())),
        }
    }
}

/// All places in a value, as JSON Pointers.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    let mut below = |step: &str, value: &Value| {
        let step = step.replace('~', "~0").replace('/', "~1");
        let pointer = format!("{at}/{step}");
        all.push(pointer.clone());
        pointers(value, &pointer, all);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, value)| below(&index.to_string(), value));
        }
        _ => {}
    }
}

/// Operations. `$SPEC` is the spec of the pods or of the Service, `$PLACE` a place in it, and
/// `"$VALUE"` what is there.
const OPERATIONS: [(&str, &[Class]); 12] = [
    (
        r#"{"op": "add", "path": "$SPEC/tolerations/-", "value": {"key": "a"}}"#,
        &[],
    ),
    (
        r#"{"op": "replace", "path": "$PLACE", "value": "$VALUE"}"#,
        &[],
    ),
    (
        r#"{"op": "test", "path": "$PLACE", "value": "$VALUE"}"#,
        &[Class::Defaults],
    ),
    (r#"{"op": "test", "path": "$PLACE", "value": "no"}"#, &[]),
    (r#"{"op": "remove", "path": "$PLACE/none"}"#, &[]),
    (
        r#"{"op": "replace", "path": "$SPEC/nope/x", "value": 1}"#,
        &[],
    ),
    (r#"{"op": "add", "path": "$SPEC/nope/x", "value": 1}"#, &[]),
    (
        r#"{"op": "add", "path": "/metadata/labels/a~1b", "value": "c"}"#,
        &[],
    ),
    (
        r#"{"op": "copy", "from": "/metadata/labels", "path": "/metadata/annotations"}"#,
        &[],
    ),
    (
        r#"{"op": "move", "from": "$SPEC/none", "path": "$SPEC/other"}"#,
        &[],
    ),
    (
        r#"{"op": "test", "path": "$SPEC/nope", "value": null}"#,
        &[],
    ),
    (r#"{"op": "remove", "path": "$PLACE"}"#, &[]),
];

/// JSON Patch.
fn operations(object: &Value, chance: &mut Chance) -> Patch {
    let is_service = object["kind"] == "Service";
    let spec = if is_service {
        "/spec"
    } else {
        "/spec/template/spec"
    };
    let mut places = Vec::new();
    pointers(object.pointer(spec).unwrap(), spec, &mut places);
    // What no overlay may change is another test's.
    let is_protected = |place: &String| {
        place.contains("/selector")
            || place.contains("nvidia")
            || [
                "/containers",
                "/containers/0",
                "/containers/0/name",
                "/resources",
                "/limits",
                "/requests",
            ]
            .iter()
            .any(|end| place.ends_with(end))
    };
    places.retain(|place| !is_protected(place));
    let (mut all, mut classes) = (Vec::new(), Vec::new());
    for _ in 0..=chance.below(2) {
        let place = chance.one(&places).clone();
        let value = object.pointer(&place).unwrap().to_string();
        let (text, found) = chance.one(&OPERATIONS);
        let place = serde_json::to_string(&place).unwrap();
        let text = text.replace("$SPEC", spec).replace("\"$VALUE\"", &value);
        let text = text.replace("$PLACE", place.trim_matches('"'));
        all.push(serde_json::from_str(&text).unwrap());
        classes.extend_from_slice(found);
    }
    Patch {
        text: Value::Array(all),
        classes,
    }
}

/// A golden case, with the profile that it has.
struct Case {
    input: String,
    profile: String,
    objects: Vec<Value>,
}

fn cases() -> Vec<Case> {
    let of = |(number, name): (usize, &&str)| {
        let directory = root().join("tests/golden").join(name);
        let objects = render_into(&format!("case-{number}"), &directory, true);
        let objects = objects.unwrap_or_else(|_| panic!("{name}"));
        let is_patched = |object: &&Object| {
            ["StatefulSet", "Deployment", "Service"].contains(&object.identity().kind)
        };
        let objects = objects.iter().filter(is_patched);
        let read = |file: &str| fs::read_to_string(directory.join(file)).unwrap();
        Case {
            input: read("input.yaml"),
            profile: read("profile.yaml"),
            objects: objects.map(|object| Value::from(&object.value)).collect(),
        }
    };
    CASES.iter().enumerate().map(of).collect()
}

/// What an overlay with the patch makes of an object of a case; none if it refuses.
fn ours(number: usize, case: &Case, object: &Value, patch: &Patch) -> Option<Value> {
    let directory = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| fs::write(directory.path().join(file), text).unwrap();
    let overlays = json!([{"name": "a", "patches": [{
        "target": {"kind": object["kind"], "name": object["metadata"]["name"]},
        "patch": patch.text.to_string(),
    }]}]);
    write("input.yaml", &case.input);
    write(
        "profile.yaml",
        &format!("{}\noverlays: {overlays}\n", case.profile.trim_end()),
    );
    let objects = render_into(&format!("case-{number}"), directory.path(), true).ok()?;
    let is_it = |it: &&Object| {
        let identity = it.identity();
        object["kind"] == identity.kind && object["metadata"]["name"] == identity.name
    };
    objects
        .iter()
        .find(is_it)
        .map(|object| Value::from(&object.value))
}

/// What kustomize makes of an object.
fn theirs(object: &Value, patch: &Patch, directory: &Path) -> Option<Value> {
    let write = |file: &str, text: String| fs::write(directory.join(file), text).unwrap();
    let kustomization = json!({"resources": ["object.yaml"], "patches": [{
        "target": {"kind": object["kind"], "name": object["metadata"]["name"]},
        "path": "patch.yaml",
    }]});
    let mut text = patch.text.clone();
    if text.is_object() {
        // kustomize wants a patch to look like an object.
        for key in ["apiVersion", "kind"] {
            text[key] = object[key].clone();
        }
        text["metadata"]["name"] = object["metadata"]["name"].clone();
    }
    write("object.yaml", object.to_string());
    write("patch.yaml", text.to_string());
    write("kustomization.yaml", kustomization.to_string());
    let built = run(
        tool("bin/kustomize")
            .args(["build", "."])
            .current_dir(directory),
        "",
    );
    (built.code == 0).then(|| documents(&built.stdout).remove(0))
}

/// Asks the API server for many dry runs at once.
struct Requests {
    server: String,
    token: String,
    config: String,
    count: usize,
}

impl Requests {
    fn new(cluster: &Cluster) -> Self {
        let config = fs::read_to_string(cluster.path("kubeconfig")).unwrap();
        let config: Value = serde_json::from_str(&config).unwrap();
        let text = |pointer: &str| {
            config
                .pointer(pointer)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        Self {
            server: text("/clusters/0/cluster/server"),
            token: text("/users/0/user/token"),
            config: String::new(),
            count: 0,
        }
    }

    /// Adds a request about an object, and gives its number.
    fn add(
        &mut self,
        object: &Value,
        method: &str,
        media: &str,
        body: &Value,
        directory: &Path,
    ) -> usize {
        let metadata = &object["metadata"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (group, kinds) = match object["kind"].as_str().unwrap() {
            "StatefulSet" => ("apis/apps/v1", "statefulsets"),
            "Deployment" => ("apis/apps/v1", "deployments"),
            _ => ("api/v1", "services"),
        };
        let number = self.count;
        self.count += 1;
        let file = |end: &str| {
            directory
                .join(format!("{number}.{end}"))
                .display()
                .to_string()
        };
        fs::write(file("body"), body.to_string()).unwrap();
        if number > 0 {
            self.config += "next\n";
        }
        self.config += &format!(
            "url = \"{}/{group}/namespaces/{}/{kinds}/{}?dryRun=All&fieldValidation=Strict\"\nrequest = \"{method}\"\n\
             header = \"Content-Type: {media}\"\nheader = \"Authorization: Bearer {}\"\n\
             data-binary = \"@{}\"\noutput = \"{}\"\ninsecure\nsilent\n",
            self.server,
            text(&metadata["namespace"]),
            text(&metadata["name"]),
            self.token,
            file("body"),
            file("answer"),
        );
        number
    }

    /// The answers, by number: objects, as far as the server did not refuse, without what it counts.
    fn answers(self, directory: &Path) -> Vec<Result<Value, String>> {
        let config = directory.join("curl");
        fs::write(&config, self.config).unwrap();
        succeed(Command::new("curl").arg("-K").arg(config));
        let answer = |number: usize| {
            let text = fs::read_to_string(directory.join(format!("{number}.answer"))).unwrap();
            let mut answer: Value = serde_json::from_str(&text).unwrap();
            if answer["kind"] == "Status" {
                return Err(answer["message"].to_string());
            }
            answer.as_object_mut().unwrap().remove("status");
            let metadata = answer["metadata"].as_object_mut().unwrap();
            for key in [
                "managedFields",
                "resourceVersion",
                "generation",
                "uid",
                "creationTimestamp",
            ] {
                metadata.remove(key);
            }
            Ok(answer)
        };
        (0..self.count).map(answer).collect()
    }
}

/// A patch of an object, with the numbers of the answers to it.
struct Asked<'a> {
    object: &'a Value,
    patch: Patch,
    ours: Option<usize>,
    kustomize: Option<usize>,
    server: usize,
}

/// Makes patches, and asks the server what becomes of the objects.
fn asked<'a>(
    cases: &'a [Case],
    count: usize,
    requests: &mut Requests,
    bodies: &Path,
) -> Vec<Asked<'a>> {
    let scratch = tempfile::tempdir().unwrap();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut all = Vec::new();
    for _ in 0..count {
        let number = chance.below(cases.len());
        let case = &cases[number];
        let object = chance.one(&case.objects);
        let (patch, media) = match chance.below(3) {
            0 => (
                operations(object, &mut chance),
                "application/json-patch+json",
            ),
            _ => (
                merge(object, &mut chance),
                "application/strategic-merge-patch+json",
            ),
        };
        let mut put = |made: Option<Value>| {
            made.map(|made| requests.add(object, "PUT", "application/json", &made, bodies))
        };
        let ours = put(ours(number, case, object, &patch));
        let kustomize = put(theirs(object, &patch, scratch.path()));
        let server = requests.add(object, "PATCH", media, &patch.text, bodies);
        all.push(Asked {
            object,
            patch,
            ours,
            kustomize,
            server,
        });
    }
    all
}

fn compared(count: usize) {
    let cases = cases();
    let cluster = Cluster::of_storage();
    let kubectl = cluster.admin();
    for (number, case) in cases.iter().enumerate() {
        let namespace = json!({"metadata": {"name": format!("case-{number}")}, "apiVersion": "v1", "kind": "Namespace"});
        kubectl.apply(&namespace.to_string());
        case.objects
            .iter()
            .for_each(|object| kubectl.apply(&object.to_string()));
    }
    let bodies = tempfile::tempdir().unwrap();
    let mut requests = Requests::new(&cluster);
    let all = asked(&cases, count, &mut requests, bodies.path());
    let answers = requests.answers(bodies.path());
    let mut wrong = Vec::new();
    let mut met = BTreeMap::<String, usize>::new();
    for Asked {
        object,
        patch,
        ours,
        kustomize,
        server,
    } in &all
    {
        let of = |number: Option<usize>| number.and_then(|it| answers[it].as_ref().ok());
        let [we, kustomize, server] = [of(*ours), of(*kustomize), of(Some(*server))];
        let is_same = kustomize == server;
        let title = match (is_same, server.is_some()) {
            (true, true) => "both patch".to_owned(),
            (true, false) => "both refuse".to_owned(),
            (false, _) => format!("they differ: {:?}", patch.classes),
        };
        *met.entry(title).or_default() += 1;
        let is_right = if is_same {
            we == server
        } else {
            !patch.classes.is_empty() && [kustomize, server].contains(&we)
        };
        if !is_right {
            let shown = |it: Option<&Value>| it.map_or("refused".to_owned(), Value::to_string);
            let [we, kustomize, server] = [we, kustomize, server].map(shown);
            let kind = &object["kind"];
            wrong.push(format!(
                "{kind} {}\n  we        {we}\n  kustomize {kustomize}\n  server    {server}",
                patch.text
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    let both = met.get("both patch").copied().unwrap_or_default();
    assert!(
        both > count / 4 && met.contains_key("both refuse"),
        "{met:?}"
    );
}

#[test]
fn patches_do_what_kustomize_and_the_api_server_agree_on() {
    compared(300);
}

#[test]
#[ignore = "needs minutes"]
fn many_patches_do_what_kustomize_and_the_api_server_agree_on() {
    compared(3000);
}
