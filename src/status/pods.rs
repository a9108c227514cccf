//! Why a pod does not run: what its status and the warnings about it show.
//!
//! Uses [`super::cause`] and [`super::objects`]; [`super::workload`] uses it.

use jiff::Timestamp;

use super::cause::{Cause, Progress, quote};
use super::objects::{Container, ContainerStateReason, Event, ObservedCondition, Pod};

/// Reasons of a waiting container whose image cannot be pulled.
const IMAGE_PULL_REASONS: [&str; 6] = [
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
];

/// Reasons of a waiting container that cannot be created or started.
const START_REASONS: [&str; 4] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PostStartHookError",
];

/// Looks for one cause in one pod.
type Check = fn(&Pod, Timestamp) -> Option<Progress>;

/// The checks, the most severe cause first. A container that ran out of memory also crashes, so
/// that cause has to come before the crash.
const CHECKS: [Check; 6] = [
    out_of_memory,
    image_pull,
    start_error,
    crash_loop,
    evicted,
    unschedulable,
];

/// The most severe cause in any of the pods; without one, the first warning that has a known
/// cause.
pub(super) fn cause(pods: &[&Pod], warnings: &[&Event], now: Timestamp) -> Option<Progress> {
    let in_pods = CHECKS
        .iter()
        .find_map(|check| pods.iter().find_map(|pod| check(pod, now)));
    in_pods.or_else(|| warnings.iter().find_map(|event| warning(event)))
}

fn unready_containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    let containers = pod
        .status
        .init_container_statuses
        .iter()
        .chain(&pod.status.container_statuses);
    containers.filter(|container| !container.ready)
}

/// The first container of a pod that waits for one of these reasons.
fn waiting<'a>(
    pod: &'a Pod,
    reasons: &[&str],
) -> Option<(&'a Container, &'a ContainerStateReason)> {
    unready_containers(pod).find_map(|container| {
        let waiting = container.state.waiting.as_ref()?;
        let is_meant = reasons.contains(&waiting.reason.as_str());
        is_meant.then_some((container, waiting))
    })
}

fn out_of_memory(pod: &Pod, _: Timestamp) -> Option<Progress> {
    let was_killed = |container: &&Container| {
        // After the restart the reason is in the last state only.
        [&container.state, &container.last_state]
            .into_iter()
            .filter_map(|state| state.terminated.as_ref())
            .any(|terminated| terminated.reason == "OOMKilled")
    };
    let container = unready_containers(pod).find(was_killed)?;
    let (pod, name) = (&pod.metadata.name, &container.name);
    Some(Progress::failed(
        "ContainerOOMKilled",
        format!(
            "container `{name}` of pod `{pod}` ran out of memory: choose an instance type with more memory, or a shorter context"
        ),
    ))
}

fn image_pull(pod: &Pod, _: Timestamp) -> Option<Progress> {
    let (container, waiting) = waiting(pod, &IMAGE_PULL_REASONS)?;
    let (pod, image) = (&pod.metadata.name, &container.image);
    let ContainerStateReason { reason, message } = waiting;
    Some(Progress::failed(
        "ImagePullError",
        format!(
            "pod `{pod}` can't pull `{image}`: check the image name and the pull secret, and that the node can reach the \
             registry ({reason}: {})",
            quote(message)
        ),
    ))
}

fn start_error(pod: &Pod, _: Timestamp) -> Option<Progress> {
    let (container, waiting) = waiting(pod, &START_REASONS)?;
    let (pod, name) = (&pod.metadata.name, &container.name);
    let ContainerStateReason { reason, message } = waiting;
    Some(Progress::failed(
        "ContainerStartError",
        format!(
            "container `{name}` of pod `{pod}` can't start: check the ConfigMaps and Secrets that it refers to ({reason}: {})",
            quote(message)
        ),
    ))
}

fn crash_loop(pod: &Pod, _: Timestamp) -> Option<Progress> {
    let (container, _) = waiting(pod, &["CrashLoopBackOff"])?;
    let (pod, name) = (&pod.metadata, &container.name);
    let namespace = pod.namespace.as_deref().unwrap_or("default");
    Some(Progress::failed(
        "ContainerCrashLoopBackOff",
        format!(
            "container `{name}` of pod `{0}` keeps crashing: see `kubectl logs -n {namespace} {0} -c {name} --previous`",
            pod.name
        ),
    ))
}

/// The workload's controller creates another pod, so an eviction is not a failure.
fn evicted(pod: &Pod, _: Timestamp) -> Option<Progress> {
    if pod.status.reason != "Evicted" {
        return None;
    }
    let message = pod.status.message.to_lowercase();
    let (reason, advice) = if message.contains("ephemeral-storage") || message.contains("disk") {
        ("NodeDiskPressure", "use nodes with larger disks")
    } else if message.contains("memory") {
        (
            "NodeMemoryPressure",
            "choose an instance type with more memory",
        )
    } else {
        ("PodEvicted", "check what else runs on the node")
    };
    let message = format!(
        "pod `{}` was evicted: {advice} ({})",
        pod.metadata.name,
        quote(&pod.status.message)
    );
    Some(Progress::waiting(reason, message))
}

fn unschedulable(pod: &Pod, now: Timestamp) -> Option<Progress> {
    let is_meant = |condition: &&ObservedCondition| {
        condition.kind == "PodScheduled"
            && condition.is_false()
            && condition.reason == "Unschedulable"
    };
    let condition = pod.status.conditions.iter().find(is_meant)?;
    let message = format!(
        "pod `{}` can't be scheduled: {} ({})",
        pod.metadata.name,
        scheduling_advice(&condition.message),
        quote(&condition.message)
    );
    Some(Cause::new("Unschedulable", message).since(pod.metadata.creation_timestamp, now))
}

/// What to do about a message of the scheduler.
fn scheduling_advice(message: &str) -> &'static str {
    if message.contains("unbound immediate PersistentVolumeClaims") {
        "check why its PersistentVolumeClaims are not bound"
    } else if message.contains("Insufficient nvidia.com/gpu") {
        "free GPUs, or run the NVIDIA device plugin on the nodes"
    } else if message.contains("node affinity") || message.contains("node selector") {
        "no node has the labels that the Workspace selects: add them to nodes, or use a provisioner that creates such nodes"
    } else if message.contains("taint") {
        "the nodes have a taint that the pod does not tolerate: remove the taint, or add a toleration"
    } else {
        "free resources on a node, or add a node"
    }
}

fn warning(event: &Event) -> Option<Progress> {
    let (about, reason) = (&event.involved_object, &event.reason);
    let advice = match reason.as_str() {
        "FailedCreate" if event.message.contains("quota") => "raise the namespace's ResourceQuota",
        "FailedCreate" => "the API server rejects its pods",
        "FailedMount" | "FailedAttachVolume" => "check the volume, ConfigMap or Secret",
        _ => return None,
    };
    let message = format!(
        "{} `{}`: {advice} ({reason}: {})",
        about.kind,
        about.name,
        quote(&event.message)
    );
    Some(Progress::waiting(reason, message))
}
