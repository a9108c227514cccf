//! The status controller on a cluster of real programs, with the rights that are shipped and no
//! others: what it says of Workspaces from the delivery of their objects on, while somebody plays
//! the provisioner, and KWOK the kubelets.
//!
//! What takes a quarter of an hour to be said is in [`crate::faults`].

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::delivery::rights;
use crate::support::cluster::{Cluster, HELD, Kubectl, items, ports, tether};
use crate::support::flavour::Flavour;
use crate::support::inputs;
use crate::support::program::{root, run, stdout};
use crate::support::provisioner;
use crate::support::tools::succeed;

/// A cluster with the controller, and what was rendered for it.
struct Scene {
    cluster: Cluster,
    admin: Kubectl,
    /// With the rights of the controller.
    limited: Kubectl,
    metrics: String,
    directory: TempDir,
    /// The kind of the node objects.
    kind: &'static str,
}

impl Scene {
    /// Everything is installed as the documentation says, but that the controller runs beside the
    /// cluster.
    fn new(flavour: Flavour) -> Self {
        let mut cluster = Cluster::of_actors();
        flavour
            .crds()
            .iter()
            .for_each(|directory| cluster.apply_crds(directory));
        let manifests = root().join("deploy/controller");
        succeed(&mut cluster.kubectl(&[
            "apply",
            "--server-side",
            "-k",
            manifests.to_str().unwrap(),
        ]));
        let limited = cluster.service_account("kaito-render", "kaito-render-controller");
        let [port] = ports();
        let mut controller = tether(env!("CARGO_BIN_EXE_kaito-render-controller"));
        controller
            .args(shipped_arguments())
            .arg(format!("--listen=127.0.0.1:{port}"));
        limited.equip(&mut controller);
        cluster.start("kaito-render-controller", controller);
        Self {
            admin: cluster.admin(),
            limited,
            cluster,
            metrics: format!("http://127.0.0.1:{port}/metrics"),
            directory: tempfile::tempdir().unwrap(),
            kind: if flavour == Flavour::Machines {
                "machine"
            } else {
                "nodeclaim"
            },
        }
    }
}

/// What the Deployment gives the controller, but for where it listens.
fn shipped_arguments() -> Vec<String> {
    let text = fs::read_to_string(root().join("deploy/controller/deployment.yaml")).unwrap();
    let deployment: Value = serde_yaml::from_str(&text).unwrap();
    let args = deployment
        .pointer("/spec/template/spec/containers/0/args")
        .and_then(Value::as_array)
        .unwrap();
    args.iter()
        .map(|arg| arg.as_str().unwrap().to_owned())
        .filter(|arg| !arg.starts_with("--listen="))
        .collect()
}

impl Scene {
    /// Renders an example, into a directory of its own and for the namespace of all others, and
    /// delivers that.
    fn deliver(&self, example: &str, args: &[&str]) {
        let text = fs::read_to_string(root().join(format!("examples/{example}.yaml"))).unwrap();
        let directory = self.rendered(example);
        stdout(
            &[&["render", "-", "-o", &directory], args].concat(),
            &text.replace("  namespace: tuning\n", ""),
        );
        self.with_files("apply", example, &["--server-side"]);
    }

    /// A command of kubectl for all files of an example.
    fn with_files(&self, verb: &str, example: &str, args: &[&str]) {
        succeed(
            self.admin
                .command(&[verb, "-R", "-f", &self.rendered(example)])
                .args(args),
        );
    }

    fn rendered(&self, example: &str) -> String {
        format!(
            "{}/{}/",
            self.directory.path().display(),
            example.replace('/', "-")
        )
    }
}

/// What a Workspace says of itself.
impl Scene {
    /// Waits until kubectl prints this table of Workspaces.
    fn shows(&mut self, table: &str) {
        self.cluster
            .wait_for("kubectl prints this", &table.to_owned(), |cluster| {
                cluster.table("workspace")
            });
    }

    /// Waits until a Workspace says whether it is ready, why, by which other condition it is not,
    /// and, among others, these words.
    fn says(&mut self, workspace: &str, [status, reason, also]: [&str; 3], words: &str) {
        let what = format!("`{workspace}` says so");
        let wanted = [status, reason, also, words].map(str::to_owned);
        self.cluster.wait_for(&what, &wanted, |cluster| {
            let workspace = cluster.json(&["get", "workspace", workspace]);
            let condition = |kind| condition(&workspace, kind);
            let also = ["Stalled", "Reconciling"]
                .into_iter()
                .find(|kind| condition(kind)["status"] == "True");
            let text = |field: &str| {
                condition("Ready")[field]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            let message = text("message");
            let message = if message.contains(words) {
                words.to_owned()
            } else {
                message
            };
            [
                text("status"),
                text("reason"),
                also.unwrap_or_default().to_owned(),
                message,
            ]
        });
    }

    fn serves(&mut self, workspace: &str) {
        self.says(workspace, ["True", "Serving", ""], "the model is served");
    }

    /// Waits until the controller counts as many objects whose Workspace is gone.
    fn has_orphans(&mut self, count: usize) {
        let metrics = self.metrics.clone();
        self.cluster
            .wait_for("orphans are counted", &count.to_string(), |_| {
                metric(&metrics, "kaito_render_orphans")
            });
    }
}

/// A metric that has no labels.
fn metric(address: &str, name: &str) -> String {
    let output = succeed(Command::new("curl").args(["-sSf", address]));
    let text = String::from_utf8(output.stdout).unwrap();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_default().to_owned()
}

/// A condition of an object; null if it has none of the type.
fn condition(object: &Value, kind: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .find(|condition| condition["type"] == kind)
        .cloned()
        .unwrap_or_default()
}

/// NodePools, and what Karpenter does for them.
impl Scene {
    fn deliver_with_pool(&self, example: &str) {
        let profile = self.directory.path().join("profile.yaml");
        let text = inputs::profile("provisioner: nodepool\n");
        fs::write(&profile, text).unwrap();
        self.deliver(example, &["--profile", profile.to_str().unwrap()]);
    }

    /// Gives a pool a NodeClaim, and that its node.
    fn fill_pool(&self, pool: &str) {
        let template = &self.admin.json(&["get", "nodepool", pool])["spec"]["template"];
        let mut metadata = template["metadata"].clone();
        metadata["name"] = format!("{pool}-1").into();
        metadata["labels"]["karpenter.sh/nodepool"] = pool.into();
        let claim = json!({
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "metadata": metadata,
            "spec": template["spec"],
        });
        self.admin.apply(&claim.to_string());
        provisioner::launch(&self.admin, &claim);
    }

    fn empty_pool(&self, pool: &str) {
        let label = format!("karpenter.sh/nodepool={pool}");
        succeed(
            &mut self
                .admin
                .command(&["delete", "nodeclaim", "-l", &label, "--wait=false"]),
        );
        provisioner::act(&self.admin, "nodeclaim");
    }
}

/// What others do to a Workspace's objects.
impl Scene {
    fn node_objects(&self, workspace: &str) -> Vec<Value> {
        let label = format!("kaito.sh/workspace={workspace}");
        items(&self.admin.json(&["get", self.kind, "-l", &label])).to_vec()
    }

    fn launch(&self, workspace: &str) {
        self.node_objects(workspace)
            .iter()
            .for_each(|object| provisioner::launch(&self.admin, object));
    }

    fn pods(&self, workspace: &str) -> Vec<Value> {
        pods(&self.admin, workspace)
    }

    /// Has KWOK leave the pod of a Workspace alone, before there is a node for it.
    fn hold(&mut self, workspace: &str) {
        self.cluster.wait("there is a pod", |cluster| {
            pods(&cluster.admin(), workspace).len() == 1
        });
        self.annotate(workspace, &format!("{HELD}="));
    }

    fn release(&self, workspace: &str) {
        self.annotate(workspace, &format!("{HELD}-"));
    }

    fn annotate(&self, workspace: &str, annotation: &str) {
        succeed(&mut self.admin.command(&[
            "annotate",
            "pod",
            "-l",
            &format!("kaito.sh/workspace={workspace}"),
            annotation,
        ]));
    }

    /// Waits until the pod of a Workspace has a node, and gives it.
    fn placed(&mut self, workspace: &str) -> Value {
        let placed = |pods: &[Value]| pods.len() == 1 && pods[0]["spec"]["nodeName"].is_string();
        self.cluster.wait("the pod has a node", |cluster| {
            placed(&pods(&cluster.admin(), workspace))
        });
        self.pods(workspace).remove(0)
    }

    /// Says as a kubelet would that all containers of the pod of a Workspace are in a state.
    fn kubelet_says(&mut self, workspace: &str, phase: &str, container: &Value) {
        let pod = self.placed(workspace);
        let containers = pod["spec"]["containers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|spec| {
                let mut status = container.clone();
                for field in ["name", "image"] {
                    status[field] = spec[field].clone();
                }
                (status["imageID"], status["restartCount"]) = (json!(""), json!(0));
                status
            });
        let ready = if container["ready"] == true {
            "True"
        } else {
            "False"
        };
        let condition = |(kind, status): (&str, &str)| json!({"type": kind, "status": status});
        let conditions = [("PodScheduled", "True"), ("Ready", ready)].map(condition);
        let status = json!({
            "phase": phase,
            "containerStatuses": containers.collect::<Vec<_>>(),
            "conditions": conditions,
        });
        self.admin
            .patch_status(&["pod", pod["metadata"]["name"].as_str().unwrap()], &status);
    }

    /// Deletes the pod of a Workspace, which its workload replaces.
    fn replace_pod(&mut self, workspace: &str) {
        let pod = self.placed(workspace);
        succeed(&mut self.admin.command(&[
            "delete",
            "pod",
            pod["metadata"]["name"].as_str().unwrap(),
        ]));
    }
}

fn pods(kubectl: &Kubectl, workspace: &str) -> Vec<Value> {
    items(&kubectl.json(&[
        "get",
        "pods",
        "-l",
        &format!("kaito.sh/workspace={workspace}"),
    ]))
    .to_vec()
}

/// Each failure in turn of a Workspace on one node that serves: it is named with what to do, and
/// passes when that is done.
fn assert_recovers(scene: &mut Scene, workspace: &str) {
    let said = "creating instance failed: QuotaExceeded: operation could not be completed as it results in exceeding quota";
    let [object] = scene.node_objects(workspace).try_into().unwrap();
    provisioner::refuse(&scene.admin, &object, "LaunchFailed", said);
    scene.says(
        workspace,
        ["False", "LaunchFailed", "Stalled"],
        "request more quota for this instance type",
    );

    scene.hold(workspace);
    scene.launch(workspace);
    let waiting =
        json!({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}});
    scene.kubelet_says(
        workspace,
        "Pending",
        &json!({"ready": false, "state": waiting}),
    );
    scene.says(
        workspace,
        ["False", "ImagePullError", "Stalled"],
        "check the image name and the pull secret",
    );
    scene.release(workspace);
    scene.serves(workspace);

    let ended = json!({"terminated": {"reason": "OOMKilled", "exitCode": 137}});
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    scene.kubelet_says(
        workspace,
        "Running",
        &json!({"ready": false, "state": waiting, "lastState": ended}),
    );
    scene.says(
        workspace,
        ["False", "ContainerOOMKilled", "Stalled"],
        "choose an instance type with more memory",
    );
    scene.replace_pod(workspace);
    scene.serves(workspace);

    // The one node that it may run on is no longer labelled so.
    let node = object["metadata"]["name"].as_str().unwrap();
    let label = object["metadata"]["labels"]["apps"].as_str().unwrap();
    succeed(&mut scene.admin.command(&["label", "node", node, "apps-"]));
    scene.replace_pod(workspace);
    scene.says(
        workspace,
        ["False", "Unschedulable", "Reconciling"],
        "no node has the labels that the Workspace selects",
    );
    succeed(
        &mut scene
            .admin
            .command(&["label", "node", node, &format!("apps={label}")]),
    );
    scene.serves(workspace);
}

/// kubectl that waits until a Workspace is ready.
fn waiting(scene: &Scene, workspace: &str) -> Child {
    let args = [
        "wait",
        "--for=condition=Ready",
        &format!("workspace/{workspace}"),
        "--timeout=2m",
    ];
    scene
        .admin
        .command(&args)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A training whose pod is held, so that it is seen at its work: it runs, and then is done.
fn assert_trains(scene: &mut Scene, workspace: &str, running: &str) {
    scene.launch(workspace);
    scene.kubelet_says(
        workspace,
        "Running",
        &json!({"ready": true, "state": {"running": {}}}),
    );
    scene.says(
        workspace,
        ["False", "Training", "Reconciling"],
        "has 1 active pods, 1 of them ready",
    );
    scene.shows(running);
    scene.release(workspace);
    scene.says(
        workspace,
        ["True", "Trained", ""],
        "the training has succeeded",
    );
}

/// A model over several nodes: it is served once the last of them is there, and kubectl has waited
/// for that.
fn assert_serves_together(scene: &mut Scene, workspace: &str) {
    let mut wait = waiting(scene, workspace);
    let objects = scene.node_objects(workspace);
    let (last, others) = objects.split_last().unwrap();
    for object in others {
        provisioner::launch(&scene.admin, object);
    }
    let nodes = |count: usize| json!(objects[..count].iter().map(name).collect::<BTreeSet<_>>());
    let what = "the nodes that are there are named";
    let named = |cluster: &Cluster| {
        cluster.json(&["get", "workspace", workspace])["status"]["workerNodes"].clone()
    };
    scene.cluster.wait_for(what, &nodes(others.len()), named);
    assert_eq!(wait.try_wait().unwrap(), None);
    provisioner::launch(&scene.admin, last);
    scene.serves(workspace);
    assert_eq!(named(&scene.cluster), nodes(objects.len()));
    let output = wait.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("workspace.kaito.sh/{workspace} condition met\n")
    );
}

/// Without its Workspace a node goes on, and is counted; it goes with what it was delivered with,
/// and nothing is left.
fn assert_goes(scene: &mut Scene, workspace: &str, examples: &[&str]) {
    scene.has_orphans(0);
    let nodes = scene.node_objects(workspace).len();
    succeed(&mut scene.admin.command(&["delete", "workspace", workspace]));
    // They, and the one workload.
    scene.has_orphans(nodes + 1);
    assert_eq!(scene.node_objects(workspace).len(), nodes);
    for example in examples {
        scene.with_files("delete", example, &["--wait=false", "--ignore-not-found"]);
    }
    provisioner::act(&scene.admin, scene.kind);
    let all = format!("nodes,{}", scene.kind);
    scene
        .cluster
        .wait_for("nothing is left", &String::new(), |cluster| {
            cluster.table("workspace") + &cluster.table(&all)
        });
    scene.has_orphans(0);
}

/// Whoever has the controller's token can read, and write into the status of Workspaces; nothing
/// else, as it is tried on objects that are there.
#[expect(clippy::too_many_lines, reason = "a table")]
fn assert_harmless(scene: &Scene, workspace: &str) {
    succeed(
        &mut scene
            .admin
            .command(&["create", "serviceaccount", "stranger"]),
    );
    rights::assert_shipped_alone(
        &scene.limited,
        &scene.cluster.service_account("default", "stranger"),
    );
    let objects = scene.node_objects(workspace);
    let (object, pod) = (name(&objects[0]), &scene.pods(workspace)[0]);
    let pod = name(pod);
    let attempts = [
        ["label", "workspace", workspace, "a=b"],
        ["annotate", "workspace", workspace, "a=b"],
        [
            "patch",
            "workspace",
            workspace,
            "--patch={\"resource\":{\"instanceType\":\"a\"}}",
        ],
        ["delete", "workspace", workspace, "--wait=false"],
        ["label", scene.kind, object, "a=b"],
        ["delete", scene.kind, object, "--wait=false"],
        ["label", "node", object, "a=b"],
        ["delete", "node", object, "--wait=false"],
        ["delete", "pod", pod, "--wait=false"],
        ["create", "configmap", "a", "--from-literal=a=b"],
        ["create", "job", "a", "--image=a"],
    ];
    let forbidden = |args: &[&str], input: &str| {
        let run = run(
            &mut scene
                .limited
                .command(&[args, &["--namespace=default"]].concat()),
            input,
        );
        assert!(
            run.code == 1 && run.stderr.contains("is forbidden"),
            "{args:?}: {run:?}"
        );
    };
    for [verb, kind, name, last] in &attempts {
        let patch: &[&str] = if *verb == "patch" {
            &["--type=merge"]
        } else {
            &[]
        };
        forbidden(&[&[*verb, *kind, *name, *last], patch].concat(), "");
    }
    let patch = "--patch={\"status\":{\"phase\":\"a\"}}";
    for [kind, name] in [["node", object], ["pod", pod], [scene.kind, object]] {
        forbidden(
            &[
                "patch",
                kind,
                name,
                "--subresource=status",
                "--type=merge",
                patch,
            ],
            "",
        );
    }
    let lease =
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "a"}});
    forbidden(&["create", "-f", "-"], &lease.to_string());

    // What goes by the door that is open is the status alone.
    let before = scene.admin.json(&["get", "workspace", workspace]);
    let patch = json!({"metadata": {"labels": {"a": "b"}}, "resource": {"instanceType": "a"}, "status": {"workerNodes": []}});
    let version = before["apiVersion"].as_str().unwrap();
    let address = format!("/apis/{version}/namespaces/default/workspaces/{workspace}/status");
    rights::patch(
        &scene.limited,
        &format!("{address}?fieldManager=kaito-render-controller"),
        &patch,
    );
    let after = scene.admin.json(&["get", "workspace", workspace]);
    for field in [
        "/metadata/labels",
        "/metadata/generation",
        "/resource",
        "/inference",
    ] {
        assert_eq!(before.pointer(field), after.pointer(field), "{field}");
    }
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap()
}

#[test]
fn workspaces_of_release_0_3_say_how_they_are() {
    let mut scene = Scene::new(Flavour::Machines);
    let examples = [
        "inference/kaito_workspace_falcon_7b",
        "inference/kaito_workspace_llama2_70b",
        "fine-tuning/kaito_workspace_tuning_phi_3",
    ];
    for example in examples {
        scene.deliver(example, &[]);
    }
    // It would take any node with GPUs that are free.
    scene.hold("workspace-tuning-phi-3");
    scene.shows(
        "\
NAME                     INSTANCE                   RESOURCEREADY   INFERENCEREADY   JOBSTARTED   WORKSPACESUCCEEDED
workspace-falcon-7b      Standard_NC12s_v3          Unknown         Unknown                       False
workspace-llama-2-70b    Standard_NC96ads_A100_v4   Unknown         Unknown                       False
workspace-tuning-phi-3   Standard_NC6s_v3           Unknown                          Unknown      False
",
    );
    assert_recovers(&mut scene, "workspace-falcon-7b");
    assert_harmless(&scene, "workspace-falcon-7b");
    assert_serves_together(&mut scene, "workspace-llama-2-70b");
    assert_trains(
        &mut scene,
        "workspace-tuning-phi-3",
        "\
NAME                     INSTANCE                   RESOURCEREADY   INFERENCEREADY   JOBSTARTED   WORKSPACESUCCEEDED
workspace-falcon-7b      Standard_NC12s_v3          True            True                          True
workspace-llama-2-70b    Standard_NC96ads_A100_v4   True            True                          True
workspace-tuning-phi-3   Standard_NC6s_v3           True                             True         False
",
    );
    scene.shows(
        "\
NAME                     INSTANCE                   RESOURCEREADY   INFERENCEREADY   JOBSTARTED   WORKSPACESUCCEEDED
workspace-falcon-7b      Standard_NC12s_v3          True            True                          True
workspace-llama-2-70b    Standard_NC96ads_A100_v4   True            True                          True
workspace-tuning-phi-3   Standard_NC6s_v3           True                             True         True
",
    );
    assert_goes(&mut scene, "workspace-llama-2-70b", &examples);
}

#[test]
fn workspaces_of_release_0_12_say_how_they_are() {
    let mut scene = Scene::new(Flavour::Azure);
    let examples = [
        "v1beta1/kaito_workspace_phi_4",
        "v1beta1/kaito_workspace_llama_3.3_70b",
        "v1beta1/kaito_workspace_tuning_phi_4_mini",
        "v1beta1/kaito_inferenceset_mistral_7b",
    ];
    for example in examples {
        scene.deliver(example, &[]);
    }
    let pool = "v1beta1/kaito_workspace_phi_4_mini_with_config";
    scene.deliver_with_pool(pool);
    scene.hold("workspace-tuning-phi-4-mini");
    // KAITO takes a training to have begun as soon as there is a pod for it.
    scene.shows("\
NAME                          INSTANCE                   RESOURCEREADY   INFERENCEREADY   JOBSTARTED   WORKSPACESUCCEEDED   TARGETNODECOUNT   STATE
mistral-7b-0                  Standard_NC24ads_A100_v4   False           False                         False                                  Pending
mistral-7b-1                  Standard_NC24ads_A100_v4   False           False                         False                                  Pending
workspace-llama-3-3-70b       Standard_NC24ads_A100_v4   False           False                         False                                  Pending
workspace-phi-4               Standard_NC24ads_A100_v4   False           False                         False                                  Pending
workspace-phi-4-mini          Standard_NV36ads_A10_v5    False           False                         False                                  Pending
workspace-tuning-phi-4-mini   Standard_NC24ads_A100_v4   False                            True         False                                  Running
");
    assert_recovers(&mut scene, "workspace-phi-4");
    assert_harmless(&scene, "workspace-phi-4");
    assert_serves_together(&mut scene, "workspace-llama-3-3-70b");
    scene.fill_pool("default-workspace-phi-4-mini");
    scene.serves("workspace-phi-4-mini");
    for replica in ["mistral-7b-0", "mistral-7b-1"] {
        scene.launch(replica);
        scene.serves(replica);
    }
    assert_trains(&mut scene, "workspace-tuning-phi-4-mini", "\
NAME                          INSTANCE                   RESOURCEREADY   INFERENCEREADY   JOBSTARTED   WORKSPACESUCCEEDED   TARGETNODECOUNT   STATE
mistral-7b-0                  Standard_NC24ads_A100_v4   True            True                          True                                   Ready
mistral-7b-1                  Standard_NC24ads_A100_v4   True            True                          True                                   Ready
workspace-llama-3-3-70b       Standard_NC24ads_A100_v4   True            True                          True                                   Ready
workspace-phi-4               Standard_NC24ads_A100_v4   True            True                          True                                   Ready
workspace-phi-4-mini          Standard_NV36ads_A10_v5    True            True                          True                                   Ready
workspace-tuning-phi-4-mini   Standard_NC24ads_A100_v4   True                             True         False                                  Running
");
    scene.shows("\
NAME                          INSTANCE                   RESOURCEREADY   INFERENCEREADY   JOBSTARTED   WORKSPACESUCCEEDED   TARGETNODECOUNT   STATE
mistral-7b-0                  Standard_NC24ads_A100_v4   True            True                          True                                   Ready
mistral-7b-1                  Standard_NC24ads_A100_v4   True            True                          True                                   Ready
workspace-llama-3-3-70b       Standard_NC24ads_A100_v4   True            True                          True                                   Ready
workspace-phi-4               Standard_NC24ads_A100_v4   True            True                          True                                   Ready
workspace-phi-4-mini          Standard_NV36ads_A10_v5    True            True                          True                                   Ready
workspace-tuning-phi-4-mini   Standard_NC24ads_A100_v4   True                             True         True                                   Succeeded
");
    scene.with_files("delete", pool, &[]);
    scene.empty_pool("default-workspace-phi-4-mini");
    assert_goes(&mut scene, "workspace-llama-3-3-70b", &examples);
}
