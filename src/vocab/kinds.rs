//! The kinds of objects, each once: what it is, when it is applied, and what of it can't change.
//!
//! A kind that is not here can pass through: it is applied last, and nothing is known of it.

/// A kind of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The name, such as `Deployment`.
    pub name: &'static str,
    /// What its objects are.
    pub role: Role,
    /// What nobody can change.
    pub fixed: Fixed,
}

/// What the objects of a kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A node that is to be made, with a name that follows from its content.
    Node,
    /// A number of nodes that are to be made.
    NodePool,
    /// Pods that serve or tune.
    Workload,
    /// Anything else, such as a Service or a ConfigMap.
    Other,
}

/// The fields that the API server lets nobody change (Kubernetes 1.34, pkg/apis/apps/validation,
/// pkg/apis/batch/validation and pkg/apis/core/validation; Karpenter's CRDs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// No field is fixed: everything can change.
    Nothing,
    /// One field, as a JSON Pointer.
    Field(&'static str),
    /// All of `spec` but these fields of it.
    SpecBut(&'static [&'static str]),
}

/// A model that is served or tuned.
pub const WORKSPACE: &str = "Workspace";
/// Some Workspaces that serve the same model.
pub const INFERENCE_SET: &str = "InferenceSet";
/// What a team changes in the objects of its Workspaces: a kind of this program's own.
pub const OVERLAY: &str = "Overlay";
/// A server of documents and their index, which KAITO alone makes.
pub const RAG_ENGINE: &str = "RAGEngine";
/// Settings of servers and of training.
pub const CONFIG_MAP: &str = "ConfigMap";
/// Credentials, such as those for pulling an image.
pub const SECRET: &str = "Secret";
/// A volume that pods ask for.
pub const VOLUME_CLAIM: &str = "PersistentVolumeClaim";
/// The address of a server.
pub const SERVICE: &str = "Service";
/// The NodeClass of Karpenter on Azure.
pub const AKS_NODE_CLASS: &str = "AKSNodeClass";
/// The NodeClass of Karpenter on AWS.
pub const EC2_NODE_CLASS: &str = "EC2NodeClass";
/// The NodeClass of gpu-provisioner.
pub const KAITO_NODE_CLASS: &str = "KaitoNodeClass";
/// A number of nodes that Karpenter makes alike.
pub const NODE_POOL: &str = "NodePool";
/// A node of Karpenter or gpu-provisioner.
pub const NODE_CLAIM: &str = "NodeClaim";
/// A node of gpu-provisioner 0.2.
pub const MACHINE: &str = "Machine";
/// Pods without an order.
pub const DEPLOYMENT: &str = "Deployment";
/// Pods with numbers, each with a name that it keeps.
pub const STATEFUL_SET: &str = "StatefulSet";
/// Pods that end, such as those of a training.
pub const JOB: &str = "Job";
/// Who may reach pods, and what they may reach.
pub const NETWORK_POLICY: &str = "NetworkPolicy";
/// The way from a gateway to a Service.
pub const HTTP_ROUTE: &str = "HTTPRoute";

/// All kinds, in the order in which they are applied: what others refer to comes first.
pub const ALL: [Kind; 36] = [
    other("Namespace"),
    other("CustomResourceDefinition"),
    other(INFERENCE_SET),
    other(WORKSPACE),
    other("PriorityClass"),
    other("StorageClass"),
    other("ResourceQuota"),
    other("LimitRange"),
    other(NETWORK_POLICY),
    other("ServiceAccount"),
    other("ClusterRole"),
    other("ClusterRoleBinding"),
    other("Role"),
    other("RoleBinding"),
    other(SECRET),
    other(CONFIG_MAP),
    other("PersistentVolume"),
    fixed(VOLUME_CLAIM, "/spec/accessModes"),
    other(AKS_NODE_CLASS),
    other(EC2_NODE_CLASS),
    other(KAITO_NODE_CLASS),
    kind(NODE_POOL, Role::NodePool, Fixed::Nothing),
    kind(NODE_CLAIM, Role::Node, Fixed::SpecBut(&[])),
    kind(MACHINE, Role::Node, Fixed::Nothing),
    fixed(SERVICE, "/spec/clusterIP"),
    other("DaemonSet"),
    other("Pod"),
    other("ReplicaSet"),
    kind(DEPLOYMENT, Role::Workload, Fixed::Field("/spec/selector")),
    kind(
        STATEFUL_SET,
        Role::Workload,
        Fixed::SpecBut(&[
            "minReadySeconds",
            "ordinals",
            "persistentVolumeClaimRetentionPolicy",
            "replicas",
            "revisionHistoryLimit",
            "template",
            "updateStrategy",
        ]),
    ),
    kind(
        JOB,
        Role::Workload,
        Fixed::SpecBut(&[
            "activeDeadlineSeconds",
            "backoffLimit",
            "maxFailedIndexes",
            "parallelism",
            "suspend",
            "ttlSecondsAfterFinished",
        ]),
    ),
    other("CronJob"),
    other("PodDisruptionBudget"),
    other(HTTP_ROUTE),
    other("PodMonitor"),
    other("ServiceMonitor"),
];

const fn kind(name: &'static str, role: Role, fixed: Fixed) -> Kind {
    Kind { name, role, fixed }
}

const fn other(name: &'static str) -> Kind {
    kind(name, Role::Other, Fixed::Nothing)
}

const fn fixed(name: &'static str, field: &'static str) -> Kind {
    kind(name, Role::Other, Fixed::Field(field))
}

/// What is known of a kind.
#[must_use]
pub fn find(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}

/// The place of a kind in the order in which objects are applied; unknown kinds come last.
#[must_use]
pub fn apply_rank(name: &str) -> usize {
    let rank = ALL.iter().position(|kind| kind.name == name);
    rank.unwrap_or(ALL.len())
}

/// Whether an object of this kind is one node: a Machine or a NodeClaim.
#[must_use]
pub fn is_node(name: &str) -> bool {
    role(name) == Role::Node
}

/// Whether objects of this kind have nodes made: a Machine, a NodeClaim or a NodePool.
#[must_use]
pub fn makes_nodes(name: &str) -> bool {
    matches!(role(name), Role::Node | Role::NodePool)
}

/// Whether an object of this kind runs the pods of a Workspace.
#[must_use]
pub fn is_workload(name: &str) -> bool {
    role(name) == Role::Workload
}

fn role(name: &str) -> Role {
    find(name).map_or(Role::Other, |kind| kind.role)
}

impl Fixed {
    /// Whether the API server refuses a change at a JSON Pointer.
    ///
    /// ```
    /// use kaito_render::vocab::kinds;
    ///
    /// let fixed = kinds::find(kinds::JOB).unwrap().fixed;
    /// assert!(fixed.refuses("/spec/template/spec/containers/0/image"));
    /// assert!(!fixed.refuses("/spec/suspend") && !fixed.refuses("/metadata/labels/a"));
    /// ```
    #[must_use]
    pub fn refuses(self, pointer: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Field(field) => {
                let below = pointer.strip_prefix(field);
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::SpecBut(fields) => {
                let mut steps = pointer.split('/').skip(1);
                let is_spec = steps.next() == Some("spec");
                is_spec && !fields.contains(&steps.next().unwrap_or_default())
            }
        }
    }
}

/// The fields that identify the items of a list, by the name of the list: the merge keys
/// of Kubernetes' API (`x-kubernetes-patch-merge-key`, `x-kubernetes-list-map-keys`), and keys of
/// our own where it has none.
const MERGE_KEYS: [(&str, &[&str]); 20] = [
    ("adapters", &["source/name"]),
    ("conditions", &["type"]),
    ("containers", &["name"]),
    ("env", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("hostAliases", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("items", &["key"]),
    ("matchExpressions", &["key", "operator"]),
    ("ports", &["containerPort", "protocol"]),
    ("ports", &["port", "protocol"]),
    (
        "preferredDuringSchedulingIgnoredDuringExecution",
        &["weight"],
    ),
    ("requirements", &["key", "operator"]),
    ("secrets", &["name"]),
    ("taints", &["key", "effect"]),
    (
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
    ("volumeClaimTemplates", &["metadata/name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];

/// The fields that tell the items of a list apart; several sets of them where the list's name
/// stands for several types, such as the ports of containers and of Services.
pub fn merge_keys(list: &str) -> impl Iterator<Item = &'static [&'static str]> {
    let keys = MERGE_KEYS.iter().filter(move |(name, _)| *name == list);
    keys.map(|(_, fields)| *fields)
}

#[cfg(test)]
mod tests {
    use super::{ALL, MACHINE, NODE_CLAIM, NODE_POOL, is_node, is_workload, makes_nodes};

    #[test]
    fn each_kind_is_listed_once() {
        for (index, kind) in ALL.iter().enumerate() {
            assert!(!ALL[..index].iter().any(|other| other.name == kind.name));
        }
    }

    #[test]
    fn kinds_are_what_they_are() {
        assert!(is_node(MACHINE) && is_node(NODE_CLAIM) && !is_node(NODE_POOL));
        assert!(makes_nodes(NODE_POOL) && !makes_nodes("Node"));
        assert!(is_workload("Job") && !is_workload("Pod"));
    }
}
