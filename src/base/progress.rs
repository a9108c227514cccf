//! How far a run has come, for whoever waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How far a run has come. Its threads count here; nothing of its result depends on it.
#[derive(Debug, Default)]
pub struct Progress {
    /// The files that are read.
    pub files: Steps,
    /// The Workspaces that are compiled, with the replicas of InferenceSets.
    pub workspaces: Steps,
}

/// Steps of one kind.
#[derive(Debug, Default)]
pub struct Steps {
    expected: AtomicUsize,
    done: AtomicUsize,
}

impl Steps {
    /// Says that so many more steps are to be done.
    pub fn expect(&self, count: usize) {
        self.expected.fetch_add(count, Ordering::Relaxed);
    }

    /// Says that one more step is done.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// How many steps are done, and of how many; none if it is not known of how many.
    #[must_use]
    pub fn count(&self) -> Option<(usize, usize)> {
        let expected = self.expected.load(Ordering::Relaxed);
        (expected > 0).then(|| (self.done.load(Ordering::Relaxed), expected))
    }
}
