//! The words of the domain, each once: clouds, provisioners, runtimes, API versions, the
//! annotation of rendered Workspaces.
//!
//! Uses nothing else of this crate; every stage uses it.

mod access_mode;
mod cloud;
mod provisioner;
mod rendered;
mod runtime;
mod workspace_api;

pub use access_mode::AccessMode;
pub use cloud::Cloud;
pub use provisioner::Provisioner;
pub use rendered::{RENDERED, Rendered, RenderedObject};
pub use runtime::Runtime;
pub use workspace_api::WorkspaceApi;
