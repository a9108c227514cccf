//! `images` of overlays against the real kustomize: both replace the same images of containers.
//! What scripts fetch only we know.

use std::fs;

use kaito_render::base::object::Object;
use serde_json::{Value, json};

use crate::golden::{documents, entries, render};
use crate::support::program::{root, run};
use crate::support::tools::tool;

/// Lists of `images`, each for a part of the cases.
fn lists() -> [Value; 5] {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let base = "mcr.microsoft.com/aks/kaito/kaito-base";
    [
        json!([{"name": base, "newName": "r.example.com:5000/base"}]),
        json!([{"name": base, "newTag": "9", "digest": digest}, {"name": "docker", "newTag": "28"}]),
        json!([{"name": base, "digest": digest}, {"name": "curlimages/curl", "newName": "r.example.com/curl", "newTag": "8"}]),
        // One after the other, and part of a name is no name.
        json!([{"name": base, "newName": "a"}, {"name": "a", "newName": "b", "newTag": "1"}, {"name": "kaito-base", "newName": "c"}]),
        json!([{"name": "mcr.microsoft.com/aks/skopeo", "newTag": "1.2"}, {"name": "registry.k8s.io/pause", "digest": digest}]),
    ]
}

/// The kind and name of each object, with the images of its containers.
fn containers<'a>(objects: impl Iterator<Item = &'a Value>) -> Vec<(String, Vec<String>)> {
    let of = |object: &Value| {
        let pod = &object["spec"]["template"]["spec"];
        let lists = ["initContainers", "containers"].map(|list| pod[list].as_array());
        let containers = lists.into_iter().flatten().flatten();
        let images = containers.map(|it| it["image"].to_string()).collect();
        (
            format!("{} {}", object["kind"], object["metadata"]["name"]),
            images,
        )
    };
    let mut all: Vec<_> = objects.map(of).collect();
    all.retain(|(_, images): &(String, Vec<String>)| !images.is_empty());
    all.sort();
    all
}

fn values(objects: &[Object]) -> Vec<Value> {
    let made = objects
        .iter()
        .filter(|it| it.identity().kind != "Workspace");
    made.map(|object| Value::from(&object.value)).collect()
}

#[test]
fn images_are_replaced_as_kustomize_does() {
    let mut changed = [0; 5];
    let releases =
        ["0.3", "0.12"].map(|release| entries(&root().join("tests/golden").join(release)));
    let cases = releases
        .iter()
        .flatten()
        .filter(|case| !case.join("hub.json").exists());
    for (number, case) in cases.enumerate() {
        let Ok(plain) = render(case, true) else {
            continue;
        };
        let index = number % changed.len();
        let images = &lists()[index];
        let directory = tempfile::tempdir().unwrap();
        let write =
            |file: &str, text: String| fs::write(directory.path().join(file), text).unwrap();

        for file in entries(case) {
            fs::copy(&file, directory.path().join(file.file_name().unwrap())).unwrap();
        }
        let profile = fs::read_to_string(case.join("profile.yaml")).unwrap();
        let overlays = json!([{"name": "a", "images": images}]);
        write(
            "profile.yaml",
            format!("{}\noverlays: {overlays}\n", profile.trim_end()),
        );
        let ours = render(directory.path(), true).unwrap_or_else(|_| panic!("{}", case.display()));

        let list = json!({"apiVersion": "v1", "kind": "List", "items": values(&plain)});
        write("objects.yaml", list.to_string());
        write(
            "kustomization.yaml",
            json!({"resources": ["objects.yaml"], "images": images}).to_string(),
        );
        let mut kustomize = tool("bin/kustomize");
        let built = run(
            kustomize.args(["build", "."]).current_dir(directory.path()),
            "",
        );
        assert_eq!(built.code, 0, "{}", built.stderr);

        let ours = containers(values(&ours).iter());
        assert_eq!(
            ours,
            containers(documents(&built.stdout).iter()),
            "{}",
            case.display()
        );
        changed[index] += usize::from(ours != containers(values(&plain).iter()));
    }
    assert!(changed.iter().all(|count| *count > 0), "{changed:?}");
}
