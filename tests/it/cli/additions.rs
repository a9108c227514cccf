//! `add` of overlays: objects beside those of the templates.

use serde_json::Value;

use crate::golden::documents;
use crate::support::builder::Test;
use crate::support::inputs::{SMALL, directory, profile, workspace};
use crate::support::program::{kaito_render, run};

/// The objects that a profile with overlays makes of an input.
fn rendered(overlays: &str, input: &str) -> Vec<Value> {
    let test = Test::new().command("render").input(input);
    let run = test
        .profile(&format!("overlays:\n{overlays}"))
        .exits(0)
        .run();
    documents(&run.stdout)
}

fn titles(objects: &[Value], kinds: &[&str]) -> Vec<String> {
    let is_wanted = |it: &&Value| kinds.contains(&it["kind"].as_str().unwrap());
    let objects = objects.iter().filter(is_wanted);
    let title = |it: &Value| {
        format!(
            "{}/{}",
            it["kind"].as_str().unwrap(),
            it["metadata"]["name"].as_str().unwrap()
        )
    };
    objects.map(title).collect()
}

const ALL: &str = "- name: beside\n  add: {monitoring: {}, disruption: {}, network: {}, \
                   route: {gateway: {name: public}, hostnames: [$name.example.com]}}\n";
const KINDS: [&str; 5] = [
    "HTTPRoute",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PodMonitor",
    "ServiceMonitor",
];

#[test]
fn the_later_addition_wins_and_patches_of_later_overlays_hold_until_then() {
    let overlays = "- name: base\n  add: {monitoring: {interval: 10s}}\n\
                    - name: patched\n  patches:\n  - target: {kind: PodMonitor}\n    \
                    patch: 'spec: {podTargetLabels: [team]}'\n\
                    - name: later\n  workspaces: {names: [b]}\n  add: {monitoring: {kind: ServiceMonitor}}\n\
                    - name: again\n  workspaces: {names: [c]}\n  add: {monitoring: {interval: 20s}}\n";
    let input = ["a", "b", "c"]
        .map(|name| workspace(name, SMALL))
        .join("---\n");
    let objects = rendered(overlays, &input);
    assert_eq!(
        titles(&objects, &KINDS),
        ["PodMonitor/a", "PodMonitor/c", "ServiceMonitor/b"]
    );
    let find = |name: &str| {
        let is_it = |it: &&Value| it["kind"] == "PodMonitor" && it["metadata"]["name"] == name;
        objects.iter().find(is_it).unwrap()["spec"].clone()
    };
    let (patched, again) = (find("a"), find("c"));
    assert_eq!(patched["podTargetLabels"][0], "team");
    assert_eq!(patched["podMetricsEndpoints"][0]["interval"], "10s");
    assert!(again["podTargetLabels"].is_null(), "{again}");
    assert_eq!(again["podMetricsEndpoints"][0]["interval"], "20s");
}

#[test]
fn what_is_added_belongs_to_its_workspace_and_is_listed() {
    let stream = {
        let test = Test::new().command("render").input(&workspace("a", SMALL));
        test.profile(&format!("overlays:\n{ALL}"))
            .exits(0)
            .run()
            .stdout
            .clone()
    };
    let objects = documents(&stream);
    assert_eq!(
        titles(&objects, &KINDS),
        [
            "NetworkPolicy/a",
            "PodDisruptionBudget/a",
            "HTTPRoute/a",
            "PodMonitor/a"
        ]
    );
    let listed = objects.iter().find(|it| it["kind"] == "Workspace").unwrap();
    let listed = listed["metadata"]["annotations"]["render.kaito.sh/rendered"]
        .as_str()
        .unwrap();
    for object in objects
        .iter()
        .filter(|it| KINDS.contains(&it["kind"].as_str().unwrap()))
    {
        let kind = object["kind"].as_str().unwrap();
        assert!(
            listed.contains(&format!(
                r#""kind":"{kind}","namespace":"default","name":"a""#
            )),
            "{listed}"
        );
        let labels = &object["metadata"]["labels"];
        assert_eq!(labels["app.kubernetes.io/managed-by"], "kaito-render");
        assert_eq!(labels["kaito.sh/workspace"], "a");
    }

    let checked = run(&mut kaito_render(&["check", "--rendered", "-"]), &stream);
    assert_eq!((checked.code, &*checked.stderr), (0, ""));
    let is_it = |text: &&str| text.contains("kind: PodMonitor\n");
    let without: Vec<_> = stream.split("---\n").filter(|text| !is_it(text)).collect();
    let checked = run(
        &mut kaito_render(&["check", "--rendered", "-"]),
        &without.join("---\n"),
    );
    assert!(
        checked
            .stderr
            .starts_with("error[KR414]: the PodMonitor `a` "),
        "{}",
        checked.stderr
    );

    let again = Test::new()
        .command("render")
        .input(&stream)
        .profile(&format!("overlays:\n{ALL}"));
    assert_eq!(again.exits(0).run().stdout, stream);
}

#[test]
fn what_a_later_patch_removes_is_not_listed() {
    let overlays = format!(
        "{ALL}- name: bare\n  patches:\n  - target: {{kind: PodMonitor}}\n    patch: '$patch: delete'\n"
    );
    let objects = rendered(&overlays, &workspace("a", SMALL));
    assert_eq!(titles(&objects, &KINDS).len(), 3);
    assert!(
        !objects[0].to_string().contains("PodMonitor"),
        "{}",
        objects[0]
    );
}

#[test]
fn an_object_of_the_input_is_not_overwritten() {
    let budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a, namespace: default}\n\
                  spec: {maxUnavailable: 1, selector: {matchLabels: {kaito.sh/workspace: a}}}\n";
    let input = format!("{}---\n{budget}", workspace("a", SMALL));
    let test = Test::new().command("render").input(&input);
    let run = test.profile(&format!("overlays:\n{ALL}")).exits(1).run();
    assert!(run.stderr.contains("PodDisruptionBudget"), "{}", run.stderr);
}

#[test]
fn explain_and_diff_show_what_is_added() {
    let explained = Test::new()
        .command("explain")
        .input(&workspace("a", SMALL))
        .profile(&format!("overlays:\n{ALL}"))
        .exits(0)
        .run();
    let stdout = &explained.stdout;
    assert!(
        stdout.contains(" add.monitoring adds PodMonitor/a\n"),
        "{stdout}"
    );
    assert!(
        stdout.contains(" add.network adds NetworkPolicy/a\n"),
        "{stdout}"
    );

    let roots = ["", &format!("overlays:\n{ALL}")].map(|overlays| {
        directory(&[
            ("kaito-render.yaml", &profile(overlays)),
            ("a.yaml", &workspace("a", SMALL)),
            (".git/HEAD", "ref: refs/heads/main\n"),
        ])
    });
    let [before, after] = roots.each_ref().map(|it| it.path().to_str().unwrap());
    let diff = run(&mut kaito_render(&["diff", before, after]), "");
    for kind in [
        "HTTPRoute",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "PodMonitor",
    ] {
        assert!(diff.stdout.contains(kind), "{}", diff.stdout);
    }
}

#[test]
fn templates_of_a_library_lay_objects_out() {
    let template = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: \"{{ add.name }}-own\"\n  \
                    namespace: \"{{ add.namespace }}\"\n";
    let render = |template: &str, code| {
        Test::new()
            .command("render")
            .input(&workspace("a", SMALL))
            .profile("overlays:\n- name: beside\n  add: {disruption: {}}\n")
            .file("templates/overlays/poddisruptionbudget.yaml", template)
            .args(&["--library", "."])
            .exits(code)
            .run()
    };
    let run = render(template, 0);
    assert_eq!(
        titles(&documents(&run.stdout), &KINDS),
        ["PodDisruptionBudget/a-own"]
    );
    let run = render(&template.replace("add.name ", "add.nam "), 1);
    assert!(
        run.stderr.contains("did you mean `add.name`?"),
        "{}",
        run.stderr
    );
}

/// The volumes of the pods of a workload and the claims of a StatefulSet, of weights.
fn weights(objects: &[Value], kind: &str) -> (Value, Value) {
    let spec = &objects.iter().find(|it| it["kind"] == kind).unwrap()["spec"];
    let of = |list: &Value, name: &str| {
        let items = list.as_array().into_iter().flatten();
        let mut named = items.filter(|it| it.pointer(name).unwrap() == "model-weights-volume");
        let found = named.next().cloned().unwrap_or_default();
        assert!(named.next().is_none());
        found
    };
    (
        of(&spec["template"]["spec"]["volumes"], "/name"),
        of(&spec["volumeClaimTemplates"], "/metadata/name"),
    )
}

#[test]
fn weights_are_kept_on_a_claim_in_the_shape_of_kaito_and_the_later_one_wins() {
    let input = workspace("a", SMALL);
    let fast = rendered(
        "- {name: none, workspaces: {names: [b]}}\nstorage: {localNVMe: true}\n",
        &input,
    );
    let (volume, fast) = weights(&fast, "StatefulSet");
    assert!(volume.is_null() && fast["spec"]["storageClassName"] == "kaito-local-nvme-disk");
    let node = |objects: &[Value]| {
        objects
            .iter()
            .find(|it| it["kind"] == "NodeClaim")
            .unwrap()
            .clone()
    };
    let plain = rendered("- {name: none, workspaces: {names: [b]}}\n", &input);
    for nvme in ["", "storage: {localNVMe: true}\n"] {
        let own = "- name: a\n  add: {weights: {storageClass: fast}}\n";
        let objects = rendered(&format!("{own}{nvme}"), &input);
        assert_eq!(node(&objects), node(&plain));
        let (volume, claim) = weights(&objects, "StatefulSet");
        let mut expected = fast.clone();
        expected["spec"]["storageClassName"] = "fast".into();
        assert_eq!((volume, claim), (Value::Null, expected));

        let shared = "- name: b\n  add: {weights: {claim: models}}\n";
        let (volume, claim) = weights(
            &rendered(&format!("{own}{shared}{nvme}"), &input),
            "StatefulSet",
        );
        assert_eq!(volume["persistentVolumeClaim"]["claimName"], "models");
        assert!(claim.is_null() && volume["emptyDir"].is_null());

        let sized = "- name: c\n  add: {weights: {size: 1Ti}}\n";
        let (volume, claim) = weights(
            &rendered(&format!("{own}{shared}{sized}{nvme}"), &input),
            "StatefulSet",
        );
        assert!(volume.is_null() && claim["spec"]["storageClassName"].is_null());
        assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "1Ti");
    }
}
