//! The words of the domain, each once: clouds, provisioners, runtimes, API versions.
//!
//! Uses nothing else of this crate; every stage uses it.

mod access_mode;
mod cloud;
mod provisioner;
mod runtime;
mod workspace_api;

pub use access_mode::AccessMode;
pub use cloud::Cloud;
pub use provisioner::Provisioner;
pub use runtime::Runtime;
pub use workspace_api::WorkspaceApi;
