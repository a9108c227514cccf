//! The labels that say which Workspace an object belongs to, and those that KAITO reads.

/// The name of the Workspace, on workloads, their pods, Machines and NodeClaims.
pub const WORKSPACE: &str = "kaito.sh/workspace";

/// The namespace of the Workspace, on Machines and NodeClaims.
pub const WORKSPACE_NAMESPACE: &str = "kaito.sh/workspacenamespace";

/// The name of the Workspace, on NodePools and the nodes that Karpenter makes of them.
pub const POOL_WORKSPACE: &str = "karpenter.kaito.sh/workspace-name";

/// The namespace of the Workspace, on NodePools and the nodes that Karpenter makes of them.
pub const POOL_WORKSPACE_NAMESPACE: &str = "karpenter.kaito.sh/workspace-namespace";

/// What the labels of NodePools and their nodes begin with.
pub const POOL_PREFIX: &str = "karpenter.kaito.sh/";

/// The pairs of labels that name the namespace and the name of an object's Workspace.
pub const OWNERS: [[&str; 2]; 2] = [
    [WORKSPACE_NAMESPACE, WORKSPACE],
    [POOL_WORKSPACE_NAMESPACE, POOL_WORKSPACE],
];

/// The name of a `RAGEngine`, whose NodeClaims gpu-provisioner takes too.
pub const RAG_ENGINE: &str = "kaito.sh/ragengine";

/// The NodePool of a NodeClaim; Karpenter writes it.
pub const NODE_POOL: &str = "karpenter.sh/nodepool";

/// Whether a node is of a spot, on-demand or reserved capacity.
pub const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";

/// The InferenceSet that a Workspace is a replica of.
pub const CREATED_BY_SET: &str = "inferenceset.kaito.sh/created-by";

/// The InferenceSet of a pod, by which gateways and `NetworkPolicies` select.
pub const INFERENCE_SET: &str = "kaito.sh/inferenceset";

/// Who owns an object, by which `NetworkPolicies` select.
pub const OWNED_BY: &str = "kaito.sh/owned-by";

/// The `MultiRoleInference` that an InferenceSet belongs to.
pub const CREATED_BY_ROLES: &str = "multiroleinference.kaito.sh/created-by";

/// What the pods do of a request: `prefill` or `decode`.
pub const INFERENCE_ROLE: &str = "kaito.sh/inference-role";

/// The base image that KAITO's operator is to upgrade to.
pub const UPGRADE_TO_VERSION: &str = "kaito.sh/upgrade-to-version";
