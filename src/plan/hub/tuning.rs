//! What is decided about tuning a model.

use serde_json::{Map, Value};

use super::Hub;
use super::nodes::gpu_request;
use crate::base::pointer;
use crate::catalogue::preset::Flags;
use crate::diagnostic::Reported;
use crate::plan::{Plan, TuningPlan};
use crate::vocab::annotations::NODE_COUNT;
use crate::vocab::image;
use crate::workspace::Tuning;

impl Hub<'_, '_> {
    /// Decides how a preset is tuned, on one node.
    pub(super) fn tuning(&mut self, base: Plan, tuning: &Tuning) -> Result<Plan, Reported> {
        if self.wanted_nodes().is_some() {
            self.planner.without_effect(
                &pointer::to_annotation(NODE_COUNT),
                "a training runs on one node",
            );
        }
        let gpus = self
            .planner
            .gpus(base.provisioner, &base.match_labels, self.types);
        let Some(preset) = &tuning.preset else {
            return Err(self.planner.reported("/tuning"));
        };
        let model = self.model(preset, "/tuning/preset/name")?;
        let Some(training) = &model.tuning else {
            return Err(self.planner.not_tunable(&preset.name));
        };
        let config = self.planner.training_config(tuning)?;
        let gpus = gpus?;
        let written = TuningPlan::of(tuning, preset, config);
        // A Secret to push with has no use where the result stays on a volume.
        let push_secret = written
            .push_secret
            .filter(|_| written.output_image.is_some());
        // A training does not download from Hugging Face: the weights come from an image (0.12,
        // §6).
        let weights = format!(
            "{}/kaito-{}:{}",
            self.planner.profile.registry,
            model.short_name(),
            training.tag
        );
        let is_alias = !preset.name.contains('/');
        let processes = ("num_processes".to_owned(), Some(gpus.count.to_string()));
        Ok(Plan {
            node_count: 1,
            gpus: gpus.count,
            gpu_request: gpu_request(&gpus),
            pull_secrets: push_secret.clone().into_iter().collect(),
            tuning: Some(TuningPlan {
                weights_image: Some(weights),
                input_image: reference(written.input_image),
                input_volume: volume(tuning.input.volume_source.as_ref()),
                output_image: reference(written.output_image),
                output_volume: volume(tuning.output.volume_source.as_ref()),
                push_secret,
                launch_flags: Flags::from([processes]),
                env: training
                    .alias_env
                    .iter()
                    // KAITO looks for the prefix `phi-3` in the name as it is written, and a
                    // repository such as `microsoft/Phi-3-mini-4k-instruct` does not have it (0.12,
                    // §6).
                    .filter(|_| is_alias)
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
                ..written
            }),
            image: Some(self.base_image()?),
            ..base
        })
    }
}

/// An image as the container runtime reads it.
fn reference(image: Option<String>) -> Option<String> {
    image.and_then(|image| image::complete(&image))
}

fn volume(source: Option<&Value>) -> Option<Map<String, Value>> {
    source.and_then(Value::as_object).cloned()
}
