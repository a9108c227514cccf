//! NodePools and the NodeClasses that they refer to.
//!
//! Sections such as §5.3 are those of the specification of KAITO 0.12.

use crate::base::hex;
use crate::base::pointer;
use crate::base::wording;
use crate::catalogue::profile::NodeClass;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Reported};
use crate::plan::Planner;
use crate::vocab::Cloud;
use crate::vocab::annotations::NODE_CLASS_NAME;

/// The NodeClasses that KAITO's operator makes on Azure, as its chart has it; the first is the
/// default (§5.3).
const AZURE_NODE_CLASSES: [&str; 2] = ["image-family-ubuntu", "image-family-azure-linux"];

impl Planner<'_> {
    /// The NodeClass of a NodePool (§5.3).
    pub(in crate::plan) fn node_class(&mut self) -> Result<String, Reported> {
        let classes = self.node_classes();
        let named = self
            .annotation(NODE_CLASS_NAME)
            .filter(|name| !name.is_empty());
        if let Some(name) = named {
            return if classes.iter().any(|class| class.name == name) {
                Ok(name.to_owned())
            } else {
                Err(self.unknown_node_class(name, &classes))
            };
        }
        let default = classes
            .iter()
            .find(|class| class.default)
            .or_else(|| classes.first());
        default
            .map(|class| class.name.clone())
            .ok_or_else(|| self.no_node_class())
    }

    /// The NodeClasses of the profile; where it has none, those that KAITO makes.
    fn node_classes(&self) -> Vec<NodeClass> {
        let of_profile = &self.profile.node_classes;
        if !of_profile.is_empty() || self.profile.cloud != Cloud::Azure {
            return of_profile.clone();
        }
        let of_kaito = |name: &&str| NodeClass {
            name: (*name).to_owned(),
            default: false,
            spec: None,
        };
        AZURE_NODE_CLASSES.iter().map(of_kaito).collect()
    }

    fn unknown_node_class(&mut self, name: &str, known: &[NodeClass]) -> Reported {
        let names: Vec<_> = known
            .iter()
            .map(|class| format!("`{}`", class.name))
            .collect();
        let message = format!("there is no NodeClass `{name}`");
        let hint = match names.as_slice() {
            [] => "name it in the profile's `nodeClasses`".to_owned(),
            names => format!(
                "use {}, or name it in the profile's `nodeClasses`",
                wording::or(names)
            ),
        };
        self.fail(
            &rule::NODE_CLASS,
            &pointer::to_annotation(NODE_CLASS_NAME),
            message,
            hint,
        )
    }

    fn no_node_class(&mut self) -> Reported {
        let cloud = self.profile.cloud.title();
        let message = format!("NodePools of {cloud} need a NodeClass");
        let hint = "name one in the profile: `nodeClasses: [{name: gpu, default: true}]`";
        let diagnostic = Diagnostic::global(&rule::NODE_CLASS, message).hint(hint);
        self.diagnostics.fail(Diagnostic {
            place: self.profile.span("/provisioner"),
            ..diagnostic
        })
    }
}

/// The name of a NodePool: at most 63 characters (§5.3).
pub(in crate::plan) fn node_pool(namespace: &str, name: &str) -> String {
    let full = format!("{namespace}-{name}");
    match full.get(..53) {
        Some(start) if full.len() > 63 => format!("{start}-{}", hex::sha256(&full, 9)),
        _ => full,
    }
}

#[cfg(test)]
mod tests {
    use super::node_pool;

    #[test]
    fn names_of_node_pools_are_kaito_s() {
        assert_eq!(node_pool("models", "phi"), "models-phi");
        let namespace = "a-rather-long-namespace-name-for-truncation-of-the-pool-name";
        let expected = "a-rather-long-namespace-name-for-truncation-of-the-po-ed2c4d99a";
        assert_eq!(node_pool(namespace, "kp-gpt-oss-120b"), expected);
    }
}
