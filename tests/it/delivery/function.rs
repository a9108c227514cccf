//! `fn`: what a host of KRM functions gets back for what it sends.

use serde_json::{Value, json};

use crate::golden::documents;
use crate::support::program::{Run, kaito_render, run};

/// A Workspace as kustomize sends it, after its namespace and labels.
const WORKSPACE: &str = "\
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: phi-4 # the model
  namespace: team-a
  labels:
    team: a
  annotations:
    internal.config.kubernetes.io/index: '0'
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector:
    matchLabels:
      apps: phi-4
inference:
  preset:
    name: phi-4
";

const SECRET: &str = "\
# handed on
apiVersion: v1
kind: Secret
metadata: {name: s} # as it is
data:
  a: |
    Yg==

";

const RENDER: &str = "\
apiVersion: render.kaito.sh/v1alpha1
kind: Render
metadata:
  name: render
labels: [team]
";

/// A text as a value of block YAML.
fn indented(text: &str, first: &str) -> String {
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| match (index, line) {
            (0, line) => format!("{first}{line}\n"),
            (_, "") => "\n".to_owned(),
            (_, line) => format!("  {line}\n"),
        });
    lines.collect()
}

fn list(items: &[&str], config: &str) -> String {
    let items: String = items.iter().map(|item| indented(item, "- ")).collect();
    let config = if config.is_empty() {
        String::new()
    } else {
        format!("functionConfig:\n{}", indented(config, "  "))
    };
    format!("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n{items}{config}")
}

fn call(list: &str) -> Run {
    run(&mut kaito_render(&["fn"]), list)
}

/// The list that a successful call gives back.
fn called(text: &str) -> (String, Value) {
    let run = call(text);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let [list] = documents(&run.stdout).try_into().unwrap();
    (run.stdout, list)
}

fn kinds(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["kind"].as_str().unwrap()).collect()
}

/// An item with a file, as `kustomize fn run` and `kpt` send it.
fn in_file(item: &str, path: &str) -> String {
    let annotations = format!("  annotations:\n    config.kubernetes.io/path: '{path}'\n");
    let item = item.replace(
        "  annotations:\n    internal.config.kubernetes.io/index: '0'\n",
        "",
    );
    item.replacen("metadata:\n", &format!("metadata:\n{annotations}"), 1)
}

#[test]
fn workspaces_become_their_objects_and_the_rest_stays() {
    let (text, list) = called(&list(&[SECRET, WORKSPACE, SECRET], RENDER));
    let expected = [
        "Secret",
        "Workspace",
        "NodeClaim",
        "Service",
        "Service",
        "StatefulSet",
        "Secret",
    ];
    assert_eq!(kinds(&list), expected);
    assert!(text.contains("- # handed on\n  apiVersion: v1\n  kind: Secret\n"));
    assert!(
        text.contains("metadata: {name: s} # as it is\n") && text.contains("phi-4 # the model\n")
    );
    assert_eq!(list["functionConfig"]["kind"], "Render");
    for item in list["items"].as_array().unwrap() {
        let (kind, metadata) = (item["kind"].as_str().unwrap(), &item["metadata"]);
        let has_label = metadata["labels"]["team"] == "a";
        let is_made = !["Secret", "Workspace"].contains(&kind);
        assert_eq!(
            has_label,
            !["Secret", "NodeClaim"].contains(&kind),
            "{kind}"
        );
        let annotations = metadata["annotations"].as_object();
        let of_host = annotations.map_or(0, |all| {
            let keys = all.keys();
            keys.filter(|key| key.contains("config.kubernetes.io/"))
                .count()
        });
        assert_eq!(of_host, usize::from(kind == "Workspace"), "{kind}");
        if is_made && kind != "NodeClaim" {
            assert_eq!(metadata["namespace"], "team-a");
        }
        if kind == "StatefulSet" {
            assert!(item["spec"]["selector"]["matchLabels"]["team"].is_null());
        }
    }
}

#[test]
fn json_comes_back_as_json() {
    let [workspace] = documents(WORKSPACE).try_into().unwrap();
    let version = "config.kubernetes.io/v1beta1";
    let list = json!({"apiVersion": version, "kind": "ResourceList", "items": [workspace]});
    let run = call(&list.to_string());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let list: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (kinds(&list).len(), &list["apiVersion"]),
        (5, &json!(version))
    );
}

#[test]
fn a_workspace_that_is_the_configuration_is_generated() {
    let function = "  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: kaito-render}\n    \
                    config.kubernetes.io/local-config: 'true'\n";
    let host = "  annotations:\n    internal.config.kubernetes.io/index: '0'\n";
    let workspace = WORKSPACE.replace(host, function);
    let (text, list) = called(&list(&[&workspace], &workspace));
    assert_eq!(kinds(&list).len(), 5);
    let (_, items) = text.split_once("items:").unwrap();
    let (items, _) = items.split_once("functionConfig:").unwrap();
    assert!(!items.contains("config.kubernetes.io/"), "{text}");
}

#[test]
fn a_configuration_names_files_and_a_namespace() {
    let config = RENDER.replace(
        "labels: [team]",
        "files: [examples/kustomize/transformer/workspace.yaml]\nnamespace: team-b",
    );
    let (_, list) = called(&list(&[&config], &config));
    assert_eq!(kinds(&list)[0], "Render");
    assert_eq!(kinds(&list).len(), 6);
    assert_eq!(list["items"][1]["metadata"]["namespace"], "team-b");
}

#[test]
fn a_second_run_in_place_changes_nothing_and_a_change_takes_the_old_objects_away() {
    let workspace = in_file(WORKSPACE, "models/phi-4.yaml");
    let (first, once) = called(&list(&[&workspace, SECRET], ""));
    let (second, _) = called(&first);
    assert_eq!(first, second);
    let path = |list: &Value, index: usize| {
        let annotations = &list["items"][index]["metadata"]["annotations"];
        annotations["config.kubernetes.io/path"]
            .as_str()
            .map(str::to_owned)
    };
    let node = Some("models/nodeclaim_phi-4-0.yaml".to_owned());
    assert_eq!(path(&once, 1), node);

    let larger = first.replacen("Standard_NC24ads", "Standard_NC48ads", 1);
    let (_, changed) = called(&larger);
    assert_eq!(kinds(&changed), kinds(&once));
    assert_eq!(path(&changed, 1), node);
    let name = |list: &Value| list["items"][1]["metadata"]["name"].clone();
    assert_ne!(name(&changed), name(&once));
    assert_eq!(
        changed["items"][0]["resource"]["instanceType"],
        "Standard_NC48ads_A100_v4"
    );
}

#[test]
fn an_error_names_the_workspace_and_its_field() {
    let wrong = WORKSPACE.replace("    name: phi-4\n", "    name: phi-44\n");
    let run = call(&list(&[SECRET, &wrong], ""));
    let first = run.stderr.lines().next().unwrap();
    let expected = "Workspace team-a/phi-4 inference.preset.name: error[KR203]: release 0.12 has no preset phi-44;";
    assert!(
        run.code == 1 && first.starts_with(expected),
        "{}",
        run.stderr
    );
    let [list] = documents(&run.stdout).try_into().unwrap();
    assert_eq!(kinds(&list), ["Secret", "Workspace"]);
    let results = list["results"].as_array().unwrap();
    let error = results.iter().find(|it| it["severity"] == "error").unwrap();
    assert_eq!(error["tags"]["rule"], "KR203");
    assert_eq!(error["field"]["path"], "inference.preset.name");
    let reference = json!({"apiVersion": "kaito.sh/v1beta1", "kind": "Workspace", "name": "phi-4", "namespace": "team-a"});
    assert_eq!(error["resourceRef"], reference);

    let run = call(&self::list(&[&in_file(&wrong, "models/phi-4.yaml")], ""));
    let first = run.stderr.lines().next().unwrap();
    assert!(
        first.starts_with("models/phi-4.yaml: Workspace team-a/phi-4 "),
        "{first}"
    );
    assert!(
        run.stdout.contains("path: models/phi-4.yaml"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_is_no_call_says_what_to_do() {
    for (input, said) in [
        (WORKSPACE.to_owned(), "use `kaito-render render`"),
        (
            list(&[WORKSPACE], "apiVersion: v1\nkind: Pod\n"),
            "`kind: Render`",
        ),
        (
            list(&[WORKSPACE], &RENDER.replace("labels", "label")),
            "unknown field `label`",
        ),
        (
            list(
                &[WORKSPACE],
                &RENDER.replace("labels: [team]", "namespace: A"),
            ),
            "the namespace `A` of the functionConfig",
        ),
        (
            list(
                &[WORKSPACE],
                &RENDER.replace("labels: [team]", "files: [nowhere.yaml]"),
            ),
            "`nowhere.yaml` does not exist",
        ),
        (
            list(
                &[
                    WORKSPACE,
                    "apiVersion: v1\nkind: Service\nmetadata: {name: phi-4, namespace: team-a}\n",
                ],
                "",
            ),
            "Service `phi-4` is among the items",
        ),
        (
            list(
                &[
                    "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata:\n  name: set\n  annotations: \
                   {config.kubernetes.io/path: a.yaml}\n",
                ],
                "",
            ),
            "the InferenceSet `set` can't be rendered in place",
        ),
    ] {
        let run = call(&input);
        assert!(
            run.code == 2 && run.stderr.contains(said),
            "{said}: {}",
            run.stderr
        );
        assert!(run.stdout.is_empty());
    }
    let run = call("a: [\n");
    assert!(run.code == 1 && run.stdout.is_empty(), "{}", run.stderr);
}

#[test]
fn an_overlay_among_the_items_is_for_those_of_its_directory_and_stays_only_as_a_file() {
    let overlay = |name: &str| {
        format!(
            "apiVersion: render.kaito.sh/v1alpha1\nkind: Overlay\nmetadata:\n  name: {name}\n  \
             annotations:\n    internal.config.kubernetes.io/index: '0'\n  \
             labels: {{owner: {name}}}\n  to: [workload]\n"
        )
    };
    let owners = |list: &Value| {
        let items = list["items"].as_array().unwrap().iter();
        let workloads = items.filter(|item| item["kind"] == "StatefulSet");
        let owner = |item: &Value| {
            assert!(
                item["metadata"]["annotations"].is_null()
                    || item["metadata"]["annotations"]["internal.config.kubernetes.io/index"]
                        .is_null()
            );
            item["metadata"]["labels"]["owner"].clone()
        };
        workloads.map(owner).collect::<Vec<_>>()
    };
    // kustomize gives no paths: the overlay is for all, and is not applied to the cluster.
    let (_, all) = called(&list(&[&overlay("all"), WORKSPACE], ""));
    assert_eq!(owners(&all), ["all"]);
    assert!(!kinds(&all).contains(&"Overlay"));

    // kpt does, and would delete a file whose item does not come back.
    let other = WORKSPACE
        .replace("phi-4", "phi-4b")
        .replace("preset:\n    name: phi-4b", "preset:\n    name: phi-4");
    let (a, b) = (
        in_file(WORKSPACE, "a/phi.yaml"),
        in_file(&other, "b/phi.yaml"),
    );
    let of_a = in_file(&overlay("a"), "a/overlay.yaml");
    let (_, packaged) = called(&list(&[&a, &b, &of_a], ""));
    assert_eq!(owners(&packaged), [Value::from("a"), Value::Null]);
    assert!(kinds(&packaged).contains(&"Overlay"));
}
