//! `images`, and `images` of overlays: where objects and scripts name them.

use std::collections::BTreeMap;
use std::fs;

use kaito_render::base::images::images;
use kaito_render::base::object::Object;
use serde_json::{Value, json};

use crate::golden::{entries, render};
use crate::support::builder::Test;
use crate::support::inputs::{SMALL, workspace};
use crate::support::program::{kaito_render, root, run, stdout};

const TUNING: &str = "examples/v1beta1/kaito_workspace_tuning_phi_4_mini.yaml";

#[test]
fn each_image_stands_once_with_the_workspaces_that_use_it() {
    let input = workspace("a", SMALL) + "---\n" + &workspace("b", SMALL);
    let list = Test::new().command("images").input(&input).exits(0).run();
    let mut lines = list.stdout.lines();
    assert!(lines.next().unwrap().starts_with("IMAGE "));
    let line = lines.next().unwrap();
    assert!(
        line.starts_with("mcr.microsoft.com/aks/kaito/kaito-base:"),
        "{line}"
    );
    assert!(line.ends_with("   default/a, default/b"), "{line}");
    assert_eq!(lines.next(), None);

    let many: String = (0..7)
        .map(|it| workspace(&format!("w{it}"), SMALL) + "---\n")
        .collect();
    Test::new()
        .command("images")
        .input(&many)
        .prints("default/w3, default/w4, and 2 more\n")
        .exits(0)
        .run();
}

#[test]
fn images_that_scripts_fetch_are_listed_and_those_that_they_push_are_not() {
    let list: Value =
        serde_json::from_str(&stdout(&["images", TUNING, "--format", "json"], "")).unwrap();
    let images: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["image"].as_str().unwrap())
        .collect();
    assert!(
        images
            .iter()
            .any(|it| it.contains("/kaito-phi-4-mini-instruct:")),
        "{images:?}"
    );
    let is_output = |it: &&str| it.contains("phi-4-mini-dolly");
    assert!(!images.iter().any(is_output), "{images:?}");
    assert_eq!(
        list[0]["workspaces"],
        json!(["tuning/workspace-tuning-phi-4-mini"])
    );
}

#[test]
fn an_input_with_errors_has_no_list() {
    let broken = workspace("a", SMALL).replace("apps: a", "apps: -a");
    let run = run(&mut kaito_render(&["images", "-"]), &broken);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("KR105"), "{}", run.stderr);
}

/// The images of the objects of each Workspace, and how often each stands in their text.
fn counted(objects: &[Object]) -> BTreeMap<String, usize> {
    let objects = || {
        objects
            .iter()
            .filter(|it| it.identity().kind != "Workspace")
    };
    let text: String = objects()
        .map(|it| Value::from(&it.value).to_string())
        .collect();
    let images = objects().flat_map(|object| images(&object.value));
    images
        .map(|image| (image.clone(), text.matches(&image).count()))
        .collect()
}

/// Beside what a training writes, of which the Workspace says where.
#[test]
fn an_overlay_replaces_each_image_wherever_the_golden_cases_name_it() {
    let mut fetched = 0;
    let releases =
        ["0.3", "0.12"].map(|release| entries(&root().join("tests/golden").join(release)));
    for case in releases
        .iter()
        .flatten()
        .filter(|case| !case.join("hub.json").exists())
    {
        let Ok(plain) = render(case, true) else {
            continue;
        };
        let copy = tempfile::tempdir().unwrap();
        for file in entries(case) {
            fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
        }
        let profile = fs::read_to_string(case.join("profile.yaml")).unwrap();
        let overlays =
            json!([{"name": "a", "images": [{"name": "*", "newName": "mirror.example.com/a/*"}]}]);
        let profile = format!("{}\noverlays: {overlays}\n", profile.trim_end());
        fs::write(copy.path().join("profile.yaml"), profile).unwrap();
        let changed = render(copy.path(), true).unwrap_or_else(|_| panic!("{}", case.display()));
        let expected = counted(&plain);
        let expected: BTreeMap<_, _> = expected
            .into_iter()
            .map(|(image, count)| (format!("mirror.example.com/a/{image}"), count))
            .collect();
        assert_eq!(counted(&changed), expected, "{}", case.display());
        let all: String = changed
            .iter()
            .map(|it| Value::from(&it.value).to_string())
            .collect();
        fetched +=
            usize::from(all.contains("image=mirror") || all.contains("\"oras\",\"pull\",\"mirror"));
    }
    assert!(fetched >= 5, "{fetched}");
}
