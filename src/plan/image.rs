//! What is decided where each model has an image: the preset says which GPUs a model needs, and the
//! Workspace how many nodes. [`hub`](super::hub) has files of the same names for models of Hugging
//! Face.
//!
//! Numbers such as R1 are those of the specification of KAITO 0.3.

pub(super) mod decisions;
mod inference;
mod models;
mod tuning;

use super::{Plan, PlannedNode, Planner};
use crate::catalogue::preset::{InstanceType, InstanceTypes};
use crate::diagnostic::Reported;
use crate::vocab::Provisioner;
use crate::workspace::Resource;

/// Plans a Workspace whose model has an image.
pub(super) struct Image<'p, 'a> {
    planner: &'p mut Planner<'a>,
    types: &'a InstanceTypes,
}

impl<'p, 'a> Image<'p, 'a> {
    pub(super) fn new(planner: &'p mut Planner<'a>, types: &'a InstanceTypes) -> Self {
        Self { planner, types }
    }

    /// Decides everything about the Workspace.
    pub(super) fn plan(mut self, base: Plan, resource: &Resource) -> Result<Plan, Reported> {
        let spec = &self.planner.workspace.spec;
        let (nodes, node_count) = nodes(resource, base.provisioner);
        if !nodes.is_empty() {
            self.planner.check_nodes(base.provisioner);
        }
        let accelerator =
            is_nvidia(self.types, &resource.instance_type).then(|| "nvidia".to_owned());
        let base = Plan {
            accelerator,
            node_count,
            nodes,
            ..base
        };
        match (&spec.inference, &spec.tuning) {
            (Some(inference), _) => match &inference.template {
                Some(template) => Ok(self.pod_template(base, template)),
                None => self.inference(base, inference),
            },
            (None, Some(tuning)) => self.tuning(base, tuning),
            (None, None) => {
                self.check_name();
                Err(self.planner.reported(""))
            }
        }
    }
}

/// The nodes to create and the number that the work runs on. A preferred node takes the place of a
/// new one.
fn nodes(resource: &Resource, provisioner: Provisioner) -> (Vec<PlannedNode>, u32) {
    let wanted = u32::try_from(resource.count).unwrap_or(0);
    let preferred = u32::try_from(resource.preferred_nodes.len()).unwrap_or(u32::MAX);
    let created = if provisioner == Provisioner::None {
        0
    } else {
        wanted.saturating_sub(preferred)
    };
    let nodes = (0..created).map(PlannedNode::new);
    (nodes.collect(), wanted)
}

/// Whether a machine has NVIDIA's GPUs. Of those that the table does not know, Azure's N series
/// has.
fn is_nvidia(types: &InstanceTypes, name: &str) -> bool {
    types
        .get(name)
        .map_or_else(|| name.starts_with("Standard_N"), InstanceType::is_nvidia)
}
