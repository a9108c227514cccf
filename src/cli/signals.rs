//! Signals that end the first process of a container.
//!
//! Linux gives the first process of a container only signals that it handles, so without this SIGTERM
//! would do nothing there, and the container would be killed after its grace period. Every other
//! process ends by SIGTERM as it is.

/// Has SIGTERM and SIGINT end this process at once, if it is the first of a container.
pub(super) fn handle_if_first() {
    #[cfg(unix)]
    if std::process::id() == 1 {
        use signal_hook::consts::{SIGINT, SIGTERM};
        for signal in [SIGINT, SIGTERM] {
            let always = std::sync::Arc::new(true.into());
            // As a shell has it for a process that a signal ended. Without a handler the program
            // works all the same.
            let _ = signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, always);
        }
    }
}
