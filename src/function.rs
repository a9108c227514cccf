//! A KRM function: the Workspaces in a `ResourceList` become their objects, beside all other items.
//!
//! Uses `vocab`, `base`, `diagnostic`, `input`, `catalogue`, `workspace`, `emit` and `report`; `cli`
//! uses it.
//! kustomize and kpt call such functions; the format is that of their
//! [specification](https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md).

mod annotations;
mod config;
mod edit;
mod items;
mod merge;
mod results;

pub use config::Config;
pub use items::{NotAList, ResourceList};
pub use merge::{Foreign, merged};
pub use results::{first_line, results};
