//! What the controller takes from the system that it runs on: the time, randomness and its name.
//! The library is a pure function of its arguments and takes none of them.
//!
//! Uses nothing else of this crate; the rest of the controller uses it.

use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::Timestamp;

/// The current time of the local clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the controller reads the clock for the library"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// A random number, good enough for jitter and for names: the standard library seeds its hashers
/// at random.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A name that no other replica has: that of the pod, and a random number.
#[expect(
    clippy::disallowed_methods,
    reason = "a pod knows its name by its environment"
)]
pub(crate) fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "kaito-render-controller".to_owned());
    format!("{host}_{:016x}", random())
}
