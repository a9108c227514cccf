//! What is decided about tuning a model.

use super::Image;
use crate::diagnostic::Reported;
use crate::plan::sizing::preset_count;
use crate::plan::{Plan, TuningPlan, filled, once, private_pull_secrets};
use crate::workspace::{Preset, Tuning};

impl Image<'_, '_> {
    /// Decides how a preset is tuned.
    pub(super) fn tuning(&mut self, base: Plan, tuning: &Tuning) -> Result<Plan, Reported> {
        let known = match &tuning.preset {
            Some(preset) => self
                .model(preset, "/tuning/preset/name")
                .map(|model| (preset, model)),
            None => Err(self.planner.reported("/tuning")),
        };
        let (preset, model) = known.inspect_err(|_| self.check_name())?;
        let Some(training) = &model.tuning else {
            self.check_name();
            return Err(self.planner.not_tunable(&preset.name));
        };
        preset_count::check_tuning(
            self.planner.workspace,
            &training.needs,
            self.tables(),
            self.planner.diagnostics,
        );
        // Without `?`, so that mistakes in the configuration are reported beside a missing image.
        let image = self.image(preset, model, "/tuning/preset");
        let config = self.planner.training_config(tuning)?;
        let instance = self.types.get(&base.instance_type);
        // Unlike the GPUs that the pod asks for, the processes don't follow from the preset (quirk
        // 10).
        let processes = instance.map_or(1, |instance| instance.gpus).to_string();
        let launch_flags = [("num_processes".to_owned(), Some(processes))]
            .into_iter()
            .chain(training.flags.clone());
        Ok(Plan {
            gpus: instance.map_or(training.needs.gpus, |instance| instance.gpus),
            image: Some(image?),
            pull_secrets: pull_secrets(tuning, preset),
            tuning: Some(TuningPlan {
                launch_flags: launch_flags.collect(),
                env: training.env.clone(),
                ..TuningPlan::of(tuning, preset, config)
            }),
            ..base
        })
    }
}

/// The Secrets of the data's image, of the result's, and of a private model, in this order.
fn pull_secrets(tuning: &Tuning, preset: &Preset) -> Vec<String> {
    let input =
        filled(tuning.input.image.as_ref()).map(|_| tuning.input.image_pull_secrets.clone());
    let output =
        filled(tuning.output.image.as_ref()).and(filled(tuning.output.image_push_secret.as_ref()));
    let images = input.unwrap_or_default().into_iter().chain(output);
    once(images.chain(private_pull_secrets(preset)))
}
