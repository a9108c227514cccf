//! Node objects that people write themselves, and that are passed through.

use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::rule;

/// The version of node objects that the rules are about.
const VERSION: &str = "karpenter.sh/v1";

/// The labels by which gpu-provisioner takes a NodeClaim for its own, whatever its NodeClass.
const CLAIMED: [&str; 2] = ["kaito.sh/workspace", "kaito.sh/ragengine"];

/// The kind of NodeClass by which Azure's Karpenter takes a NodeClaim for its own, whatever its labels.
const KARPENTERS: &str = "AKSNodeClass";

/// The kind of NodeClass that is gpu-provisioner's.
const GPU_PROVISIONERS: &str = "KaitoNodeClass";

/// Requirements that gpu-provisioner does not look at.
const IGNORED: [&str; 2] = ["karpenter.sh/capacity-type", "topology.kubernetes.io/zone"];

/// Reports a NodeClaim or NodePool of KAITO's that would not give the node it seems to.
pub fn check_node(document: &Node, diagnostics: &mut Vec<Diagnostic>) {
    let text = |key| document.get(key).and_then(Node::as_str);
    let spec = match (text("apiVersion"), text("kind")) {
        (Some(VERSION), Some("NodeClaim")) => "/spec",
        (Some(VERSION), Some("NodePool")) => "/spec/template/spec",
        _ => return,
    };
    let class = document.find(&format!("{spec}/nodeClassRef/kind"));
    let class_name = class.and_then(|found| found.node.as_str()).unwrap_or_default();
    let labels = document.entries("/metadata/labels");
    let claimed = CLAIMED.iter().find_map(|key| labels.iter().find(|label| label.key == *key));
    let is_claim = spec == "/spec";
    if let (true, Some(label), KARPENTERS) = (is_claim, claimed, class_name) {
        let message =
            format!("gpu-provisioner acts on `{}`, and Karpenter on `{KARPENTERS}`: both make a node", label.key);
        let place = class.map_or(label.key_span, |found| found.span);
        let finding = Diagnostic::new(&rule::TWO_MANAGERS, place, message).also(label.key_span, "the label");
        diagnostics.push(finding.hint("name `KaitoNodeClass` of the group `kaito.sh`, or remove the label"));
    }
    let is_kaitos = claimed.is_some()
        || class_name == GPU_PROVISIONERS
        || labels.iter().any(|label| label.key.starts_with("karpenter.kaito.sh/"));
    let found = document.find(spec);
    if let Some(found) = found.filter(|found| is_kaitos && found.node.get("expireAfter").is_none()) {
        let message = "without `expireAfter` the node is deleted after 720 hours, under its pods";
        diagnostics.push(Diagnostic::new(&rule::EXPIRES, found.span, message).hint("add `expireAfter: Never`"));
    }
    if is_claim && (class_name == GPU_PROVISIONERS || claimed.is_some() && class_name != KARPENTERS) {
        diagnostics.extend(ignored(document.items("/spec/requirements")));
    }
}

fn ignored(requirements: &[Node]) -> Vec<Diagnostic> {
    let keys = requirements.iter().filter_map(|item| item.get("key"));
    let ignored = keys.filter_map(|node| Some((node, node.as_str().filter(|key| IGNORED.contains(key))?)));
    let finding = |(node, key): (&Node, &str)| {
        let message = format!("gpu-provisioner does not look at `{key}`");
        let hint = "remove the requirement, or have Karpenter make the node";
        Diagnostic::new(&rule::IGNORED_REQUIREMENT, node.span, message).hint(hint)
    };
    ignored.map(finding).collect()
}
