//! Variables that Flux fills in when it applies the objects: `substitution: flux` in the profile.

use serde_json::Value;

use crate::support::builder::Test;
use crate::support::inputs::{LARGE, SMALL, workspace, workspace_of};

const FLUX: &str = "substitution: flux\n";
const MARK: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// A Workspace of one's own pods.
const PODS: &str = "apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: own
  labels: {team: \"${team}\"}
  annotations: {example.com/contact: \"${mail:=a@example.com}\"}
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector: {matchLabels: {apps: own}}
inference:
  template:
    spec:
      imagePullSecrets: [{name: \"${pull}\"}]
      containers:
      - name: server
        image: \"${registry}/server:1.0\"
        args: [--team, \"${team}\"]
        env: [{name: REGION, value: \"${region:-here}\"}]
        resources: {limits: {nvidia.com/gpu: \"1\"}}
";

#[test]
fn what_flux_fills_in_is_left_alone() {
    Test::new()
        .input(PODS)
        .profile(FLUX)
        .finds_nothing()
        .exits(0)
        .run();
    let sibling = |from: &str, to: &str| {
        let text = workspace("a", SMALL).replace(from, to);
        assert!(text.contains(to));
        Test::new().input(&text).profile(FLUX)
    };
    let options = "name: phi-4\n    presetOptions: {modelAccessSecret: \"${secret}\"}";
    sibling("name: phi-4", options).finds_nothing().run();
    let adapters = "preset:\n    name: phi-4\n  adapters:\n  - source: {name: a, image: r.io/a:1, \
                    imagePullSecrets: [\"${pull}\"]}";
    sibling("preset:\n    name: phi-4", adapters)
        .finds_nothing()
        .run();
    // The same in a set.
    let set = "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {name: s, labels: {team: \"${team}\"}}\n\
               spec:\n  replicas: 2\n  labelSelector: {matchLabels: {apps: s}}\n  template:\n    \
               metadata: {annotations: {example.com/a: \"${a}\"}}\n    resource: {instanceType: Standard_NC24ads_A100_v4}\n    \
               inference: {preset: {name: phi-4, presetOptions: {modelAccessSecret: \"${secret:=hf}\"}}}\n";
    Test::new()
        .input(set)
        .profile(FLUX)
        .finds_nothing()
        .exits(0)
        .run();
    // Release 0.3 too.
    let tuning = "apiVersion: kaito.sh/v1alpha1\nkind: Workspace\nmetadata: {name: t}\nresource:\n  \
                  instanceType: Standard_NC24ads_A100_v4\n  labelSelector: {matchLabels: {apps: t}}\ntuning:\n  \
                  preset: {name: phi-3-mini-128k-instruct}\n  method: qlora\n  input: {urls: [https://example.com/a.parquet]}\n  \
                  output: {image: \"${registry}/out:1\", imagePushSecret: \"${push}\"}\n";
    Test::new()
        .input(tuning)
        .profile(&format!("{FLUX}release: \"0.3\"\nprovisioner: machine\n"))
        .finds_nothing()
        .exits(0)
        .run();
}

#[test]
fn what_objects_are_made_by_has_to_be_written() {
    for (from, at) in [
        ("name: a", "${name}"),
        (SMALL, "${size:=Standard_NC24ads_A100_v4}"),
        ("phi-4", "${model}"),
        ("apps: a", "${apps}"),
    ] {
        let to = from
            .rsplit_once(": ")
            .map_or(format!("\"{at}\""), |(key, _)| format!("{key}: \"{at}\""));
        let text = workspace("a", SMALL).replacen(from, &to, 1);
        Test::new()
            .input(&text)
            .profile(FLUX)
            .finds("KR116 error", at)
            .prints("before Flux fills in variables")
            .exits(1)
            .run();
    }
    let decides = "name: a\n  annotations: {kaito.sh/runtime: \"${runtime}\"}";
    let text = workspace("a", SMALL).replacen("name: a", decides, 1);
    Test::new()
        .input(&text)
        .profile(FLUX)
        .finds_among("KR116", "${runtime}")
        .run();
}

#[test]
fn other_marks_are_still_placeholders() {
    for mark in [
        "<registry>",
        "$REGISTRY",
        "#{registry}#",
        "__REGISTRY__",
        "{{ registry }}",
    ] {
        Test::new()
            .input(&PODS.replace("${registry}", mark))
            .profile(FLUX)
            .finds_among("KR116 error", mark)
            .exits(1)
            .run();
    }
    // And without the setting, those of Flux are, too.
    Test::new()
        .input(PODS)
        .finds_among("KR116 error", "${registry}")
        .exits(1)
        .run();
}

fn rendered(test: Test) -> Vec<Value> {
    let outcome = test.command("render").format("json").exits(0).run();
    let list: Value = serde_json::from_str(&outcome.stdout).unwrap();
    list["items"].as_array().unwrap().clone()
}

#[test]
fn flux_replaces_the_variables_of_the_user_and_no_others() {
    // The pods have the user's variables, and no object has others.
    let objects = rendered(Test::new().input(PODS).profile(FLUX));
    let own = objects
        .iter()
        .find(|it| it["kind"] == "StatefulSet" || it["kind"] == "Deployment")
        .unwrap();
    let text = own.to_string();
    assert!(
        text.contains("${registry}/server:1.0") && text.contains("${region:-here}"),
        "{text}"
    );
    assert!(!text.contains("$${") && !text.contains(MARK), "{text}");
    // A script of KAITO's own: the object is marked, and stays as it is.
    let adapted = workspace_of("v1beta1", "a", SMALL, "phi-4").replace(
        "preset:\n    name: phi-4",
        "preset:\n    name: phi-4\n  adapters:\n  - source: {name: a, image: r.io/a:1}",
    );
    let plain = rendered(Test::new().input(&adapted));
    let marked = rendered(Test::new().input(&adapted).profile(FLUX));
    let scripts: Vec<_> = plain
        .iter()
        .filter(|it| it["kind"] != "Workspace" && it.to_string().contains("${"))
        .collect();
    assert!(!scripts.is_empty());
    for object in scripts {
        let same = marked
            .iter()
            .find(|it| it["kind"] == object["kind"])
            .unwrap();
        assert_eq!(same["metadata"]["annotations"][MARK], "disabled");
        assert_eq!(same["spec"], object["spec"]);
    }
    // With a variable of the user's beside it, the script is escaped.
    let both = adapted.replace("r.io/a:1}", "r.io/a:1, imagePullSecrets: [\"${pull}\"]}");
    let escaped = rendered(Test::new().input(&both).profile(FLUX));
    let pods = escaped
        .iter()
        .find(|it| it["kind"] == "StatefulSet")
        .unwrap()
        .to_string();
    assert!(pods.contains("\"${pull}\""), "{pods}");
    let all: Vec<_> = pods.match_indices("${").map(|(at, _)| at).collect();
    assert!(all.len() > 3);
    for at in all {
        let is_own = pods[at..].starts_with("${pull}");
        assert_ne!(is_own, pods[..at].ends_with('$'), "{}", &pods[at..at + 20]);
    }
}

/// Without `substitution: flux`, Flux replaces nothing, wherever it stands.
#[test]
fn every_object_with_a_variable_is_marked() {
    let text = workspace("a", SMALL).replace(
        "preset:\n    name: phi-4",
        "template: {spec: {containers: [{name: c, image: \"r.io/c:1.0\", \
         command: [sh, -c, \"echo ${HOME}\"]}]}}",
    );
    let several = workspace_of("v1beta1", "large", LARGE, "llama-3.3-70b-instruct");
    for (text, kinds) in [
        (text, ["StatefulSet", "Workspace"].as_slice()),
        (several, &["StatefulSet"]),
    ] {
        let objects = rendered(Test::new().input(&text));
        let mut marked = Vec::new();
        for object in &objects {
            let mark = &object["metadata"]["annotations"][MARK];
            let holds = object.to_string().contains("${");
            assert_eq!(mark == "disabled", holds, "{object}");
            marked.extend(holds.then(|| object["kind"].as_str().unwrap()));
        }
        marked.sort_unstable();
        assert_eq!(marked, kinds);
    }
}

/// What is said to be filled in stands in an object that Flux looks at, not only in the Workspace.
#[test]
fn what_is_filled_in_reaches_the_pods() {
    let tuning = |output: &str| {
        format!(
            "apiVersion: kaito.sh/v1alpha1\nkind: Workspace\nmetadata: {{name: t}}\nresource:\n  \
             instanceType: Standard_NC24ads_A100_v4\n  labelSelector: {{matchLabels: {{apps: t}}}}\ntuning:\n  \
             preset: {{name: phi-3-mini-128k-instruct}}\n  method: qlora\n  input: {{image: \"${{in}}/data:1\", imagePullSecrets: [\"${{pull}}\"]}}\n  \
             output: {{image: \"{output}/out:1\", imagePushSecret: \"${{push}}\"}}\n"
        )
    };
    let old = format!("{FLUX}release: \"0.3\"\nprovisioner: machine\n");
    let options = workspace("a", SMALL).replace(
        "name: phi-4",
        "name: phi-4\n    presetOptions: {modelAccessSecret: \"${secret}\"}",
    );
    for (text, profile, variables) in [
        (
            tuning("${out}"),
            old.as_str(),
            &["${in}", "${pull}", "${out}", "${push}"][..],
        ),
        (
            PODS.to_owned(),
            FLUX,
            &["${pull}", "${registry}", "${team}", "${region:-here}"],
        ),
        (options, FLUX, &["${secret}"]),
    ] {
        let objects = rendered(Test::new().input(&text).profile(profile));
        let pods = objects.iter().filter(|it| it["kind"] != "Workspace");
        let pods: String = pods.map(Value::to_string).collect();
        for variable in variables {
            assert!(pods.contains(variable), "{variable}: {pods}");
        }
    }
    // Release 0.12 completes the names of these images.
    let new = tuning("${out}").replace("phi-3-mini-128k-instruct", "phi-4-mini-instruct");
    Test::new()
        .input(&new.replace("v1alpha1", "v1beta1"))
        .profile(FLUX)
        .finds("KR116 error", "${in}")
        .finds("KR116 error", "${out}")
        .run();
}

/// Settings of a ConfigMap are filled in too, but not what decides about nodes.
#[test]
fn settings_are_filled_in_unless_nodes_depend_on_them() {
    let text = |setting: &str| {
        let config = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  inference_config.yaml: |\n    vllm:\n      \
             {setting}\n---\n"
        );
        config + &workspace("a", SMALL).replace("inference:", "inference:\n  config: c")
    };
    let test = |setting| Test::new().input(&text(setting)).profile(FLUX);
    test("served-model-name: \"${name:=phi}\"")
        .finds_nothing()
        .run();
    test("max-num-seqs: ${count}").finds_nothing().run();
    test("max-model-len: ${length}")
        .finds("KR116 error", "${length}")
        .run();
    test("served-model-name: <name>")
        .finds("KR116 warning", "<name>")
        .run();
}
