//! What a run says at its end: the finished [`Report`], and one file for each format.
//!
//! Uses [`diagnostic`](crate::diagnostic) and what is below it, and of
//! [`workspace`](crate::workspace) what a secret looks like. The command line uses it.

pub mod concise;
pub mod fix;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
mod place;
pub mod policy;
pub mod sarif;
mod secrets;
mod settle;

pub use secrets::without_secrets;
pub use settle::{Report, Strictness};
