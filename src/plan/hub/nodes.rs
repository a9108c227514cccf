//! The labels of the nodes and pods of a Workspace, and the node objects.

use std::collections::BTreeMap;

use super::Hub;
use crate::base::wording;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;
use crate::plan::nodes::gpus::Gpus;
use crate::plan::nodes::instance_type;
use crate::plan::nodes::node_class::node_pool;
use crate::plan::{Plan, PlannedNode};
use crate::vocab::{Cloud, Provisioner, annotations, labels};

/// The labels of a Workspace that its pods carry too.
const POD_LABELS: [&str; 3] = [
    labels::CREATED_BY_SET,
    labels::CREATED_BY_ROLES,
    labels::INFERENCE_ROLE,
];

impl Hub<'_, '_> {
    /// Adds the labels of nodes and pods.
    pub(super) fn labelled(&mut self, base: Plan) -> Plan {
        let reserved = &self.planner.release.file.reserved_labels;
        // KAITO leaves them out of every selector, because it sets them itself (0.12, §1.2).
        let (stripped, match_labels): (BTreeMap<_, _>, BTreeMap<_, _>) = base
            .match_labels
            .into_iter()
            .partition(|(key, _)| reserved.contains(key));
        self.check_reserved(&stripped, match_labels.is_empty());
        let mut affinity = match_labels.clone();
        let own = match base.provisioner {
            Provisioner::Nodepool => [labels::POOL_WORKSPACE, labels::POOL_WORKSPACE_NAMESPACE],
            _ => [labels::WORKSPACE, labels::WORKSPACE_NAMESPACE],
        };
        // Nodes that exist already have no label that says whose they are (0.12, §4.4).
        if base.provisioner != Provisioner::None {
            affinity.extend(
                own.map(str::to_owned)
                    .into_iter()
                    .zip([base.name.clone(), base.namespace.clone()]),
            );
        }
        let given = &self.planner.workspace.metadata.labels;
        let pod_labels: BTreeMap<_, _> = POD_LABELS
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), given.get(*key)?.clone())))
            .collect();
        Plan {
            accelerator: instance_type::is_nvidia(self.planner.workspace, self.types)
                .then(|| "nvidia".to_owned()),
            inference_set: pod_labels.get(labels::CREATED_BY_SET).cloned(),
            match_labels,
            affinity,
            pod_labels,
            ..base
        }
    }

    /// Reports labels that would be left out of the selector (R3).
    fn check_reserved(&mut self, stripped: &BTreeMap<String, String>, nothing_else: bool) {
        if stripped.is_empty() {
            return;
        }
        let names: Vec<_> = stripped.keys().map(|key| format!("`{key}`")).collect();
        let place = "/resource/labelSelector/matchLabels";
        if nothing_else {
            let message = format!("nodes can't be selected only by {}", wording::and(&names));
            self.planner.report(
                &rule::SELECTOR,
                place,
                message,
                "add a label of your own, such as `apps: <name>`".to_owned(),
            );
        } else {
            self.planner.without_effect(
                place,
                &format!("nodes are not selected by {}", wording::and(&names)),
            );
        }
    }

    /// Reports nodes that nothing can create.
    pub(super) fn check_makes_nodes(&mut self, provisioner: Provisioner) {
        if provisioner != Provisioner::None && self.planner.profile.cloud == Cloud::Arc {
            let message = "nothing makes nodes on Azure Arc".to_owned();
            let place = self.planner.profile.span("/cloud");
            let diagnostic = Diagnostic::global(&rule::UNKNOWN_PROVISIONER, message);
            self.planner.diagnostics.report(Diagnostic {
                place,
                ..diagnostic.hint("set the profile's `provisioner: none`")
            });
        }
    }

    /// Adds the nodes that are made, and what they refer to.
    pub(super) fn placed(&mut self, plan: Plan, node_class: Option<String>) -> Plan {
        let annotation = self
            .planner
            .annotation(annotations::NODE_IMAGE_FAMILY)
            .map(|value| value.trim().to_lowercase());
        let image_family =
            annotation.unwrap_or_else(|| self.planner.profile.node_image_family.name().to_owned());
        let nodes = match plan.provisioner {
            Provisioner::Nodeclaim => (0..plan.node_count).map(PlannedNode::new).collect(),
            // Karpenter makes and names the nodes of a NodePool.
            _ => Vec::new(),
        };
        if plan.provisioner != Provisioner::Nodepool {
            return Plan {
                image_family: Some(image_family),
                nodes,
                ..plan
            };
        }
        Plan {
            // No `image_family`: the NodeClass says what the nodes of a NodePool run (0.12, §5.3).
            node_pool: node_pool(&plan.namespace, &plan.name),
            node_class,
            node_classes: self
                .planner
                .profile
                .node_classes
                .iter()
                .filter(|class| class.spec.is_some())
                .cloned()
                .collect(),
            nodes,
            ..plan
        }
    }
}

/// What a pod asks for: all GPUs of a node, or one slice.
pub(super) fn gpu_request(gpus: &Gpus) -> BTreeMap<String, String> {
    let resource = gpus
        .mig_resource
        .clone()
        .unwrap_or_else(|| "nvidia.com/gpu".to_owned());
    BTreeMap::from([(resource, gpus.count.to_string())])
}
