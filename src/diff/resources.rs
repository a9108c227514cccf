//! What the objects of one side ask for: nodes, GPUs, GPU memory and disks.

use std::collections::BTreeMap;

use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::quantity;
use crate::vocab::kinds;

/// The GPUs of instance types, by the name of the type.
pub type InstanceGpus = BTreeMap<String, Gpus>;

/// The GPUs of one instance type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gpus {
    /// How many there are.
    pub count: u32,
    /// The memory of all of them together, in GiB.
    pub memory_gib: u32,
}

/// What the objects of one side ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// Nodes that are created for the objects.
    pub nodes: u64,
    /// The memory of the nodes' GPUs, in GiB.
    pub gpu_memory_gib: u64,
    /// The disks that node objects request, in GiB.
    pub disk_gib: f64,
    /// Nodes whose instance type is unknown, and whose GPUs are therefore not counted.
    pub nodes_of_unknown_type: u64,
    /// The GPUs of the nodes.
    node_gpus: u64,
    /// GPUs that pods request.
    pod_gpus: u64,
}

impl Resources {
    /// Adds what an object asks for.
    pub(super) fn add(&mut self, object: Option<&Object>, gpus: &InstanceGpus) {
        let Some(Object { value, .. }) = object else {
            return;
        };
        let spec = &value["spec"];
        match value["kind"].as_str() {
            Some(kind) if kinds::is_node(kind) => self.add_nodes(1, spec, gpus),
            Some(kinds::NODE_POOL) => {
                self.add_nodes(
                    spec["replicas"].as_u64().unwrap_or(0),
                    &spec["template"]["spec"],
                    gpus,
                );
            }
            Some(kinds::DEPLOYMENT | kinds::STATEFUL_SET) => {
                self.add_pods(spec["replicas"].as_u64().unwrap_or(1), spec);
            }
            Some(kinds::JOB) => self.add_pods(spec["parallelism"].as_u64().unwrap_or(1), spec),
            _ => {}
        }
    }

    fn add_nodes(&mut self, count: u64, spec: &Json, gpus: &InstanceGpus) {
        self.nodes += count;
        match instance_type(spec).and_then(|name| gpus.get(name)) {
            Some(gpus) => {
                self.node_gpus += count * u64::from(gpus.count);
                self.gpu_memory_gib += count * u64::from(gpus.memory_gib);
            }
            None => self.nodes_of_unknown_type += count,
        }
        let disk = spec["resources"]["requests"]["storage"]
            .as_str()
            .and_then(quantity::amount);
        #[expect(clippy::cast_precision_loss, reason = "no cluster has so many nodes")]
        let disk = disk.unwrap_or(0.0) * count as f64;
        self.disk_gib += disk / f64::from(quantity::GIB);
    }

    fn add_pods(&mut self, count: u64, spec: &Json) {
        let containers = spec["template"]["spec"]["containers"].items().iter();
        let gpus = containers.filter_map(|container| {
            // A pod may give GPUs as limits only: Kubernetes takes them for the requests.
            let limit = &container["resources"]["limits"]["nvidia.com/gpu"];
            limit.as_u64().or_else(|| limit.as_str()?.parse().ok())
        });
        self.pod_gpus += count * gpus.sum::<u64>();
    }

    /// The GPUs of the nodes that are created, or those that pods request where no nodes are.
    #[must_use]
    pub fn gpus(&self) -> u64 {
        if self.nodes == 0 {
            self.pod_gpus
        } else {
            self.node_gpus
        }
    }
}

/// The instance type that the spec of a node object requires.
fn instance_type(spec: &Json) -> Option<&str> {
    let mut requirements = spec["requirements"].items().iter();
    let key = Some("node.kubernetes.io/instance-type");
    requirements.find(|requirement| requirement["key"].as_str() == key)?["values"]
        .items()
        .first()?
        .as_str()
}
