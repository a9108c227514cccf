//! What is applied stays as it is, and what somebody changed is put right.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use walkdir::WalkDir;

use super::rig::Scene;
use crate::golden::documents;
use crate::support::inputs::{SMALL, workspace};
use crate::support::program::root;
use crate::support::tools::succeed;

/// The actions of an attempt, each once.
fn kinds_of(actions: &Value) -> BTreeSet<String> {
    let actions = actions.as_object().unwrap().values();
    actions.map(|it| it.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_examples_of_both_releases_stay_as_they_were_applied() {
    let scene = Scene::new("examples");
    succeed(&mut scene.admin.command(&["create", "namespace", "tuning"]));
    for entry in WalkDir::new(root().join("examples")) {
        let entry = entry.unwrap();
        let name = entry.file_name().to_str().unwrap();
        if name.starts_with("kaito_") {
            let text = fs::read_to_string(entry.path()).unwrap();
            scene.write(&format!("models/{name}"), &text);
        }
    }
    scene.render();
    scene.sync("sync.yaml", "./rendered", &json!({"wait": false}));
    let head = scene.push();
    let outcome = scene.settled(&head);
    assert_eq!(outcome.status, "True", "{}", outcome.message);
    let before = scene.actions().len();
    assert_eq!(scene.reconcile().status, "True");
    let actions = scene.actions();
    assert!(actions.len() > before);
    let last = actions.last().unwrap();
    assert_eq!(
        kinds_of(last),
        BTreeSet::from(["unchanged".to_owned()]),
        "{last:#}"
    );
    assert!(last.as_object().unwrap().len() > 100, "{last:#}");
}

/// A live StatefulSet of a scene.
fn live(scene: &Scene, name: &str) -> Value {
    let all = scene.get("statefulset");
    let found = all.into_iter().find(|it| it["metadata"]["name"] == name);
    found.unwrap()
}

#[test]
fn no_variable_is_filled_in_though_the_kustomization_has_some() {
    let scene = Scene::new("variables");
    let many = workspace("many", SMALL).replace(
        "    name: phi-4",
        "    name: meta-llama/Llama-3.3-70B-Instruct\n    presetOptions: {modelAccessSecret: hf}",
    );
    scene.write("models/many.yaml", &many);
    scene.render();
    let substitute = json!({"wait": false, "postBuild": {"substitute": {"cluster": "a"}}});
    scene.sync("sync.yaml", "./rendered", &substitute);
    let head = scene.push();
    let outcome = scene.settled(&head);
    assert_eq!(outcome.status, "True", "{}", outcome.message);

    let path = "rendered/variables/many/statefulset.yaml";
    let text = fs::read_to_string(scene.repository.join(path)).unwrap();
    let wanted = documents(&text).remove(0);
    let command = |object: &Value| {
        let command = object.pointer("/spec/template/spec/containers/0/command");
        command.unwrap().clone()
    };
    assert!(command(&wanted).to_string().contains("${POD_INDEX}"));
    assert_eq!(command(&live(&scene, "many")), command(&wanted));
}

#[test]
fn drift_is_put_right() {
    let scene = Scene::new("drift");
    scene.write("models/phi.yaml", &workspace("phi", SMALL));
    scene.write("models/other.yaml", &workspace("other", SMALL));
    scene.render();
    scene.sync("sync.yaml", "./rendered", &json!({"wait": false}));
    let head = scene.push();
    assert_eq!(scene.settled(&head).status, "True");

    // Somebody scales the one, and deletes the Service of the other.
    let kubectl = |args: &[&str]| {
        succeed(scene.admin.command(args).args(["--namespace", scene.name]));
    };
    kubectl(&["scale", "statefulset/phi", "--replicas=0"]);
    kubectl(&["delete", "service/other"]);
    assert_eq!(scene.reconcile().status, "True");
    assert_eq!(live(&scene, "phi")["spec"]["replicas"], 1);
    let services = scene.names("service");
    assert!(services.contains(&"Service/other".to_owned()));
    let actions = scene.actions();
    let last = actions.last().unwrap().as_object().unwrap().iter();
    let touched = last.filter(|(_, action)| *action != "unchanged");
    let touched: Vec<_> = touched
        .map(|(object, action)| format!("{object} {}", action.as_str().unwrap()))
        .collect();
    assert_eq!(
        touched,
        [
            "Service/drift/other created",
            "StatefulSet/drift/phi configured"
        ]
    );
}

#[test]
fn what_is_gone_is_pruned_but_not_the_claims_of_the_team() {
    let scene = Scene::new("pruned");
    scene.write("models/phi.yaml", &workspace("phi", SMALL));
    scene.write("models/gone.yaml", &workspace("gone", SMALL));
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: \
                 [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    scene.write("models/claim.yaml", claim);
    scene.render();
    scene.sync("sync.yaml", "./rendered", &json!({"wait": false}));
    let head = scene.push();
    assert_eq!(scene.settled(&head).status, "True");
    assert_eq!(scene.claims().len(), 2);

    for file in ["models/gone.yaml", "models/claim.yaml"] {
        fs::remove_file(scene.repository.join(file)).unwrap();
    }
    scene.render();
    let head = scene.push();
    assert_eq!(scene.settled(&head).status, "True");
    let kinds = "workspace,statefulset,service,persistentvolumeclaim";
    let expected = [
        "PersistentVolumeClaim/data",
        "Service/phi",
        "Service/phi-headless",
        "StatefulSet/phi",
        "Workspace/phi",
    ];
    scene.until("the objects are gone", || {
        (scene.names(kinds) == expected).then_some(())
    });
    scene.until("the NodeClaim is gone", || {
        (scene.claims().len() == 1).then_some(())
    });
}

#[test]
fn a_kustomization_is_split_without_a_loss() {
    let scene = Scene::new("split");
    scene.write("models/phi.yaml", &workspace("phi", SMALL));
    scene.render();
    scene.sync("sync.yaml", "./rendered", &json!({"wait": false}));
    let head = scene.push();
    assert_eq!(scene.settled(&head).status, "True");
    let uids = || -> Vec<_> {
        let mut objects = scene.get("workspace,statefulset,service");
        objects.extend(scene.claims());
        objects
            .iter()
            .map(|it| it["metadata"]["uid"].clone())
            .collect()
    };
    let before = uids();
    assert_eq!(before.len(), 5);

    let flux = |args: &[&str]| {
        succeed(
            scene
                .admin
                .command(args)
                .args(["--namespace", "flux-system"]),
        );
    };
    let orphan = json!({"spec": {"deletionPolicy": "Orphan"}}).to_string();
    flux(&[
        "patch",
        "kustomization",
        "split",
        "--type=merge",
        "--patch",
        &orphan,
    ]);
    flux(&["delete", "kustomization", "split"]);
    scene.sync("sync.yaml", "./rendered/split/phi", &json!({"wait": false}));
    assert_eq!(scene.settled(&head).status, "True");
    assert_eq!(uids(), before);
    // The new one prunes them.
    fs::remove_file(scene.repository.join("models/phi.yaml")).unwrap();
    scene.write("models/other.yaml", &workspace("other", SMALL));
    scene.render();
    scene.write(
        "rendered/split/phi/kustomization.yaml",
        "kind: Kustomization\nconfigMapGenerator: [{name: left, namespace: split}]\n",
    );
    let head = scene.push();
    assert_eq!(scene.settled(&head).status, "True");
    scene.until("they are gone", || uids().is_empty().then_some(()));
}
