//! What is decided where models come from Hugging Face: one image serves them all, and nodes are
//! estimated. [`image`](super::image) has files of the same names for models with an image each.
//!
//! Numbers such as R3 and §5.3 are those of the specification of KAITO 0.12.

pub(super) mod decisions;
mod flags;
mod inference;
mod models;
mod node_count;
mod nodes;
mod tuning;

use serde_json::Value;

use super::{Plan, Planner, PodTemplate};
use crate::base::pointer;
use crate::catalogue::preset::{HubNumbers, InstanceTypes};
use crate::diagnostic::Reported;
use crate::diagnostic::rule;
use crate::vocab::Provisioner;
use crate::vocab::annotations::STREAMING;

pub(super) use decisions::Estimated;

/// Plans a Workspace whose model comes from Hugging Face.
pub(super) struct Hub<'p, 'a> {
    planner: &'p mut Planner<'a>,
    types: &'a InstanceTypes,
    numbers: &'a HubNumbers,
}

impl<'p, 'a> Hub<'p, 'a> {
    pub(super) fn new(
        planner: &'p mut Planner<'a>,
        types: &'a InstanceTypes,
        numbers: &'a HubNumbers,
    ) -> Self {
        Self {
            planner,
            types,
            numbers,
        }
    }

    /// Decides everything about the Workspace.
    pub(super) fn plan(mut self, base: Plan) -> Result<Plan, Reported> {
        let spec = &self.planner.workspace.spec;
        let template = spec
            .inference
            .as_ref()
            .and_then(|inference| inference.template.as_ref());
        let fitting = self.fitting_instead();
        self.planner.check_instance_type(
            base.provisioner,
            self.types,
            template.is_some(),
            &fitting,
        );
        self.planner.check_partition(base.provisioner);
        self.check_annotations();
        self.check_makes_nodes(base.provisioner);
        let node_class = match base.provisioner {
            Provisioner::Nodepool => Some(self.planner.node_class()),
            _ => None,
        };
        let base = Plan {
            disk: self.numbers.disk.unknown.clone(),
            ..self.labelled(base)
        };
        let plan = match (&spec.inference, &spec.tuning) {
            (Some(inference), _) => match template {
                Some(template) => Ok(self.pods(base, template)),
                None => self.inference(base, inference),
            },
            (None, Some(tuning)) => self.tuning(base, tuning),
            (None, None) => {
                let planner = &mut *self.planner;
                let gpus = planner.gpus(base.provisioner, &base.match_labels, self.types);
                gpus.and(Err(planner.reported("")))
            }
        };
        Ok(self.placed(plan?, node_class.transpose()?))
    }

    fn check_annotations(&mut self) {
        let annotations = &self.planner.workspace.metadata.annotations;
        for key in STREAMING
            .into_iter()
            .filter(|key| annotations.contains_key(*key))
        {
            let message = format!("`{key}` asks for streamed weights, which are not compiled yet");
            let hint = "remove it: the weights are then downloaded when the pod starts".to_owned();
            self.planner
                .report(&rule::NOT_YET, &pointer::to_annotation(key), message, hint);
        }
        self.wanted_nodes(); // reports one that is no number
    }

    /// Serving by the user's own pods.
    fn pods(&mut self, base: Plan, template: &Value) -> Plan {
        let asked = u32::try_from(self.asked_nodes()).unwrap_or(0).max(1);
        self.planner.check_service_names();
        let mut template = PodTemplate::of(template);
        template.labels.extend(
            base.pod_labels
                .iter()
                .map(|(key, value)| (key.clone(), value.clone().into())),
        );
        Plan {
            node_count: self.wanted_nodes().unwrap_or(asked),
            service_type: Some(self.planner.service_type().to_owned()),
            kv_events: self.runtime() == inference::VLLM,
            pod_template: Some(template),
            ..base
        }
    }
}
