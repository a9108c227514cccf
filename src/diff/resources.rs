//! What the node objects of one side stand for: machines, GPUs, their memory, disk.

use std::collections::BTreeMap;

use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::quantity;

/// The GPUs of a machine type, and the memory of all of them together in GiB.
pub type Machines = BTreeMap<String, (u32, u32)>;

/// What objects stand for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bill {
    /// Nodes that are made for it.
    pub nodes: u64,
    /// The memory of the nodes' GPUs, in GiB.
    pub gpu_memory_gib: u64,
    /// The disks of the nodes as far as they are asked for, in GiB.
    pub disk_gib: f64,
    /// How many of the nodes are of machine types that are not known, and so bring no GPUs into
    /// the sum.
    pub unknown: u64,
    /// The GPUs of the nodes.
    node_gpus: u64,
    /// GPUs that pods ask for.
    pod_gpus: u64,
}

impl Bill {
    /// Adds what an object stands for.
    pub(super) fn add(&mut self, object: Option<&Object>, machines: &Machines) {
        let Some(Object { value, .. }) = object else {
            return;
        };
        let spec = &value["spec"];
        match value["kind"].as_str() {
            Some("Machine" | "NodeClaim") => self.nodes(1, spec, machines),
            Some("NodePool") => {
                self.nodes(
                    spec["replicas"].as_u64().unwrap_or(0),
                    &spec["template"]["spec"],
                    machines,
                );
            }
            Some("Deployment" | "StatefulSet") => {
                self.pods(spec["replicas"].as_u64().unwrap_or(1), spec);
            }
            Some("Job") => self.pods(spec["parallelism"].as_u64().unwrap_or(1), spec),
            _ => {}
        }
    }

    fn nodes(&mut self, count: u64, spec: &Json, machines: &Machines) {
        self.nodes += count;
        match machine_type(spec).and_then(|name| machines.get(name)) {
            Some((gpus, memory)) => {
                self.node_gpus += count * u64::from(*gpus);
                self.gpu_memory_gib += count * u64::from(*memory);
            }
            None => self.unknown += count,
        }
        let disk = spec["resources"]["requests"]["storage"]
            .as_str()
            .and_then(quantity::amount);
        #[expect(clippy::cast_precision_loss, reason = "no cluster has so many nodes")]
        let disk = disk.unwrap_or(0.0) * count as f64;
        self.disk_gib += disk / f64::from(quantity::GIB);
    }

    fn pods(&mut self, count: u64, spec: &Json) {
        let containers = spec["template"]["spec"]["containers"].items().iter();
        let gpus = containers.filter_map(|container| {
            let limit = &container["resources"]["limits"]["nvidia.com/gpu"];
            limit.as_u64().or_else(|| limit.as_str()?.parse().ok())
        });
        self.pod_gpus += count * gpus.sum::<u64>();
    }

    /// The GPUs of nodes that are made, or those that pods ask for where none are.
    #[must_use]
    pub fn gpus(&self) -> u64 {
        if self.nodes == 0 {
            self.pod_gpus
        } else {
            self.node_gpus
        }
    }
}

/// The machine type that a node object asks for.
pub(super) fn machine_type(spec: &Json) -> Option<&str> {
    let mut requirements = spec["requirements"].items().iter();
    let key = Some("node.kubernetes.io/instance-type");
    requirements.find(|requirement| requirement["key"].as_str() == key)?["values"]
        .items()
        .first()?
        .as_str()
}
