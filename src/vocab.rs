//! The words of the domain, each once: kinds, labels, annotations, API versions, clouds,
//! provisioners, runtimes, tuning methods, hosts, image references, and what rendered output says of
//! itself.
//!
//! Uses nothing else of this crate; the modules above it use it.

mod access_mode;
pub mod annotations;
pub mod api;
mod cloud;
mod host;
pub mod image;
pub mod kinds;
pub mod labels;
pub mod limits;
mod namespaced;
pub mod node_name;
mod provisioner;
mod rendered;
mod runtime;
mod tuning_method;
mod workspace_api;

pub use access_mode::AccessMode;
pub use cloud::Cloud;
pub use host::Host;
pub use namespaced::{NAMESPACED, is_namespaced};
pub use provisioner::Provisioner;
pub use rendered::{Rendered, RenderedObject, UsedProfile};
pub use runtime::Runtime;
pub use tuning_method::TuningMethod;
pub use workspace_api::WorkspaceApi;
