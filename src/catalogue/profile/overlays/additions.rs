//! Objects that an overlay adds beside those of the templates.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an overlay adds for each of its Workspaces; nothing of it by default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Additions {
    /// Has Prometheus scrape the server.
    pub monitoring: Option<Monitoring>,
    /// Keeps pods that are ready from being evicted.
    pub disruption: Option<Disruption>,
    /// Who may reach the pods, and what they may reach.
    pub network: Option<Network>,
    /// The way from a gateway to the Service.
    pub route: Option<Route>,
    /// Where the weights of the model are kept, instead of on the disk of the node.
    pub weights: Option<Weights>,
}

/// How Prometheus finds the server, by the objects of its operator.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Monitoring {
    /// The kind of the object.
    #[serde(default)]
    pub kind: MonitorKind,
    /// The time from one scrape to the next, such as `30s`; by default that of Prometheus.
    #[schemars(regex(pattern = r"^[1-9][0-9]*(ms|s|m|h)$"))]
    pub interval: Option<String>,
    /// Labels of the object, by which a Prometheus selects it.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// The kinds of objects that tell Prometheus what to scrape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum MonitorKind {
    /// It finds pods by their labels.
    #[default]
    PodMonitor,
    /// It finds pods by a Service.
    ServiceMonitor,
}

/// A PodDisruptionBudget, which has no options: a model needs each of its pods.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disruption {}

/// A NetworkPolicy for the pods of a Workspace.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// Who may ask the model, beside its own pods; by default nobody.
    #[serde(default)]
    pub ingress: Vec<Peer>,
    /// What the pods may reach, beside each other and DNS; by default port 443 of any address.
    #[serde(default = "https")]
    pub egress: Vec<Egress>,
}

/// Who may ask a model: some pods, or some addresses.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Peer {
    /// The name of a namespace; by default that of the Workspace.
    #[schemars(regex(pattern = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"))]
    pub namespace: Option<String>,
    /// The labels of the pods; by default all pods of the namespace.
    #[serde(default)]
    pub pods: BTreeMap<String, String>,
    /// Addresses outside of the cluster instead, such as `10.0.0.0/8`.
    pub cidr: Option<String>,
}

/// What pods may reach, by TCP. A NetworkPolicy knows no names of hosts.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Egress {
    /// The addresses, such as `10.0.0.0/8`; by default any.
    pub cidr: Option<String>,
    /// The ports, at least one.
    #[schemars(length(min = 1), inner(range(min = 1)))]
    pub ports: Vec<u16>,
}

/// An HTTPRoute to the Service of a Workspace.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    /// The Gateway that the requests come through.
    pub gateway: Gateway,
    /// The hosts that are asked, in which `$name` and `$namespace` stand for those of the Workspace;
    /// by default those of the Gateway.
    #[serde(default)]
    #[schemars(length(max = 16))]
    pub hostnames: Vec<String>,
    /// What paths begin with, with the same names in it; it is taken off before the server is asked.
    #[serde(default = "root")]
    pub path: String,
}

/// A Gateway of the Gateway API.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gateway {
    /// The name of the Gateway.
    #[schemars(regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// Its namespace; by default that of the Workspace.
    #[schemars(regex(pattern = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"))]
    pub namespace: Option<String>,
    /// The listener; by default all of them.
    #[schemars(regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub section_name: Option<String>,
}

/// A claim for the weights of a model: one of its own for each pod, or one that there is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Weights {
    /// The StorageClass of the claims; by default that of the cluster.
    #[schemars(regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub storage_class: Option<String>,
    /// The size of each claim, such as `200Gi`; by default that of the disk that is planned for a
    /// node.
    pub size: Option<String>,
    /// The name of a PersistentVolumeClaim that there is instead, which all pods share.
    #[schemars(regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub claim: Option<String>,
}

fn https() -> Vec<Egress> {
    vec![Egress {
        cidr: None,
        ports: vec![443],
    }]
}

fn root() -> String {
    "/".to_owned()
}
