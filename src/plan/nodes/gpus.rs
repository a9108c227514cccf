//! The GPUs of a node: those of its instance type, of the labels of an existing node, or
//! a part of them.

use std::collections::BTreeMap;

use super::instance_type::{self, instance_type};
use crate::base::quantity::GIB;
use crate::catalogue::preset::InstanceTypes;
use crate::catalogue::profile::ProfileNode;
use crate::diagnostic::Reported;
use crate::diagnostic::rule;
use crate::plan::Planner;
use crate::vocab::Provisioner;
use crate::workspace::{Partition, PartitionMode};

const PARTITION: &str = "/resource/partition";

/// The labels of NVIDIA's GPU feature discovery that a node is known by.
const PRODUCT: &str = "nvidia.com/gpu.product";
const COUNT: &str = "nvidia.com/gpu.count";
const MEMORY: &str = "nvidia.com/gpu.memory";
const CAPABILITY: &str = "nvidia.com/gpu.compute.major";

/// The profiles of slices that GPUs of NVIDIA can have (specification of KAITO 0.12, section 2.5):
/// the slices and GB.
const MIG_PROFILES: [(u32, &[u32]); 5] = [
    (1, &[5, 6, 10, 12, 18, 20, 23, 24, 35, 45]),
    (2, &[10, 12, 20, 24, 35, 45]),
    (3, &[20, 40, 47, 48, 71, 90]),
    (4, &[20, 24, 40, 47, 48, 71, 90]),
    (7, &[40, 80, 94, 96, 141, 180]),
];

/// The GPUs that each node has for a Workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) struct Gpus {
    /// The number of GPUs of each node, or of the part of it that the Workspace uses.
    pub(in crate::plan) count: u32,
    /// The memory of all of them, in bytes.
    pub(in crate::plan) memory: u64,
    /// The maker and model.
    pub(in crate::plan) model: String,
    /// Whether the machine has a fast disk of its own.
    pub(in crate::plan) nvme: bool,
    /// The resource of slices; none where whole GPUs are asked for.
    pub(in crate::plan) mig_resource: Option<String>,
    /// The existing nodes that fit; none where nodes are created.
    pub(in crate::plan) nodes: Option<u32>,
}

impl Planner<'_> {
    /// The GPUs of a node; none if they are not known or can't be used, which is reported.
    pub(in crate::plan) fn gpus(
        &mut self,
        provisioner: Provisioner,
        labels: &BTreeMap<String, String>,
        types: &InstanceTypes,
    ) -> Result<Gpus, Reported> {
        let Some(resource) = &self.workspace.spec.resource else {
            return Err(self.reported("/resource"));
        };
        if provisioner == Provisioner::None {
            let whole = self.gpus_of_nodes(labels)?;
            return match &resource.partition {
                Some(partition) => self.part(partition, whole),
                None => Ok(whole),
            };
        }
        let instance = instance_type(types, &resource.instance_type);
        let Some((_, instance)) = instance.filter(|(_, instance)| instance.is_nvidia()) else {
            return Err(self.reported(instance_type::PLACE));
        };
        Ok(Gpus {
            count: instance.gpus,
            memory: u64::from(instance.memory_gib) * u64::from(GIB),
            model: instance.gpu.clone(),
            nvme: instance.nvme,
            mig_resource: None,
            nodes: None,
        })
    }

    /// Reports a partition where nodes are made, or one that says too much or too little.
    pub(in crate::plan) fn check_partition(&mut self, provisioner: Provisioner) {
        let resource = self.workspace.spec.resource.as_ref();
        let Some(partition) = resource.and_then(|resource| resource.partition.clone()) else {
            return;
        };
        if provisioner != Provisioner::None {
            let message =
                "`resource.partition` needs existing nodes (`provisioner: none`)".to_owned();
            let hint =
                "remove `resource.partition`, or set `provisioner: none` in the profile".to_owned();
            return self.report(&rule::PARTITION, PARTITION, message, hint);
        }
        let mut report = |place: &str, message: &str, hint: &str| {
            self.report(
                &rule::PARTITION,
                &format!("{PARTITION}{place}"),
                message.to_owned(),
                hint.to_owned(),
            );
        };
        match (
            partition.mode,
            partition.profile.as_deref().unwrap_or_default(),
            partition.count,
        ) {
            (PartitionMode::Mig, _, Some(_)) => {
                report("/count", "a slice is always one", "remove `count`");
            }
            (PartitionMode::Mig, "", _) => report(
                "",
                "`profile` is missing",
                "add one, such as `profile: 1g.10gb`",
            ),
            (PartitionMode::Mig, profile, _) if slice(profile).is_none() => {
                let message = format!("`{profile}` is not a profile of slices");
                report(
                    "/profile",
                    &message,
                    "such as `1g.10gb`: slices, `g.`, memory and `gb`, as nvidia-smi lists them",
                );
            }
            (PartitionMode::Accelerator, "", None) => {
                report("", "`count` is missing", "say how many GPUs to use");
            }
            (PartitionMode::Accelerator, profile, _) if !profile.is_empty() => {
                report(
                    "/profile",
                    "whole GPUs have no profile",
                    "remove `profile`, or set `mode: mig`",
                );
            }
            _ => {}
        }
    }

    fn part(&mut self, partition: &Partition, whole: Gpus) -> Result<Gpus, Reported> {
        match partition.mode {
            PartitionMode::Mig => {
                let profile = partition.profile.as_deref().unwrap_or_default();
                let Some(memory) = slice(profile) else {
                    return Err(self.reported(PARTITION));
                };
                let memory = u64::from(memory) * u64::from(GIB);
                let mig_resource = Some(format!("nvidia.com/mig-{profile}"));
                Ok(Gpus {
                    count: 1,
                    memory,
                    mig_resource,
                    ..whole
                })
            }
            PartitionMode::Accelerator => {
                let count = partition.count.and_then(|count| u32::try_from(count).ok());
                let Some(count) = count else {
                    return Err(self.reported(PARTITION));
                };
                if count > whole.count {
                    let message =
                        format!("{count} GPUs are more than the {} of a node", whole.count);
                    let hint = "ask for fewer, or for nodes with more".to_owned();
                    let place = "/resource/partition/count";
                    return Err(self.fail(&rule::PARTITION, place, message, hint));
                }
                // In KAITO's order: whole bytes for each GPU, times the number of GPUs (§3.2).
                let memory = whole.memory / u64::from(whole.count.max(1)) * u64::from(count);
                Ok(Gpus {
                    count,
                    memory,
                    ..whole
                })
            }
        }
    }

    /// What the labels of the profile's nodes say, as far as a Workspace selects them.
    fn gpus_of_nodes(&mut self, labels: &BTreeMap<String, String>) -> Result<Gpus, Reported> {
        let profile = self.profile;
        let is_selected = |node: &&ProfileNode| {
            labels
                .iter()
                .all(|(key, value)| node.labels.get(key) == Some(value))
        };
        let mut selected = profile.nodes.iter().filter(is_selected);
        let Some(first) = selected.next() else {
            let hint = "describe them by `nodes: [{labels: …}]` in the profile, as NVIDIA's GPU feature discovery does";
            let message = "no node of the profile has the Workspace's labels".to_owned();
            return Err(self.unfit_nodes(message, hint));
        };
        let described = |node: &ProfileNode| {
            let label = |key: &str| node.labels.get(key);
            let count = label(COUNT)
                .and_then(|text| text.parse::<u32>().ok())
                .filter(|count| *count > 0)?;
            let mebibytes = label(MEMORY)
                .and_then(|text| text.parse::<u32>().ok())
                .filter(|memory| *memory > 0)?;
            Some((label(PRODUCT)?.clone(), count, mebibytes))
        };
        let Some(kind) = described(first) else {
            let message = format!(
                "a node of the profile lacks `{PRODUCT}`, `{COUNT}` or `{MEMORY}`, or has no number there"
            );
            return Err(self.unfit_nodes(message, "take them from `kubectl get node -o yaml`"));
        };
        self.check_capability(first);
        let mut nodes = 1;
        for node in selected {
            if described(node).as_ref() != Some(&kind) {
                let message =
                    "the nodes of the profile with the Workspace's labels have different GPUs"
                        .to_owned();
                let hint = "select nodes of one kind by `labelSelector`";
                return Err(self.unfit_nodes(message, hint));
            }
            nodes += 1;
        }
        let (model, count, mebibytes) = kind;
        // To whole GiB, as KAITO rounds it (specification of 0.12, §3.2).
        let each = (u64::from(mebibytes) + 512) / 1024 * u64::from(GIB);
        Ok(Gpus {
            count,
            memory: each * u64::from(count),
            model,
            // Only the table of instance types says which machines have a fast disk (§4.3).
            nvme: false,
            mig_resource: None,
            nodes: Some(nodes),
        })
    }

    /// Warns of nodes with GPUs that the release serves no models with.
    fn check_capability(&mut self, node: &ProfileNode) {
        let has = node
            .labels
            .get(CAPABILITY)
            .and_then(|text| text.parse::<u32>().ok());
        if let Some((has, least)) = has.zip(self.release.file.least_compute_capability)
            && has < least
        {
            let message = format!(
                "the nodes have GPUs of compute capability {has}, and release {} serves with {least} or more",
                self.release.name
            );
            let hint = "select nodes with newer GPUs, of the Ampere generation at least".to_owned();
            self.report(&rule::OLD_GPU, "/resource/labelSelector", message, hint);
        }
    }

    fn unfit_nodes(&mut self, message: String, hint: &str) -> Reported {
        let place = "/resource/labelSelector";
        self.fail(&rule::NODES, place, message, hint.to_owned())
    }
}

/// The memory of a slice in GiB, as KAITO counts it.
fn slice(profile: &str) -> Option<u32> {
    let (slices, memory) = profile.strip_suffix("gb")?.split_once("g.")?;
    let (slices, memory): (u32, u32) = (slices.parse().ok()?, memory.parse().ok()?);
    let known = MIG_PROFILES
        .iter()
        .any(|(known, sizes)| *known == slices && sizes.contains(&memory));
    // `parse` also takes signs and leading zeros, which no profile has.
    (known && profile == format!("{slices}g.{memory}gb")).then_some(memory)
}

#[cfg(test)]
mod tests {
    use super::slice;

    #[test]
    fn profiles_of_slices_are_those_of_nvidia() {
        assert_eq!((slice("1g.10gb"), slice("7g.180gb")), (Some(10), Some(180)));
        for bad in ["", "9x", "5g.33gb", "1g.10", "1g.010gb", "g.gb", "1g.10gb "] {
            assert_eq!(slice(bad), None, "{bad}");
        }
    }
}
