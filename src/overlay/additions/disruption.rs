//! `add.disruption`: pods that are ready are not evicted.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::json::Json;
use crate::overlay::part::Part;

pub(super) const FILE: &str = "poddisruptionbudget.yaml";

/// What the template reads.
#[derive(Serialize, JsonSchema)]
pub(super) struct Values {
    name: String,
    namespace: String,
    /// Whether the pods are those of a Job.
    job: bool,
}

pub(super) fn values(part: Part) -> Json {
    let values = Values {
        name: part.plan.name.clone(),
        namespace: part.plan.namespace.clone(),
        job: part.plan.tuning.is_some(),
    };
    Json::of(&values).unwrap_or(Json::Null)
}
