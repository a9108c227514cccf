//! How far the workload of a Workspace is.

use super::cause::{Cause, Progress, of_pods, quote};
use super::observed::{Observed, ObservedCondition, Workload};

/// How far the workload is.
#[derive(Debug)]
pub(super) struct WorkloadProgress {
    /// Whether its pods do what they are for: serve, or train.
    pub(super) started: Progress,
    /// Whether it did all it is for; for one that serves, the same.
    pub(super) finished: Progress,
    /// The pods of a Job that are not finished.
    pub(super) active: u32,
}

pub(super) fn judge(observed: &Observed) -> WorkloadProgress {
    let waiting = |cause: &Cause| WorkloadProgress {
        started: Progress::Waiting(cause.clone()),
        finished: Progress::Waiting(cause.clone()),
        active: 0,
    };
    let Some((kind, name, workload)) = observed.workload else {
        return waiting(&Cause::new(
            "WorkloadNotDelivered",
            "the Workspace was rendered without a workload",
        ));
    };
    let Some(workload) = workload else {
        let message =
            format!("{kind} `{name}` is not in the cluster: deliver it with the Workspace");
        return waiting(&Cause::new("WorkloadNotDelivered", message));
    };
    if kind == "Job" {
        return job(observed, name, workload);
    }
    let progress = serving(observed, kind, name, workload);
    WorkloadProgress {
        started: progress.clone(),
        finished: progress,
        active: 0,
    }
}

fn serving(observed: &Observed, kind: &str, name: &str, workload: &Workload) -> Progress {
    let (ready, wanted) = (
        workload.status.ready_replicas,
        workload.spec.replicas.unwrap_or(1),
    );
    let is_seen = workload.status.observed_generation >= Some(workload.metadata.generation);
    if is_seen && ready == wanted {
        return Progress::Done;
    }
    if let Some(progress) = of_pods(&observed.pods, &observed.warnings, observed.now) {
        return progress;
    }
    let condition = |kind: &str| {
        workload
            .status
            .conditions
            .iter()
            .find(|seen| seen.kind == kind)
    };
    if let Some(seen) = condition("ReplicaFailure").filter(|seen| seen.is_true()) {
        let message = format!(
            "{kind} `{name}` can't make its pods ({})",
            quote(&seen.message)
        );
        return Progress::Failed(Cause::new("FailedCreate", message));
    }
    if let Some(seen) = condition("Progressing").filter(|seen| seen.is_false()) {
        let message = format!(
            "{kind} `{name}` makes no progress: see the log of its pods ({})",
            quote(&seen.message)
        );
        return Progress::Failed(Cause::new("ProgressDeadlineExceeded", message));
    }
    let message = format!("{kind} `{name}` has {ready} of {wanted} pods ready");
    Progress::Waiting(Cause::new("PodsNotReady", message))
}

fn job(observed: &Observed, name: &str, job: &Workload) -> WorkloadProgress {
    let status = &job.status;
    let (active, ready) = (status.active, status.ready);
    let work = |started, finished| WorkloadProgress {
        started,
        finished,
        active,
    };
    if status.succeeded > 0 {
        return work(Progress::Done, Progress::Done);
    }
    let pods = of_pods(&observed.pods, &observed.warnings, observed.now);
    if let Some(seen) = status
        .conditions
        .iter()
        .find(|seen| seen.kind == "Failed" && seen.is_true())
    {
        let failed = Progress::Failed(job_failure(name, job, pods.as_ref(), seen));
        return work(failed.clone(), failed);
    }
    let message = format!("Job `{name}` has {active} pods at work, {ready} of them ready");
    let running = Progress::Waiting(Cause::new("Training", message));
    let finished = pods.clone().unwrap_or_else(|| running.clone());
    work(
        if ready > 0 {
            Progress::Done
        } else {
            pods.unwrap_or(running)
        },
        finished,
    )
}

fn job_failure(
    name: &str,
    job: &Workload,
    pods: Option<&Progress>,
    seen: &ObservedCondition,
) -> Cause {
    if let Some(Progress::Failed(cause)) = pods {
        return cause.clone();
    }
    let message = format!(
        "Job `{name}` has failed, with {} failed pods: see their log, mend the cause, then delete the Job and deliver it again \
         ({})",
        job.status.failed,
        quote(&seen.message)
    );
    Cause::new("JobFailed", message)
}
