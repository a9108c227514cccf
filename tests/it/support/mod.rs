//! What the tests share. Nothing here is a test.

pub(crate) mod builder;
pub(crate) mod inputs;
pub(crate) mod program;

#[cfg(feature = "e2e")]
pub(crate) mod argocd;
#[cfg(feature = "e2e")]
#[cfg_attr(
    not(feature = "controller"),
    expect(dead_code, reason = "the tests of the controller use the rest")
)]
pub(crate) mod cluster;
#[cfg(feature = "e2e")]
pub(crate) mod container;
#[cfg(feature = "e2e")]
pub(crate) mod flavour;
#[cfg(feature = "e2e")]
#[cfg_attr(
    not(feature = "controller"),
    expect(dead_code, reason = "the tests of the controller use the rest")
)]
pub(crate) mod provisioner;
#[cfg(all(feature = "e2e", feature = "controller"))]
pub(crate) mod rig;
#[cfg(feature = "e2e")]
pub(crate) mod shared;
#[cfg(feature = "e2e")]
pub(crate) mod tools;
