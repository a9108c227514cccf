//! What the status controller makes of an API server that goes away, of another controller, and of many who write at once.
//!
//! Nobody acts on objects here but the tests, so each of their changes is known.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::ExitStatus;
use std::time::Instant;

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::{Api, Client, Config};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::cluster::{Cluster, ports, tether};
use crate::flavour::Flavour;
use crate::golden::documents;
use crate::program::{run, stdout};

/// A cluster with rendered Workspaces, and somebody who may do anything in it.
struct Rig {
    cluster: Cluster,
    names: Vec<String>,
    runtime: Runtime,
    client: Client,
}

/// A controller that runs.
struct Controller {
    name: &'static str,
    port: u16,
}

impl Rig {
    /// So many Workspaces, each with all its objects, of which no controller has said anything yet.
    fn new(count: usize) -> Self {
        let mut cluster = Cluster::of_storage();
        Flavour::Azure.crds().iter().for_each(|folder| cluster.apply_crds(folder));
        let names: Vec<_> = (0..count).map(|number| format!("w{number}")).collect();
        let workspace = |name: &String| {
            json!({
                "apiVersion": "kaito.sh/v1beta1",
                "kind": "Workspace",
                "metadata": {"name": name},
                "resource": {"instanceType": "Standard_NC24ads_A100_v4", "labelSelector": {"matchLabels": {"apps": name}}},
                "inference": {"preset": {"name": "phi-4"}},
            })
        };
        let workspaces =
            json!({"apiVersion": "v1", "kind": "List", "items": names.iter().map(workspace).collect::<Vec<_>>()});
        let rendered = stdout(&["render", "-"], &workspaces.to_string());
        apply(&cluster, &rendered);
        let claims = documents(&rendered).into_iter().filter(|object| object["kind"] == "NodeClaim");
        let nodes: Vec<_> = claims.map(|claim| claim["metadata"]["name"].as_str().unwrap().to_owned()).collect();
        let node = |name: &String| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}});
        let list = json!({"apiVersion": "v1", "kind": "List", "items": nodes.iter().map(node).collect::<Vec<_>>()});
        apply(&cluster, &list.to_string());
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"namespace": "default", "name": "kaito-render-controller"}});
        apply(&cluster, &lease.to_string());

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(client(&cluster));
        let rig = Self { cluster, names, runtime, client };
        for node in &nodes {
            let ready = json!([{"type": "Ready", "status": "True", "reason": "Ready", "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z"}]);
            rig.write(["", "v1", "Node"], node, &json!({"conditions": ready}));
            rig.write(["karpenter.sh", "v1", "NodeClaim"], node, &json!({"nodeName": node, "conditions": ready}));
        }
        rig
    }

    /// Writes a status into an object of the namespace `default`, or of none.
    fn write(&self, [group, version, kind]: [&str; 3], name: &str, status: &Value) {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let objects: Api<DynamicObject> = match kind {
            "Node" | "NodeClaim" => Api::all_with(self.client.clone(), &resource),
            _ => Api::default_namespaced_with(self.client.clone(), &resource),
        };
        let patch = Patch::Merge(json!({"status": status}));
        self.runtime.block_on(objects.patch_status(name, &PatchParams::default(), &patch)).unwrap();
    }

    /// Starts a controller.
    fn start(&mut self, name: &'static str, args: &[&str]) -> Controller {
        let [port] = ports();
        let mut command = tether(env!("CARGO_BIN_EXE_kaito-render-controller"));
        command.args(["--kubeconfig", &self.cluster.path("kubeconfig"), "--listen", &format!("127.0.0.1:{port}")]);
        command.args(args);
        self.cluster.start(name, command);
        Controller { name, port }
    }

    /// Says of StatefulSets how many of their pods are ready.
    fn report(&self, names: &[String], pods: u32) {
        for name in names {
            let status = json!({"replicas": 1, "readyReplicas": pods, "observedGeneration": 1});
            self.write(["apps", "v1", "StatefulSet"], name, &status);
        }
    }

    fn workspaces(&self) -> Api<DynamicObject> {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("kaito.sh", "v1beta1", "Workspace"));
        Api::default_namespaced_with(self.client.clone(), &resource)
    }

    /// Waits until the answer `Ready` of all Workspaces is this.
    fn settle(&mut self, ready: &str) {
        let count = self.names.len();
        self.cluster.wait(&format!("Ready is {ready}"), |cluster| {
            let answer = cluster.json(&["get", "workspaces"]);
            let items = answer["items"].as_array().unwrap();
            items.len() == count && items.iter().all(|item| condition(item, "Ready")["status"] == ready)
        });
    }

    /// How many requests of a verb the API server has answered since it was started: those of a resource, or a subresource.
    fn requests(&self, verb: &str, resource: &str, subresource: &str) -> u64 {
        let output = self.cluster.kubectl(&["get", "--raw=/metrics"]).output().unwrap();
        let labels = [("verb", verb), ("resource", resource), ("subresource", subresource)];
        samples(&String::from_utf8(output.stdout).unwrap(), "apiserver_request_total", &labels)
    }

    /// Writes to the status of Workspaces, by everybody.
    fn writes(&self) -> u64 {
        self.requests("PATCH", "workspaces", "status")
    }
}

impl Controller {
    /// What a page says; none if nobody is there.
    fn page(&self, page: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        write!(stream, "GET {page} HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, text) = answer.split_once("\r\n\r\n")?;
        head.contains(" 200 ").then(|| text.to_owned())
    }

    fn count(&self, metric: &str, labels: &[(&str, &str)]) -> u64 {
        samples(&self.page("/metrics").unwrap_or_default(), metric, labels)
    }

    fn leads(&self) -> bool {
        self.count("kaito_render_leader", &[]) == 1
    }

    fn is_ready(&self) -> bool {
        self.page("/readyz").is_some()
    }

    fn written(&self) -> u64 {
        self.count("kaito_render_status_writes_total", &[("result", "written")])
    }
}

async fn client(cluster: &Cluster) -> Client {
    let file = Kubeconfig::read_from(cluster.path("kubeconfig")).unwrap();
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

fn apply(cluster: &Cluster, objects: &str) {
    let run = run(&mut cluster.kubectl(&["apply", "--server-side", "-f", "-"]), objects);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{}", run.stdout);
}

fn condition(workspace: &Value, kind: &str) -> Value {
    let conditions = workspace["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
}

/// The sum of the samples of a metric that have these labels.
fn samples(text: &str, metric: &str, labels: &[(&str, &str)]) -> u64 {
    let is_meant = |line: &&str| {
        let name = line.split(['{', ' ']).next();
        name == Some(metric) && labels.iter().all(|(label, value)| line.contains(&format!("{label}=\"{value}\"")))
    };
    let values = text.lines().filter(is_meant).map(|line| line.rsplit(' ').next().unwrap());
    values.map(|value| value.parse::<u64>().unwrap()).sum()
}

/// The API server is killed while changes wait to be written, and another one has nothing to do when it is back.
#[test]
fn a_killed_api_server_costs_no_status_and_no_storm() {
    let mut rig = Rig::new(20);
    let controller = rig.start("controller", &[]);
    rig.settle("False");
    assert!(rig.writes() <= 2 * 20, "{} writes for 20 Workspaces", rig.writes());

    let names = rig.names.clone();
    rig.report(&names, 1);
    rig.cluster.stop("kube-apiserver", "KILL");
    rig.cluster
        .wait("a write fails", |_| controller.count("kaito_render_status_writes_total", &[("result", "failed")]) > 0);
    rig.cluster.start_server();
    rig.settle("True");
    assert!(
        rig.writes() <= 20 + 2,
        "each is written once, where the first write did not get through: {}",
        rig.writes()
    );

    // The watches are back, too.
    rig.report(&names[..10], 0);
    rig.cluster.wait("the controller sees what happens", |_| controller.written() >= 20 + 10);
    rig.report(&names[..10], 1);
    rig.settle("True");
    rig.cluster.wait("the controller has written that", |_| controller.written() >= 20 + 10 + 10);
    assert!(rig.writes() <= 20 + 10 + 10 + 2, "{} writes", rig.writes());
    for verb in ["LIST", "WATCH"] {
        let requests = rig.requests(verb, "statefulsets", "");
        assert!(requests <= 5, "{requests} times {verb}");
    }
}

/// Two controllers: one leads, and ends; the other takes over.
fn assert_another_takes_over(signal: &str, is_expected: impl Fn(ExitStatus) -> bool) {
    let mut rig = Rig::new(3);
    let start = Instant::now();
    let controllers = [rig.start("controller-1", &["--leader-elect"]), rig.start("controller-2", &["--leader-elect"])];
    rig.cluster.wait("one leads, and both are ready", |_| {
        controllers.iter().any(Controller::leads) && controllers.iter().all(Controller::is_ready)
    });
    let [leader, follower] = if controllers[0].leads() {
        controllers
    } else {
        let [first, second] = controllers;
        [second, first]
    };
    rig.settle("False");
    assert_eq!((follower.leads(), follower.written()), (false, 0));
    assert!(leader.leads() && leader.written() > 0);

    // A change that nobody has written yet when the leader ends.
    let names = rig.names.clone();
    rig.report(&names, 1);
    let ended = rig.cluster.stop(leader.name, signal);
    assert!(is_expected(ended), "{ended}: {}", rig.cluster.log(leader.name));
    rig.settle("True");
    rig.report(&names, 0);
    rig.settle("False");
    assert!(follower.leads() && follower.written() >= 3);
    let lease = rig.cluster.json(&["get", "lease", "kaito-render-controller"]);
    assert_eq!(lease["spec"]["leaseTransitions"], 2);

    // Two of them ask every two seconds at most, and a few times more when things change.
    let most = start.elapsed().as_secs() + 10;
    for verb in ["GET", "PUT"] {
        let requests = rig.requests(verb, "leases", "");
        assert!(requests <= most, "{requests} times {verb} in {most} s");
    }
}

#[test]
fn another_controller_takes_over_from_a_leader_that_is_killed() {
    assert_another_takes_over("KILL", |ended| !ended.success());
}

#[test]
fn another_controller_takes_over_from_a_leader_that_is_told_to_end() {
    assert_another_takes_over("TERM", |ended| ended.success());
}

/// With `KAITO_RENDER_SCALE=full`, a thousand others write.
#[test]
fn a_status_gets_written_among_many_writes_of_others() {
    let others = if std::env::var_os("KAITO_RENDER_SCALE").is_some_and(|scale| scale == "full") { 1000 } else { 300 };
    let mut rig = Rig::new(1);
    let controller = rig.start("controller", &[]);
    rig.settle("False");
    let (workspaces, name) = (rig.workspaces(), rig.names[0].clone());
    for number in 0..others {
        if number % 50 == 25 {
            rig.report(std::slice::from_ref(&name), number / 50 % 2);
        }
        let key = format!("example.org/n{number}");
        let patch =
            Patch::Merge(json!({"metadata": {"labels": {"last": number.to_string()}, "annotations": {key: "x"}}}));
        rig.runtime.block_on(workspaces.patch(&name, &PatchParams::default(), &patch)).unwrap();
    }
    rig.report(std::slice::from_ref(&name), 1);
    rig.settle("True");

    let workspace = rig.cluster.json(&["get", "workspace", &name]);
    assert_eq!(workspace["metadata"]["labels"]["last"], (others - 1).to_string());
    let annotations = workspace["metadata"]["annotations"].as_object().unwrap();
    let theirs = annotations.keys().filter(|key| key.starts_with("example.org/")).count();
    assert_eq!(theirs, usize::try_from(others).unwrap(), "no write of another is lost");
    assert!(annotations.contains_key("render.kaito.sh/rendered"));
    let answers = ["NodeClaimReady", "NodesReady", "ResourceReady", "InferenceReady", "WorkspaceSucceeded"];
    for kind in answers {
        assert_eq!(condition(&workspace, kind)["status"], "True", "{kind}");
    }
    let (writes, flips) = (rig.writes(), u64::from(others) / 50 + 2);
    assert!(writes <= flips + u64::from(others) / 5, "{writes} writes of a status that changed at most {flips} times");
    assert_eq!(controller.count("kaito_render_status_writes_total", &[("result", "failed")]), 0);
}
