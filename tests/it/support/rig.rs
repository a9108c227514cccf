//! The status controller in a cluster of rendered Workspaces, in which nobody acts on objects but
//! the test.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use k8s_openapi::ByteString;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::{Api, Client, Config};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::golden::documents;
use crate::support::cluster::{Cluster, ports, tether};
use crate::support::flavour::Flavour;
use crate::support::program::stdout;
use crate::support::tools::succeed;

/// A cluster with rendered Workspaces, and somebody who may do anything in it.
pub(crate) struct Rig {
    pub(crate) cluster: Cluster,
    /// How the Workspaces are called.
    pub(crate) names: Vec<String>,
    /// The nodes, one for each.
    pub(crate) nodes: Vec<String>,
    pub(crate) runtime: Runtime,
    client: Client,
    rendered: String,
}

/// A controller that runs.
pub(crate) struct Controller {
    pub(crate) name: &'static str,
    port: u16,
}

impl Rig {
    /// So many Workspaces, each with all its objects, of which no controller has said anything yet.
    pub(crate) fn new(count: usize) -> Self {
        let mut cluster = Cluster::of_storage();
        Flavour::Azure
            .crds()
            .iter()
            .for_each(|directory| cluster.apply_crds(directory));
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
        let workspaces = json!({"apiVersion": "v1", "kind": "List", "items": names.iter().map(workspace).collect::<Vec<_>>()});
        let rendered = stdout(&["render", "-"], &workspaces.to_string());
        cluster.admin().apply(&rendered);
        let claims = documents(&rendered)
            .into_iter()
            .filter(|object| object["kind"] == "NodeClaim");
        let nodes: Vec<_> = claims
            .map(|claim| claim["metadata"]["name"].as_str().unwrap().to_owned())
            .collect();
        let node =
            |name: &String| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}});
        let list = json!({"apiVersion": "v1", "kind": "List", "items": nodes.iter().map(node).collect::<Vec<_>>()});
        cluster.admin().apply(&list.to_string());
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"namespace": "default", "name": "kaito-render-controller"}});
        cluster.admin().apply(&lease.to_string());

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let client = runtime.block_on(client(&cluster));
        let rig = Self {
            cluster,
            names,
            nodes,
            runtime,
            client,
            rendered,
        };
        rig.provide();
        rig
    }

    /// Delivers again what was delivered.
    pub(crate) fn deliver(&self) {
        self.cluster.admin().apply(&self.rendered);
    }

    /// Has all nodes join.
    pub(crate) fn provide(&self) {
        self.runtime.block_on(async {
            for node in &self.nodes {
                self.write(
                    ["", "v1", "Node"],
                    node,
                    &json!({"conditions": [true_now("Ready")]}),
                )
                .await;
                let status = json!({"nodeName": node, "conditions": [true_now("Ready")]});
                self.write(["karpenter.sh", "v1", "NodeClaim"], node, &status)
                    .await;
            }
        });
    }

    /// Has a NodeClaim be from the beginning of the year. An API server lets nobody do that, so it
    /// is done behind its back.
    pub(crate) fn age(&self, claim: &str) {
        let key = ByteString(format!("/registry/karpenter.sh/nodeclaims/{claim}").into_bytes());
        let found = self.cluster.etcd("kv/range", &json!({"key": key}));
        let object: ByteString = serde_json::from_value(found["kvs"][0]["value"].clone()).unwrap();
        let mut object: Value = serde_json::from_slice(&object.0).unwrap();
        object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z".into();
        let value = ByteString(object.to_string().into_bytes());
        self.cluster
            .etcd("kv/put", &json!({"key": key, "value": value}));
    }

    /// A kubeconfig of somebody who may do nothing but what [`Self::allow`] allows.
    pub(crate) fn as_somebody(&self) -> String {
        let text = fs::read_to_string(self.cluster.path("kubeconfig")).unwrap();
        let mut kubeconfig: Value = serde_json::from_str(&text).unwrap();
        kubeconfig["users"][0]["user"]["as"] = json!("somebody");
        let path = self.cluster.path("somebody");
        fs::write(&path, kubeconfig.to_string()).unwrap();
        path
    }

    /// Allows somebody something.
    pub(crate) fn allow(&self, name: &str, group: &str, resource: &str, verbs: &[&str]) {
        let api = "rbac.authorization.k8s.io";
        let role = json!({"apiVersion": format!("{api}/v1"), "kind": "ClusterRole", "metadata": {"name": name},
            "rules": [{"apiGroups": [group], "resources": [resource], "verbs": verbs}]});
        let binding = json!({"apiVersion": format!("{api}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": api, "kind": "User", "name": "somebody"}]});
        self.cluster.admin().apply(
            &json!({"apiVersion": "v1", "kind": "List", "items": [role, binding]}).to_string(),
        );
    }

    /// Writes a status into an object of the namespace `default`, or of none.
    pub(crate) async fn write(
        &self,
        [group, version, kind]: [&str; 3],
        name: &str,
        status: &Value,
    ) {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let objects: Api<DynamicObject> = match kind {
            "Node" | "NodeClaim" => Api::all_with(self.client.clone(), &resource),
            _ => Api::default_namespaced_with(self.client.clone(), &resource),
        };
        let patch = Patch::Merge(json!({"status": status}));
        objects
            .patch_status(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    /// Starts a controller.
    pub(crate) fn start(&mut self, name: &'static str, args: &[&str]) -> Controller {
        let [port] = ports();
        let mut command = tether(env!("CARGO_BIN_EXE_kaito-render-controller"));
        command.env("KUBECONFIG", self.cluster.path("kubeconfig"));
        command
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(args);
        self.cluster.start(name, command);
        Controller { name, port }
    }

    /// Says of a StatefulSet how many of its pods are ready.
    pub(crate) async fn report(&self, name: &str, pods: u32) {
        let status = json!({"replicas": 1, "readyReplicas": pods, "observedGeneration": 1});
        self.write(["apps", "v1", "StatefulSet"], name, &status)
            .await;
    }

    /// The same of several, one after the other.
    pub(crate) fn report_all(&self, names: &[String], pods: u32) {
        self.runtime.block_on(async {
            for name in names {
                self.report(name, pods).await;
            }
        });
    }

    pub(crate) fn workspaces(&self) -> Api<DynamicObject> {
        let resource =
            ApiResource::from_gvk(&GroupVersionKind::gvk("kaito.sh", "v1beta1", "Workspace"));
        Api::default_namespaced_with(self.client.clone(), &resource)
    }

    /// Waits until the answer `Ready` of all Workspaces is this.
    pub(crate) fn settle(&mut self, ready: &str) {
        let names = self.names.clone();
        self.settle_some(&names, ready);
    }

    /// Waits until the answer `Ready` of these Workspaces is this.
    pub(crate) fn settle_some(&mut self, names: &[String], ready: &str) {
        self.cluster.wait(&format!("Ready is {ready}"), |cluster| {
            let answer = cluster.json(&["get", "workspaces"]);
            let items = answer["items"].as_array().unwrap();
            let is_settled = |name: &String| {
                let item = items.iter().find(|item| item["metadata"]["name"] == **name);
                item.is_some_and(|item| condition(item, "Ready")["status"] == ready)
            };
            names.iter().all(is_settled)
        });
    }

    /// How many requests of a verb the API server has answered since it was started: those of a
    /// resource, or a subresource.
    pub(crate) fn requests(&self, verb: &str, resource: &str, subresource: &str) -> u64 {
        let labels = [
            ("verb", verb),
            ("resource", resource),
            ("subresource", subresource),
        ];
        self.served("apiserver_request_total", &labels)
    }

    /// What the API server has counted.
    pub(crate) fn served(&self, metric: &str, labels: &[(&str, &str)]) -> u64 {
        let output = succeed(&mut self.cluster.kubectl(&["get", "--raw=/metrics"]));
        samples(&String::from_utf8(output.stdout).unwrap(), metric, labels)
    }

    /// Writes to the status of Workspaces, by everybody.
    pub(crate) fn writes(&self) -> u64 {
        self.requests("PATCH", "workspaces", "status")
    }
}

impl Controller {
    /// What a page says; none if nobody is there.
    pub(crate) fn page(&self, page: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        write!(stream, "GET {page} HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, text) = answer.split_once("\r\n\r\n")?;
        head.contains(" 200 ").then(|| text.to_owned())
    }

    pub(crate) fn count(&self, metric: &str, labels: &[(&str, &str)]) -> u64 {
        samples(&self.page("/metrics").unwrap_or_default(), metric, labels)
    }

    pub(crate) fn leads(&self) -> bool {
        self.count("kaito_render_leader", &[]) == 1
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.page("/readyz").is_some()
    }

    pub(crate) fn written(&self) -> u64 {
        self.count("kaito_render_status_writes_total", &[("result", "written")])
    }
}

/// A condition that holds.
pub(crate) fn true_now(kind: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": kind, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"})
}

async fn client(cluster: &Cluster) -> Client {
    let file = Kubeconfig::read_from(cluster.path("kubeconfig")).unwrap();
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}

pub(crate) fn condition(workspace: &Value, kind: &str) -> Value {
    let conditions = workspace["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten();
    conditions
        .into_iter()
        .find(|condition| condition["type"] == kind)
        .cloned()
        .unwrap_or_default()
}

/// The sum of the samples of a metric that have these labels.
pub(crate) fn samples(text: &str, metric: &str, labels: &[(&str, &str)]) -> u64 {
    let is_meant = |line: &&str| {
        let name = line.split(['{', ' ']).next();
        name == Some(metric)
            && labels
                .iter()
                .all(|(label, value)| line.contains(&format!("{label}=\"{value}\"")))
    };
    let values = text
        .lines()
        .filter(is_meant)
        .map(|line| line.rsplit(' ').next().unwrap());
    values.map(|value| value.parse::<u64>().unwrap()).sum()
}
