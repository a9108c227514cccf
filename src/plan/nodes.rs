//! The nodes of a Workspace: their GPUs and their labels. Both families of models use it.

pub(super) mod gpus;
pub(super) mod labels;
