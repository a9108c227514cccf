//! Watches one kind, and tells what happens to its objects.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, discovery};
use tokio::sync::mpsc::Sender;
use tracing::{info, warn};

use crate::controller::errors::{advice, describe};
use crate::controller::kinds::Kind;
use crate::controller::store::{Change, Item};

/// How long it takes at most until a CRD that was installed is found.
const REDISCOVERY: Duration = Duration::from_secs(30);

/// What is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// This namespace alone.
    pub(crate) namespace: Option<String>,
    /// The Workspaces of these labels alone.
    pub(crate) selector: Option<String>,
}

/// Where changes go, each with its kind.
pub(crate) type Changes = Sender<(&'static Kind, Change)>;

/// Watches a kind for ever; while it does not exist, looks for it again and again.
pub(crate) async fn watch(client: Client, kind: &'static Kind, scope: Scope, changes: Changes) {
    let mut was_absent = false;
    loop {
        match resource(&client, kind).await {
            Ok(Some(resource)) => {
                info!(
                    kind = kind.name,
                    api_version = resource.api_version,
                    "watching"
                );
                was_absent = false;
                follow(
                    api(&client, kind, &scope, &resource),
                    kind,
                    &scope,
                    &changes,
                )
                .await;
            }
            Ok(None) => {
                if !was_absent {
                    info!(kind = kind.name, "no such kind here");
                    was_absent = true;
                    drop(changes.send((kind, Change::Absent)).await);
                }
            }
            Err(error) => {
                let advice = advice(&error);
                warn!(
                    kind = kind.name,
                    error = describe(&error),
                    advice,
                    "can't ask which kinds there are"
                );
            }
        }
        tokio::time::sleep(REDISCOVERY).await;
    }
}

/// How a kind is called here; none if it does not exist.
async fn resource(client: &Client, kind: &Kind) -> kube::Result<Option<ApiResource>> {
    let named = |version: &str| {
        ApiResource::from_gvk_with_plural(
            &GroupVersionKind::gvk(kind.group, version, kind.name),
            kind.plural,
        )
    };
    if !kind.is_custom() {
        return Ok(kind.versions.first().map(|version| named(version)));
    }
    let group = match discovery::group(client, kind.group).await {
        Ok(group) => group,
        Err(kube::Error::Discovery(kube::error::DiscoveryError::MissingApiGroup(_))) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let is_served = |version: &&&str| {
        group
            .versioned_resources(version)
            .iter()
            .any(|(resource, _)| resource.kind == kind.name)
    };
    Ok(kind
        .versions
        .iter()
        .find(is_served)
        .map(|version| named(version)))
}

fn api(client: &Client, kind: &Kind, scope: &Scope, resource: &ApiResource) -> Api<DynamicObject> {
    match &scope.namespace {
        Some(namespace) if kind.namespaced => {
            Api::namespaced_with(client.clone(), namespace, resource)
        }
        _ => Api::all_with(client.clone(), resource),
    }
}

/// Tells what happens until the kind is gone.
async fn follow(api: Api<DynamicObject>, kind: &'static Kind, scope: &Scope, changes: &Changes) {
    let labels = scope
        .selector
        .as_deref()
        .filter(|_| kind.name == "Workspace")
        .or(kind.labels);
    let config = watcher::Config {
        label_selector: labels.map(str::to_owned),
        field_selector: kind.fields.map(str::to_owned),
        ..watcher::Config::default()
    };
    let mut events = watcher(api, config).default_backoff().boxed_local();
    let mut listed = Vec::new();
    loop {
        let change = match events.try_next().await {
            Ok(Some(Event::Init)) => {
                listed.clear();
                continue;
            }
            Ok(Some(Event::InitApply(object))) => {
                listed.extend(reduce(kind, &object));
                continue;
            }
            Ok(Some(Event::InitDone)) => Change::All(std::mem::take(&mut listed)),
            Ok(Some(Event::Apply(object))) => match reduce(kind, &object) {
                Some(item) => Change::Apply(item),
                None => continue,
            },
            Ok(Some(Event::Delete(object))) => match reduce(kind, &object) {
                Some(item) => Change::Delete(item),
                None => continue,
            },
            Ok(None) => return,
            Err(error) if is_gone(&error) => {
                info!(kind = kind.name, "the kind is gone");
                drop(changes.send((kind, Change::Absent)).await);
                return;
            }
            Err(error) => {
                let (error, advice) = match cause(&error) {
                    Some(cause) => (describe(cause), advice(cause)),
                    None => (describe(&error), "it is tried again"),
                };
                warn!(kind = kind.name, error, advice, "can't watch");
                continue;
            }
        };
        if changes.send((kind, change)).await.is_err() {
            return;
        }
    }
}

/// Whether the API server does not know the kind any more.
fn is_gone(error: &watcher::Error) -> bool {
    matches!(cause(error), Some(kube::Error::Api(status)) if status.code == 404)
}

/// What the API server said, or what went wrong on the way to it.
fn cause(error: &watcher::Error) -> Option<&kube::Error> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => Some(error),
        _ => None,
    }
}

/// An object without what nobody reads; none, and a log line, if it can't be understood.
fn reduce(kind: &Kind, object: &DynamicObject) -> Option<Item> {
    let read = serde_json::to_value(object).and_then(|value| (kind.read)(kind.name, &value));
    let name = object.metadata.name.as_deref().unwrap_or_default();
    read.inspect_err(|error| warn!(kind = kind.name, name, %error, "can't be read"))
        .ok()
}
