//! API groups and versions.

/// The group of Workspaces and InferenceSets.
pub const KAITO: &str = "kaito.sh";

/// What the `apiVersion` of everything in [`KAITO`] begins with.
pub const KAITO_PREFIX: &str = "kaito.sh/";

/// The older version of Workspaces.
pub const V1ALPHA1: &str = "kaito.sh/v1alpha1";

/// The newer version of Workspaces.
pub const V1BETA1: &str = "kaito.sh/v1beta1";

/// What the `apiVersion` of this program's own kinds, such as profiles, begins with.
pub const RENDER_PREFIX: &str = "render.kaito.sh/";

/// The version of profiles.
pub const PROFILE: &str = "render.kaito.sh/v1alpha1";

/// The group of Machines, NodeClaims and NodePools.
pub const KARPENTER: &str = "karpenter.sh";

/// The version of NodeClaims and NodePools that is written.
pub const KARPENTER_V1: &str = "karpenter.sh/v1";

/// The group of what Prometheus' operator reads.
pub const MONITORING: &str = "monitoring.coreos.com";

/// The group of Gateways and their routes.
pub const GATEWAY: &str = "gateway.networking.k8s.io";

/// The group of kustomizations. Flux has a kind of that name in a group of its own.
pub const KUSTOMIZE: &str = "kustomize.config.k8s.io";

/// The group of an `apiVersion`; that of Kubernetes' core is empty.
#[must_use]
pub fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Whether an `apiVersion` is of the files that kustomize reads.
#[must_use]
pub fn is_of_kustomize(api_version: &str) -> bool {
    group(api_version) == KUSTOMIZE
}

/// Whether an `apiVersion` is of KAITO's group.
#[must_use]
pub fn is_of_kaito(api_version: &str) -> bool {
    api_version.starts_with(KAITO_PREFIX)
}

/// Whether an `apiVersion` is of Karpenter's group, to which Machines belong too.
#[must_use]
pub fn is_of_karpenter(api_version: &str) -> bool {
    group(api_version) == KARPENTER
}
