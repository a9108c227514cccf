//! All cores: the one file of the library that starts threads.

#![expect(
    clippy::disallowed_methods,
    reason = "results are taken in the order of the items, so no output depends on the threads"
)]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

/// With fewer items than these, starting threads takes longer than they save.
const FEW: usize = 200;

/// The items that a thread takes at a time: enough to make taking them cheap, few enough that the
/// last ones are shared evenly.
const BATCH: usize = 32;

/// The batches that may be done and not yet taken, for each thread. They bound what waits in
/// memory for a slower batch before them.
const WAITING: usize = 4;

/// Does the `work` on each item by `jobs` threads, and `take`s the results in the order of the
/// items, on this thread. With one job, or few items, no thread is started.
pub(crate) fn ordered<T: Send, R: Send>(
    items: Vec<T>,
    jobs: usize,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R),
) {
    if jobs <= 1 || items.len() < FEW {
        return items.into_iter().for_each(|item| take(work(item)));
    }
    let batches = Mutex::new(Batches {
        items: items.into_iter(),
        next: 0,
    });
    let (sender, receiver) = mpsc::sync_channel(jobs * WAITING);
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, batches, work) = (sender.clone(), &batches, &work);
            scope.spawn(move || {
                // A batch is taken out before any work is done, so a panic of another thread left
                // nothing half done here.
                let next = || {
                    batches
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .next()
                };
                while let Some((number, batch)) = next() {
                    let done: Vec<_> = batch.into_iter().map(work).collect();
                    if sender.send((number, done)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut expected = 0;
        for (number, done) in receiver {
            waiting.insert(number, done);
            while let Some(done) = waiting.remove(&expected) {
                done.into_iter().for_each(&mut take);
                expected += 1;
            }
        }
    });
}

/// Items in numbered batches.
struct Batches<I> {
    items: I,
    next: usize,
}

impl<I: Iterator> Iterator for Batches<I> {
    type Item = (usize, Vec<I::Item>);

    fn next(&mut self) -> Option<Self::Item> {
        let batch: Vec<_> = self.items.by_ref().take(BATCH).collect();
        let number = self.next;
        self.next += 1;
        (!batch.is_empty()).then_some((number, batch))
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH, FEW, ordered};

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for count in [0, 1, BATCH, FEW, 10 * BATCH + 1] {
            let items: Vec<_> = (0..count).collect();
            let expected: Vec<_> = items.iter().map(|item| item * 2).collect();
            for jobs in [1, 2, 3, 7] {
                let mut found = Vec::new();
                ordered(items.clone(), jobs, |item| item * 2, |it| found.push(it));
                assert_eq!(found, expected, "{count} items, {jobs} jobs");
            }
        }
    }
}
