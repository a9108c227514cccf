//! What becomes of the objects: how clusters take them, what runs in them, and their status.

mod apply;
#[cfg(feature = "controller")]
mod controller;
mod crds;
mod deploy;
#[cfg(feature = "controller")]
mod faults;
mod hooks;
#[cfg(feature = "controller")]
mod quick_start;
#[cfg(feature = "controller")]
mod rights;
#[cfg(feature = "controller")]
mod scale;
mod scheduling;
mod scripts;
mod status;
mod validate;
