//! What the tests share. Nothing here is a test.

#[cfg_attr(
    not(feature = "controller"),
    expect(dead_code, reason = "the tests of the controller use the rest")
)]
pub(crate) mod cluster;
pub(crate) mod flavour;
pub(crate) mod program;
#[cfg_attr(
    not(feature = "controller"),
    expect(dead_code, reason = "the tests of the controller use the rest")
)]
pub(crate) mod provisioner;
#[cfg(feature = "controller")]
pub(crate) mod rig;
pub(crate) mod tools;
