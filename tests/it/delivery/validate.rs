//! What a cluster's schemas say of the rendered objects: Kubernetes' own, Karpenter's and ours, by
//! kubectl-validate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kaito_render::base::object::Object;
use kaito_render::emit::Format;
use serde_json::{Value, json};

use crate::golden;
use crate::support::flavour::Flavour;
use crate::support::program::{root, run};
use crate::support::tools;

/// The newest Kubernetes whose schemas kubectl-validate has with it.
const KUBERNETES: &str = "1.30";

/// What kubectl-validate says of all files under a path: the complaint about each that it refuses,
/// and how many it read.
fn validate(path: &Path, crds: &[PathBuf]) -> (BTreeMap<String, String>, usize) {
    let mut command = tools::tool("bin/kubectl-validate");
    // The schemas must not come from a cluster that somebody works with.
    command
        .env("KUBECONFIG", "/dev/null")
        .args(["--version", KUBERNETES, "--output", "json"])
        .arg(path);
    for directory in crds {
        assert!(
            directory.is_dir(),
            "{} is missing: run tests/tools.sh",
            directory.display()
        );
        command.arg("--local-crds").arg(directory);
    }
    let answer = answer(&mut command);
    let refused = answer
        .iter()
        .filter_map(|(path, statuses)| Some((path.clone(), complaint(statuses)?)))
        .collect();
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
    let complaints: String = statuses
        .iter()
        .filter(failed)
        .map(|status| format!("{}\n", status["message"]))
        .collect();
    (!complaints.is_empty()).then_some(complaints)
}

/// Whether all that is wrong is that a pull secret is named twice.
///
/// KAITO names it once for each adapter that needs it, and docs/parity.md keeps that. An API server
/// takes it, but says in its schema that the names in this list are distinct.
fn repeats_pull_secrets(status: &Value) -> bool {
    let repeats = |cause: &Value| {
        cause["reason"] == "FieldValueDuplicate"
            && cause["field"]
                .as_str()
                .is_some_and(|field| field.starts_with("spec.template.spec.imagePullSecrets["))
    };
    status["details"]["causes"]
        .as_array()
        .is_some_and(|causes| !causes.is_empty() && causes.iter().all(repeats))
}

/// The cases that are kept here, and the larger directory of them if there is one.
fn cases() -> Vec<PathBuf> {
    let larger = std::env::var_os("KAITO_RENDER_GOLDEN").map(PathBuf::from);
    let directories = [Some(root().join("tests/golden")), larger]
        .into_iter()
        .flatten();
    let releases =
        directories.flat_map(|directory| ["0.3", "0.12"].map(|release| directory.join(release)));
    releases
        .flat_map(|directory| golden::entries(&directory))
        .collect()
}

/// The objects of a case, without what needs no look: nodes beyond the first, which differ from it
/// by name alone, and NodeClasses that are what the profile says, because those of the golden cases
/// say too little.
fn objects(case: &Path, flavour: Flavour) -> Option<Vec<Object>> {
    let is_of_profile = |kind: &str| flavour.release() == "0.12" && kind.ends_with("NodeClass");
    let mut objects = golden::render(case, false).ok()?;
    objects.retain(|object| {
        object.ordinal.is_none_or(|ordinal| ordinal == 0) && !is_of_profile(object.identity().kind)
    });
    Some(objects)
}

#[test]
fn every_object_of_every_golden_case_is_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let place = |flavour: Flavour| directory.path().join(format!("{flavour:?}"));
    let mut flavours = BTreeSet::new();
    for case in cases() {
        let flavour = Flavour::of(&case);
        if let Some(objects) = objects(&case, flavour) {
            golden::write(&objects, &place(flavour).join(case.file_name().unwrap()));
            flavours.insert(flavour);
        }
    }
    assert_eq!(flavours.len(), 5, "{flavours:?}");
    for flavour in flavours {
        let (refused, count) = validate(&place(flavour), &flavour.crds());
        println!("{flavour:?}: {count} objects");
        assert!(
            refused.is_empty(),
            "{} of {count} objects are refused: {refused:#?}",
            refused.len()
        );
    }
}

/// A field of an object that gets a value which no cluster takes.
type Damage = (&'static str, &'static str, Value);

/// Holds that each damaged object of a case is refused, and that the complaint names the field.
fn assert_refused(case: &Path, damages: &[Damage]) {
    let objects = golden::render(case, false).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = |number: usize| directory.path().join(format!("{number}.yaml"));
    for (number, (kind, pointer, value)) in damages.iter().enumerate() {
        let object = objects
            .iter()
            .find(|object| object.identity().kind == *kind)
            .unwrap();
        let mut object = Value::from(&object.value);
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        object.pointer_mut(parent).unwrap()[field] = value.clone();
        fs::write(file(number), Format::Yaml.document(&object.into())).unwrap();
    }
    let (refused, count) = validate(directory.path(), &Flavour::of(case).crds());
    assert_eq!(count, damages.len());
    for (number, (kind, pointer, _)) in damages.iter().enumerate() {
        let complaint = refused
            .get(file(number).to_str().unwrap())
            .map_or("", String::as_str);
        let field = pointer.rsplit_once('/').unwrap().1;
        assert!(complaint.contains(field), "{kind} {pointer}: {complaint:?}");
    }
}

#[test]
fn damaged_objects_of_release_0_3_are_refused() {
    let case = root().join("tests/golden/0.3/a-example-inference-falcon-7b.machine");
    let damages = [
        ("Deployment", "/spec/replicas", json!("x")),
        ("Service", "/spec/ports/0/port", json!("http")),
        ("Machine", "/spec/taints", json!([{"key": "sku"}])),
        ("Workspace", "/resource", json!({"count": 1})),
        ("Workspace", "/inference/preset/presets", json!("falcon-7b")),
    ];
    assert_refused(&case, &damages);
}

#[test]
fn damaged_objects_of_release_0_12_are_refused() {
    let claims = [
        ("NodeClaim", "/spec/expireAfter", json!("never")),
        ("NodeClaim", "/spec/expireAfters", json!("Never")),
        (
            "NodeClaim",
            "/spec/nodeClassRef/apiVersion",
            json!("kaito.sh/v1"),
        ),
        ("NodeClaim", "/spec/requirements/0/operator", json!("in")),
        (
            "NodeClaim",
            "/spec/resources/requests/storage",
            json!("88GiB"),
        ),
        (
            "StatefulSet",
            "/spec/template/spec/containers/0/ports/0/containerPort",
            json!("http"),
        ),
        (
            "StatefulSet",
            "/spec/podManagementPolicies",
            json!("Parallel"),
        ),
        (
            "Workspace",
            "/resource/partition",
            json!({"mode": "slices"}),
        ),
        (
            "Workspace",
            "/inference/preset/presetOptions",
            json!({"accessSecret": "token"}),
        ),
    ];
    let cases = root().join("tests/golden/0.12");
    assert_refused(&cases.join("b-min-gemma-4-26b-a4b-it"), &claims);
}

#[test]
fn damaged_node_pools_and_node_classes_are_refused() {
    let cases = root().join("tests/golden/0.12");
    let pools = [
        ("NodePool", "/spec/replica", json!(1)),
        (
            "NodePool",
            "/spec/template/spec/expireAfter",
            json!("never"),
        ),
        (
            "NodePool",
            "/spec/template/spec/expireAfters",
            json!("Never"),
        ),
        (
            "NodePool",
            "/spec/template/spec/nodeClassRef/group",
            json!(""),
        ),
        ("NodePool", "/spec/disruption/consolidateAfter", json!("0")),
        (
            "NodePool",
            "/spec/disruption/budgets",
            json!([{"nodes": "one"}]),
        ),
    ];
    assert_refused(&cases.join("b-karp-gpt-oss-120b"), &pools);
    // Karpenter on AWS knows the labels of its own domain, and what a NodeClass has to say.
    let restricted = json!([{"key": "karpenter.k8s.aws/instance-gpus", "operator": "Exists"}]);
    assert_refused(
        &cases.join("f-aws"),
        &[("NodeClaim", "/spec/requirements", restricted)],
    );
    let scarce = json!({"amiFamily": "AL2023", "role": "nodes", "subnetSelectorTerms": [{"id": "subnet-1"}]});
    assert_refused(
        &cases.join("c-aws-karp-llama-3-3-70b-instruct"),
        &[("EC2NodeClass", "/spec", scarce)],
    );
}

#[test]
fn node_classes_are_accepted_as_a_profile_has_them() {
    let on_azure = json!({"imageFamily": "AzureLinux", "osDiskSizeGB": 300});
    let on_aws = json!({
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "role": "nodes",
        "subnetSelectorTerms": [{"tags": {"cluster": "gpus"}}],
        "securityGroupSelectorTerms": [{"tags": {"cluster": "gpus"}}],
    });
    for (case, spec) in [
        ("d-karp-phi-4", on_azure),
        ("c-aws-karp-llama-3-3-70b-instruct", on_aws),
    ] {
        let golden = root().join("tests/golden/0.12").join(case);
        let mut profile: Value =
            serde_yaml::from_str(&fs::read_to_string(golden.join("profile.yaml")).unwrap())
                .unwrap();
        profile["nodeClasses"] = json!([{"name": "gpu", "default": true, "spec": spec}]);
        let directory = tempfile::tempdir().unwrap();
        let case = directory.path().join("case");
        fs::create_dir(&case).unwrap();
        fs::write(
            case.join("profile.yaml"),
            Format::Yaml.document(&profile.into()),
        )
        .unwrap();
        fs::copy(golden.join("input.yaml"), case.join("input.yaml")).unwrap();
        let objects = golden::render(&case, false).unwrap();
        assert!(
            objects
                .iter()
                .any(|object| object.identity().kind.ends_with("NodeClass"))
        );
        golden::write(&objects, &directory.path().join("objects"));
        let (refused, _) = validate(
            &directory.path().join("objects"),
            &Flavour::of(&case).crds(),
        );
        assert!(refused.is_empty(), "{refused:#?}");
    }
}

#[test]
fn our_crds_are_accepted() {
    let (refused, count) = validate(&root().join("schemas/crds"), &[]);
    assert!(refused.is_empty() && count > 0, "{refused:#?}");
}
