//! The reconciler: takes in changes, reconciles the Workspaces that they affect, and writes the
//! statuses that differ.
//!
//! One loop owns all state, on one thread and without locks. It is level-triggered: it decides
//! from the state of the cluster, not from the change that was the reason, so no change can be
//! missed.
//!
//! Uses [`crate::status`] and the rest of the controller; [`super`] runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{LocalBoxFuture, pending};
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use kube::Client;
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use crate::catalogue::library::Library;
use crate::catalogue::release;
use crate::controller::item::Change;
use crate::controller::kinds::Kind;
use crate::controller::lease::LeadsUntil;
use crate::controller::metrics::{Metrics, ReadyState, WriteResult};
use crate::controller::queue::{Queue, back_off};
use crate::controller::store::Store;
use crate::controller::system::{now, random};
use crate::controller::watch::Scope;
use crate::controller::write::{self, Outcome};
use crate::status::index::NamespacedName;
use crate::status::observed::Observed;
use crate::status::{self, Status, Tables};

/// How long changes of a Workspace are batched before it is reconciled: an applied Workspace
/// brings a dozen of them.
const BATCH_DELAY: Duration = Duration::from_millis(500);

/// How many writes may be in flight at a time.
const MAX_WRITES: usize = 16;

/// The state of the loop.
struct Reconciler {
    client: Client,
    tables: Tables,
    metrics: Rc<Metrics>,
    scope: Scope,
    leads_until: watch::Receiver<LeadsUntil>,
    store: Store,
    queue: Queue,
    writes: FuturesUnordered<LocalBoxFuture<'static, Write>>,
    /// The Workspaces whose status is being written.
    writing: BTreeSet<NamespacedName>,
    /// The Workspaces whose last write failed.
    back_offs: BTreeMap<NamespacedName, BackOff>,
    /// The Workspaces whose status differs, but which only the leader may write.
    unwritten: BTreeSet<NamespacedName>,
    /// What the metric of each Workspace counts.
    ready_states: BTreeMap<NamespacedName, ReadyState>,
    /// The Workspaces whose status another client writes.
    conflicts: BTreeSet<NamespacedName>,
}

/// A write that has ended.
struct Write {
    name: NamespacedName,
    /// The time of the first change that was the reason.
    since: Option<Instant>,
    outcome: Outcome,
}

/// How long a Workspace is not written after failed writes.
#[derive(Clone, Copy)]
struct BackOff {
    failures: u32,
    until: Instant,
}

/// Another client that writes a status.
struct Conflict {
    /// The field manager of the client.
    writer: String,
    /// Until when it counts as a writer.
    until: Timestamp,
}

/// Takes in changes and reconciles what they affect, as long as the program runs.
pub(crate) async fn run(
    client: Client,
    mut changes: Receiver<(&'static Kind, Change)>,
    scope: Scope,
    leads_until: watch::Receiver<LeadsUntil>,
    metrics: Rc<Metrics>,
) {
    let mut this = Reconciler {
        client,
        tables: release::condition_tables(&Library::embedded()),
        metrics,
        scope,
        leads_until,
        store: Store::default(),
        queue: Queue::default(),
        writes: FuturesUnordered::new(),
        writing: BTreeSet::new(),
        back_offs: BTreeMap::new(),
        unwritten: BTreeSet::new(),
        ready_states: BTreeMap::new(),
        conflicts: BTreeSet::new(),
    };
    loop {
        let due = this.queue.next().filter(|_| this.may_reconcile());
        let due = async {
            match due {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        // The watches and the election never end, so their channels stay open.
        tokio::select! {
            Some((kind, change)) = changes.recv() => this.handle_change(kind, change),
            Some(write) = this.writes.next() => this.finish_write(write),
            Ok(()) = this.leads_until.changed() => this.handle_leadership(),
            () = due => this.reconcile_next(),
        }
    }
}

impl Reconciler {
    /// Before all kinds are synced nothing can be decided, and while no further write may start,
    /// a decision would be outdated when it is written.
    fn may_reconcile(&self) -> bool {
        self.store.is_synced() && self.writes.len() < MAX_WRITES
    }

    fn leads(&self) -> bool {
        let leads_until = *self.leads_until.borrow();
        leads_until.is_some_and(|until| Instant::now() < until)
    }

    fn handle_change(&mut self, kind: &'static Kind, change: Change) {
        self.metrics.count_change(kind.name);
        let now = Instant::now();
        for name in self.store.change(kind, change) {
            self.queue.add(name, now + BATCH_DELAY, Some(now));
        }
        let unsynced = self.store.unsynced_kinds().count();
        self.metrics.set_unsynced_kinds(unsynced);
        // With a selector, or before all kinds are synced, a Workspace that is not known may exist.
        if self.scope.selector.is_none() && self.store.is_synced() {
            let orphans = self.store.orphans(self.scope.namespace.as_deref());
            self.metrics.set_orphans(orphans);
        }
    }

    /// A new leader reconciles what no leader may have written yet.
    fn handle_leadership(&mut self) {
        let leads = self.leads();
        self.metrics.set_leader(leads);
        if leads {
            let now = Instant::now();
            for name in std::mem::take(&mut self.unwritten) {
                self.queue.add(name, now, None);
            }
        }
    }

    fn reconcile_next(&mut self) {
        let now = Instant::now();
        let Some((name, since)) = self.queue.take(now) else {
            return;
        };
        // A write that is in flight changes the Workspace, so the decision has to wait for it.
        if self.writing.contains(&name) {
            return self.queue.add(name, now + BATCH_DELAY, since);
        }
        match self.back_offs.get(&name) {
            Some(back_off) if back_off.until > now => self.queue.add(name, back_off.until, since),
            _ => self.reconcile(name, since),
        }
    }

    /// Decides the status of a Workspace, and writes it if it differs.
    fn reconcile(&mut self, name: NamespacedName, since: Option<Instant>) {
        let Some(tracked) = self.store.workspaces.get(&name) else {
            return self.forget(&name);
        };
        let now = now();
        let workspace = &tracked.workspace;
        let observed = Observed::of(workspace, &self.store.cluster, now);
        let status = status::decide(&observed, &self.tables);
        let ready = ready_state(&status);
        let patch = status.patch(&workspace.status, workspace.metadata.generation, now);
        let conflict = tracked.foreign_write.as_ref().and_then(|write| {
            let until = write.until(now)?;
            let writer = write.manager.clone();
            Some(Conflict { writer, until })
        });
        let until = conflict.as_ref().map(|conflict| conflict.until);
        let next = observed.next().into_iter().chain(until).min();

        if let Some(since) = since {
            self.metrics.decided.observe(since.elapsed().as_secs_f64());
        }
        self.count_ready_state(&name, ready);
        // Also where nothing is written now: a deadline, or the silence of another writer, may
        // change that.
        self.requeue(&name, next, now);
        let may_write = conflict.is_none();
        self.track_conflict(&name, conflict);
        self.unwritten.remove(&name);
        match patch {
            None => drop(self.back_offs.remove(&name)),
            Some(_) if !may_write => {}
            Some(patch) if self.leads() => self.start_write(name, since, patch),
            Some(_) => drop(self.unwritten.insert(name)),
        }
    }

    fn count_ready_state(&mut self, name: &NamespacedName, new: Option<ReadyState>) {
        let old = match new.clone() {
            Some(new) => self.ready_states.insert(name.clone(), new),
            None => self.ready_states.remove(name),
        };
        self.metrics.count_workspace(old, new);
    }

    /// Requeues a Workspace for the time at which its status may change although no object does.
    fn requeue(&mut self, name: &NamespacedName, next: Option<Timestamp>, now: Timestamp) {
        let delay = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
        if let Some(delay) = delay {
            self.queue.add(name.clone(), Instant::now() + delay, None);
        }
    }

    /// Records whether another client writes a status, and warns when one starts to.
    fn track_conflict(&mut self, name: &NamespacedName, conflict: Option<Conflict>) {
        match conflict {
            None => drop(self.conflicts.remove(name)),
            Some(Conflict { writer, .. }) => {
                if self.conflicts.insert(name.clone()) {
                    let NamespacedName { namespace, name } = name;
                    let advice = "this controller does not write it until ten minutes after the client's last write; if the \
                                  client is KAITO's operator, uninstall it";
                    warn!(
                        namespace,
                        name, writer, advice, "another client writes this status"
                    );
                }
            }
        }
        self.metrics.set_conflicting_writers(self.conflicts.len());
    }

    fn start_write(
        &mut self,
        name: NamespacedName,
        since: Option<Instant>,
        patch: serde_json::Value,
    ) {
        let Some(tracked) = self.store.workspaces.get(&name) else {
            return;
        };
        let leads_until = *self.leads_until.borrow();
        let write = write::status(&self.client, tracked, &name, patch, leads_until);
        self.writing.insert(name.clone());
        self.writes.push(Box::pin(async move {
            let outcome = write.await;
            Write {
                name,
                since,
                outcome,
            }
        }));
    }

    /// Forgets a Workspace that was deleted.
    fn forget(&mut self, name: &NamespacedName) {
        self.back_offs.remove(name);
        self.unwritten.remove(name);
        self.count_ready_state(name, None);
        self.track_conflict(name, None);
    }

    /// Takes in the result of a write. After a failure, the Workspace is reconciled anew, as it is
    /// by then.
    fn finish_write(&mut self, write: Write) {
        let Write {
            name,
            since,
            outcome,
        } = write;
        self.writing.remove(&name);
        match outcome {
            Outcome::Written { workspace, status } => {
                info!(namespace = name.namespace, name = name.name, %status, "wrote the status");
                self.metrics.count_write(WriteResult::Written);
                if let Some(since) = since {
                    self.metrics.written.observe(since.elapsed().as_secs_f64());
                }
                self.back_offs.remove(&name);
                if let Some(workspace) = workspace {
                    self.store.written(*workspace);
                }
            }
            Outcome::Conflict => {
                self.metrics.count_write(WriteResult::Conflict);
                self.retry(name, since);
            }
            Outcome::Failed { error, advice } => {
                self.metrics.count_write(WriteResult::Failed);
                let NamespacedName {
                    namespace,
                    name: it,
                } = &name;
                warn!(
                    namespace,
                    name = it,
                    error,
                    advice,
                    "can't write the status"
                );
                self.retry(name, since);
            }
        }
    }

    /// Requeues a Workspace with exponential back-off.
    fn retry(&mut self, name: NamespacedName, since: Option<Instant>) {
        let failures = self.back_offs.get(&name).map_or(0, |it| it.failures);
        let failures = failures.saturating_add(1);
        let until = Instant::now() + back_off(failures, random());
        let back_off = BackOff { failures, until };
        self.back_offs.insert(name.clone(), back_off);
        self.queue.add(name, until, since);
    }
}

/// The status and the reason of the condition `Ready`.
fn ready_state(status: &Status) -> Option<ReadyState> {
    let ready = status.condition("Ready")?;
    Some((ready.status.name(), ready.reason.clone()))
}
