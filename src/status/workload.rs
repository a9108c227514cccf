//! How far the workload of a Workspace is.
//!
//! Uses [`super::pods`] and [`super::observed`]; [`super`] uses it.

use super::cause::{Cause, Progress, quote};
use super::objects::{ObservedCondition, Workload, WorkloadStatus};
use super::observed::Observed;
use super::pods;
use crate::vocab::kinds;

/// How far a workload is.
#[derive(Debug)]
pub(super) struct WorkloadProgress {
    /// Whether its pods do their work: serve a model, or train one.
    pub(super) started: Progress,
    /// Whether it has finished: a training has succeeded. A workload that serves never finishes,
    /// so this is the same as `started`.
    pub(super) finished: Progress,
    /// The active pods of a Job; 0 for other kinds.
    pub(super) active: u32,
}

impl WorkloadProgress {
    /// A workload that has no second step.
    fn single(progress: Progress) -> Self {
        Self {
            started: progress.clone(),
            finished: progress,
            active: 0,
        }
    }
}

/// Judges the workload that the Workspace was rendered into.
pub(super) fn assess(observed: &Observed) -> WorkloadProgress {
    let Some((kind, name, workload)) = observed.workload else {
        let message = "the Workspace was rendered without a workload";
        return WorkloadProgress::single(Progress::waiting("WorkloadNotFound", message));
    };
    let Some(workload) = workload else {
        let message = format!("{kind} `{name}` not found: apply it together with the Workspace");
        return WorkloadProgress::single(Progress::waiting("WorkloadNotFound", message));
    };
    if kind == kinds::JOB {
        job(observed, name, workload)
    } else {
        WorkloadProgress::single(replicas(observed, kind, name, workload))
    }
}

/// Judges a Deployment or a `StatefulSet`.
fn replicas(observed: &Observed, kind: &str, name: &str, workload: &Workload) -> Progress {
    let status = &workload.status;
    let (ready, wanted) = (status.ready_replicas, workload.spec.replicas.unwrap_or(1));
    // Until its controller has observed the newest generation, the numbers describe the last one.
    let is_current = status.observed_generation >= Some(workload.metadata.generation);
    if is_current && ready == wanted {
        return Progress::Done;
    }
    if let Some(progress) = pods::cause(&observed.pods, &observed.warnings, observed.now) {
        return progress;
    }
    if let Some(failure) = condition(status, "ReplicaFailure").filter(|it| it.is_true()) {
        let message = format!(
            "{kind} `{name}` can't create its pods ({})",
            quote(&failure.message)
        );
        return Progress::failed("FailedCreate", message);
    }
    if let Some(stalled) = condition(status, "Progressing").filter(|it| it.is_false()) {
        let message = format!(
            "{kind} `{name}` makes no progress: see the logs of its pods ({})",
            quote(&stalled.message)
        );
        return Progress::failed("ProgressDeadlineExceeded", message);
    }
    let message = format!("{kind} `{name}` has {ready} of {wanted} pods ready");
    Progress::waiting("PodsNotReady", message)
}

fn condition<'a>(status: &'a WorkloadStatus, kind: &str) -> Option<&'a ObservedCondition> {
    let mut conditions = status.conditions.iter();
    conditions.find(|condition| condition.kind == kind)
}

fn job(observed: &Observed, name: &str, job: &Workload) -> WorkloadProgress {
    let status = &job.status;
    let (active, ready) = (status.active, status.ready);
    let progress = |started, finished| WorkloadProgress {
        started,
        finished,
        active,
    };
    if status.succeeded > 0 {
        return progress(Progress::Done, Progress::Done);
    }
    let pods = pods::cause(&observed.pods, &observed.warnings, observed.now);
    // A single failed pod is retried; this condition says that the Job is not retried any more.
    if let Some(failure) = condition(status, "Failed").filter(|it| it.is_true()) {
        let failed = Progress::Failed(job_failure(name, job, pods.as_ref(), failure));
        return progress(failed.clone(), failed);
    }
    let message = format!("Job `{name}` has {active} active pods, {ready} of them ready");
    let unfinished = pods.unwrap_or_else(|| Progress::waiting("Training", message));
    let started = if ready > 0 {
        Progress::Done
    } else {
        unfinished.clone()
    };
    progress(started, unfinished)
}

/// The failure of a pod says more than the Job, which only counts them.
fn job_failure(
    name: &str,
    job: &Workload,
    pods: Option<&Progress>,
    failure: &ObservedCondition,
) -> Cause {
    if let Some(Progress::Failed(cause)) = pods {
        return cause.clone();
    }
    let message = format!(
        "Job `{name}` has failed, with {} failed pods: see their logs, fix the cause, then delete the Job and apply it again \
         ({})",
        job.status.failed,
        quote(&failure.message)
    );
    Cause::new("JobFailed", message)
}
