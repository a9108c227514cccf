//! Node objects that would not give the nodes that they seem to.

use crate::base::node::{Data, Node};
use crate::base::object::Object;
use crate::base::quantity;
use crate::base::sources::Span;
use crate::catalogue::profile::Profile;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::vocab::api::{KAITO, KARPENTER_V1};
use crate::vocab::kinds::{
    AKS_NODE_CLASS, EC2_NODE_CLASS, KAITO_NODE_CLASS, NODE_CLAIM, NODE_POOL,
};
use crate::vocab::labels;

/// The labels by which gpu-provisioner takes a NodeClaim for its own, whatever its NodeClass.
const CLAIMED: [&str; 2] = [labels::WORKSPACE, labels::RAG_ENGINE];

/// The kinds of NodeClasses by which Karpenter takes a NodeClaim for its own, whatever its labels:
/// on Azure, where gpu-provisioner may run beside it, and on AWS.
const KARPENTERS: [&str; 2] = [AKS_NODE_CLASS, EC2_NODE_CLASS];

/// The most characters of an agent pool's name.
const POOL_NAME: usize = 12;

/// Requirements that gpu-provisioner does not look at.
const IGNORED: [&str; 2] = [labels::CAPACITY_TYPE, "topology.kubernetes.io/zone"];

/// Reports a NodeClaim or NodePool of KAITO's that would not give the node it seems to.
pub fn check_node(document: &Node, diagnostics: &mut Diagnostics) {
    let text = |key| document.get(key).and_then(Node::as_str);
    let spec = match (text("apiVersion"), text("kind")) {
        (Some(KARPENTER_V1), Some(NODE_CLAIM)) => "/spec",
        (Some(KARPENTER_V1), Some(NODE_POOL)) => "/spec/template/spec",
        _ => return,
    };
    let class = document.find(&format!("{spec}/nodeClassRef/kind"));
    let class_name = class
        .and_then(|found| found.node.as_str())
        .unwrap_or_default();
    let labels = document.entries("/metadata/labels");
    let claimed = CLAIMED
        .iter()
        .find_map(|key| labels.iter().find(|label| label.key == *key));
    let is_claim = spec == "/spec";
    if let (true, Some(label), AKS_NODE_CLASS) = (is_claim, claimed, class_name) {
        let message = format!(
            "both gpu-provisioner, by the label `{}`, and Karpenter, by `{AKS_NODE_CLASS}`, create a node",
            label.key
        );
        let place = class.map_or(label.key_span, |found| found.span);
        let diagnostic =
            Diagnostic::new(&rule::TWO_MANAGERS, place, message).also(label.key_span, "the label");
        diagnostics.report(diagnostic.hint(format!(
            "refer to `{KAITO_NODE_CLASS}` of the group `{KAITO}`, or remove the label"
        )));
    }
    let is_kaitos = claimed.is_some()
        || class_name == KAITO_NODE_CLASS
        || labels
            .iter()
            .any(|label| label.key.starts_with(labels::POOL_PREFIX));
    let found = document.find(spec);
    if let Some(found) = found.filter(|found| is_kaitos && found.node.get("expireAfter").is_none())
    {
        let message =
            "without `expireAfter` the node is deleted after 720 hours, even while it runs pods";
        diagnostics.report(
            Diagnostic::new(&rule::EXPIRES, found.span, message).hint("add `expireAfter: Never`"),
        );
    }
    if is_claim
        && (class_name == KAITO_NODE_CLASS || claimed.is_some() && class_name != EC2_NODE_CLASS)
    {
        // What both manage, Karpenter reads.
        if !KARPENTERS.contains(&class_name) {
            diagnostics.extend(ignored(document.items("/spec/requirements")));
        }
        diagnostics.extend(pool_name(document));
        diagnostics.extend(disk(document));
    }
}

/// gpu-provisioner makes an agent pool of AKS for each NodeClaim, called like it.
fn pool_name(document: &Node) -> Option<Diagnostic> {
    let found = document.find("/metadata/name")?;
    let name = found.node.as_str()?;
    let begins_well = name.starts_with(|first: char| first.is_ascii_lowercase());
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if begins_well && is_plain && name.len() <= POOL_NAME {
        return None;
    }
    let message = format!(
        "gpu-provisioner creates an AKS agent pool of this name, and `{name}` is not a valid one"
    );
    let hint =
        format!("use at most {POOL_NAME} lowercase letters and digits, starting with a letter");
    Some(Diagnostic::new(&rule::POOL_NAME, found.span, message).hint(hint))
}

/// gpu-provisioner asks for as many whole GiB as the disk is to have, and makes no node without a
/// size.
fn disk(document: &Node) -> Option<Diagnostic> {
    const SIZE: &str = "/spec/resources/requests/storage";
    let given = document
        .find(SIZE)
        .filter(|found| found.node.data != Data::Null);
    let size = given.map(|found| match &found.node.data {
        Data::Number(bytes) => bytes.to_string(),
        _ => found.node.as_str().unwrap_or_default().to_owned(),
    });
    let message = match &size {
        None => "gpu-provisioner creates no node without a disk size".to_owned(),
        Some(size)
            if quantity::amount(size).is_some_and(|bytes| bytes < f64::from(quantity::GIB)) =>
        {
            format!("gpu-provisioner rounds down to whole GiB, and `{size}` is less than one")
        }
        Some(_) => return None,
    };
    let hint =
        "set `resources.requests.storage` to what the image and the weights need, such as `120Gi`";
    Some(Diagnostic::new(&rule::NODE_DISK, document.at(SIZE).span, message).hint(hint))
}

/// Whether an object is a NodePool of a fixed size.
#[must_use]
pub fn is_static_pool(object: &Object) -> bool {
    let identity = object.identity();
    identity.is_node_object()
        && identity.kind == NODE_POOL
        && object.value["spec"]["replicas"].as_u64().is_some()
}

/// What there is to say of NodePools of a fixed size, unless the profile knows that their feature
/// gate is on (Karpenter's design of static capacity: the gate is off by default, and without it
/// such a NodePool is accepted and stays empty).
#[must_use]
pub fn check_static_capacity(profile: &Profile) -> Option<Diagnostic> {
    let diagnostic = |place: Option<Span>, message: &str| Diagnostic {
        place,
        ..Diagnostic::global(&rule::STATIC_CAPACITY, message)
    };
    match profile.karpenter.static_capacity {
        Some(true) => None,
        Some(false) => {
            let message = "NodePools with a fixed size get no nodes while Karpenter's feature gate `StaticCapacity` is off";
            let diagnostic = diagnostic(profile.span("/karpenter/staticCapacity"), message);
            let hint = "enable the feature gate, or set `provisioner: nodeclaim`";
            Some(
                Diagnostic {
                    severity: Severity::Error,
                    ..diagnostic
                }
                .hint(hint),
            )
        }
        None => {
            let message = "NodePools with a fixed size need Karpenter's feature gate `StaticCapacity`, which is off by default";
            let hint =
                "enable it, and add `karpenter: {staticCapacity: true}` to kaito-render.yaml";
            Some(diagnostic(profile.span("/provisioner"), message).hint(hint))
        }
    }
}

fn ignored(requirements: &[Node]) -> Vec<Diagnostic> {
    let keys = requirements.iter().filter_map(|item| item.get("key"));
    let ignored =
        keys.filter_map(|node| Some((node, node.as_str().filter(|key| IGNORED.contains(key))?)));
    let diagnostic = |(node, key): (&Node, &str)| {
        let message = format!("gpu-provisioner ignores `{key}`");
        let hint = "remove the requirement, or let Karpenter create the node";
        Diagnostic::new(&rule::IGNORED_REQUIREMENT, node.span, message).hint(hint)
    };
    ignored.map(diagnostic).collect()
}
