//! Whether this process was started with a stdout.
//!
//! Where it was not, as by `>&-`, the standard library opens `/dev/null` in its place before `main`
//! runs, and everything that is written seems to arrive; and it takes the refusal of one that is only
//! open for reading for success. So the system is asked before `main`. That needs a function which
//! the loader calls, and is why the program does not forbid `unsafe` code as the library does: the
//! macro has some.

use std::io;

#[cfg(unix)]
mod start {
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::fs::{OFlags, fcntl_getfl};

    static IS_CLOSED: AtomicBool = AtomicBool::new(false);

    ctor::declarative::ctor! {
        #[ctor(unsafe)]
        fn ask() {
            let flags = fcntl_getfl(rustix::stdio::stdout());
            let takes = flags.is_ok_and(|flags| flags & OFlags::RWMODE != OFlags::RDONLY);
            IS_CLOSED.store(!takes, Ordering::Relaxed);
        }
    }

    pub(super) fn is_closed() -> bool {
        IS_CLOSED.load(Ordering::Relaxed)
    }
}

/// # Errors
///
/// If nothing that is written to stdout can arrive.
pub(super) fn is_open() -> io::Result<()> {
    #[cfg(unix)]
    if start::is_closed() {
        return Err(io::Error::other("it is closed, or only open for reading"));
    }
    Ok(())
}
