//! The loop: takes in what has changed, looks at the Workspaces that it concerns, and has written
//! what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use crate::catalogue::library::Library;
use crate::catalogue::release;
use crate::status::observed::Observed;
use crate::status::{self, Status, Tables};
use futures::StreamExt;
use futures::future::{LocalBoxFuture, pending};
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use kube::Client;
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tracing::{info, warn};

use crate::controller::chance;
use crate::controller::kinds::Kind;
use crate::controller::lease::Until;
use crate::controller::metrics::{Metrics, ReadyState};
use crate::controller::queue::{Queue, back_off};
use crate::controller::store::{Change, Name, Store, TrackedWorkspace};
use crate::controller::watch::Scope;
use crate::controller::write::{self, Outcome};

/// How long changes are gathered before they are looked at.
const GATHERING: Duration = Duration::from_millis(500);

/// How many writes may be under way at a time.
const WRITES: usize = 16;

struct Loop {
    client: Client,
    tables: Tables,
    store: Store,
    queue: Queue,
    writes: FuturesUnordered<LocalBoxFuture<'static, Written>>,
    writing: BTreeSet<Name>,
    /// How often writing has failed, and until when it is left.
    failures: BTreeMap<Name, (u32, Instant)>,
    /// Those that want a write which is the leader's to make.
    unwritten: BTreeSet<Name>,
    /// What was last counted.
    answers: BTreeMap<Name, ReadyState>,
    /// The Workspaces that somebody else writes to.
    rivals: BTreeSet<Name>,
    metrics: Rc<Metrics>,
    scope: Scope,
    until: watch::Receiver<Until>,
}

/// How a write went.
struct Written {
    name: Name,
    /// Since when something is different.
    since: Option<Instant>,
    outcome: Outcome,
}

/// Runs for ever.
pub(crate) async fn run(
    client: Client,
    mut changes: Receiver<(&'static Kind, Change)>,
    scope: Scope,
    until: watch::Receiver<Until>,
    metrics: Rc<Metrics>,
) {
    let mut this = Loop {
        client,
        tables: release::condition_tables(&Library::embedded()),
        store: Store::default(),
        queue: Queue::default(),
        writes: FuturesUnordered::new(),
        writing: BTreeSet::new(),
        failures: BTreeMap::new(),
        unwritten: BTreeSet::new(),
        answers: BTreeMap::new(),
        rivals: BTreeSet::new(),
        metrics,
        scope,
        until,
    };
    loop {
        let due = this.queue.next().filter(|_| this.may_look());
        let due = async {
            match due {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        // The watches and the election never end.
        tokio::select! {
            Some((kind, change)) = changes.recv() => this.take_in(kind, change),
            Some(written) = this.writes.next() => this.finish(written),
            Ok(()) = this.until.changed() => this.lead(),
            () = due => this.look_at_next(),
        }
    }
}

impl Loop {
    /// Nothing can be decided before everything has been listed, and nothing needs to be while
    /// nothing more can be written.
    fn may_look(&self) -> bool {
        self.store.missing().next().is_none() && self.writes.len() < WRITES
    }

    fn take_in(&mut self, kind: &'static Kind, change: Change) {
        self.metrics.changed(kind.name);
        let now = Instant::now();
        for name in self.store.change(kind, change) {
            self.queue.add(name, now + GATHERING, Some(now));
        }
        self.metrics
            .unlisted
            .set(i64::try_from(self.store.missing().count()).unwrap_or(i64::MAX));
        // By a selector, or before all are listed, not all Workspaces are seen: then nobody knows
        // which are gone.
        if self.scope.selector.is_none() && self.store.missing().next().is_none() {
            let orphans = self.store.orphans(self.scope.namespace.as_deref());
            self.metrics
                .orphans
                .set(i64::try_from(orphans).unwrap_or(i64::MAX));
        }
    }

    /// Whoever leads writes what nobody may have written yet.
    fn lead(&mut self) {
        let leads = self.leads();
        self.metrics.leader.set(i64::from(leads));
        if leads {
            let now = Instant::now();
            for name in std::mem::take(&mut self.unwritten) {
                self.queue.add(name, now, None);
            }
        }
    }

    fn leads(&self) -> bool {
        self.until
            .borrow()
            .is_some_and(|until| Instant::now() < until)
    }

    fn look_at_next(&mut self) {
        let now = Instant::now();
        let Some((name, since)) = self.queue.take(now) else {
            return;
        };
        if self.writing.contains(&name) {
            return self.queue.add(name, now + GATHERING, since);
        }
        match self.failures.get(&name) {
            Some((_, until)) if *until > now => self.queue.add(name, *until, since),
            _ => self.look_at(name, since),
        }
    }

    /// Decides about a Workspace, and has that written where it differs.
    fn look_at(&mut self, name: Name, since: Option<Instant>) {
        let Some(held) = self.store.workspaces.get(&name) else {
            return self.forget(&name);
        };
        let now = now();
        let observed = Observed::of(&held.workspace, &self.store.world, now);
        let status = status::decide(&observed, &self.tables);
        let answer = ready(&status);
        let patch = status.patch(
            &held.workspace.status,
            held.workspace.metadata.generation,
            now,
        );
        let write = patch
            .map(|patch| write::status(&self.client, held, &name, patch, *self.until.borrow()));
        let rival = rival(held, now);
        let next = observed
            .next()
            .into_iter()
            .chain(rival.as_ref().map(|(_, until)| *until))
            .min();

        if let Some(since) = since {
            self.metrics.decided.observe(since.elapsed().as_secs_f64());
        }
        let before = answer
            .clone()
            .and_then(|answer| self.answers.insert(name.clone(), answer));
        self.metrics.answers(before, answer);
        let is_left = rival.is_some();
        self.heed(&name, rival.map(|(manager, _)| manager));
        if let Some(wait) = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok())
        {
            self.queue.add(name.clone(), Instant::now() + wait, None);
        }
        self.unwritten.remove(&name);
        match write {
            None => drop(self.failures.remove(&name)),
            Some(_) if is_left => {}
            Some(write) if self.leads() => {
                self.writing.insert(name.clone());
                self.writes.push(Box::pin(async move {
                    Written {
                        outcome: write.await,
                        name,
                        since,
                    }
                }));
            }
            Some(_) => drop(self.unwritten.insert(name)),
        }
    }

    /// Says so when somebody begins to write to a status, and remembers whether somebody does.
    fn heed(&mut self, name: &Name, rival: Option<String>) {
        match rival {
            None => {
                self.rivals.remove(name);
            }
            Some(writer) if self.rivals.insert(name.clone()) => {
                let (namespace, name) = name;
                let advice = "left alone until ten minutes after its last write; if it is KAITO's operator, uninstall it";
                warn!(
                    namespace,
                    name, writer, advice, "somebody else writes this status"
                );
            }
            Some(_) => {}
        }
        self.metrics
            .rivals
            .set(i64::try_from(self.rivals.len()).unwrap_or(i64::MAX));
    }

    /// Forgets a Workspace that is gone.
    fn forget(&mut self, name: &Name) {
        self.failures.remove(name);
        self.unwritten.remove(name);
        self.metrics.answers(self.answers.remove(name), None);
        self.heed(name, None);
    }

    /// Takes in how a write went. After one that has failed, the Workspace is looked at anew, as it
    /// is by then.
    fn finish(&mut self, written: Written) {
        let Written {
            name,
            since,
            outcome,
        } = written;
        self.writing.remove(&name);
        let (namespace, named) = &name;
        let now = Instant::now();
        match outcome {
            Outcome::Written(held, status) => {
                info!(namespace, name = named, status = %status, "written");
                self.metrics.wrote("written");
                if let Some(since) = since {
                    self.metrics.written.observe(since.elapsed().as_secs_f64());
                }
                self.failures.remove(&name);
                if let Some(held) = held {
                    self.store.written(*held);
                }
                return;
            }
            Outcome::Conflict => self.metrics.wrote("conflict"),
            Outcome::Failed { error, advice } => {
                self.metrics.wrote("failed");
                warn!(namespace, name = named, error, advice, "can't write");
            }
        }
        let (failures, _) = self.failures.get(&name).copied().unwrap_or((0, now));
        let failures = failures.saturating_add(1);
        let until = now + back_off(failures, chance());
        self.failures.insert(name.clone(), (failures, until));
        self.queue.add(name, until, since);
    }
}

/// What the condition `Ready` says.
fn ready(status: &Status) -> Option<ReadyState> {
    let ready = status
        .answers
        .iter()
        .find(|answer| answer.kind == "Ready")?;
    Some((format!("{:?}", ready.status), ready.reason.clone()))
}

/// Who else writes to a status, and until when that counts.
fn rival(held: &TrackedWorkspace, now: Timestamp) -> Option<(String, Timestamp)> {
    let write = held.foreign.as_ref()?;
    let until = write.until().filter(|until| *until > now)?;
    Some((write.manager.clone(), until))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the controller reads the clock for the library"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
