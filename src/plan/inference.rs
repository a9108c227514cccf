//! What is decided about serving a model.

use serde_json::{Map, Value};

use super::{AdapterPlan, InferencePlan, Plan, Planner, PodTemplate, preset_count, private_pull_secrets};
use crate::diagnostic::Diagnostic;
use crate::preset::{AccessMode, InferencePreset, InstanceTypes, SizingName};
use crate::rule;
use crate::workspace::{Inference, Preset};

/// The annotation that asks for a Service of type `LoadBalancer`, with the value `True`.
const ENABLE_LB: &str = "kaito.sh/enablelb";

/// The weight of an adapter that names none. KAITO 0.3 means it so, and then loses it.
const STRENGTH: &str = "1.0";

impl Planner<'_, '_> {
    /// Serving by preset.
    pub(super) fn inference(&mut self, base: Plan, inference: &Inference, types: &InstanceTypes) -> Option<Plan> {
        let preset = inference.preset.as_ref()?;
        let model = self.model(preset, "/inference/preset/name")?;
        let needs = &model.inference.needs;
        match self.release.file.sizing {
            SizingName::PresetCount => {
                preset_count::check_inference(self.workspace, needs, self.profile.cloud, types, self.session);
            }
        }
        let processes = self.processes(&model.inference, base.node_count);
        let distributed = model.inference.world_size.is_some();
        self.check_service_names(distributed);
        if distributed && !inference.adapters.is_empty() {
            self.adapters_without_effect(&preset.name);
        }
        let pull_secrets = pull_secrets(inference, preset);
        self.repeated(&pull_secrets, "/inference/adapters");
        let annotation = self.workspace.metadata.annotations.get(ENABLE_LB);
        let service_type = if annotation.is_some_and(|value| value == "True") { "LoadBalancer" } else { "ClusterIP" };
        Some(Plan {
            disk: model.inference.disk.clone(),
            gpus: types.get(&base.instance_type).map_or(needs.gpus, |instance| instance.gpus),
            image: Some(self.image(preset, &model, "/inference/preset")?),
            pull_secrets,
            inference: Some(InferencePlan {
                service_type: service_type.to_owned(),
                runtime: model.inference.runtime.clone(),
                distributed,
                processes,
                launch_flags: self.release.file.runtimes.get(&model.inference.runtime).cloned().unwrap_or_default(),
                flags: model.inference.flags.clone(),
                adapters: adapters(inference),
            }),
            ..base
        })
    }

    /// The processes of each node. Those of a model that is spread over nodes are as many on each.
    fn processes(&mut self, preset: &InferencePreset, nodes: u32) -> u32 {
        let Some(world) = preset.world_size else { return 1 };
        match world.checked_div(nodes) {
            Some(processes) if processes * nodes == world => return processes,
            None => return 0, // that no node is asked for is reported already
            Some(_) => {}
        }
        let message = format!("the model runs in {world} processes, which {nodes} nodes can't share evenly");
        let hint = format!("set `resource.count` to a divisor of {world}");
        self.report(&rule::COUNT, "/resource/count", message, hint);
        0
    }

    /// Reports a name that the Services could not have, or that would make labels too long: those of a StatefulSet's
    /// pods end in `-` and a hash of ten digits.
    fn check_service_names(&mut self, distributed: bool) {
        const LONGEST: usize = 52;
        let name = &self.workspace.metadata.name;
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            let message = format!("`{name}` can't name a Service: it begins with a digit");
            self.report(&rule::NAME, "/metadata/name", message, "begin the name with a letter".to_owned());
        } else if distributed && name.len() > LONGEST {
            let message = format!(
                "the name of a Workspace whose model is spread over nodes has at most {LONGEST} characters, and this has {}",
                name.len()
            );
            self.report(&rule::NAME, "/metadata/name", message, "choose a shorter name".to_owned());
        }
    }

    fn adapters_without_effect(&mut self, preset: &str) {
        let message = format!("adapters have no effect: `{preset}` is spread over nodes and loads none");
        let place = self.workspace.span("/inference/adapters");
        self.session.report(Diagnostic::new(&rule::ADAPTERS_IGNORED, place, message).hint("remove them"));
    }

    /// Serving by the user's own pods.
    pub(super) fn pod_template(&mut self, base: Plan, template: &Value, types: &InstanceTypes) -> Plan {
        preset_count::check_name(self.workspace, self.profile.cloud, types, self.session);
        let mapping = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let (mut metadata, mut spec) = (mapping(&template["metadata"]), mapping(&template["spec"]));
        let labels = take(&mut metadata, "labels").as_ref().map(mapping).unwrap_or_default();
        let tolerations = take(&mut spec, "tolerations").and_then(|value| value.as_array().cloned());
        let tolerations = tolerations.unwrap_or_default();
        Plan { pod_template: Some(PodTemplate { metadata, labels, spec, tolerations }), ..base }
    }
}

fn take(fields: &mut Map<String, Value>, key: &str) -> Option<Value> {
    fields.shift_remove(key)
}

fn adapters(inference: &Inference) -> Vec<AdapterPlan> {
    let adapters = inference.adapters.iter().filter_map(|adapter| {
        let source = adapter.source.as_ref()?;
        Some(AdapterPlan {
            name: source.name.clone()?,
            image: source.image.clone()?,
            strength: adapter.strength.clone().unwrap_or_else(|| STRENGTH.to_owned()),
        })
    });
    adapters.collect()
}

/// For a private model its own Secrets, otherwise those of all adapters.
fn pull_secrets(inference: &Inference, preset: &Preset) -> Vec<String> {
    if preset.access_mode == AccessMode::Private {
        return private_pull_secrets(preset);
    }
    let sources = inference.adapters.iter().filter_map(|adapter| adapter.source.as_ref());
    sources.flat_map(|source| source.image_pull_secrets.clone()).collect()
}
