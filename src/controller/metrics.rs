//! What is counted, as Prometheus reads it.

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::controller::kinds::KINDS;

/// The numbers.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Whether this controller is the one that writes.
    pub(crate) leader: Gauge,
    /// The kinds that have not been listed yet.
    pub(crate) unlisted: Gauge,
    /// The Workspaces, by what `Ready` and its reason say.
    workspaces: Family<[(&'static str, String); 2], Gauge>,
    /// Workspaces whose status somebody else writes.
    pub(crate) rivals: Gauge,
    /// Objects whose Workspace is gone.
    pub(crate) orphans: Gauge,
    changes: Family<[(&'static str, &'static str); 1], Counter>,
    writes: Family<[(&'static str, &'static str); 1], Counter>,
    /// How long it took from a change to the decision, in seconds.
    pub(crate) decided: Histogram,
    /// How long it took from a change to the written status, in seconds.
    pub(crate) written: Histogram,
}

/// The answer `Ready` of a Workspace: the status and the reason.
pub(crate) type ReadyState = (String, String);

impl Metrics {
    /// Nothing has been counted.
    pub(crate) fn new() -> Self {
        let [decided, written] =
            [(); 2].map(|()| Histogram::new(exponential_buckets(0.125, 2.0, 12)));
        let mut this = Self {
            registry: Registry::with_prefix("kaito_render"),
            leader: Gauge::default(),
            unlisted: Gauge::default(),
            workspaces: Family::default(),
            rivals: Gauge::default(),
            orphans: Gauge::default(),
            changes: Family::default(),
            writes: Family::default(),
            decided,
            written,
        };
        let to = &mut this.registry;
        to.register(
            "leader",
            "Whether this controller is the one that writes",
            this.leader.clone(),
        );
        to.register(
            "unlisted",
            "Kinds of objects that have not been listed yet",
            this.unlisted.clone(),
        );
        to.register(
            "workspaces",
            "Workspaces by their condition Ready",
            this.workspaces.clone(),
        );
        let left = "Workspaces that are left alone: somebody else writes their status";
        to.register("rivals", left, this.rivals.clone());
        to.register(
            "orphans",
            "Objects whose Workspace is gone",
            this.orphans.clone(),
        );
        to.register(
            "changes",
            "Changes of objects that were seen, by kind",
            this.changes.clone(),
        );
        to.register(
            "status_writes",
            "Writes to the status of Workspaces, by result",
            this.writes.clone(),
        );
        to.register(
            "decided_after_seconds",
            "From a change to the decision",
            this.decided.clone(),
        );
        to.register(
            "written_after_seconds",
            "From a change to the written status",
            this.written.clone(),
        );
        // A result that has not happened yet is none, not absent.
        for result in ["written", "conflict", "failed"] {
            let _ = this.writes.get_or_create(&[("result", result)]);
        }
        this.unlisted
            .set(i64::try_from(KINDS.len()).unwrap_or(i64::MAX));
        this
    }

    /// Counts a change of a kind of objects.
    pub(crate) fn changed(&self, kind: &'static str) {
        self.changes.get_or_create(&[("kind", kind)]).inc();
    }

    /// Counts a write.
    pub(crate) fn wrote(&self, result: &'static str) {
        self.writes.get_or_create(&[("result", result)]).inc();
    }

    /// Counts a Workspace under its new answer instead of its old one.
    pub(crate) fn answers(&self, before: Option<ReadyState>, after: Option<ReadyState>) {
        let labels = |(ready, reason): ReadyState| [("ready", ready), ("reason", reason)];
        if let Some(after) = after.map(labels) {
            self.workspaces.get_or_create(&after).inc();
        }
        if let Some(before) = before.map(labels) {
            let left = self.workspaces.get_or_create(&before).dec() - 1;
            if left == 0 {
                self.workspaces.remove(&before);
            }
        }
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a text never fails.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn a_workspace_is_counted_under_its_last_answer_alone() {
        let metrics = Metrics::new();
        let answer = |reason: &str| Some(("False".to_owned(), reason.to_owned()));
        metrics.answers(None, answer("Waiting"));
        metrics.answers(None, answer("Waiting"));
        metrics.answers(answer("Waiting"), answer("Stuck"));
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
        metrics.answers(answer("Stuck"), None);
        assert_eq!(lines(), [line("Waiting")].into());
    }
}
