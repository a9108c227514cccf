//! The plugins of `deploy/argocd/` that are no part of the plain installation.

use serde_json::Value;

use crate::support::argocd::{Application, Servers};
use crate::support::inputs::{self, SMALL, repository, workspace};

/// The objects of a kind, by name.
fn names<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a str> {
    let of_kind = objects.iter().filter(|object| object["kind"] == kind);
    of_kind
        .map(|object| object["metadata"]["name"].as_str().unwrap())
        .collect()
}

/// A kustomization of one Workspace that mounts a generated ConfigMap.
fn kustomization(more: &str) -> String {
    format!("namePrefix: a-\nnamespace: tuning\nresources: [phi-4.yaml{more}]\n")
}

#[test]
fn what_kustomize_builds_is_rendered_and_its_failures_are_failures() {
    let servers = Servers::with(&["kustomize/plugin.yaml"]);
    let ask = |files: &[(&str, &str)]| {
        let repository = repository(files);
        servers.generate(&Application {
            plugin: Some("kaito-render-kustomize"),
            ..Application::new(repository.path())
        })
    };
    let phi_4 = workspace("phi-4", SMALL);
    let built = ask(&[
        ("models/kustomization.yaml", &kustomization("")),
        ("models/phi-4.yaml", &phi_4),
    ]);
    let built = built.unwrap();
    assert_eq!(names(&built, "Workspace"), ["a-phi-4"]);
    assert_eq!(names(&built, "StatefulSet"), ["a-phi-4"]);
    let set = built.iter().find(|it| it["kind"] == "StatefulSet").unwrap();
    assert_eq!(set["metadata"]["namespace"], "tuning");

    // kustomize fails, in spite of a Workspace that could be built.
    let refused = ask(&[
        (
            "models/kustomization.yaml",
            &kustomization(", missing.yaml"),
        ),
        ("models/phi-4.yaml", &phi_4),
    ]);
    let message = refused.unwrap_err();
    let told = "failed exit status 1: Error: accumulating resources: accumulation err='accumulating \
                resources from 'missing.yaml'";
    assert!(message.contains(told), "{message}");
    assert!(!message.contains("KR"), "{message}");

    // kaito-render fails.
    let wrong = phi_4.replace("    name: phi-4\n", "    name: phi-44\n");
    let refused = ask(&[
        ("models/kustomization.yaml", &kustomization("")),
        ("models/phi-4.yaml", &wrong),
    ]);
    let message = refused.unwrap_err();
    assert!(message.contains("failed exit status 1: "), "{message}");
    assert!(message.contains("error[KR203]"), "{message}");
}

#[test]
fn a_profile_in_the_directory_makes_the_plugin_find_its_application() {
    let servers = Servers::with(&["discover/plugin.yaml"]);
    let profile = inputs::profile("release: \"0.12\"\n");
    let phi_4 = workspace("phi-4", SMALL);
    let ask = |profile_at: &str, plugin| {
        let repository = repository(&[(profile_at, &profile), ("models/phi-4.yaml", &phi_4)]);
        servers.generate(&Application {
            plugin,
            ..Application::new(repository.path())
        })
    };
    let here = ask("models/kaito-render.yaml", None).unwrap();
    assert_eq!(names(&here, "StatefulSet"), ["phi-4"]);
    assert_eq!(names(&here, "Profile"), [""; 0]);
    // Without one, Argo CD takes the directory for plain manifests.
    let elsewhere = ask("kaito-render.yaml", None).unwrap();
    assert_eq!(names(&elsewhere, "StatefulSet"), [""; 0]);
    assert_eq!(names(&elsewhere, "Workspace"), ["phi-4"]);
    // And an Application can't name the plugin then.
    let refused = ask("kaito-render.yaml", Some("kaito-render")).unwrap_err();
    assert!(refused.contains("could not find"), "{refused}");
}
