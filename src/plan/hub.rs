//! What is decided where models come from Hugging Face: one image for all, nodes by an estimate.
//!
//! Numbers such as R3 and §5.3 are those of the specification of KAITO 0.12.

mod decisions;
mod flags;
mod inference;
mod tuning;

use std::collections::BTreeMap;

use serde_json::Value;

use super::nodes::gpus;
use super::{Plan, PlannedNode, Planner, PodTemplate};
use crate::base::hex;
use crate::base::pointer;
use crate::base::wording;
use crate::catalogue::preset::{HubModel, HubNumbers, InstanceTypes};
use crate::catalogue::profile::NodeClass;
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Reported, Severity};
use crate::vocab::{Cloud, Provisioner};
use crate::workspace::{CREATED_BY, Preset};

pub(super) use decisions::{Estimated, Hosted};

/// The labels of a Workspace that its pods carry too.
const POD_LABELS: [&str; 3] = [
    CREATED_BY,
    "multiroleinference.kaito.sh/created-by",
    "kaito.sh/inference-role",
];

/// The NodeClasses that KAITO's operator makes on Azure, as its chart has it; the first is the
/// default (§5.3).
const AZURE_NODE_CLASSES: [&str; 2] = ["image-family-ubuntu", "image-family-azure-linux"];

/// Annotations that ask for weights to be streamed from a store.
const STREAMING: [&str; 6] = [
    "kaito.sh/model-mirror-storage-class",
    "kaito.sh/streaming-service-account",
    "inference.kaito.sh/static-model-mirror",
    "inference.kaito.sh/stream-datarefs-url",
    "inference.kaito.sh/stream-identity-client-id",
    "inference.kaito.sh/stream-source-type",
];

impl<'a> Planner<'a> {
    /// Decides everything about a Workspace.
    pub(super) fn hub(
        &mut self,
        base: Plan,
        types: &InstanceTypes,
        numbers: &HubNumbers,
    ) -> Result<Plan, Reported> {
        let spec = &self.workspace.spec;
        let template = spec
            .inference
            .as_ref()
            .and_then(|inference| inference.template.as_ref());
        self.check_machine(base.provisioner, types, template.is_some());
        self.check_partition(base.provisioner);
        self.check_annotations();
        let base = Plan {
            disk: numbers.disk.unknown.clone(),
            ..self.labelled(base, types)
        };
        let plan = match (&spec.inference, &spec.tuning) {
            (Some(inference), _) => match template {
                Some(template) => Ok(self.hub_pods(base, template)),
                None => self.hub_inference(base, inference, types, numbers),
            },
            (None, Some(tuning)) => self.hub_tuning(base, tuning, types),
            (None, None) => Err(self.reported("")),
        };
        self.placed(plan?)
    }

    /// Adds the labels of nodes and pods.
    fn labelled(&mut self, base: Plan, types: &InstanceTypes) -> Plan {
        let reserved = &self.release.file.reserved_labels;
        let (stripped, match_labels): (BTreeMap<_, _>, BTreeMap<_, _>) = base
            .match_labels
            .into_iter()
            .partition(|(key, _)| reserved.contains(key));
        self.check_reserved(&stripped, match_labels.is_empty());
        let mut affinity = match_labels.clone();
        let own = match base.provisioner {
            Provisioner::Nodepool => [
                "karpenter.kaito.sh/workspace-name",
                "karpenter.kaito.sh/workspace-namespace",
            ],
            _ => ["kaito.sh/workspace", "kaito.sh/workspacenamespace"],
        };
        if base.provisioner != Provisioner::None {
            affinity.extend(
                own.map(str::to_owned)
                    .into_iter()
                    .zip([base.name.clone(), base.namespace.clone()]),
            );
        }
        let labels = &self.workspace.metadata.labels;
        let pod_labels: BTreeMap<_, _> = POD_LABELS
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), labels.get(*key)?.clone())))
            .collect();
        Plan {
            accelerator: gpus::is_nvidia(self.workspace, types).then(|| "nvidia".to_owned()),
            inference_set: pod_labels.get(CREATED_BY).cloned(),
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
            let message = format!("nodes can't be selected by {} alone", wording::and(&names));
            self.report(
                &rule::SELECTOR,
                place,
                message,
                "add a label of your own, such as `apps: <name>`".to_owned(),
            );
        } else {
            self.without_effect(
                place,
                &format!("nodes are not selected by {}", wording::and(&names)),
            );
        }
    }

    fn check_annotations(&mut self) {
        let annotations = &self.workspace.metadata.annotations;
        for key in STREAMING
            .into_iter()
            .filter(|key| annotations.contains_key(*key))
        {
            let message = format!("`{key}` asks for streamed weights, which are not compiled yet");
            let hint = "remove it: the weights are then downloaded when the pod starts".to_owned();
            self.report(&rule::NOT_YET, &annotation_pointer(key), message, hint);
        }
    }

    /// Serving by the user's own pods.
    fn hub_pods(&mut self, base: Plan, template: &Value) -> Plan {
        let asked = self
            .workspace
            .spec
            .resource
            .as_ref()
            .map_or(1, |resource| resource.count);
        let asked = u32::try_from(asked).unwrap_or(0).max(1);
        self.check_service_names();
        let mut template = PodTemplate::of(template);
        template.labels.extend(
            base.pod_labels
                .iter()
                .map(|(key, value)| (key.clone(), value.clone().into())),
        );
        Plan {
            node_count: self.wanted_nodes().unwrap_or(asked),
            service_type: Some(self.service_type().to_owned()),
            kv_events: self.runtime() == inference::VLLM,
            pod_template: Some(template),
            ..base
        }
    }

    /// Adds the nodes that are made, and what they refer to.
    fn placed(&mut self, plan: Plan) -> Result<Plan, Reported> {
        if plan.provisioner != Provisioner::None && plan.cloud == Cloud::Arc {
            let message = "nothing makes nodes on Azure Arc".to_owned();
            let place = self.profile.span("/cloud");
            let finding = Diagnostic::global(&rule::UNKNOWN_PROVISIONER, message);
            self.diagnostics.report(Diagnostic {
                place,
                ..finding.hint("set the profile's `provisioner: none`")
            });
        }
        let annotation = self
            .annotation("kaito.sh/node-image-family")
            .map(|value| value.trim().to_lowercase());
        let image_family =
            annotation.unwrap_or_else(|| self.profile.node_image_family.name().to_owned());
        let nodes = match plan.provisioner {
            Provisioner::Nodeclaim => (0..plan.node_count)
                .map(|ordinal| PlannedNode {
                    ordinal,
                    name: String::new(),
                })
                .collect(),
            _ => Vec::new(),
        };
        if plan.provisioner != Provisioner::Nodepool {
            return Ok(Plan {
                image_family: Some(image_family),
                nodes,
                ..plan
            });
        }
        Ok(Plan {
            node_pool: node_pool(&plan.namespace, &plan.name),
            node_class: Some(self.node_class()?),
            node_classes: self
                .profile
                .node_classes
                .iter()
                .filter(|class| class.spec.is_some())
                .cloned()
                .collect(),
            nodes,
            ..plan
        })
    }

    /// The NodeClass of a NodePool (8).
    fn node_class(&mut self) -> Result<String, Reported> {
        const ANNOTATION: &str = "kaito.sh/node-class-name";
        let classes = &self.profile.node_classes;
        let of_kaito = |name: &&str| NodeClass {
            name: (*name).to_owned(),
            default: false,
            spec: None,
        };
        let classes: Vec<_> = if classes.is_empty() && self.profile.cloud == Cloud::Azure {
            AZURE_NODE_CLASSES.iter().map(of_kaito).collect()
        } else {
            classes.clone()
        };
        let names: Vec<_> = classes
            .iter()
            .map(|class| format!("`{}`", class.name))
            .collect();
        match self
            .annotation(ANNOTATION)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
        {
            Some(name) if classes.iter().any(|class| class.name == name) => Ok(name),
            Some(name) => {
                let message = format!("there is no NodeClass `{name}`");
                let hint = match names.as_slice() {
                    [] => "name it in the profile's `nodeClasses`".to_owned(),
                    names => format!(
                        "use {}, or name it in the profile's `nodeClasses`",
                        wording::or(names)
                    ),
                };
                let place = annotation_pointer(ANNOTATION);
                Err(self.fail(&rule::NODE_CLASS, &place, message, hint))
            }
            None => {
                let default = classes
                    .iter()
                    .find(|class| class.default)
                    .or_else(|| classes.first());
                default
                    .map(|class| class.name.clone())
                    .ok_or_else(|| self.no_node_class())
            }
        }
    }

    fn no_node_class(&mut self) -> Reported {
        let cloud = self.profile.cloud.title();
        let message = format!("NodePools of {cloud} need a NodeClass");
        let hint = "name one in the profile: `nodeClasses: [{name: gpu, default: true}]`";
        let finding = Diagnostic::global(&rule::NODE_CLASS, message).hint(hint);
        self.diagnostics.fail(Diagnostic {
            place: self.profile.span("/provisioner"),
            ..finding
        })
    }

    /// A model by the name that a Workspace gives it: an alias or a repository, in any case.
    fn hub_model(&mut self, preset: &Preset, pointer: &str) -> Result<&'a HubModel, Reported> {
        let repository = self.release.repository(&preset.name);
        if let Some(model) = self.release.hub_model(&repository) {
            return model;
        }
        self.check_retired_model(&preset.name, pointer)?;
        let (message, hint) = self.unknown_model(&preset.name, &repository);
        Err(self.fail(&rule::UNKNOWN_PRESET, pointer, message, hint))
    }

    fn unknown_model(&self, name: &str, repository: &str) -> (String, String) {
        let message = format!("release {} has no preset `{name}`", self.release.name);
        let aliases = self.release.file.aliases.keys().map(String::as_str);
        let known = self.release.model_names();
        let shorts = known.iter().filter_map(|name| name.rsplit('/').next());
        let near = wording::nearest(repository, known.iter().copied().chain(aliases));
        let near = near.map(|near| format!("did you mean `{near}`?"));
        if repository
            .split_once('/')
            .is_some_and(|(owner, model)| !owner.is_empty() && !model.is_empty())
        {
            let import = format!(
                "kaito-render presets import --name {name} --config config.json --files files.json --library DIR"
            );
            let import = format!(
                "make a preset of what Hugging Face says of it, and compile with `--library DIR`: `{import}`"
            );
            return (
                message,
                near.map_or(import.clone(), |near| format!("{near} If not, {import}")),
            );
        }
        if let Some(near) = near {
            return (message, near);
        }
        let full = shorts
            .zip(&known)
            .find(|(short, _)| *short == repository)
            .map(|(_, full)| full);
        match full {
            Some(full) => (message, format!("did you mean `{full}`?")),
            None => (
                message,
                "`kaito-render presets list` names them all".to_owned(),
            ),
        }
    }

    /// The image that serves and tunes every model.
    fn base_image(&mut self) -> Result<String, Reported> {
        let Some(image) = &self.release.file.base_image else {
            let message = format!("release {} names no `baseImage`", self.release.name);
            let finding = Diagnostic::global(&rule::LIBRARY_FIELD, message);
            return Err(self.diagnostics.fail(finding));
        };
        Ok(format!(
            "{}/{}:{}",
            self.profile.registry, image.name, image.tag
        ))
    }

    /// Warns of something that is written but changes nothing.
    fn without_effect(&mut self, pointer: &str, message: &str) {
        self.report(
            &rule::NO_EFFECT,
            pointer,
            message.to_owned(),
            "remove it".to_owned(),
        );
    }

    fn warn(&mut self, rule: &'static Rule, pointer: &str, message: String, hint: String) {
        let finding = Diagnostic::new(rule, self.workspace.span(pointer), message).hint(hint);
        self.diagnostics.report(Diagnostic {
            severity: Severity::Warning,
            ..finding
        });
    }
}

impl<'a> Planner<'a> {
    fn annotation(&self, key: &str) -> Option<&'a str> {
        self.workspace
            .metadata
            .annotations
            .get(key)
            .map(String::as_str)
    }
}

/// What a pod asks for: all GPUs of a node, or one slice.
fn gpu_request(gpus: &gpus::Gpus) -> BTreeMap<String, String> {
    let resource = gpus
        .mig_resource
        .clone()
        .unwrap_or_else(|| "nvidia.com/gpu".to_owned());
    BTreeMap::from([(resource, gpus.count.to_string())])
}

/// The name of a NodePool: at most 63 characters (§5.3).
fn node_pool(namespace: &str, name: &str) -> String {
    let full = format!("{namespace}-{name}");
    match full.get(..53) {
        Some(start) if full.len() > 63 => format!("{start}-{}", hex::sha256(&full, 9)),
        _ => full,
    }
}

/// The JSON Pointer of an annotation.
fn annotation_pointer(key: &str) -> String {
    format!("/metadata/annotations/{}", pointer::escape(key))
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
