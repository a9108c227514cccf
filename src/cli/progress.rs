//! A line on a terminal that says how far a long run has come.

#![expect(
    clippy::disallowed_methods,
    reason = "a thread looks at the time, and shows what others count"
)]

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kaito_render::base::progress::Progress;

use super::console;

/// A run that takes no longer than this shows nothing.
const SHORT: Duration = Duration::from_millis(500);

/// How often the line is written anew: often enough to be seen to move.
const TICK: Duration = Duration::from_millis(100);

/// Shows how far a run has come, until it is dropped. Nothing is left of the line then.
#[derive(Debug)]
pub(super) struct ProgressLine(Option<(Sender<()>, JoinHandle<()>)>);

impl ProgressLine {
    /// Shows the line if stderr is a terminal.
    pub(super) fn show(progress: &Arc<Progress>) -> Self {
        if !console::is_watched() {
            return Self(None);
        }
        let (run, dropped) = mpsc::channel();
        let progress = Arc::clone(progress);
        let thread = thread::Builder::new().spawn(move || watch(&progress, &dropped));
        // Without a thread to spare the run goes on as well.
        Self(thread.ok().map(|thread| (run, thread)))
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some((run, thread)) = self.0.take() {
            drop(run);
            // What it wrote was for people alone: it does not matter how it ended.
            let _ = thread.join();
        }
    }
}

/// Writes the line until the other end is dropped.
fn watch(progress: &Progress, dropped: &Receiver<()>) {
    let mut pause = SHORT;
    while dropped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        console::progress(&line(progress));
        pause = TICK;
    }
    if pause == TICK {
        console::progress("");
    }
}

/// What the run is at: the later kind of steps of which some are left, or else of which all are done.
fn line(progress: &Progress) -> String {
    let kinds = [
        (&progress.workspaces, "Workspaces compiled"),
        (&progress.files, "files read"),
    ];
    let known = kinds
        .into_iter()
        .filter_map(|(steps, what)| Some((steps.count()?, what)));
    let is_open = |((done, all), _): &((usize, usize), &str)| done < all;
    let at = known.clone().find(is_open).or_else(|| known.clone().next());
    at.map_or_else(
        || "looking for files".to_owned(),
        |((done, all), what)| format!("{done} of {all} {what}"),
    )
}

#[cfg(test)]
mod tests {
    use kaito_render::base::progress::Progress;

    use super::line;

    #[test]
    fn the_line_says_what_the_run_is_at() {
        let progress = Progress::default();
        assert_eq!(line(&progress), "looking for files");
        progress.files.expect(2);
        progress.files.step();
        assert_eq!(line(&progress), "1 of 2 files read");
        progress.files.step();
        progress.workspaces.expect(3);
        assert_eq!(line(&progress), "0 of 3 Workspaces compiled");
        (0..3).for_each(|_| progress.workspaces.step());
        assert_eq!(line(&progress), "3 of 3 Workspaces compiled");
        // The other side of a comparison.
        progress.files.expect(4);
        assert_eq!(line(&progress), "2 of 6 files read");
    }
}
