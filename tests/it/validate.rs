//! What a cluster's schemas say of the rendered objects: Kubernetes' own, Karpenter's and ours, by kubectl-validate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kaito_render::emit::{Format, directory};
use kaito_render::object::Object;
use serde_json::{Value, json};

use crate::program::{root, run};
use crate::{golden, tools};

/// The newest Kubernetes whose schemas kubectl-validate has with it.
const KUBERNETES: &str = "1.30";

/// The kinds of cluster that profiles of release 0.3 tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cluster {
    Machines,
    NodeClaimsOnAzure,
    NodeClaimsOnAws,
}

impl Cluster {
    fn of(case: &Path) -> Self {
        let profile = fs::read_to_string(case.join("profile.yaml")).unwrap();
        let profile: Value = serde_yaml::from_str(&profile).unwrap();
        match (profile["provisioner"].as_str().unwrap(), profile["cloud"].as_str().unwrap()) {
            ("machine", _) => Self::Machines,
            ("nodeclaim", "azure") => Self::NodeClaimsOnAzure,
            ("nodeclaim", "aws") => Self::NodeClaimsOnAws,
            other => panic!("{}: {other:?}", case.display()),
        }
    }

    /// The folders of the CRDs that such a cluster has.
    fn crds(self) -> Vec<PathBuf> {
        let karpenter = |name| tools::folder().join("crds").join(name);
        let mut folders = match self {
            Self::Machines => vec![karpenter("machine")],
            Self::NodeClaimsOnAzure => vec![karpenter("nodeclaim"), root().join("tests/fixtures/crds/azure")],
            Self::NodeClaimsOnAws => vec![karpenter("nodeclaim-aws")],
        };
        folders.push(root().join("schemas/crds/0.3"));
        folders
    }
}

/// What kubectl-validate says of all files under a path: the complaint about each that it refuses, and how many it read.
fn validate(path: &Path, crds: &[PathBuf]) -> (BTreeMap<String, String>, usize) {
    let mut command = tools::tool("bin/kubectl-validate");
    // The schemas must not come from a cluster that somebody works with.
    command.env("KUBECONFIG", "/dev/null").args(["--version", KUBERNETES, "--output", "json"]).arg(path);
    for folder in crds {
        assert!(folder.is_dir(), "{} is missing: run tests/tools.sh", folder.display());
        command.arg("--local-crds").arg(folder);
    }
    let answer = answer(&mut command);
    let refused = answer.iter().filter_map(|(path, statuses)| Some((path.clone(), complaint(statuses)?))).collect();
    (refused, answer.len())
}

fn answer(command: &mut Command) -> BTreeMap<String, Value> {
    let run = run(command, "");
    let answer = serde_json::from_str(&run.stdout);
    answer.unwrap_or_else(|error| panic!("{command:?}: {error}\n{}{}", run.stdout, run.stderr))
}

/// The complaints about a file, if there are any about its documents.
fn complaint(statuses: &Value) -> Option<String> {
    let statuses = statuses.as_array().unwrap();
    let failed = |status: &&Value| status["status"] != "Success" && !repeats_pull_secrets(status);
    let complaints: String = statuses.iter().filter(failed).map(|status| format!("{}\n", status["message"])).collect();
    (!complaints.is_empty()).then_some(complaints)
}

/// Whether all that is wrong is that a pull secret is named twice.
///
/// KAITO names it once for each adapter that needs it, and docs/parity.md keeps that. An API server takes it, but says
/// in its schema that the names in this list are distinct.
fn repeats_pull_secrets(status: &Value) -> bool {
    let repeats = |cause: &Value| {
        cause["reason"] == "FieldValueDuplicate"
            && cause["field"].as_str().is_some_and(|field| field.starts_with("spec.template.spec.imagePullSecrets["))
    };
    status["details"]["causes"].as_array().is_some_and(|causes| !causes.is_empty() && causes.iter().all(repeats))
}

/// Writes objects into a folder as `render -o` does.
fn write(objects: &[Object], folder: &Path) {
    for (path, text) in directory::layout(objects, Format::Yaml).unwrap() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The cases that are kept here, and the larger folder of them if there is one.
fn cases() -> Vec<PathBuf> {
    let larger = std::env::var_os("KAITO_RENDER_GOLDEN").map(PathBuf::from);
    let folders = [Some(root().join("tests/golden")), larger].into_iter().flatten();
    folders.flat_map(|folder| golden::entries(&folder.join("0.3"))).collect()
}

#[test]
fn every_object_of_every_golden_case_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let place = |cluster: Cluster| folder.path().join(format!("{cluster:?}"));
    let mut clusters = BTreeSet::new();
    for case in cases() {
        if let Ok(objects) = golden::render(&case, false) {
            let cluster = Cluster::of(&case);
            write(&objects, &place(cluster).join(case.file_name().unwrap()));
            clusters.insert(cluster);
        }
    }
    assert_eq!(clusters.len(), 3, "{clusters:?}");
    for cluster in clusters {
        let (refused, count) = validate(&place(cluster), &cluster.crds());
        println!("{cluster:?}: {count} objects");
        assert!(refused.is_empty(), "{} of {count} objects are refused: {refused:#?}", refused.len());
    }
}

#[test]
fn damaged_objects_are_refused() {
    let case = root().join("tests/golden/0.3/a-example-inference-falcon-7b.machine");
    let objects = golden::render(&case, false).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let damages = [
        ("Deployment", "/spec/replicas", json!("x")),
        ("Service", "/spec/ports/0/port", json!("http")),
        ("Machine", "/spec/taints/0", json!({"key": "sku"})),
        ("Workspace", "/resource", json!({"count": 1})),
        ("Workspace", "/inference/preset", json!({"name": "falcon-7b", "presets": "falcon-7b"})),
    ];
    for (number, (kind, pointer, value)) in damages.iter().enumerate() {
        let mut object = objects.iter().find(|object| object.identity().kind == *kind).unwrap().value.clone();
        *object.pointer_mut(pointer).unwrap() = value.clone();
        fs::write(folder.path().join(format!("{number}.yaml")), Format::Yaml.document(&object)).unwrap();
    }
    let (refused, count) = validate(folder.path(), &Cluster::Machines.crds());
    assert_eq!((refused.len(), count), (damages.len(), damages.len()), "{refused:#?}");
}

#[test]
fn our_crds_are_accepted() {
    let (refused, count) = validate(&root().join("schemas/crds"), &[]);
    assert!(refused.is_empty() && count > 0, "{refused:#?}");
}
