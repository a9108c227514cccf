//! What a run says at its end: the finished [`Report`], and one file for each format.
//!
//! Uses `vocab`, `base`, `diagnostic`, `session`, `input`, of `catalogue` the policy of a profile, and
//! of `workspace` what a Workspace and a secret look like; `function` and `cli` use it.

pub mod concise;
pub mod fix;
pub mod github;
pub mod headline;
pub mod human;
pub mod json;
pub mod junit;
mod place;
pub mod policy;
pub mod reading;
pub mod sarif;
mod secrets;
mod settle;

pub use secrets::without_secrets;
pub use settle::{Report, Strictness};
