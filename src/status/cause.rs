//! Causes: why something is not as it should be, and what to do about it.

use jiff::{SignedDuration, Timestamp};

use super::observed::{Container, ContainerStateReason, Event, ObservedCondition, Pod};

/// How long a node, or a place for a pod, may take before somebody has to look at it.
pub(super) const PROGRESS_DEADLINE: SignedDuration = SignedDuration::from_mins(15);

/// The most bytes of a message that are taken from somebody else.
const LONGEST: usize = 256;

/// Why something is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    /// In one word: the provisioner's, or one of KAITO's.
    pub(super) reason: String,
    /// For people, with what to do.
    pub(super) message: String,
}

/// How far something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// There.
    Done,
    /// On its way.
    Waiting(Cause),
    /// Nothing will change until somebody does something.
    Failed(Cause),
}

impl Cause {
    /// A cause.
    pub(super) fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// Waiting for something that has been asked for since then: failed once that is too long.
    #[must_use]
    pub(super) fn since(self, asked: Option<Timestamp>, now: Timestamp) -> Progress {
        if is_overdue(asked, now) {
            Progress::Failed(self)
        } else {
            Progress::Waiting(self)
        }
    }
}

impl Progress {
    /// Whether it is there.
    #[must_use]
    pub(super) fn is_done(&self) -> bool {
        *self == Self::Done
    }

    /// What is missing; none if nothing is.
    #[must_use]
    pub(super) fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Done => None,
            Self::Waiting(cause) | Self::Failed(cause) => Some(cause),
        }
    }

    /// This, and then another: the first that is not there.
    #[must_use]
    pub(super) fn and<'a>(&'a self, other: &'a Self) -> &'a Self {
        if self.is_done() { other } else { self }
    }
}

/// Whether something asked for then should be there by now.
#[must_use]
pub(super) fn is_overdue(asked: Option<Timestamp>, now: Timestamp) -> bool {
    asked.is_some_and(|asked| now.duration_since(asked) >= PROGRESS_DEADLINE)
}

/// Somebody else's words, cut to a readable length.
#[must_use]
pub(super) fn quote(message: &str) -> String {
    let message = message.trim();
    if message.len() <= LONGEST {
        return message.to_owned();
    }
    format!("{}...", &message[..message.floor_char_boundary(LONGEST)])
}

/// What to do about a machine that does not come.
#[must_use]
pub(super) fn advice_on_launch(condition: &ObservedCondition) -> &'static str {
    let said = format!("{} {}", condition.reason, condition.message).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["quota"]) {
        "ask the cloud for more quota of this machine type in this region, or choose another type"
    } else if says(&[
        "insufficientcapacity",
        "insufficient capacity",
        "unavailable",
        "allocationfailed",
        "skunotavail",
    ]) {
        "the cloud has no such machine at present: choose another machine type or region, or wait"
    } else if says(&["unauthorized", "authorizationfailed", "forbidden"]) {
        "give the provisioner's identity the right to make machines"
    } else {
        "look into the provisioner's log"
    }
}

/// The first cause that the pods and the warnings about them show, the gravest kind first.
#[must_use]
pub(super) fn of_pods(pods: &[&Pod], warnings: &[&Event], now: Timestamp) -> Option<Progress> {
    let causes: [fn(&Pod, Timestamp) -> Option<Progress>; 6] = [
        out_of_memory,
        image_pull,
        start_error,
        crash_loop,
        evicted,
        unschedulable,
    ];
    let of_pods = causes
        .iter()
        .find_map(|cause| pods.iter().find_map(|pod| cause(pod, now)));
    of_pods.or_else(|| warnings.iter().find_map(|event| warning(event)))
}

fn unready(pod: &Pod) -> impl Iterator<Item = &Container> {
    let containers = pod
        .status
        .init_container_statuses
        .iter()
        .chain(&pod.status.container_statuses);
    containers.filter(|container| !container.ready)
}

/// The first container of a pod that waits for one of some reasons.
fn waiting<'a>(
    pod: &'a Pod,
    reasons: &[&str],
) -> Option<(&'a Container, &'a ContainerStateReason)> {
    unready(pod).find_map(|container| {
        let why = container.state.waiting.as_ref()?;
        reasons
            .contains(&why.reason.as_str())
            .then_some((container, why))
    })
}

fn failed(reason: &str, message: String) -> Progress {
    Progress::Failed(Cause::new(reason, message))
}

fn out_of_memory(pod: &Pod, _: Timestamp) -> Option<Progress> {
    let ended = |container: &&Container| {
        let states = [&container.state, &container.last_state];
        states
            .into_iter()
            .filter_map(|state| state.terminated.as_ref())
            .any(|why| why.reason == "OOMKilled")
    };
    let container = unready(pod).find(ended)?;
    let (pod, name) = (&pod.metadata.name, &container.name);
    Some(failed(
        "ContainerOOMKilled",
        format!(
            "container `{name}` of pod `{pod}` ran out of memory: choose a machine type with more memory, or a shorter context"
        ),
    ))
}

fn image_pull(pod: &Pod, _: Timestamp) -> Option<Progress> {
    const REASONS: [&str; 6] = [
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    ];
    let (container, why) = waiting(pod, &REASONS)?;
    let (pod, image, said) = (&pod.metadata.name, &container.image, quote(&why.message));
    Some(failed(
        "ImagePullError",
        format!(
            "pod `{pod}` can't pull `{image}`: check the image's name and the pull secret, and that the node reaches the \
             registry ({}: {said})",
            why.reason
        ),
    ))
}

fn start_error(pod: &Pod, _: Timestamp) -> Option<Progress> {
    const REASONS: [&str; 4] = [
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "PostStartHookError",
    ];
    let (container, why) = waiting(pod, &REASONS)?;
    let (pod, name, said) = (&pod.metadata.name, &container.name, quote(&why.message));
    Some(failed(
        "ContainerStartError",
        format!(
            "container `{name}` of pod `{pod}` can't start: check the ConfigMaps and Secrets that it names ({}: {said})",
            why.reason
        ),
    ))
}

fn crash_loop(pod: &Pod, _: Timestamp) -> Option<Progress> {
    let (container, _) = waiting(pod, &["CrashLoopBackOff"])?;
    let (pod, name) = (&pod.metadata, &container.name);
    let namespace = pod.namespace.as_deref().unwrap_or("default");
    Some(failed(
        "ContainerCrashLoopBackOff",
        format!(
            "container `{name}` of pod `{0}` ends again and again: see `kubectl logs -n {namespace} {0} -c {name} --previous`",
            pod.name
        ),
    ))
}

/// The workload's controller makes another pod, so this is not the end.
fn evicted(pod: &Pod, _: Timestamp) -> Option<Progress> {
    if pod.status.reason != "Evicted" {
        return None;
    }
    let said = pod.status.message.to_lowercase();
    let (reason, advice) = if said.contains("ephemeral-storage") || said.contains("disk") {
        ("NodeDiskPressure", "give the nodes larger disks")
    } else if said.contains("memory") {
        (
            "NodeMemoryPressure",
            "choose a machine type with more memory",
        )
    } else {
        ("PodEvicted", "see what else runs on the node")
    };
    let message = format!(
        "pod `{}` was evicted: {advice} ({})",
        pod.metadata.name,
        quote(&pod.status.message)
    );
    Some(Progress::Waiting(Cause::new(reason, message)))
}

fn unschedulable(pod: &Pod, now: Timestamp) -> Option<Progress> {
    let is_meant = |seen: &&ObservedCondition| {
        seen.kind == "PodScheduled" && seen.is_false() && seen.reason == "Unschedulable"
    };
    let seen = pod.status.conditions.iter().find(is_meant)?;
    let advice = if seen
        .message
        .contains("unbound immediate PersistentVolumeClaims")
    {
        "see why its volume claims are not bound"
    } else if seen.message.contains("Insufficient nvidia.com/gpu") {
        "free GPUs, or run NVIDIA's device plugin on the nodes"
    } else if seen.message.contains("node affinity") || seen.message.contains("node selector") {
        "no node carries the labels that the Workspace selects: label nodes so, or have a provisioner make them"
    } else if seen.message.contains("taint") {
        "the nodes have a taint that the pods don't tolerate: take it away, or tolerate it"
    } else {
        "make room on a node, or add one"
    };
    let message = format!(
        "no node takes pod `{}`: {advice} ({})",
        pod.metadata.name,
        quote(&seen.message)
    );
    Some(Cause::new("Unschedulable", message).since(pod.metadata.creation_timestamp, now))
}

fn warning(event: &Event) -> Option<Progress> {
    let Event {
        involved_object: about,
        reason,
        message,
        ..
    } = event;
    let advice = match reason.as_str() {
        "FailedCreate" if message.contains("quota") => "raise the namespace's ResourceQuota",
        "FailedCreate" => "the API server refuses its pods",
        "FailedMount" | "FailedAttachVolume" => "check the volume, ConfigMap or Secret",
        _ => return None,
    };
    let message = format!(
        "{} `{}`: {advice} ({reason}: {})",
        about.kind,
        about.name,
        quote(message)
    );
    Some(Progress::Waiting(Cause::new(reason, message)))
}
