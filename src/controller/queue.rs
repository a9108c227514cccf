//! Which Workspaces are to be looked at, and when: each stands in the queue once, at the earliest
//! of the times asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::controller::store::Name;

/// How long somebody waits after the first failure, and at most.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    entries: BTreeMap<Name, Entry>,
    order: BTreeSet<(Instant, Name)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Instant,
    since: Option<Instant>,
}

impl Queue {
    /// Has a Workspace looked at then. If that is because something has changed, this is since
    /// when.
    pub(crate) fn add(&mut self, name: Name, at: Instant, since: Option<Instant>) {
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

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out one that is due, with the time since which something about it has changed.
    pub(crate) fn take(&mut self, now: Instant) -> Option<(Name, Option<Instant>)> {
        if self.next()? > now {
            return None;
        }
        let (_, name) = self.order.pop_first()?;
        let entry = self.entries.remove(&name);
        Some((name, entry.and_then(|entry| entry.since)))
    }
}

/// How long to wait after so many failures: twice as long each time, and by chance up to half of
/// that less, so that those who failed together don't come back together.
pub(crate) fn back_off(failures: u32, chance: u64) -> Duration {
    let [first, most] = BACK_OFF;
    let longest = first
        .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)))
        .min(most);
    let millis = u64::try_from(longest.as_millis() / 2).unwrap_or(u64::MAX);
    Duration::from_millis(millis + chance % (millis + 1))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Queue, back_off};

    fn name(name: &str) -> (String, String) {
        (String::new(), name.to_owned())
    }

    #[test]
    fn each_stands_once_at_its_earliest_time_and_keeps_its_first_change() {
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
    fn waiting_doubles_up_to_half_a_minute_and_half_of_it_is_chance() {
        for (failures, most) in [
            (1, 500),
            (2, 1000),
            (4, 4000),
            (7, 30_000),
            (u32::MAX, 30_000),
        ] {
            for (chance, expected) in [(0, most / 2), (most / 2, most), (u64::MAX, most)] {
                let waited = back_off(failures, chance).as_millis();
                let bounds = u128::from(most / 2)..=u128::from(most);
                assert!(bounds.contains(&waited), "{failures}: {waited}");
                assert!(
                    chance == u64::MAX || waited == u128::from(expected),
                    "{failures}: {waited}"
                );
            }
        }
    }
}
