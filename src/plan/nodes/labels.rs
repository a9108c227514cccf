//! Instance types and labels of nodes that are accepted, but give other nodes than meant, or none.

use super::instance_type::{self, instance_type};
use crate::base::node::Entry;
use crate::catalogue::preset::InstanceTypes;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::{self, Rule};
use crate::plan::Planner;
use crate::vocab::Provisioner;
use crate::vocab::{api, labels};

const LABELS: &str = "/resource/labelSelector/matchLabels";

/// Labels by which Argo CD and other tools find their own objects, and prune them.
const TRACKING: [(&str, &str); 4] = [
    ("app.kubernetes.io/instance", "Argo CD and Helm"),
    ("argocd.argoproj.io/", "Argo CD"),
    ("helm.toolkit.fluxcd.io/", "Flux"),
    ("kustomize.toolkit.fluxcd.io/", "Flux"),
];

/// Labels that seem to ask for a kind of node. Karpenter takes those of a NodePool for
/// requirements; of a Machine or NodeClaim they are labels and no more.
const REQUIREMENTS: [&str; 3] = [
    labels::CAPACITY_TYPE,
    "kubernetes.azure.com/scalesetpriority",
    "topology.kubernetes.io/zone",
];

/// The domains of labels that Kubernetes, the cloud and the provisioners give to nodes themselves.
const RESERVED: [&str; 9] = [
    "beta.kubernetes.io",
    api::KAITO,
    "karpenter.azure.com",
    "karpenter.k8s.aws",
    "karpenter.kaito.sh",
    api::KARPENTER,
    "kubernetes.azure.com",
    "kubernetes.io",
    "node.kubernetes.io",
];

/// Labels of KAITO's own, which other rules look after.
const OWN: [&str; 2] = [labels::WORKSPACE, labels::WORKSPACE_NAMESPACE];

impl Planner<'_> {
    /// Reports what nodes that are made can't have.
    pub(in crate::plan) fn check_made_nodes(
        &mut self,
        provisioner: Provisioner,
        types: &InstanceTypes,
    ) {
        if provisioner == Provisioner::None {
            return;
        }
        self.check_retired(types);
        for entry in self.workspace.node.entries(LABELS) {
            if !self.release.file.reserved_labels.contains(&entry.key) {
                self.check_node_label(entry, provisioner);
            }
        }
    }

    fn check_retired(&mut self, types: &InstanceTypes) {
        let Some(resource) = &self.workspace.spec.resource else {
            return;
        };
        let Some((name, instance)) = instance_type(types, &resource.instance_type) else {
            return;
        };
        let Some(retired) = &instance.retired else {
            return;
        };
        let message = format!(
            "{} retired `{name}` on {retired}: it can't be created",
            self.profile.cloud.title()
        );
        let hint = match &instance.successor {
            Some(successor) => format!("`{successor}` comes nearest"),
            None => "`kaito-render instance-types list` names others".to_owned(),
        };
        self.report(&rule::RETIRED_TYPE, instance_type::PLACE, message, hint);
    }

    fn check_node_label(&mut self, entry: &Entry, provisioner: Provisioner) {
        let key = entry.key.as_str();
        let domain = key.split_once('/').map_or("", |(domain, _)| domain);
        if let Some((_, tool)) = TRACKING
            .iter()
            .find(|(known, _)| key == *known || known.ends_with('/') && key.starts_with(known))
        {
            let message =
                format!("`{key}` marks what {tool} may prune, and it would mark the nodes too");
            self.report_label(
                &rule::TRACKING_LABEL,
                entry,
                message,
                "select nodes by a label of your own, such as `apps: <name>`",
            );
        } else if REQUIREMENTS.contains(&key) {
            if provisioner != Provisioner::Nodepool {
                let message = format!(
                    "the node objects ask only for an instance type, and carry `{key}` only as a label"
                );
                let hint = "remove it, or have Karpenter make the nodes: `provisioner: nodepool` in the profile";
                self.report_label(&rule::UNSERVED_LABEL, entry, message, hint);
            }
        } else if RESERVED.contains(&domain) && !OWN.contains(&key) {
            let message = format!(
                "labels of `{domain}` come from the cluster and the cloud, and `{key}` need not be what they give to a new node"
            );
            self.report_label(
                &rule::UNSERVED_LABEL,
                entry,
                message,
                "select nodes by a label of your own, such as `apps: <name>`",
            );
        }
    }

    fn report_label(&mut self, rule: &'static Rule, entry: &Entry, message: String, hint: &str) {
        self.diagnostics
            .report(Diagnostic::new(rule, entry.key_span, message).hint(hint));
    }
}
