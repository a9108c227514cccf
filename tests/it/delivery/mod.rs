//! What becomes of the objects: how clusters take them, what runs in them, and their status.

mod crds;
mod function;
mod rendered;
pub(crate) mod status;

#[cfg(feature = "e2e")]
mod additions;
#[cfg(feature = "e2e")]
mod apply;
#[cfg(feature = "e2e")]
mod ci_jobs;
#[cfg(feature = "e2e")]
mod comments;
#[cfg(feature = "e2e")]
mod crds_served;
#[cfg(feature = "e2e")]
mod deploy;
#[cfg(feature = "e2e")]
pub(crate) mod deploy_argocd;
#[cfg(feature = "e2e")]
mod hooks;
#[cfg(feature = "e2e")]
mod image;
#[cfg(feature = "e2e")]
pub(crate) mod kubectl;
#[cfg(feature = "e2e")]
mod kustomize;
#[cfg(feature = "e2e")]
mod overlay_examples;
#[cfg(feature = "e2e")]
mod overlay_images;
#[cfg(feature = "e2e")]
mod overlays;
#[cfg(feature = "e2e")]
mod scheduling;
#[cfg(feature = "e2e")]
mod scripts;
#[cfg(feature = "e2e")]
mod validate;

#[cfg(all(feature = "e2e", feature = "controller"))]
mod controller;
#[cfg(all(feature = "e2e", feature = "controller"))]
mod faults;
#[cfg(all(feature = "e2e", feature = "controller"))]
mod quick_start;
#[cfg(all(feature = "e2e", feature = "controller"))]
mod rights;
#[cfg(all(feature = "e2e", feature = "controller"))]
mod scale;
