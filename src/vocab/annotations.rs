//! The annotations that KAITO and this program read (KAITO 0.3, "Metadata constants"; KAITO 0.12,
//! `api/v1beta1/labels.go`).

/// By this annotation rendered output is recognised. Its value is a [`Rendered`](super::Rendered)
/// as JSON.
pub const RENDERED: &str = "render.kaito.sh/rendered";

/// The annotation of a Workspace or InferenceSet that names the rules whose diagnostics in it are
/// not shown.
pub const ALLOW: &str = "render.kaito.sh/allow";

/// The annotation of a Workspace that names overlays, with commas between.
pub const OVERLAYS: &str = "render.kaito.sh/overlays";

/// Says that a document is for programs that read the files, and not for the cluster, if it is
/// `true`.
pub const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// The file of an item that a host of functions sends, by its path from the host's directory.
pub const ITEM_PATH: &str = "config.kubernetes.io/path";

/// As [`ITEM_PATH`], and the newer spelling of the specification of functions.
pub const ITEM_PATHS: [&str; 2] = [ITEM_PATH, "internal.config.kubernetes.io/path"];

/// What the annotations of hosts of functions begin with. `internal.` is how the specification has
/// them, without it is how older hosts do; the others are those of kustomize.
const HOST: [&str; 4] = [
    "internal.config.kubernetes.io/",
    "config.kubernetes.io/",
    "config.k8s.io/",
    "kustomize.config.k8s.io/",
];

/// Whether an annotation is one that a host of functions keeps track of items by.
#[must_use]
pub fn is_of_host(key: &str) -> bool {
    HOST.iter().any(|prefix| key.starts_with(prefix))
}

/// Keeps Flux from replacing variables in an object, if it is `disabled`.
pub const FLUX_SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Keeps Flux from deleting an object that is no longer in its source, if it is `disabled`.
pub const FLUX_PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

/// The wave of a sync of Argo CD in which an object is applied; without it, in wave 0.
pub const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";

/// How Argo CD applies and prunes an object: options with commas between.
pub const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";

/// Sets the number of nodes of a model, whatever is estimated.
pub const NODE_COUNT: &str = "render.kaito.sh/node-count";

/// Makes the Service a load balancer, if it is exactly `True`.
pub const ENABLE_LB: &str = "kaito.sh/enablelb";

/// The server of a model: `vllm` or `transformers`.
pub const RUNTIME: &str = "kaito.sh/runtime";

/// The operating system of the nodes: `ubuntu` or `azurelinux`.
pub const NODE_IMAGE_FAMILY: &str = "kaito.sh/node-image-family";

/// The NodeClass that the NodePool refers to.
pub const NODE_CLASS_NAME: &str = "kaito.sh/node-class-name";

/// What vLLM is tuned for: `balanced`, `interactivity` or `throughput`.
pub const PERFORMANCE_MODE: &str = "kaito.sh/performance-mode";

/// Takes the weights from a directory of the node, if it is `true`.
pub const USE_LOCAL_WEIGHTS: &str = "kaito.sh/use-local-weights";

/// Lets a model be compiled for nodes that are too small; any value does.
pub const BYPASS_RESOURCE_CHECKS: &str = "kaito.sh/bypass-resource-checks";

/// Leaves out the benchmark at the start of a pod, if it is exactly `true`.
pub const DISABLE_BENCHMARK: &str = "kaito.sh/disable-benchmark";

/// Turns the streaming of weights off, if it is exactly `disabled`.
pub const MODEL_STREAMING: &str = "kaito.sh/model-streaming";

/// When an upgrade began; KAITO's operator writes it.
pub const UPGRADE_START_TIME: &str = "kaito.sh/upgrade-start-time";

/// Annotations that ask for weights to be streamed from a store.
pub const STREAMING: [&str; 6] = [
    "kaito.sh/model-mirror-storage-class",
    "kaito.sh/streaming-service-account",
    "inference.kaito.sh/static-model-mirror",
    "inference.kaito.sh/stream-datarefs-url",
    "inference.kaito.sh/stream-identity-client-id",
    "inference.kaito.sh/stream-source-type",
];
