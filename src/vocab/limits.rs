//! What a run accepts at most, so that no input costs more than it is worth.

/// The most nodes of one Workspace, and the most replicas of a set: as many nodes as Kubernetes
/// supports in a cluster (its documentation, "Considerations for large clusters").
pub const WORKSPACE_NODES: u32 = 5_000;

/// The most nodes of a run, unless `--max-nodes` says otherwise.
pub const RUN_NODES: usize = 20_000;

/// The most bytes that the copies of documents take: what node objects repeat of their Workspace,
/// and replicas of their set.
pub const COPIED_BYTES: u64 = 256 << 20;
