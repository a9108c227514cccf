//! What is decided about serving a model.

use serde_json::Value;

use super::Image;
use crate::catalogue::preset::InferencePreset;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Reported};
use crate::plan::sizing::preset_count::{self, Tables};
use crate::plan::{
    AdapterPlan, InferencePlan, Plan, PodTemplate, adapter_secrets, once, private_pull_secrets,
};
use crate::vocab::AccessMode;
use crate::workspace::{Inference, Preset};

/// The weight of an adapter that names none. KAITO 0.3 means it so, and then loses it.
const STRENGTH: &str = "1.0";

impl<'a> Image<'_, 'a> {
    /// Decides how a preset is served: GPUs, adapters and the flags of launcher and server.
    pub(super) fn inference(
        &mut self,
        base: Plan,
        inference: &Inference,
    ) -> Result<Plan, Reported> {
        let known = match &inference.preset {
            Some(preset) => self
                .model(preset, "/inference/preset/name")
                .map(|model| (preset, model)),
            None => Err(self.planner.reported("/inference")),
        };
        // Without a model nothing else looks at the instance type.
        let (preset, model) = known.inspect_err(|_| self.check_name())?;
        let needs = &model.inference.needs;
        preset_count::check_inference(
            self.planner.workspace,
            needs,
            self.tables(),
            self.planner.diagnostics,
        );
        let processes = self.processes(&model.inference, base.node_count);
        let distributed = model.inference.world_size.is_some();
        self.check_names(distributed);
        if distributed && !inference.adapters.is_empty() {
            self.adapters_without_effect(&preset.name);
        }
        let release = self.planner.release;
        Ok(Plan {
            disk: model.inference.disk.clone(),
            // All GPUs of the machine, whatever the model needs; only of an instance type that no
            // table has, as many as the preset says (KAITO 0.3, §3.4).
            gpus: self
                .types
                .get(&base.instance_type)
                .map_or(needs.gpus, |instance| instance.gpus),
            image: Some(self.image(preset, model, "/inference/preset")?),
            pull_secrets: pull_secrets(inference, preset),
            service_type: Some(self.planner.service_type().to_owned()),
            inference: Some(InferencePlan {
                runtime: model.inference.runtime.clone(),
                distributed,
                processes,
                metrics: release.file.metrics.get(&model.inference.runtime).cloned(),
                launch_flags: release.runtime_flags(&model.inference.runtime),
                flags: model.inference.flags.clone(),
                adapters: adapters(inference),
                ..InferencePlan::default()
            }),
            ..base
        })
    }

    /// The processes of each node. Those of a model that is spread over nodes are as many on each.
    fn processes(&mut self, preset: &InferencePreset, nodes: u32) -> u32 {
        let Some(world) = preset.world_size else {
            return 1;
        };
        match world.checked_div(nodes) {
            Some(processes) if processes * nodes == world => return processes,
            None => return 0, // that no node is asked for is reported already
            Some(_) => {}
        }
        let message =
            format!("the model runs in {world} processes, which {nodes} nodes can't share evenly");
        let hint = format!("set `resource.count` to a divisor of {world}");
        self.planner
            .report(&rule::COUNT, "/resource/count", message, hint);
        0
    }

    /// A Deployment may have a longer name than a StatefulSet.
    fn check_names(&mut self, distributed: bool) {
        if distributed
            || self
                .planner
                .workspace
                .metadata
                .name
                .starts_with(|first: char| first.is_ascii_digit())
        {
            self.planner.check_service_names();
        }
    }

    fn adapters_without_effect(&mut self, preset: &str) {
        let message =
            format!("adapters have no effect: `{preset}` is spread over nodes and loads none");
        let place = self.planner.workspace.span("/inference/adapters");
        self.planner
            .diagnostics
            .report(Diagnostic::new(&rule::ADAPTERS_IGNORED, place, message).hint("remove them"));
    }

    /// Where instance types are looked up.
    pub(super) fn tables(&self) -> Tables<'a> {
        Tables {
            release: self.planner.release,
            cloud: self.planner.profile.cloud,
            types: self.types,
            sources: self.planner.sources,
        }
    }

    /// Reports an instance type that the cloud does not have.
    pub(super) fn check_name(&mut self) {
        preset_count::check_name(
            self.planner.workspace,
            None,
            self.tables(),
            self.planner.diagnostics,
        );
    }

    /// Serving by the user's own pods.
    pub(super) fn pod_template(&mut self, base: Plan, template: &Value) -> Plan {
        self.check_name();
        Plan {
            pod_template: Some(PodTemplate::of(template)),
            ..base
        }
    }
}

fn adapters(inference: &Inference) -> Vec<AdapterPlan> {
    let adapters = inference.adapters.iter().filter_map(|adapter| {
        let source = adapter.source.as_ref()?;
        Some(AdapterPlan {
            name: source.name.clone()?,
            image: Some(source.image.clone()?),
            volume: None,
            strength: Some(
                adapter
                    .strength
                    .clone()
                    .unwrap_or_else(|| STRENGTH.to_owned()),
            ),
            pull_secrets: once(source.image_pull_secrets.clone()),
        })
    });
    adapters.collect()
}

/// For a private model its own Secrets, otherwise those of all adapters.
fn pull_secrets(inference: &Inference, preset: &Preset) -> Vec<String> {
    if preset.access_mode == AccessMode::Private {
        return private_pull_secrets(preset);
    }
    once(adapter_secrets(inference))
}
