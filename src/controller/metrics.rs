//! The metrics of the controller, in Prometheus' format.
//!
//! Uses the controller's `kinds`; the reconciler counts, `serve` prints.

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::controller::kinds::KINDS;

/// All metrics. Each has the prefix `kaito_render_`; docs/controller.md describes them.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    leader: Gauge,
    unsynced_kinds: Gauge,
    workspaces: Family<[(&'static str, String); 2], Gauge>,
    conflicting_writers: Gauge,
    orphans: Gauge,
    changes: Family<[(&'static str, &'static str); 1], Counter>,
    status_writes: Family<[(&'static str, &'static str); 1], Counter>,
    /// From a change to the decision about its Workspace, in seconds.
    pub(crate) decided: Histogram,
    /// From a change to the status that was written because of it, in seconds.
    pub(crate) written: Histogram,
}

/// The status and the reason of a Workspace's condition `Ready`.
pub(crate) type ReadyState = (&'static str, String);

/// The results of a write, which are values of a label.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WriteResult {
    Written,
    Conflict,
    Failed,
}

impl WriteResult {
    const ALL: [Self; 3] = [Self::Written, Self::Conflict, Self::Failed];

    fn label(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
        }
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let [decided, written] =
            [(); 2].map(|()| Histogram::new(exponential_buckets(0.125, 2.0, 12)));
        let mut metrics = Self {
            registry: Registry::with_prefix("kaito_render"),
            leader: Gauge::default(),
            unsynced_kinds: Gauge::default(),
            workspaces: Family::default(),
            conflicting_writers: Gauge::default(),
            orphans: Gauge::default(),
            changes: Family::default(),
            status_writes: Family::default(),
            decided,
            written,
        };
        metrics.register();
        // A result that has not occurred yet is 0 rather than absent, so that rates can be taken.
        for result in WriteResult::ALL {
            let label = [("result", result.label())];
            let _ = metrics.status_writes.get_or_create(&label);
        }
        metrics.set_unsynced_kinds(KINDS.len());
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let help = "Whether this replica is the leader";
        registry.register("leader", help, self.leader.clone());
        let help = "Kinds of objects that have not been listed yet";
        registry.register("unsynced_kinds", help, self.unsynced_kinds.clone());
        let help = "Workspaces by their condition Ready";
        registry.register("workspaces", help, self.workspaces.clone());
        let help = "Workspaces whose status another client writes";
        registry.register(
            "conflicting_writers",
            help,
            self.conflicting_writers.clone(),
        );
        let help = "Node objects and workloads whose Workspace was deleted";
        registry.register("orphans", help, self.orphans.clone());
        let help = "Observed changes of objects by kind";
        registry.register("changes", help, self.changes.clone());
        let help = "Writes of the status of Workspaces by result";
        registry.register("status_writes", help, self.status_writes.clone());
        let help = "From a change to the decision about its Workspace";
        registry.register("decided_after_seconds", help, self.decided.clone());
        let help = "From a change to the status that was written because of it";
        registry.register("written_after_seconds", help, self.written.clone());
    }

    pub(crate) fn set_leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    pub(crate) fn set_unsynced_kinds(&self, count: usize) {
        self.unsynced_kinds.set(gauge(count));
    }

    /// Whether all kinds have been listed.
    pub(crate) fn is_synced(&self) -> bool {
        self.unsynced_kinds.get() == 0
    }

    pub(crate) fn set_conflicting_writers(&self, count: usize) {
        self.conflicting_writers.set(gauge(count));
    }

    pub(crate) fn set_orphans(&self, count: usize) {
        self.orphans.set(gauge(count));
    }

    pub(crate) fn count_change(&self, kind: &'static str) {
        self.changes.get_or_create(&[("kind", kind)]).inc();
    }

    pub(crate) fn count_write(&self, result: WriteResult) {
        let label = [("result", result.label())];
        self.status_writes.get_or_create(&label).inc();
    }

    /// Counts a Workspace under its new state instead of its old one.
    pub(crate) fn count_workspace(&self, old: Option<ReadyState>, new: Option<ReadyState>) {
        let labels =
            |(ready, reason): ReadyState| [("ready", ready.to_owned()), ("reason", reason)];
        if let Some(new) = new.map(labels) {
            self.workspaces.get_or_create(&new).inc();
        }
        if let Some(old) = old.map(labels) {
            // `dec` returns the value before.
            let left = self.workspaces.get_or_create(&old).dec() - 1;
            if left == 0 {
                self.workspaces.remove(&old);
            }
        }
    }

    /// All metrics as Prometheus scrapes them.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn a_workspace_is_counted_only_under_its_last_state() {
        let metrics = Metrics::new();
        let state = |reason: &str| Some(("False", reason.to_owned()));
        metrics.count_workspace(None, state("Waiting"));
        metrics.count_workspace(None, state("Waiting"));
        metrics.count_workspace(state("Waiting"), state("Stuck"));
        let lines = || {
            let text = metrics.text();
            let lines = text
                .lines()
                .filter(|line| line.starts_with("kaito_render_workspaces"));
            lines
                .map(str::to_owned)
                .collect::<std::collections::BTreeSet<_>>()
        };
        let line = |reason: &str| {
            format!("kaito_render_workspaces{{ready=\"False\",reason=\"{reason}\"}} 1")
        };
        assert_eq!(lines(), [line("Stuck"), line("Waiting")].into());
        metrics.count_workspace(state("Stuck"), None);
        assert_eq!(lines(), [line("Waiting")].into());
    }
}
