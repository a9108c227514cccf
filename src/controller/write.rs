//! One write to the status of a Workspace.

use std::time::Duration;

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::controller::conflicting_writers::MANAGER;
use crate::controller::errors::{advice, describe};
use crate::controller::lease::Until;
use crate::controller::store::{Name, TrackedWorkspace};

/// How long a write may take, in which kube's client tries again what the API server has no time
/// for.
const ANSWER: Duration = Duration::from_secs(30);

/// How it went.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The Workspace as it is now, if that can be read, and the status that was written.
    Written(Option<Box<TrackedWorkspace>>, Value),
    /// The Workspace has changed, or is gone. Its watch brings it as it is now.
    Conflict,
    /// It could not be written.
    Failed {
        /// Why.
        error: String,
        /// What to do.
        advice: &'static str,
    },
}

/// Writes a status into a Workspace as it was seen, and gives up when another may write.
pub(crate) fn status(
    client: &Client,
    held: &TrackedWorkspace,
    (namespace, name): &Name,
    mut patch: Value,
    until: Until,
) -> impl Future<Output = Outcome> + use<> {
    let status = patch["status"].clone();
    patch["metadata"] = json!({"resourceVersion": held.resource_version});
    let (api, name) = (api(client, held, namespace), name.clone());
    async move {
        let latest = Instant::now() + ANSWER;
        let latest = until.map_or(latest, |until| until.min(latest));
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        match timeout_at(
            latest,
            api.patch_status(&name, &params, &Patch::Merge(&patch)),
        )
        .await
        {
            Ok(Ok(object)) => {
                let held =
                    serde_json::to_value(&object).and_then(|value| TrackedWorkspace::read(&value));
                Outcome::Written(held.ok().map(Box::new), status)
            }
            Ok(Err(kube::Error::Api(status))) if [404, 409].contains(&status.code) => {
                Outcome::Conflict
            }
            Ok(Err(error)) => Outcome::Failed {
                advice: advice(&error),
                error: describe(&error),
            },
            Err(_) => Outcome::Failed {
                advice: "it is tried again",
                error: "the API server does not answer".to_owned(),
            },
        }
    }
}

fn api(client: &Client, held: &TrackedWorkspace, namespace: &str) -> Api<DynamicObject> {
    let version = held.api_version.rsplit('/').next().unwrap_or_default();
    let kind = GroupVersionKind::gvk("kaito.sh", version, "Workspace");
    Api::namespaced_with(
        client.clone(),
        namespace,
        &ApiResource::from_gvk_with_plural(&kind, "workspaces"),
    )
}
