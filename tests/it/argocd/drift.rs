//! Nothing is ever out of sync: neither at once nor after controllers have written, by any of Argo
//! CD's comparisons, applied by the client or by the server.
//!
//! The cases under `tests/golden` and the examples, each in a namespace of its own, so that no two
//! objects have one name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::app::{App, CLUSTER, actors, of_kind};
use crate::golden::{documents, entries};
use crate::support::cluster::{Cluster, wait};
use crate::support::flavour::Flavour;
use crate::support::inputs::profile;
use crate::support::program::{root, stdout};
use crate::support::provisioner;

/// Cases of one profile: the documents of each.
type Cases = BTreeMap<String, Vec<Vec<Value>>>;

/// What makes nodes for these cases.
struct Group {
    release: &'static str,
    cloud: &'static str,
    provisioners: &'static [&'static str],
    examples: &'static [&'static str],
}

/// The golden cases that KAITO makes objects of, by their profile.
fn golden(group: &Group, cases: &mut Cases) {
    for case in entries(&root().join("tests/golden").join(group.release)) {
        // Models that are imported need a library of their own.
        if !case.join("expected.yaml").exists() || case.join("hub.json").exists() {
            continue;
        }
        let profile = fs::read_to_string(case.join("profile.yaml")).unwrap();
        let fields: Value = serde_yaml::from_str(&profile).unwrap();
        let provisioner = fields["provisioner"].as_str().unwrap();
        if fields["cloud"] == group.cloud && group.provisioners.contains(&provisioner) {
            add(&case.join("input.yaml"), profile, cases);
        }
    }
}

/// The examples, with each provisioner.
fn examples(group: &Group, cases: &mut Cases) {
    let Group { release, cloud, .. } = group;
    for provisioner in group.provisioners {
        let nodes = match *provisioner {
            "none" => continue,
            "nodepool" => "karpenter: {staticCapacity: true}\n",
            _ => "",
        };
        let fields = format!("release: {release:?}\ncloud: {cloud}\nprovisioner: {provisioner}\n");
        for directory in group.examples {
            let files = entries(&root().join("examples").join(directory));
            let is_example = |it: &&PathBuf| it.extension().is_some_and(|it| it == "yaml");
            for file in files.iter().filter(is_example) {
                add(file, profile(&format!("{fields}{nodes}")), cases);
            }
        }
    }
}

fn add(file: &Path, profile: String, cases: &mut Cases) {
    let documents = documents(&fs::read_to_string(file).unwrap());
    cases.entry(profile).or_default().push(documents);
}

/// The objects of all cases, and how many cases there are.
fn objects(name: &str, cases: Cases) -> (Vec<Value>, usize) {
    let mut objects = BTreeMap::<_, Value>::new();
    let mut count = 0;
    for (profile, cases) in cases {
        let directory = tempfile::tempdir().unwrap();
        let mut items = Vec::new();
        for mut documents in cases {
            for document in &mut documents {
                document["metadata"]["namespace"] = json!(format!("{name}-{count}"));
            }
            items.append(&mut documents);
            count += 1;
        }
        let path = directory.path().join("kaito-render.yaml");
        fs::write(&path, profile).unwrap();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        let options = [
            "render",
            "-",
            "--delivery",
            "argocd",
            "--format",
            "jsonl",
            "--profile",
        ];
        let args = [&options[..], &[path.to_str().unwrap()]].concat();
        for line in stdout(&args, &list).lines() {
            let object: Value = serde_json::from_str(line).unwrap();
            // Those of golden cases say less of AWS than a cluster asks for.
            if object["kind"] == "EC2NodeClass" {
                continue;
            }
            let metadata = &object["metadata"];
            let key = ["namespace", "name"].map(|field| metadata[field].to_string());
            objects.insert((object["kind"].to_string(), key), object);
        }
    }
    (objects.into_values().collect(), count)
}

/// Syncs the cases of groups, and says that nothing is out of sync then, nor when controllers have
/// written.
fn no_drift(cluster: &Cluster, name: &'static str, groups: &[Group], kinds: &[&str]) -> usize {
    let mut cases = Cases::new();
    for group in groups {
        golden(group, &mut cases);
        examples(group, &mut cases);
    }
    let (objects, count) = objects(name, cases);
    let found: BTreeSet<_> = objects
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(found, kinds.iter().copied().collect(), "{name}");
    let mut app = App::new(cluster, name);
    // A sync writes several hundred objects, and a busy machine takes minutes for them.
    app.patience *= 5;
    let namespaces: BTreeSet<_> = objects
        .iter()
        .filter_map(|it| it["metadata"]["namespace"].as_str())
        .collect();
    let namespace =
        |it: &&str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": it}});
    let list: Vec<_> = namespaces.iter().map(namespace).collect();
    app.kubectl
        .apply(&json!({"apiVersion": "v1", "kind": "List", "items": list}).to_string());
    app.syncs(&objects);
    app.is_synced(&objects);
    write(&app, &objects);
    app.is_synced(&objects);
    app.options.push("ServerSideApply=true");
    app.syncs(&objects);
    app.is_synced(&objects);
    count
}

/// Waits for the controllers of workloads, and does for some objects what others would.
fn write(app: &App, objects: &[Value]) {
    for kind in ["NodeClaim", "Machine"] {
        for claim in of_kind(objects, kind).into_iter().take(4) {
            let name = claim["metadata"]["name"].as_str().unwrap();
            provisioner::launch(&app.kubectl, &app.kubectl.json(&["get", kind, name]));
        }
    }
    let condition = json!({"type": "Ready", "status": "True", "reason": "Served", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z"});
    for workspace in of_kind(objects, "Workspace").into_iter().take(2) {
        let [namespace, name] =
            ["namespace", "name"].map(|it| workspace["metadata"][it].as_str().unwrap());
        let object = ["workspace", name, "--namespace", namespace];
        app.kubectl
            .patch_status(&object, &json!({"conditions": [condition]}));
    }
    for kind in ["Deployment", "StatefulSet", "Job"] {
        let wanted: BTreeSet<_> = of_kind(objects, kind)
            .into_iter()
            .map(|it| it["metadata"]["name"].clone().to_string())
            .collect();
        wait("the controllers have written", || {
            let live = app.kubectl.json(&["get", kind, "--all-namespaces"]);
            let live = live["items"].as_array().unwrap();
            let mut live = live
                .iter()
                .filter(|it| wanted.contains(&it["metadata"]["name"].to_string()));
            let field = if kind == "Job" {
                "ready"
            } else {
                "observedGeneration"
            };
            live.all(|it| it["status"][field].is_number() || it["status"]["succeeded"] == 1)
        });
    }
}

#[test]
fn release_0_12_never_drifts() {
    let cluster = CLUSTER.hold();
    let group = Group {
        release: "0.12",
        cloud: "azure",
        provisioners: &["nodeclaim", "nodepool", "none"],
        examples: &["v1beta1"],
    };
    let kinds = [
        "ConfigMap",
        "Job",
        "NodeClaim",
        "NodePool",
        "PersistentVolumeClaim",
        "Secret",
        "Service",
        "StatefulSet",
        "Workspace",
    ];
    assert!(no_drift(&cluster, "drift-12", &[group], &kinds) >= 60);
}

#[test]
fn release_0_3_never_drifts() {
    let mut cluster = actors(Flavour::Machines);
    for directory in Flavour::NodeClaimsOnAws.crds() {
        cluster.apply_crds(&directory);
    }
    let group = |provisioner, cloud| Group {
        release: "0.3",
        cloud,
        provisioners: provisioner,
        examples: if cloud == "azure" {
            &["inference", "fine-tuning"]
        } else {
            &[]
        },
    };
    let groups = [group(&["machine"], "azure"), group(&["nodeclaim"], "aws")];
    let kinds = [
        "ConfigMap",
        "Deployment",
        "Job",
        "Machine",
        "NodeClaim",
        "Service",
        "StatefulSet",
        "Workspace",
    ];
    assert!(no_drift(&cluster, "drift-3", &groups, &kinds) >= 40);
}

#[test]
fn node_claims_of_release_0_3_never_drift() {
    let cluster = actors(Flavour::NodeClaimsOnAzure);
    let group = Group {
        release: "0.3",
        cloud: "azure",
        provisioners: &["nodeclaim"],
        examples: &["inference", "fine-tuning"],
    };
    let kinds = [
        "AKSNodeClass",
        "ConfigMap",
        "Deployment",
        "Job",
        "NodeClaim",
        "Service",
        "StatefulSet",
        "Workspace",
    ];
    assert!(no_drift(&cluster, "drift-3", &[group], &kinds) >= 20);
}

#[test]
fn release_0_12_on_aws_never_drifts() {
    let cluster = actors(Flavour::Aws);
    let group = Group {
        release: "0.12",
        cloud: "aws",
        provisioners: &["nodeclaim", "nodepool"],
        examples: &[],
    };
    let kinds = [
        "ConfigMap",
        "Job",
        "NodeClaim",
        "NodePool",
        "Service",
        "StatefulSet",
        "Workspace",
    ];
    assert!(no_drift(&cluster, "drift-12", &[group], &kinds) >= 4);
}
