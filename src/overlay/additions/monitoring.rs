//! `add.monitoring`: Prometheus scrapes the server, if it answers Prometheus.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::json::Json;
use crate::catalogue::profile::Monitoring;
use crate::overlay::part::Part;
use crate::overlay::refusal::Refusal;

pub(super) const POD_MONITOR: &str = "podmonitor.yaml";
pub(super) const SERVICE_MONITOR: &str = "servicemonitor.yaml";

/// What the templates read.
#[derive(Serialize, JsonSchema)]
pub(super) struct Values {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    interval: Option<String>,
    path: String,
    /// Whether the first pod serves for all of them.
    first_pod: bool,
}

pub(super) fn values(monitoring: &Monitoring, part: Part) -> Result<Json, Refusal> {
    let plan = part.plan;
    let inference = plan.inference.as_ref();
    let served = inference.and_then(|it| Some((it, it.metrics.clone()?)));
    let Some((inference, path)) = served else {
        return Err(without_metrics(part));
    };
    let values = Values {
        name: plan.name.clone(),
        namespace: plan.namespace.clone(),
        labels: monitoring.labels.clone(),
        interval: monitoring.interval.clone(),
        path,
        first_pod: inference.distributed,
    };
    Ok(Json::of(&values).unwrap_or(Json::Null))
}

fn without_metrics(part: Part) -> Refusal {
    let plan = part.plan;
    let (message, hint) = match &plan.inference {
        Some(inference) => (
            format!(
                "the server of `{}`, which is {} in release {}, does not answer Prometheus",
                plan.name, inference.runtime, plan.release
            ),
            super::LEAVE_OUT,
        ),
        None if plan.tuning.is_some() => (
            format!(
                "`{}` tunes a model, and nothing of it answers Prometheus",
                plan.name
            ),
            super::ONLY_INFERENCE,
        ),
        None => (
            format!(
                "`{}` has pods of its own, and whether they answer Prometheus is not known",
                plan.name
            ),
            super::LEAVE_OUT,
        ),
    };
    Refusal::new(part.whole(), message).hint(hint)
}
