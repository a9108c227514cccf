//! `argocd`: the program as Argo CD runs it, in a copy of the repository without `.git`, with the
//! variables that cmp-server 3.5 sets.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::inputs::{self, LARGE, SMALL, directory, workspace, workspace_of};
use crate::support::program::{Run, kaito_render, run};

const PROFILE: &str =
    "release: \"0.12\"\nprovisioner: nodepool\nkarpenter: {staticCapacity: true}\n";

/// What the cluster knows, in the form of `KUBE_API_VERSIONS`.
const KINDS: &str = "v1,v1/ConfigMap,v1/Service,apps/v1,apps/v1/StatefulSet,karpenter.sh/v1,\
                     karpenter.sh/v1/NodeClaim,karpenter.sh/v1/NodePool,kaito.sh/v1beta1,\
                     kaito.sh/v1beta1/Workspace";

/// A repository with two Workspaces in `models`, one with a namespace, and a ConfigMap.
fn repository() -> TempDir {
    let tuned = workspace("b", LARGE).replace("name: b\n", "name: b\n  namespace: tuning\n");
    directory(&[
        ("models/a.yaml", &workspace("a", SMALL)),
        ("models/sub/b.yaml", &tuned),
        (
            "models/team.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: team}\ndata: {a: b}\n",
        ),
        ("kaito-render.yaml", &inputs::profile(PROFILE)),
    ])
}

/// A run in `models` of a repository, with variables instead of those that are usual.
fn argocd(repository: &Path, command: &str, variables: &[(&str, &str)]) -> Run {
    argocd_with(repository, &["argocd", command], variables, "")
}

fn argocd_with(repository: &Path, args: &[&str], variables: &[(&str, &str)], stdin: &str) -> Run {
    let usual = [
        ("ARGOCD_APP_NAME", "serving"),
        ("ARGOCD_APP_NAMESPACE", "team-a"),
        ("ARGOCD_APP_PROJECT_NAME", "default"),
        (
            "ARGOCD_APP_REVISION",
            "0123456789abcdef0123456789abcdef01234567",
        ),
        ("ARGOCD_APP_REVISION_SHORT", "0123456"),
        ("ARGOCD_APP_REVISION_SHORT_8", "01234567"),
        (
            "ARGOCD_APP_SOURCE_REPO_URL",
            "https://example.com/models.git",
        ),
        ("ARGOCD_APP_SOURCE_PATH", "models"),
        ("ARGOCD_APP_SOURCE_TARGET_REVISION", "main"),
        ("ARGOCD_APP_PARAMETERS", "[]"),
        ("KUBE_VERSION", "1.37.2"),
        ("KUBE_API_VERSIONS", KINDS),
    ];
    let mut command = kaito_render(args);
    command
        .env_clear()
        .envs(usual)
        .envs(variables.iter().copied())
        .current_dir(repository.join("models"));
    run(&mut command, stdin)
}

fn generate(repository: &Path, parameters: &Value) -> Run {
    let parameters = parameters.to_string();
    argocd(
        repository,
        "generate",
        &[("ARGOCD_APP_PARAMETERS", &parameters)],
    )
}

/// The objects of a run that was well: one on each line.
fn objects(run: &Run) -> Vec<Value> {
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|it| it["kind"] == kind).collect()
}

/// The first line of a run that failed.
fn first_line(run: &Run) -> &str {
    assert_eq!(run.stdout, "", "{}", run.stderr);
    assert_ne!(run.code, 0);
    run.stderr.lines().next().unwrap()
}

#[test]
fn an_application_becomes_lines_of_json() {
    let repository = repository();
    let objects = objects(&argocd(repository.path(), "generate", &[]));
    let namespaces: Vec<_> = of_kind(&objects, "Workspace")
        .iter()
        .map(|it| it["metadata"]["namespace"].as_str().unwrap())
        .collect();
    assert_eq!(namespaces, ["team-a", "tuning"]);
    // The profile in the root of the repository, without `.git`.
    assert_eq!(of_kind(&objects, "NodePool").len(), 2);
    let rendered = &of_kind(&objects, "Workspace")[0]["metadata"]["annotations"];
    let rendered = rendered["render.kaito.sh/rendered"].as_str().unwrap();
    assert!(
        rendered.contains("\"profile\":\"kaito-render.yaml\""),
        "{rendered}"
    );
    // Argo CD gives it the namespace.
    let team = of_kind(&objects, "ConfigMap")[0];
    assert_eq!(team["metadata"], json!({"name": "team"}));
}

/// Each of them is another object, whatever it is called.
#[test]
fn hooks_that_the_cluster_names_are_handed_on() {
    let repository = repository();
    let hook = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: before-, annotations: \
                {argocd.argoproj.io/hook: PreSync}}\nspec: {}\n";
    let file = repository.path().join("models/hooks.yaml");
    fs::write(
        &file,
        format!("{hook}---\n{}", hook.replace("PreSync", "PostSync")),
    )
    .unwrap();
    let objects = objects(&argocd(repository.path(), "generate", &[]));
    assert_eq!(of_kind(&objects, "Job").len(), 2);
    // Only Argo CD creates what has no name.
    let args = ["render", ".", "--delivery", "flux"];
    assert!(first_line(&argocd_with(repository.path(), &args, &[], "")).contains("error[KR403]"));
}

/// What names no namespace will be in that of the Application.
#[test]
fn objects_of_one_name_in_the_namespace_of_the_application_are_found() {
    let repository = repository();
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n";
    inputs::write(&repository.path().join("models/service.yaml"), service);
    let run = argocd(repository.path(), "generate", &[]);
    let line = first_line(&run);
    assert!(
        line.starts_with("models/service.yaml:1:1: error[KR402]"),
        "{line}"
    );
    let other = argocd(
        repository.path(),
        "generate",
        &[("ARGOCD_APP_NAMESPACE", "team-b")],
    );
    assert!(first_line(&other).contains("error[KR402]"));
    inputs::write(
        &repository.path().join("models/service.yaml"),
        &service.replace("name: a", "name: a, namespace: default"),
    );
    assert_eq!(argocd(repository.path(), "generate", &[]).code, 0);
}

#[test]
fn services_come_before_everything_else() {
    let repository = repository();
    let balanced = workspace("c", SMALL).replace(
        "name: c\n",
        "name: c\n  annotations: {kaito.sh/enablelb: \"True\"}\n",
    );
    fs::write(repository.path().join("models/c.yaml"), balanced).unwrap();
    let objects = objects(&argocd(repository.path(), "generate", &[]));
    let wave = |it: &Value| {
        it["metadata"]["annotations"]
            .get("argocd.argoproj.io/sync-wave")
            .cloned()
    };
    let mut waves = 0;
    for object in &objects {
        let is_first = object["kind"] == "Service" && object["spec"]["type"] != "LoadBalancer";
        assert_eq!(wave(object), is_first.then(|| json!("-1")), "{object}");
        waves += usize::from(is_first);
    }
    assert!(waves >= 5);
    assert!(
        objects
            .iter()
            .any(|it| it["spec"]["type"] == "LoadBalancer")
    );
    let text = Value::from(objects).to_string();
    assert!(
        !text.contains("Replace=true") && !text.contains("Force=true"),
        "{text}"
    );
}

#[test]
fn the_profile_says_how_nodes_are_replaced() {
    let repository = repository();
    let options = |delivery: &str| {
        let profile = inputs::profile(&format!("{PROFILE}delivery: {{{delivery}}}\n"));
        fs::write(repository.path().join("kaito-render.yaml"), profile).unwrap();
        let objects = objects(&argocd(repository.path(), "generate", &[]));
        let options = |it: &Value| {
            it["metadata"]["annotations"]
                .get("argocd.argoproj.io/sync-options")
                .cloned()
        };
        let others = objects.iter().filter(|it| it["kind"] != "NodePool");
        assert!(others.clone().count() > 5 && others.clone().all(|it| options(it).is_none()));
        options(of_kind(&objects, "NodePool")[0])
    };
    assert_eq!(options("replaceNodes: first"), None);
    assert_eq!(
        options("replaceNodes: surge"),
        Some(json!("PruneLast=true"))
    );
    assert_eq!(options("confirmNodes: true"), Some(json!("Prune=confirm")));
}

#[test]
fn a_missing_namespace_names_the_field_of_the_application() {
    let repository = repository();
    let run = argocd(
        repository.path(),
        "generate",
        &[("ARGOCD_APP_NAMESPACE", "")],
    );
    assert_eq!(
        first_line(&run),
        "error: Application serving names no namespace: set its `spec.destination.namespace` \
         (ARGOCD_APP_NAMESPACE is empty)"
    );
    assert_eq!(run.code, 2);
}

#[test]
fn the_root_is_the_working_directory_without_the_path_of_the_application() {
    let repository = repository();
    let path = repository.path();
    for same in ["models", "models/", "./models"] {
        let run = argocd(path, "generate", &[("ARGOCD_APP_SOURCE_PATH", same)]);
        assert_eq!(of_kind(&objects(&run), "NodePool").len(), 2, "{same}");
    }
    // The Application of the whole repository.
    let nested = path.join("models");
    fs::rename(
        path.join("kaito-render.yaml"),
        nested.join("kaito-render.yaml"),
    )
    .unwrap();
    let whole = argocd(path, "generate", &[("ARGOCD_APP_SOURCE_PATH", ".")]);
    assert_eq!(of_kind(&objects(&whole), "NodePool").len(), 2);
    for (other, said) in [
        (
            "apps",
            "does not end in the path of the Application, `apps`: add `/kaito-render.yaml` to its annotation",
        ),
        ("x/models", "does not end in"),
    ] {
        let run = argocd(path, "generate", &[("ARGOCD_APP_SOURCE_PATH", other)]);
        assert!(first_line(&run).contains(said), "{}", run.stderr);
    }
}

#[test]
fn parameters_count_before_the_profile() {
    let repository = repository();
    let path = repository.path();
    let set = |name: &str, value: &str| json!([{"name": name, "string": value}]);
    let claims = objects(&generate(path, &set("provisioner", "nodeclaim")));
    assert_eq!(
        (
            of_kind(&claims, "NodeClaim").len(),
            of_kind(&claims, "NodePool").len()
        ),
        (2, 0)
    );
    let images = objects(&generate(path, &set("registry", "r.example.com/k")));
    assert!(Value::from(images).to_string().contains("r.example.com/k/"));
    // One that is left empty is not set.
    let empty = objects(&generate(path, &set("provisioner", "")));
    assert_eq!(of_kind(&empty, "NodePool").len(), 2);
    for (name, value, kinds) in [
        ("only", json!(["Service", "Workspace"]), 6),
        ("exclude", json!(["Service"]), 7),
    ] {
        let run = generate(path, &json!([{"name": name, "array": value}]));
        assert_eq!(objects(&run).len(), kinds, "{name}: {}", run.stdout);
    }
    // A profile of their own, and a field over it.
    inputs::write(
        &path.join("other.yaml"),
        &inputs::profile("release: \"0.12\"\nprovisioner: none\nnodes: []\n"),
    );
    let both = json!([{"name": "profile", "string": "../other.yaml"}, {"name": "provisioner", "string": "nodeclaim"}]);
    let run = generate(path, &both);
    assert_eq!(of_kind(&objects(&run), "NodeClaim").len(), 2);
    assert!(
        run.stdout.contains(r#"\"profile\":\"other.yaml\""#),
        "{}",
        run.stdout
    );
    // Without a profile they are one.
    fs::remove_file(path.join("kaito-render.yaml")).unwrap();
    let alone = objects(&generate(path, &set("provisioner", "nodepool")));
    assert_eq!(of_kind(&alone, "NodePool").len(), 2);
}

/// A repository with overlays in the profile, and one in the input.
fn with_overlays() -> TempDir {
    let repository = repository();
    let overlays = "overlays:\n- name: debug\n  select: named\n  workspaces: {names: [a]}\n  \
                    metadata: {labels: {debug: \"1\"}, to: [workload]}\n- name: all\n  \
                    metadata: {labels: {all: \"1\"}, to: [workload]}\n";
    inputs::write(
        &repository.path().join("kaito-render.yaml"),
        &inputs::profile(&(PROFILE.to_owned() + overlays)),
    );
    inputs::write(
        &repository.path().join("models/sub/overlay.yaml"),
        "apiVersion: render.kaito.sh/v1alpha1\nkind: Overlay\nname: batch\nselect: named\nmetadata: \
         {labels: {batch: \"1\"}, to: [workload]}\n",
    );
    repository
}

#[test]
fn overlays_that_a_parameter_names_are_for_every_workspace() {
    let repository = with_overlays();
    let labels = |parameters: Value| {
        let objects = objects(&generate(repository.path(), &parameters));
        let workloads = of_kind(&objects, "StatefulSet");
        let of = |name: &str| {
            let mut named = workloads.iter().filter(|it| it["metadata"]["name"] == name);
            let labels = &named.next().unwrap()["metadata"]["labels"];
            let mut has = ["all", "batch", "debug"].into_iter();
            has.by_ref()
                .filter(|key| labels[key] == "1")
                .collect::<Vec<_>>()
        };
        [of("a"), of("b")]
    };
    assert_eq!(labels(json!([])), [["all"], ["all"]]);
    // The directory of an overlay and its `workspaces` count all the same.
    let named = labels(json!([{"name": "overlays", "array": ["debug", " batch", ""]}]));
    assert_eq!(named, [["all", "debug"], ["all", "batch"]]);

    for (names, wrong) in [
        (
            json!(["debug", "batsh"]),
            "there is no overlay batsh; write batch",
        ),
        (
            json!(["all"]),
            "the overlay all is for Workspaces that its workspaces selects; remove the name here, \
             or add select: named to the overlay",
        ),
    ] {
        let run = generate(
            repository.path(),
            &json!([{"name": "overlays", "array": names}]),
        );
        let line = format!("parameter overlays of Application serving: error[KR510]: {wrong}");
        assert_eq!((first_line(&run), run.code), (line.as_str(), 1));
    }
    let run = generate(
        repository.path(),
        &json!([{"name": "overlays", "map": {"a": "b"}}]),
    );
    let line = "parameter overlays of Application serving: error[KR510]: the parameter overlays has \
                another type than array; write its value under array";
    assert_eq!(first_line(&run), line);
}

#[test]
fn parameters_are_checked_like_a_profile() {
    let repository = repository();
    for (parameters, line) in [
        (
            json!([{"name": "cloud", "string": "azur"}]),
            "parameter cloud of Application serving: error[KR501]: cloud must be azure, aws or arc, not azur; write azure",
        ),
        (
            json!([{"name": "release", "string": "0.13"}]),
            "parameter release of Application serving: error[KR202]: there is no release 0.13; the releases are 0.3 and 0.12",
        ),
        (
            json!([{"name": "provisionr", "string": "nodeclaim"}]),
            "parameter provisionr of Application serving: error[KR510]: there is no parameter provisionr; did you mean provisioner?",
        ),
        (
            json!([{"name": "my-param", "array": ["a"]}]),
            "parameter my-param of Application serving: error[KR510]: there is no parameter my-param; the parameters are release, provisioner, cloud, registry, profile, overlays, only and exclude",
        ),
        (
            json!([{"name": "release", "map": {"a": "b"}}]),
            "parameter release of Application serving: error[KR510]: the parameter release has another type than string; write its value under string",
        ),
        (
            json!([{"name": "profile", "string": "nowhere.yaml"}]),
            "parameter profile of Application serving: error[KR510]: there is no profile nowhere.yaml; write its path from the directory of the Application",
        ),
    ] {
        let run = generate(repository.path(), &parameters);
        assert_eq!(first_line(&run), line);
        assert_eq!(run.code, 1);
    }
    // No file of somebody else.
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "token: s3cr3t\n").unwrap();
    let run = generate(
        repository.path(),
        &json!([{"name": "profile", "string": outside.path()}]),
    );
    assert!(
        first_line(&run).contains("is not in the repository"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("s3cr3t"));
    // What is no JSON of Argo CD.
    let run = argocd(
        repository.path(),
        "generate",
        &[("ARGOCD_APP_PARAMETERS", "{")],
    );
    assert!(first_line(&run).contains("ARGOCD_APP_PARAMETERS is not what Argo CD writes"));
    assert_eq!(
        objects(&generate(repository.path(), &Value::Null)).len(),
        11
    );
}

#[test]
fn a_kind_that_the_cluster_lacks_is_an_error_with_the_command_that_installs_it() {
    let repository = repository();
    let path = repository.path();
    let without = |kind: &str| KINDS.replace(&format!(",{kind}"), "");
    let workspaces = without("kaito.sh/v1beta1/Workspace").replace(",kaito.sh/v1beta1", "");
    let run = argocd(path, "generate", &[("KUBE_API_VERSIONS", &workspaces)]);
    assert_eq!(
        first_line(&run),
        "error[KR412]: the cluster has no kind Workspace of kaito.sh/v1beta1, and so nothing at all is applied; \
         install it: kaito-render crds --release 0.12 | kubectl apply --server-side -f -"
    );
    let pools = without("karpenter.sh/v1/NodePool");
    let run = argocd(path, "generate", &[("KUBE_API_VERSIONS", &pools)]);
    assert!(
        first_line(&run)
            .starts_with("error[KR412]: the cluster has no kind NodePool of karpenter.sh/v1")
    );
    // Kinds that are not this program's are not looked for, and versions alone say nothing.
    for known in [
        without("v1/ConfigMap"),
        "karpenter.sh/v1,kaito.sh/v1beta1".to_owned(),
    ] {
        let run = argocd(path, "generate", &[("KUBE_API_VERSIONS", &known)]);
        assert_eq!(objects(&run).len(), 11);
    }
    // A CRD of the output.
    let crds = run_crds();
    inputs::write(&path.join("models/crds.yaml"), &crds);
    let run = argocd(path, "generate", &[("KUBE_API_VERSIONS", &workspaces)]);
    assert!(objects(&run).len() > 11);
}

#[test]
fn kinds_that_an_overlay_adds_have_to_be_installed() {
    let repository = repository();
    let path = repository.path();
    let file = path.join("kaito-render.yaml");
    let profile = std::fs::read_to_string(&file).unwrap();
    for (add, kind, what) in [
        ("monitoring: {}", "PodMonitor", "prometheus-operator"),
        (
            "route: {gateway: {name: public}, hostnames: [$name.example.com]}",
            "HTTPRoute",
            "the CRDs of the Gateway API",
        ),
    ] {
        let overlays = format!("{profile}overlays:\n- name: beside\n  add: {{{add}}}\n");
        inputs::write(&file, &overlays);
        let run = argocd(path, "generate", &[("KUBE_API_VERSIONS", KINDS)]);
        let line = first_line(&run);
        let start = format!("error[KR412]: the cluster has no kind {kind} of ");
        assert!(
            line.starts_with(&start) && line.contains(&format!("install {what}")),
            "{line}"
        );
    }
}

fn run_crds() -> String {
    let run = run(&mut kaito_render(&["crds", "--release", "0.12"]), "");
    assert_eq!(run.code, 0);
    run.stdout
}

#[test]
fn parameters_are_announced_with_the_values_that_hold() {
    let repository = repository();
    let announced = |variables| {
        let run = argocd(repository.path(), "parameters", variables);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    // cmp-server says no more than this when it asks for the announcement.
    let list = announced(&[("ARGOCD_APP_NAMESPACE", ""), ("KUBE_API_VERSIONS", "")]);
    let values: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["name"].as_str().unwrap(),
                it.get("string").or(it.get("array")).cloned(),
            )
        })
        .collect();
    assert_eq!(
        values,
        [
            ("release", Some(json!("0.12"))),
            ("provisioner", Some(json!("nodepool"))),
            ("cloud", Some(json!("azure"))),
            ("registry", Some(json!("mcr.microsoft.com/aks/kaito"))),
            ("profile", Some(json!("../kaito-render.yaml"))),
            ("overlays", Some(json!([]))),
            ("only", Some(json!([]))),
            ("exclude", Some(json!([]))),
        ]
    );
    let types: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["collectionType"])
        .collect();
    assert_eq!(types[4..], ["string", "array", "array", "array"]);
    // With a broken profile the same list, without values.
    fs::write(repository.path().join("kaito-render.yaml"), "cloud: [\n").unwrap();
    let broken = announced(&[]);
    let without = |list: &Value| {
        let mut list = list.clone();
        for parameter in list.as_array_mut().unwrap() {
            let fields = parameter.as_object_mut().unwrap();
            fields.shift_remove("string");
            fields.shift_remove("array");
        }
        list
    };
    assert_eq!(broken, without(&list));
}

#[test]
fn a_mistake_is_the_first_line() {
    let repository = repository();
    let path = repository.path();
    fs::write(
        path.join("models/sub/b.yaml"),
        workspace_of("v1beta1", "b", SMALL, "phi-44"),
    )
    .unwrap();
    let run = argocd(path, "generate", &[]);
    assert!(
        first_line(&run).starts_with(
            "models/sub/b.yaml:11:11: error[KR203]: release 0.12 has no preset phi-44; "
        ),
        "{}",
        run.stderr
    );
    fs::write(path.join("models/sub/b.yaml"), "apiVersion: v1\nkind: [\n").unwrap();
    assert!(first_line(&argocd(path, "generate", &[])).starts_with("models/sub/b.yaml:"));
    // Nothing but other documents.
    fs::remove_dir_all(path.join("models/sub")).unwrap();
    fs::remove_file(path.join("models/a.yaml")).unwrap();
    assert!(
        first_line(&argocd(path, "generate", &[]))
            .starts_with("error[KR401]: the input has no Workspace")
    );
    fs::write(
        path.join("models/kustomization.yaml"),
        "resources: [team.yaml]\n",
    )
    .unwrap();
    assert!(
        first_line(&argocd(path, "generate", &[]))
            .starts_with("models/kustomization.yaml:1:1: error[KR014]")
    );
}

#[test]
fn what_kustomize_builds_comes_on_stdin() {
    let repository = repository();
    let built = workspace("k", SMALL).replace("name: k\n", "name: k\n  namespace: built\n");
    let run = argocd_with(repository.path(), &["argocd", "generate", "-"], &[], &built);
    let objects = objects(&run);
    assert_eq!(of_kind(&objects, "NodePool").len(), 1);
    assert_eq!(
        of_kind(&objects, "Workspace")[0]["metadata"]["namespace"],
        "built"
    );
}

#[test]
fn jobs_are_named_by_their_content_if_the_profile_says_so() {
    let tuning = |url: &str, label: &str| {
        format!(
            "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {{name: tune, labels: {{a: {label}}}}}\nresource:\n  \
             instanceType: {SMALL}\n  labelSelector: {{matchLabels: {{apps: tune}}}}\ntuning:\n  \
             preset: {{name: phi-4-mini-instruct}}\n  method: qlora\n  input: {{urls: [\"https://example.com/{url}.parquet\"]}}\n  \
             output: {{image: \"r.example.com/out:1.0\", imagePushSecret: push}}\n"
        )
    };
    let repository = directory(&[]);
    let path = repository.path();
    let name = |text: &str, jobs: &str| {
        let profile = inputs::profile(&format!("release: \"0.12\"\ndelivery: {{jobs: {jobs}}}\n"));
        inputs::write(&path.join("kaito-render.yaml"), &profile);
        inputs::write(&path.join("models/tune.yaml"), text);
        let run = argocd(path, "generate", &[]);
        let objects = objects(&run);
        let job = of_kind(&objects, "Job")[0]["metadata"]["name"]
            .as_str()
            .unwrap()
            .to_owned();
        // The Workspace lists the Job by its name.
        let rendered = &of_kind(&objects, "Workspace")[0]["metadata"]["annotations"];
        let rendered = rendered["render.kaito.sh/rendered"].as_str().unwrap();
        assert!(
            rendered.contains(&format!("\"name\":\"{job}\"")),
            "{rendered}"
        );
        job
    };
    assert_eq!(name(&tuning("a", "x"), "keep"), "tune");
    let first = name(&tuning("a", "x"), "named");
    assert!(first.len() == 11 && first.starts_with("tune-"), "{first}");
    assert_eq!(name(&tuning("a", "other"), "named"), first);
    assert_ne!(name(&tuning("b", "x"), "named"), first);
}
