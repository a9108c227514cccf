//! Which lists of our objects a strategic merge patch merges, and by which keys: what Kubernetes'
//! types say with `patchStrategy` and `patchMergeKey` (Kubernetes 1.37, `api/core/v1/types.go`,
//! `api/apps/v1/types.go`, `apimachinery/pkg/apis/meta/v1/types.go`).
//!
//! Node objects are custom resources, which have no such keys. There it is our own choice: without
//! keys, a requirement more would lose the instance type.

use crate::vocab::kinds::{self, Role};

/// A mapping of an object, as far as its lists are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Workload,
    WorkloadSpec,
    PodTemplate,
    Pod,
    Container,
    Service,
    ServiceSpec,
    NodePool,
    NodePoolSpec,
    NodeTemplate,
    Node,
    NodeSpec,
    Metadata,
    Other,
}

/// How a list is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// By the values of these keys, of which an item needs the first one.
    Keyed(&'static [&'static str], Type),
    /// As scalars, of which each is there once.
    Set,
    /// Not at all: a patch replaces it as a whole.
    Whole,
}

impl Type {
    /// That of an object as a whole.
    pub(super) fn of(kind: &str) -> Self {
        match kinds::find(kind).map(|kind| kind.role) {
            Some(Role::Workload) => Self::Workload,
            Some(Role::Node) => Self::Node,
            Some(Role::NodePool) => Self::NodePool,
            _ if kind == kinds::SERVICE => Self::Service,
            _ => Self::Other,
        }
    }

    /// That of the mapping under a key.
    pub(super) fn of_field(self, key: &str) -> Self {
        match (self, key) {
            (Self::Workload, "spec") => Self::WorkloadSpec,
            (Self::WorkloadSpec, "template") => Self::PodTemplate,
            (Self::PodTemplate, "spec") => Self::Pod,
            (Self::Service, "spec") => Self::ServiceSpec,
            (Self::NodePool, "spec") => Self::NodePoolSpec,
            (Self::NodePoolSpec, "template") => Self::NodeTemplate,
            (Self::NodeTemplate | Self::Node, "spec") => Self::NodeSpec,
            (_, "metadata") => Self::Metadata,
            _ => Self::Other,
        }
    }

    /// How the list under a key is merged.
    pub(super) fn of_list(self, key: &str) -> List {
        const NAME: &[&str] = &["name"];
        match (self, key) {
            (Self::Pod, "containers" | "initContainers" | "ephemeralContainers") => {
                List::Keyed(NAME, Self::Container)
            }
            (Self::Pod, "volumes" | "imagePullSecrets" | "resourceClaims" | "schedulingGates")
            | (Self::Container, "env") => List::Keyed(NAME, Self::Other),
            (Self::Pod, "hostAliases") => List::Keyed(&["ip"], Self::Other),
            (Self::Pod, "topologySpreadConstraints") => List::Keyed(&["topologyKey"], Self::Other),
            (Self::Container, "ports") => List::Keyed(&["containerPort"], Self::Other),
            (Self::Container, "volumeMounts") => List::Keyed(&["mountPath"], Self::Other),
            (Self::Container, "volumeDevices") => List::Keyed(&["devicePath"], Self::Other),
            (Self::ServiceSpec, "ports") => List::Keyed(&["port"], Self::Other),
            (Self::NodeSpec, "requirements") => List::Keyed(&["key"], Self::Other),
            (Self::NodeSpec, "taints" | "startupTaints") => {
                List::Keyed(&["key", "effect"], Self::Other)
            }
            (Self::Metadata, "ownerReferences") => List::Keyed(&["uid"], Self::Other),
            (Self::Metadata, "finalizers") => List::Set,
            _ => List::Whole,
        }
    }
}
