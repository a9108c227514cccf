//! What a person sees of an Application: its objects, or the condition `ComparisonError`.

use serde_json::{Value, json};

use crate::support::argocd::{Application, SERVERS, Sent};
use crate::support::inputs::{SMALL, profile, repository, workspace};

/// A document of another kind.
const TEAM: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: team}\ndata: {a: b}\n";

fn tracking_ids(objects: &[Value]) -> Vec<&str> {
    let id = "/metadata/annotations/argocd.argoproj.io~1tracking-id";
    let ids = objects.iter().map(|it| it.pointer(id).unwrap());
    let mut ids: Vec<_> = ids.map(|id| id.as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn an_application_gives_objects_in_its_namespace() {
    let repository = repository(&[
        ("models/phi-4.yaml", &workspace("phi-4", SMALL)),
        ("models/team.yaml", TEAM),
    ]);
    let objects = SERVERS
        .hold()
        .generate(&Application::new(repository.path()))
        .unwrap();
    let node = objects.iter().find(|it| it["kind"] == "NodeClaim").unwrap();
    let node = node["metadata"]["name"].as_str().unwrap();
    assert_eq!(
        tracking_ids(&objects),
        [
            "serving:/ConfigMap:team-a/team",
            "serving:/Service:team-a/phi-4",
            "serving:/Service:team-a/phi-4-headless",
            "serving:apps/StatefulSet:team-a/phi-4",
            "serving:kaito.sh/Workspace:team-a/phi-4",
            &format!("serving:karpenter.sh/NodeClaim:team-a/{node}"),
        ]
    );
}

/// The profile stands in the root of the repository, and its values are those announced.
#[test]
fn a_profile_is_found_where_git_is_left_out() {
    let profile = profile("release: \"0.12\"\nprovisioner: nodepool\n");
    let repository = repository(&[
        ("models/phi-4.yaml", &workspace("phi-4", SMALL)),
        ("kaito-render.yaml", &profile),
    ]);
    let servers = SERVERS.hold();
    for sent in [Sent::Everything, Sent::Selected] {
        let application = Application {
            sent,
            ..Application::new(repository.path())
        };
        let objects = servers.generate(&application).unwrap();
        assert!(objects.iter().any(|it| it["kind"] == "NodePool"));
        let announced = servers.parameters(&application).unwrap();
        let provisioner = announced
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["name"] == "provisioner");
        assert_eq!(provisioner.unwrap()["string"], json!("nodepool"));
    }
}
