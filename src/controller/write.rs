//! Writes the status of one Workspace.
//!
//! Uses the controller's `item`, `lease` and `errors`; the reconciler starts writes.

use std::time::Duration;

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::controller::conflicting_writers::FIELD_MANAGER;
use crate::controller::errors::{RETRIED, advice, describe};
use crate::controller::item::TrackedWorkspace;
use crate::controller::lease::LeadsUntil;
use crate::status::index::NamespacedName;
use crate::vocab::{api, kinds};

/// How long a write may take. Within that time, kube's client retries requests that the API server
/// throttles.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// The result of a write.
#[derive(Debug)]
pub(crate) enum Outcome {
    Written {
        /// The Workspace that the API server returned, if it can be read.
        workspace: Option<Box<TrackedWorkspace>>,
        /// The part of the status that was written.
        status: Value,
    },
    /// The Workspace was changed or deleted since it was read. Its watch reports how it is now.
    Conflict,
    Failed {
        error: String,
        advice: &'static str,
    },
}

/// Writes a status into a Workspace, on condition that the Workspace is as it was read. Gives up
/// when another replica may become the leader.
pub(crate) fn status(
    client: &Client,
    tracked: &TrackedWorkspace,
    name: &NamespacedName,
    mut patch: Value,
    leads_until: LeadsUntil,
) -> impl Future<Output = Outcome> + use<> {
    let status = patch["status"].clone();
    // By this the API server refuses the patch if the Workspace has changed since it was read.
    patch["metadata"] = json!({"resourceVersion": tracked.resource_version});
    let api = api(client, tracked, &name.namespace);
    let name = name.name.clone();
    async move {
        let timeout = Instant::now() + WRITE_TIMEOUT;
        // A write that is still under way when another replica leads could undo what that one
        // writes.
        let deadline = leads_until.map_or(timeout, |until| until.min(timeout));
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(&patch);
        let write = api.patch_status(&name, &params, &patch);
        match timeout_at(deadline, write).await {
            Ok(Ok(object)) => {
                let workspace = serde_json::to_value(&object)
                    .and_then(|value| TrackedWorkspace::read(&value))
                    .map(Box::new)
                    .ok();
                Outcome::Written { workspace, status }
            }
            Ok(Err(kube::Error::Api(status))) if [404, 409].contains(&status.code) => {
                Outcome::Conflict
            }
            Ok(Err(error)) => Outcome::Failed {
                advice: advice(&error),
                error: describe(&error),
            },
            Err(_) => Outcome::Failed {
                advice: RETRIED,
                error: "the API server does not answer".to_owned(),
            },
        }
    }
}

fn api(client: &Client, tracked: &TrackedWorkspace, namespace: &str) -> Api<DynamicObject> {
    let version = tracked.api_version.rsplit('/').next().unwrap_or_default();
    let kind = GroupVersionKind::gvk(api::KAITO, version, kinds::WORKSPACE);
    let resource = ApiResource::from_gvk_with_plural(&kind, "workspaces");
    Api::namespaced_with(client.clone(), namespace, &resource)
}
