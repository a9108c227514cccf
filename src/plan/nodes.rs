//! The nodes of a Workspace: what creates them, their instance type, their GPUs and their labels.
//! Both families of models use it.

pub(super) mod gpus;
pub(super) mod instance_type;
mod labels;
pub(super) mod node_class;
mod provisioner;
