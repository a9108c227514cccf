//! Overlays: what a team changes in the objects of its Workspaces.

use serde_json::Value;

use crate::golden::documents;
use crate::support::builder::Test;
use crate::support::inputs::{LARGE, SMALL, directory, inference_set, profile, workspace};
use crate::support::program::{kaito_render, run};

/// An overlay of a name, for Workspaces of these names, that adds a label to each object.
fn labelled(name: &str, names: &str, key: &str) -> String {
    format!(
        "- name: {name}\n  workspaces: {{names: [{names}]}}\n  patches:\n  - target: {{kind: \".*\"}}\n    \
         patch: 'metadata: {{labels: {{{key}: {name}}}}}'\n"
    )
}

/// The objects that a profile with overlays makes of an input.
fn rendered(overlays: &str, input: &str) -> Vec<Value> {
    let test = Test::new().command("render").input(input);
    let run = test
        .profile(&format!("overlays:\n{overlays}"))
        .exits(0)
        .run();
    documents(&run.stdout)
}

fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let is = |it: &&Value| it["kind"] == kind && it["metadata"]["name"] == name;
    objects.iter().find(is).unwrap()
}

#[test]
fn the_later_overlay_wins_and_others_are_left_as_they_are() {
    let input = workspace("a", SMALL) + "---\n" + &workspace("b", SMALL);
    let overlays = labelled("first", "\"*\"", "team") + &labelled("second", "a", "team");
    let objects = rendered(&overlays, &input);
    let label =
        |name: &str| find(&objects, "StatefulSet", name)["metadata"]["labels"]["team"].clone();
    assert_eq!((label("a"), label("b")), ("second".into(), "first".into()));

    let plain = Test::new().command("render").input(&input).exits(0).run();
    let none = labelled("none", "c", "team");
    let same = Test::new()
        .command("render")
        .input(&input)
        .profile(&format!("overlays:\n{none}"))
        .run();
    assert_eq!(same.stdout, plain.stdout);
}

#[test]
fn what_a_provisioner_reads_gives_a_node_another_name_and_what_it_ignores_does_not() {
    let name = |patch: &str| {
        let overlay = format!(
            "- name: node\n  patches:\n  - target: {{kind: NodeClaim}}\n    patch: '{patch}'\n"
        );
        let objects = rendered(&overlay, &workspace("a", SMALL));
        let node = objects.iter().find(|it| it["kind"] == "NodeClaim").unwrap();
        let name = node["metadata"]["name"].as_str().unwrap().to_owned();
        let listed = find(&objects, "Workspace", "a")["metadata"]["annotations"].to_string();
        assert!(listed.contains(&name), "{listed}");
        name
    };
    let plain = name("metadata: {annotations: {a: b}}");
    assert_ne!(
        plain,
        name("spec: {taints: [{key: a, effect: NoSchedule}]}")
    );
    assert_ne!(plain, name("metadata: {labels: {a: b}}"));
    let plain_run = Test::new()
        .command("render")
        .input(&workspace("a", SMALL))
        .run();
    assert!(plain_run.stdout.contains(&plain));
}

#[test]
fn rendered_output_is_not_patched_again() {
    let overlays = "- name: more\n  patches:\n  - target: {kind: Service, name: a}\n    \
                    patch: '[{op: add, path: /spec/ports/-, value: {name: x, port: 9}}]'\n";
    let fields = format!("overlays:\n{overlays}");
    let render = |input: &str| {
        let test = Test::new().command("render").input(input).profile(&fields);
        test.exits(0).run().stdout.clone()
    };
    let once = render(&workspace("a", SMALL));
    assert_eq!(once.matches("port: 9\n").count(), 1);
    assert_eq!(render(&once), once);
}

#[test]
fn all_workspaces_of_a_set_say_once_what_is_wrong() {
    let overlays = "overlays:\n- name: two\n  patches:\n  - target: {kind: StatefulSet}\n    \
                    patch: |\n      spec: {replicas: 9}\n";
    let others = workspace("a", SMALL) + "---\n" + &workspace("b", LARGE) + "---\n";
    Test::new()
        .input(&(others + &inference_set(3)))
        .profile(overlays)
        .finds("KR705 error", "9")
        .exits(1)
        .run();
}

#[test]
fn a_patch_can_be_a_file_below_the_profile_and_is_no_input() {
    let patch = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: LoadBalancer}\n---\n\
                 apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {minReadySeconds: 5}\n";
    let overlays = "overlays:\n- name: file\n  patches: [{path: ./patches/both.yaml}]\n";
    let root = directory(&[
        ("kaito-render.yaml", &profile(overlays)),
        ("models/a.yaml", &workspace("a", SMALL)),
        ("patches/both.yaml", patch),
        (".git/HEAD", "ref: refs/heads/main\n"),
    ]);
    let render = |args: &[&str]| {
        let mut command = kaito_render(&[&["render"], args].concat());
        let run = run(command.current_dir(root.path()), "");
        assert_eq!(run.code, 0, "{}", run.stderr);
        documents(&run.stdout)
    };
    for args in [&["models"][..], &["."], &[".", "--delivery", "flux"]] {
        let objects = render(args);
        assert_eq!(
            find(&objects, "Service", "a")["spec"]["type"],
            "LoadBalancer"
        );
        assert_eq!(
            find(&objects, "StatefulSet", "a")["spec"]["minReadySeconds"],
            5
        );
        let services = objects.iter().filter(|it| it["kind"] == "Service");
        assert_eq!(services.count(), 2, "{args:?}");
    }
}

#[test]
fn diff_shows_what_an_overlay_changes() {
    let overlays = format!("overlays:\n{}", labelled("red", "a", "team"));
    let [before, after] = ["", overlays.as_str()].map(|overlays| {
        directory(&[
            ("kaito-render.yaml", &profile(overlays)),
            ("a.yaml", &workspace("a", SMALL)),
            (".git/HEAD", "ref: refs/heads/main\n"),
        ])
    });
    let [before, after] = [&before, &after].map(|it| it.path().to_str().unwrap());
    let run = run(&mut kaito_render(&["diff", before, after]), "");
    assert!(
        run.stdout.contains("team") && run.stdout.contains("red"),
        "{}{}",
        run.stdout,
        run.stderr
    );
    let same = crate::support::program::run(&mut kaito_render(&["diff", after, after]), "");
    assert!(!same.stdout.contains("team"), "{}", same.stdout);
}

#[test]
fn equal_changes_by_an_overlay_are_shown_once() {
    let overlays = format!("overlays:\n{}", labelled("red", "\"*\"", "team"));
    let [before, after] = ["", overlays.as_str()].map(|overlays| {
        let all = ["a", "b", "c"].map(|name| workspace(name, SMALL));
        directory(&[
            ("kaito-render.yaml", &profile(overlays)),
            ("all.yaml", &all.join("---\n")),
            (".git/HEAD", "ref: refs/heads/main\n"),
        ])
    });
    let [before, after] = [&before, &after].map(|it| it.path().to_str().unwrap());
    for (format, folded) in [
        (
            "text",
            "~ Workspace default/a, and the same change in 2 more Workspaces: default/b, default/c\n",
        ),
        ("markdown", "The same change in default/b, default/c.\n"),
    ] {
        let run = run(
            &mut kaito_render(&["diff", before, after, "--format", format]),
            "",
        );
        assert!(run.stdout.contains(folded), "{}{}", run.stdout, run.stderr);
        assert_eq!(
            run.stdout.matches(" StatefulSet ").count(),
            1,
            "{}",
            run.stdout
        );
    }
}

#[test]
fn explain_names_the_overlays_why_they_apply_and_what_they_changed() {
    let test = |args: &[&str]| {
        let input = workspace("a", SMALL).replace(
            "  name: a\n",
            "  name: a\n  annotations: {render.kaito.sh/overlays: slow}\n",
        );
        let slow = "- name: slow\n  select: named\n  patches:\n  - target: {kind: StatefulSet}\n    \
                    patch: 'spec: {minReadySeconds: 5}'\n  - target: {kind: StatefulSet}\n    \
                    patch: 'spec: {minReadySeconds: 6}'\n";
        let overlays = labelled("none", "b", "x") + &labelled("red", "\"?\"", "team") + slow;
        Test::new()
            .command("explain")
            .input(&input)
            .profile(&format!("overlays:\n{overlays}"))
            .args(args)
            .exits(0)
            .run()
    };
    let plan = test(&[]).stdout.clone();
    let (_, listed) = plan.split_once("overlays ").unwrap();
    for text in [
        "red\n",
        "kaito-render.yaml:9: names ?\n",
        "patches[0] changes Service/a-headless: metadata.labels.team\n",
        "slow\n",
        "named by render.kaito.sh/overlays\n",
        "kaito-render.yaml:19 patches[1] changes StatefulSet/a: spec.minReadySeconds\n",
    ] {
        assert!(listed.contains(text), "{text}: {plan}");
    }
    assert!(!listed.contains("none"), "{plan}");
    let field = test(&["--field", "StatefulSet/spec.minReadySeconds"])
        .stdout
        .clone();
    let expected = "  slow kaito-render.yaml:17 patches[0]\n    before: nothing\n    after:\n      5\n  \
                    slow kaito-render.yaml:19 patches[1]\n    before:\n      5\n    after:\n      6\n";
    assert!(field.ends_with(expected), "{field}");
}

#[test]
fn an_operation_is_the_first_place_and_the_templates_line_the_second() {
    let overlays = "overlays:\n- name: a\n  patches:\n  - target: {kind: StatefulSet}\n    patch: |\n      \
                    - {op: add, path: /spec/template/metadata/annotations/x, value: \"y\"}\n";
    Test::new()
        .format("human")
        .input(&workspace("a", SMALL))
        .profile(overlays)
        .prints("error[KR704]: there is no `/spec/template/metadata/annotations/x`, in StatefulSet `a`")
        .prints("kaito-render.yaml:8:25")
        .prints("::: templates/0.12/statefulset.yaml:")
        .prints("    metadata:\n")
        .prints("-------- laid out here")
        .prints("- the Workspace of the object")
        .prints("add the parent first: `{op: add, path: /spec/template/metadata/annotations, value: {}}`")
        .exits(1)
        .run();
}

#[test]
fn a_pod_is_changed_whatever_its_workload_and_nothing_of_the_template_is_lost() {
    let overlays = "- name: pods\n  pod:\n    tolerations: [{key: team, operator: Exists}]\n    \
                    nodeSelector: {zone: \"1\"}\n    env: {A: b, C: {valueFrom: {fieldRef: {fieldPath: metadata.name}}}}\n    \
                    resources: {limits: {memory: 64Gi}}\n    priorityClassName: gpu\n    \
                    terminationGracePeriodSeconds: 600\n    \
                    probes: {liveness: {failureThreshold: 9}}\n    \
                    volumes: [{name: cache, emptyDir: {}}]\n    volumeMounts: [{name: cache, mountPath: /cache}]\n    \
                    affinity:\n      nodeAffinity:\n        requiredDuringSchedulingIgnoredDuringExecution:\n          \
                    nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: Exists}]}]\n";
    let input = workspace("a", SMALL);
    let plain = Test::new().command("render").input(&input).run();
    let plain = documents(&plain.stdout);
    let pods =
        |objects: &[Value]| find(objects, "StatefulSet", "a")["spec"]["template"]["spec"].clone();
    let (before, after) = (pods(&plain), pods(&rendered(overlays, &input)));
    let items = |value: &Value| value.as_array().unwrap().clone();
    for (pointer, added) in [
        ("/tolerations", 1),
        ("/volumes", 1),
        ("/containers/0/env", 2),
        ("/containers/0/volumeMounts", 1),
    ] {
        let (old, new) = (
            items(before.pointer(pointer).unwrap()),
            items(after.pointer(pointer).unwrap()),
        );
        assert_eq!(new.len(), old.len() + added, "{pointer}");
        assert_eq!(new[..old.len()], old, "{pointer}");
    }
    let container = &after["containers"][0];
    assert_eq!(container["resources"]["limits"]["nvidia.com/gpu"], "1");
    assert_eq!(container["resources"]["limits"]["memory"], "64Gi");
    assert_eq!(container["livenessProbe"]["failureThreshold"], 9);
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/health");
    assert_eq!(
        (&after["nodeSelector"]["zone"], &after["priorityClassName"]),
        (&"1".into(), &"gpu".into())
    );
    assert_eq!(after["terminationGracePeriodSeconds"], 600);
    let terms = after.pointer("/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions");
    let keys: Vec<_> = items(terms.unwrap())
        .iter()
        .map(|it| it["key"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        keys,
        [
            "apps",
            "kaito.sh/workspace",
            "kaito.sh/workspacenamespace",
            "zone"
        ]
    );
}

#[test]
fn labels_go_where_they_are_asked_for_and_to_nodes_only_if_these_are_named() {
    let marked = |to: &str| {
        let overlays = format!(
            "- name: owner\n  metadata: {{labels: {{owner: a}}, annotations: {{b: c}}{to}}}\n"
        );
        let objects = rendered(&overlays, &workspace("a", SMALL));
        let has = |metadata: &Value| {
            metadata["labels"]["owner"] == "a" && metadata["annotations"]["b"] == "c"
        };
        let of_pod = &find(&objects, "StatefulSet", "a")["spec"]["template"]["metadata"];
        let mut marked: Vec<_> = objects
            .iter()
            .filter(|it| has(&it["metadata"]))
            .map(|it| it["kind"].as_str().unwrap().to_owned())
            .collect();
        marked.extend(has(of_pod).then(|| "pod".to_owned()));
        let selector = &find(&objects, "StatefulSet", "a")["spec"]["selector"];
        assert!(!selector.to_string().contains("owner"));
        marked.sort();
        marked.join(" ")
    };
    assert_eq!(marked(""), "Service Service StatefulSet Workspace pod");
    assert_eq!(marked(", to: [node, pod]"), "NodeClaim pod");
    assert_eq!(marked(", to: [workload]"), "StatefulSet");
}

/// A Workspace with pods of its own, whose only container is not called after it.
const OWN_PODS: &str = "\
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: own}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: own}}}
inference: {template: {spec: {containers: [{name: server, image: \"r.example.com/a/b:1\"}]}}}
";

/// New items of a keyed list go in front, so that another container is the first one then.
const SIDECAR: &str = "- name: sidecar\n  patches:\n  - target: {kind: Deployment|StatefulSet}\n    \
     patch: 'spec: {template: {spec: {containers: [{name: proxy, image: \"r.example.com/c/d:1\"}]}}}'\n";

#[test]
fn the_main_container_stays_the_same_whatever_overlays_put_in_front() {
    let overlays = format!("{SIDECAR}- name: b\n  pod: {{env: {{A: b}}}}\n");
    let objects = rendered(&overlays, OWN_PODS);
    let workload = objects.iter().find(|it| it["spec"]["template"].is_object());
    let containers = &workload.unwrap()["spec"]["template"]["spec"]["containers"];
    let env_of = |name: &str| {
        let mut containers = containers.as_array().unwrap().iter();
        containers.find(|it| it["name"] == name).unwrap()["env"].clone()
    };
    assert_eq!(env_of("proxy"), Value::Null);
    assert_eq!(env_of("server")[0]["name"], "A");
}

#[test]
fn the_main_container_can_not_be_removed_behind_another_one() {
    let removed = "- name: removed\n  patches:\n  - target: {kind: Deployment|StatefulSet}\n    \
         patch: 'spec: {template: {spec: {containers: [{name: server, $patch: delete}]}}}'\n";
    let profile = format!("overlays:\n{SIDECAR}{removed}");
    let test = Test::new().input(OWN_PODS).profile(&profile);
    test.finds_among("KR705 error", None).exits(1).run();
}
