//! What is counted, as Prometheus reads it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// The numbers; all tasks run on one thread.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Whether everything has been listed.
    pub(crate) is_ready: Cell<bool>,
    /// The Workspaces, by what `Ready` and its reason say.
    pub(crate) workspaces: RefCell<BTreeMap<(String, String), u64>>,
    /// Writes that succeeded.
    pub(crate) written: Cell<u64>,
    /// Writes that came too late, because the Workspace had changed.
    pub(crate) conflicts: Cell<u64>,
    /// Writes that failed.
    pub(crate) failed: Cell<u64>,
    /// Workspaces whose status somebody else writes.
    pub(crate) rivals: Cell<usize>,
    /// Node objects whose Workspace is gone.
    pub(crate) orphans: Cell<usize>,
}

/// Counts one more.
pub(crate) fn count(number: &Cell<u64>) {
    number.set(number.get().saturating_add(1));
}

impl Metrics {
    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, u64)]| {
            text += &format!("# HELP kaito_render_{name} {help}\n# TYPE kaito_render_{name} {kind}\n");
            for (labels, value) in samples {
                text += &format!("kaito_render_{name}{labels} {value}\n");
            }
        };
        let workspaces = self.workspaces.borrow();
        let by_state = workspaces
            .iter()
            .map(|((ready, reason), number)| (format!("{{ready=\"{ready}\",reason=\"{reason}\"}}"), *number));
        family("workspaces", "gauge", "Workspaces by their condition Ready.", &by_state.collect::<Vec<_>>());
        let results = [("written", &self.written), ("conflict", &self.conflicts), ("failed", &self.failed)];
        let writes = results.map(|(result, number)| (format!("{{result=\"{result}\"}}"), number.get()));
        family("status_writes_total", "counter", "Writes to the status of Workspaces.", &writes);
        let one = |number: &Cell<usize>| [(String::new(), u64::try_from(number.get()).unwrap_or(u64::MAX))];
        family(
            "rivals",
            "gauge",
            "Workspaces that are left alone: somebody else writes their status.",
            &one(&self.rivals),
        );
        family("orphans", "gauge", "Node objects whose Workspace is gone.", &one(&self.orphans));
        text
    }
}
