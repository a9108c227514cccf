//! Watches one kind, and sends its changes to the reconciler.
//!
//! Uses the controller's `kinds`, `item` and `errors`; [`super`] starts one watch for each kind.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, discovery};
use tokio::sync::mpsc::Sender;
use tracing::{info, warn};

use crate::controller::errors::{RETRIED, advice, describe};
use crate::controller::item::{Change, Item};
use crate::controller::kinds::Kind;

/// How often to look for a kind that the API server does not serve: a CRD that is installed later
/// is found within this time.
const REDISCOVERY: Duration = Duration::from_secs(30);

/// What the controller watches.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// The one namespace that is watched; none for all.
    pub(crate) namespace: Option<String>,
    /// Only Workspaces with these labels.
    pub(crate) selector: Option<String>,
}

/// Changes, each with its kind.
pub(crate) type Changes = Sender<(&'static Kind, Change)>;

/// Watches a kind for ever. While the API server does not serve it, looks for it periodically.
pub(crate) async fn watch(client: Client, kind: &'static Kind, scope: Scope, changes: Changes) {
    let mut was_absent = false;
    loop {
        match resource(&client, kind).await {
            Ok(Some(resource)) => {
                let api_version = &resource.api_version;
                info!(kind = kind.name, api_version, "watching");
                was_absent = false;
                let api = api(&client, kind, &scope, &resource);
                follow(api, kind, &scope, &changes).await;
            }
            Ok(None) => {
                if !was_absent {
                    info!(kind = kind.name, "the API server does not serve this kind");
                    was_absent = true;
                    drop(changes.send((kind, Change::KindAbsent)).await);
                }
            }
            Err(error) => {
                let (advice, error) = (advice(&error), describe(&error));
                warn!(kind = kind.name, error, advice, "can't discover the kind");
            }
        }
        tokio::time::sleep(REDISCOVERY).await;
    }
}

/// The resource of a kind in the preferred version that the API server serves; none if it serves
/// none of them.
async fn resource(client: &Client, kind: &Kind) -> kube::Result<Option<ApiResource>> {
    let resource = |version: &str| {
        let kind_in_version = GroupVersionKind::gvk(kind.group, version, kind.name);
        ApiResource::from_gvk_with_plural(&kind_in_version, kind.plural)
    };
    // Every API server has Kubernetes' own kinds.
    if !kind.is_custom() {
        return Ok(kind.versions.first().map(|version| resource(version)));
    }
    let group = match discovery::group(client, kind.group).await {
        Ok(group) => group,
        Err(kube::Error::Discovery(kube::error::DiscoveryError::MissingApiGroup(_))) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let is_served = |version: &&&str| {
        let resources = group.versioned_resources(version);
        resources.iter().any(|(it, _)| it.kind == kind.name)
    };
    let version = kind.versions.iter().find(is_served);
    Ok(version.map(|version| resource(version)))
}

fn api(client: &Client, kind: &Kind, scope: &Scope, resource: &ApiResource) -> Api<DynamicObject> {
    match &scope.namespace {
        Some(namespace) if kind.namespaced => {
            Api::namespaced_with(client.clone(), namespace, resource)
        }
        _ => Api::all_with(client.clone(), resource),
    }
}

fn config(kind: &Kind, scope: &Scope) -> watcher::Config {
    let selector = scope
        .selector
        .as_deref()
        // The labels of other objects are not those of their Workspace.
        .filter(|_| kind.name == "Workspace");
    watcher::Config {
        label_selector: selector.or(kind.labels).map(str::to_owned),
        field_selector: kind.fields.map(str::to_owned),
        ..watcher::Config::default()
    }
}

/// Sends the changes of a kind until the API server does not serve it any more. Other errors end
/// no watch: kube's watcher resumes it, or lists again, with exponential back-off.
async fn follow(api: Api<DynamicObject>, kind: &'static Kind, scope: &Scope, changes: &Changes) {
    let mut events = watcher(api, config(kind, scope))
        .default_backoff()
        .boxed_local();
    let mut listed = Vec::new();
    loop {
        let event = match events.try_next().await {
            Ok(Some(event)) => event,
            Ok(None) => return,
            Err(error) if is_gone(&error) => {
                info!(kind = kind.name, "the API server stopped serving this kind");
                drop(changes.send((kind, Change::KindAbsent)).await);
                return;
            }
            Err(error) => {
                warn_about(kind, &error);
                continue;
            }
        };
        if let Some(change) = change(kind, event, &mut listed)
            && changes.send((kind, change)).await.is_err()
        {
            return;
        }
    }
}

/// The change that an event means, if it is one. The objects of a list come one by one: `listed`
/// collects them until the list is complete.
fn change(kind: &Kind, event: Event<DynamicObject>, listed: &mut Vec<Item>) -> Option<Change> {
    match event {
        Event::Init => {
            listed.clear();
            None
        }
        Event::InitApply(object) => {
            listed.extend(reduce(kind, &object));
            None
        }
        Event::InitDone => Some(Change::Listed(std::mem::take(listed))),
        Event::Apply(object) => reduce(kind, &object).map(Change::Applied),
        Event::Delete(object) => reduce(kind, &object).map(Change::Deleted),
    }
}

/// Whether the API server does not serve the kind any more.
fn is_gone(error: &watcher::Error) -> bool {
    matches!(cause(error), Some(kube::Error::Api(status)) if status.code == 404)
}

fn warn_about(kind: &Kind, error: &watcher::Error) {
    let (error, advice) = match cause(error) {
        Some(cause) => (describe(cause), advice(cause)),
        None => (describe(error), RETRIED),
    };
    warn!(kind = kind.name, error, advice, "can't watch");
}

/// The error of the request, for which there is advice.
fn cause(error: &watcher::Error) -> Option<&kube::Error> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => Some(error),
        _ => None,
    }
}

/// Reduces an object to the fields that are read. An object that cannot be parsed is skipped.
fn reduce(kind: &Kind, object: &DynamicObject) -> Option<Item> {
    let item = serde_json::to_value(object).and_then(|value| (kind.read)(kind.name, &value));
    let name = object.metadata.name.as_deref().unwrap_or_default();
    item.inspect_err(|error| warn!(kind = kind.name, name, %error, "can't parse the object"))
        .ok()
}
