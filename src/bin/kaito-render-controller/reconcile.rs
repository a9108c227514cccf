//! The loop: looks at all Workspaces when something has changed, and writes what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use kaito_render::library::Library;
use kaito_render::release;
use kaito_render::status::observed::Observed;
use kaito_render::status::{self, Tables};
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tracing::{info, warn};

use crate::kinds::Kind;
use crate::metrics::{Metrics, count};
use crate::rival::MANAGER;
use crate::store::{Change, Held, Item, Store};
use crate::watch::Scope;

/// How long changes are gathered before they are looked at.
const GATHERING: Duration = Duration::from_millis(500);

/// How long it takes at most until time alone changes an answer, or a failed write is tried again.
const CLOCK: Duration = Duration::from_secs(30);

struct Loop {
    client: Client,
    tables: Tables,
    store: Store,
    /// The Workspaces that somebody else writes to.
    rivals: BTreeSet<(String, String)>,
    metrics: Rc<Metrics>,
    scope: Scope,
}

/// Runs for ever.
pub(crate) async fn run(
    client: Client,
    mut changes: Receiver<(&'static Kind, Change)>,
    scope: Scope,
    metrics: Rc<Metrics>,
) {
    let tables = release::condition_tables(&Library::embedded());
    let mut this = Loop { client, tables, store: Store::default(), rivals: BTreeSet::new(), metrics, scope };
    loop {
        // The watches never end: without a change for a while it is the clock that may have changed something.
        if let Ok(Some((kind, change))) = tokio::time::timeout(CLOCK, changes.recv()).await {
            this.store.change(kind, change);
            tokio::time::sleep(GATHERING).await;
        }
        while let Ok((kind, change)) = changes.try_recv() {
            this.store.change(kind, change);
        }
        this.sweep().await;
    }
}

impl Loop {
    /// Looks at every Workspace, once everything has been listed.
    async fn sweep(&mut self) {
        let is_complete = self.store.is_complete();
        self.metrics.is_ready.set(is_complete);
        if !is_complete {
            return;
        }
        let now = now();
        let mut counts = BTreeMap::<_, u64>::new();
        let mut patches = Vec::new();
        for (key, held) in &self.store.workspaces {
            let status = status::decide(&Observed::of(&held.workspace, &self.store.world, now), &self.tables);
            if let Some(ready) = status.answers.iter().find(|answer| answer.kind == "Ready") {
                *counts.entry((format!("{:?}", ready.status), ready.reason.clone())).or_default() += 1;
            }
            let patch = status.patch(&held.workspace.status, held.workspace.metadata.generation, now);
            patches.extend(patch.map(|patch| (key.clone(), patch)));
        }
        self.metrics.workspaces.replace(counts);
        // By a selector, not all Workspaces are seen: then nobody knows which are gone.
        if self.scope.selector.is_none() {
            self.metrics.orphans.set(self.store.orphans(self.scope.namespace.as_deref()));
        }
        self.watch_rivals(now);
        for (key, patch) in patches {
            if !self.rivals.contains(&key) {
                self.write(&key, patch).await;
            }
        }
    }

    fn watch_rivals(&mut self, now: Timestamp) {
        let mut rivals = BTreeSet::new();
        for (key, held) in &self.store.workspaces {
            if let Some(write) = held.foreign.as_ref().filter(|write| write.is_recent(now)) {
                if !self.rivals.contains(key) {
                    let (namespace, name) = key;
                    let advice =
                        "left alone until ten minutes after its last write; if it is KAITO's operator, uninstall it";
                    warn!(namespace, name, writer = write.manager, advice, "somebody else writes this status");
                }
                rivals.insert(key.clone());
            }
        }
        self.metrics.rivals.set(rivals.len());
        self.rivals = rivals;
    }

    /// Writes a status. A Workspace that has changed meanwhile comes by its watch, and is looked at anew.
    async fn write(&mut self, key: &(String, String), mut patch: Value) {
        let Some(held) = self.store.workspaces.get(key) else { return };
        patch["metadata"] = json!({"resourceVersion": held.resource_version});
        let (namespace, name) = key;
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        match api(&self.client, held, namespace).patch_status(name, &params, &Patch::Merge(&patch)).await {
            Ok(object) => {
                count(&self.metrics.written);
                info!(namespace, name, status = %patch["status"], "written");
                if let Ok(held) = serde_json::to_value(&object).and_then(|value| Held::read(&value)) {
                    self.store.apply(Item::Workspace(Box::new(held)));
                }
            }
            Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => count(&self.metrics.conflicts),
            Err(error) => {
                count(&self.metrics.failed);
                warn!(namespace, name, error = format!("{error:#}"), "can't write");
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the controller reads the clock for the library")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn api(client: &Client, held: &Held, namespace: &str) -> Api<DynamicObject> {
    let version = held.api_version.rsplit('/').next().unwrap_or_default();
    let kind = GroupVersionKind::gvk("kaito.sh", version, "Workspace");
    Api::namespaced_with(client.clone(), namespace, &ApiResource::from_gvk_with_plural(&kind, "workspaces"))
}
