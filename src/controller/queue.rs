//! The work queue: which Workspaces to reconcile, and when.
//!
//! Each Workspace is queued once, at the earliest of the times that were asked for, so a burst of
//! changes costs one reconciliation.
//!
//! Uses nothing else of the controller; the reconciler owns it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::status::index::NamespacedName;

/// The back-off after the first failure.
const MIN_BACK_OFF: Duration = Duration::from_millis(500);

/// The longest back-off, which repeated failures end at.
const MAX_BACK_OFF: Duration = Duration::from_secs(30);

/// The work queue: Workspaces in the order of the times to reconcile them.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    entries: BTreeMap<NamespacedName, Entry>,
    order: BTreeSet<(Instant, NamespacedName)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// When to reconcile.
    at: Instant,
    /// The time of the first change that has not been reconciled.
    since: Option<Instant>,
}

impl Queue {
    /// Queues a Workspace. `since` is the time of the change that is the reason, if a change is:
    /// the latency is measured from it.
    pub(crate) fn add(&mut self, name: NamespacedName, at: Instant, since: Option<Instant>) {
        let known = self.entries.get(&name).copied();
        let at = known.map_or(at, |known| known.at.min(at));
        let since = known
            .and_then(|known| known.since)
            .into_iter()
            .chain(since)
            .min();
        if let Some(known) = known {
            self.order.remove(&(known.at, name.clone()));
        }
        self.order.insert((at, name.clone()));
        self.entries.insert(name, Entry { at, since });
    }

    /// When the next Workspace is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes a Workspace that is due out of the queue, with the time of its first change.
    pub(crate) fn take(&mut self, now: Instant) -> Option<(NamespacedName, Option<Instant>)> {
        if self.next()? > now {
            return None;
        }
        let (_, name) = self.order.pop_first()?;
        let entry = self.entries.remove(&name);
        Some((name, entry.and_then(|entry| entry.since)))
    }
}

/// The delay after a number of failures in a row: it doubles with each of them. Random jitter
/// takes up to half of it off, so that Workspaces which failed together are not retried together.
pub(crate) fn back_off(failures: u32, random: u64) -> Duration {
    let longest = MIN_BACK_OFF
        .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)))
        .min(MAX_BACK_OFF);
    let half = u64::try_from(longest.as_millis() / 2).unwrap_or(u64::MAX);
    Duration::from_millis(half + random % (half + 1))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Queue, back_off};
    use crate::status::index::NamespacedName;

    fn name(name: &str) -> NamespacedName {
        NamespacedName::new("", name)
    }

    #[test]
    fn a_workspace_is_queued_once_at_its_earliest_time_and_keeps_its_first_change() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut queue = Queue::default();
        queue.add(name("a"), at(900), None);
        queue.add(name("a"), at(2), Some(at(1)));
        queue.add(name("a"), at(5), Some(at(4)));
        queue.add(name("b"), at(3), None);
        assert_eq!(queue.next(), Some(at(2)));
        assert_eq!(queue.take(at(1)), None);
        assert_eq!(queue.take(at(9)), Some((name("a"), Some(at(1)))));
        assert_eq!(queue.take(at(9)), Some((name("b"), None)));
        assert_eq!((queue.take(at(9999)), queue.next()), (None, None));
    }

    #[test]
    fn back_off_doubles_up_to_half_a_minute_and_half_of_it_is_random() {
        for (failures, most) in [
            (1, 500),
            (2, 1000),
            (4, 4000),
            (7, 30_000),
            (u32::MAX, 30_000),
        ] {
            for (random, expected) in [(0, most / 2), (most / 2, most), (u64::MAX, most)] {
                let waited = back_off(failures, random).as_millis();
                let bounds = u128::from(most / 2)..=u128::from(most);
                assert!(bounds.contains(&waited), "{failures}: {waited}");
                assert!(
                    random == u64::MAX || waited == u128::from(expected),
                    "{failures}: {waited}"
                );
            }
        }
    }
}
