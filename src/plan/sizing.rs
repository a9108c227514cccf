//! The two ways to count nodes, one file each: the Workspace sets their number, or it is estimated.
//! Arithmetic and checks only; both families of models use them.

pub(super) mod estimator;
pub(super) mod preset_count;
