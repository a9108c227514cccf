//! What is decided about tuning a model.

use crate::base::wording;
use crate::catalogue::preset::InstanceTypes;
use crate::diagnostic::Reported;
use crate::diagnostic::rule;
use crate::plan::sizing::preset_count;
use crate::plan::{Plan, Planner, TuningPlan, filled, private_pull_secrets};
use crate::workspace::{Preset, Tuning};

impl Planner<'_> {
    /// Tuning by preset.
    pub(in crate::plan) fn tuning(
        &mut self,
        base: Plan,
        tuning: &Tuning,
        types: &InstanceTypes,
    ) -> Result<Plan, Reported> {
        let Some(preset) = &tuning.preset else {
            return Err(self.reported("/tuning"));
        };
        let model = self.model(preset, "/tuning/preset/name")?;
        let Some(training) = &model.tuning else {
            return Err(self.not_tunable(&preset.name));
        };
        preset_count::check_tuning(
            self.workspace,
            &training.needs,
            self.profile.cloud,
            types,
            self.sources,
            self.diagnostics,
        );
        let method = tuning.method.as_deref().unwrap_or_default().to_lowercase();
        if !["lora", "qlora"].contains(&method.as_str()) {
            return Err(self.reported("/tuning/method"));
        }
        let pull_secrets = pull_secrets(tuning, preset);
        self.repeated(
            &pull_secrets,
            "/tuning/input",
            "name it once: it counts for all images of the pod",
        );
        let config = self.training_config(&method)?;
        let instance = types.get(&base.instance_type);
        let processes = instance.map_or(1, |instance| instance.gpus).to_string();
        let launch_flags = [("num_processes".to_owned(), Some(processes))]
            .into_iter()
            .chain(training.flags.clone());
        Ok(Plan {
            gpus: instance.map_or(training.needs.gpus, |instance| instance.gpus),
            image: Some(self.image(preset, model, "/tuning/preset")?),
            pull_secrets,
            tuning: Some(TuningPlan {
                config_map: config.name,
                config_text: config.text,
                preset: preset.name.clone(),
                weights_image: None,
                urls: tuning.input.urls.clone(),
                input_name: tuning.input.name.clone().unwrap_or_default(),
                input_image: filled(tuning.input.image.as_ref()),
                input_secrets: tuning.input.image_pull_secrets.clone(),
                input_volume: None,
                output_dir: config.output_dir,
                output_image: filled(tuning.output.image.as_ref()),
                output_volume: None,
                push_secret: filled(tuning.output.image_push_secret.as_ref()),
                launch_flags: launch_flags.collect(),
                env: training.env.clone(),
            }),
            ..base
        })
    }

    fn not_tunable(&mut self, preset: &str) -> Reported {
        let tunable = self.release.tunable_models();
        let hint = format!("models that can: {}", wording::and(&tunable));
        let message = format!("`{preset}` can't be fine-tuned");
        self.fail(&rule::NOT_TUNABLE, "/tuning/preset/name", message, hint)
    }
}

/// The Secrets of the data's image, of the result's, and of a private model, in this order.
fn pull_secrets(tuning: &Tuning, preset: &Preset) -> Vec<String> {
    let input =
        filled(tuning.input.image.as_ref()).map(|_| tuning.input.image_pull_secrets.clone());
    let output =
        filled(tuning.output.image.as_ref()).and(filled(tuning.output.image_push_secret.as_ref()));
    input
        .unwrap_or_default()
        .into_iter()
        .chain(output)
        .chain(private_pull_secrets(preset))
        .collect()
}
