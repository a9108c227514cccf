//! What a Workspace was compiled to, in outline.

use std::collections::BTreeSet;

use crate::base::object::{Identity, Object};
use crate::base::sources::Span;
use crate::plan::Plan;
use crate::vocab::kinds;
use crate::workspace::Workspace;

/// A Workspace that was compiled, in so few words that those of a whole fleet can be kept.
#[derive(Clone, Debug)]
pub struct Outline {
    /// The namespace and name of the Workspace, as `namespace/name`.
    pub key: String,
    /// The release that compiled it.
    pub release: String,
    /// The model, as the Workspace names it.
    pub preset: Option<String>,
    /// What serves the model.
    pub runtime: Option<String>,
    /// The number of nodes that it runs on.
    pub node_count: u32,
    /// The kinds of its node objects, each with the apiVersion.
    pub nodes: BTreeSet<(String, String)>,
    /// The kinds of what its pods belong to.
    pub workloads: BTreeSet<String>,
    /// Where the Workspace says so.
    pub places: Places,
}

/// Places of a Workspace.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// The field that asks for nodes: `resource`.
    pub resource: Span,
    /// The instance type of the nodes.
    pub instance_type: Span,
    /// The name of the model.
    pub preset: Span,
    /// What is done with it: inference or tuning.
    pub work: Span,
}

impl Outline {
    pub(super) fn of(workspace: &Workspace, plan: &Plan, objects: &[Object]) -> Self {
        let spec = &workspace.spec;
        let served = spec.inference.as_ref().and_then(|it| it.preset.as_ref());
        let tuned = spec.tuning.as_ref().and_then(|it| it.preset.as_ref());
        let work = if spec.tuning.is_some() {
            "/tuning"
        } else {
            "/inference"
        };
        let identities = || objects.iter().map(Object::identity);
        let nodes = identities().filter(Identity::is_node_object);
        let workloads = identities().filter(|identity| kinds::is_workload(identity.kind));
        let inference = plan.inference.as_ref();
        Self {
            key: workspace.key(),
            release: plan.release.clone(),
            preset: served.or(tuned).map(|preset| preset.name.clone()),
            runtime: inference.map(|inference| inference.runtime.clone()),
            node_count: plan.node_count,
            nodes: nodes
                .map(|node| (node.kind.to_owned(), node.api_version.to_owned()))
                .collect(),
            workloads: workloads.map(|it| it.kind.to_owned()).collect(),
            places: Places {
                resource: workspace.span("/resource"),
                instance_type: workspace.span("/resource/instanceType"),
                preset: workspace.span(&format!("{work}/preset/name")),
                work: workspace.span(work),
            },
        }
    }
}
