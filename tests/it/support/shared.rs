//! What takes seconds to start and is used by several tests.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};

/// Something that tests share: it is there as long as one of them holds it.
///
/// It begins and ends in a thread of its own, because programs that it starts end with the thread
/// that started them, and the thread of a test ends with the test.
pub(crate) struct Shared<T> {
    start: fn() -> T,
    current: Mutex<Weak<Kept<T>>>,
}

struct Kept<T> {
    value: Option<Arc<T>>,
    failed: AtomicBool,
    /// Tells the thread whether a test has failed.
    end: Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// What a test holds as long as it needs the thing.
pub(crate) struct Held<T>(Arc<Kept<T>>);

impl<T: Send + Sync + 'static> Shared<T> {
    pub(crate) const fn new(start: fn() -> T) -> Self {
        Self {
            start,
            current: Mutex::new(Weak::new()),
        }
    }

    /// Starts the thing, unless another test holds it.
    pub(crate) fn hold(&self) -> Held<T> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = current
            .upgrade()
            .unwrap_or_else(|| Arc::new(keep(self.start)));
        *current = Arc::downgrade(&kept);
        Held(kept)
    }
}

fn keep<T: Send + Sync + 'static>(start: fn() -> T) -> Kept<T> {
    let (give, taken) = mpsc::channel();
    let (end, ended) = mpsc::channel::<bool>();
    let thread = thread::spawn(move || {
        let value = Arc::new(start());
        give.send(Arc::clone(&value)).unwrap();
        // If it panics, the thing ends as that of a test that fails.
        assert!(!ended.recv().unwrap(), "a test that held this has failed");
        drop(value);
    });
    let value = taken.recv().unwrap_or_else(|_| panic!("it does not start"));
    Kept {
        value: Some(value),
        failed: AtomicBool::new(false),
        end,
        thread: Some(thread),
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.value.as_deref().unwrap()
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        self.0
            .failed
            .fetch_or(thread::panicking(), Ordering::Relaxed);
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        self.value = None;
        // The thread has panicked if the one is an error, and shall if a test has failed.
        let _ = self.end.send(self.failed.load(Ordering::Relaxed));
        let _ = self.thread.take().unwrap().join();
    }
}
