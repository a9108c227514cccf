//! What is decided about tuning wherever models come from.

use indexmap::IndexMap;

use super::config::training_config::TrainingConfig;
use super::{Planner, TuningPlan, filled, once};
use crate::base::wording;
use crate::catalogue::preset::Flags;
use crate::diagnostic::Reported;
use crate::diagnostic::rule;
use crate::workspace::{Preset, Tuning};

impl TuningPlan {
    /// What the Workspace says, as it says it; the rest is up to the family of the model.
    pub(super) fn of(tuning: &Tuning, preset: &Preset, config: TrainingConfig) -> Self {
        Self {
            config_map: config.name,
            config_text: config.text,
            preset: preset.name.clone(),
            weights_image: None,
            urls: tuning.input.urls.clone(),
            input_name: tuning.input.name.clone().unwrap_or_default(),
            input_image: filled(tuning.input.image.as_ref()),
            input_secrets: once(tuning.input.image_pull_secrets.clone()),
            input_volume: None,
            output_dir: config.output_dir,
            output_image: filled(tuning.output.image.as_ref()),
            output_volume: None,
            push_secret: filled(tuning.output.image_push_secret.as_ref()),
            launch_flags: Flags::new(),
            env: IndexMap::new(),
        }
    }
}

impl Planner<'_> {
    pub(super) fn not_tunable(&mut self, preset: &str) -> Reported {
        let tunable = self.release.tunable_models();
        let hint = format!("models that can: {}", wording::and(&tunable));
        let message = format!("`{preset}` can't be fine-tuned");
        self.fail(&rule::NOT_TUNABLE, "/tuning/preset/name", message, hint)
    }
}
