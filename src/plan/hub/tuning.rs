//! What is decided about tuning a model.

use indexmap::IndexMap;
use serde_json::Value;

use super::super::{Plan, Planner, TuningPlan, filled};
use super::inference::NODE_COUNT;
use super::{annotation_pointer, gpu_request};
use crate::base::wording;
use crate::catalogue::preset::InstanceTypes;
use crate::diagnostic::Reported;
use crate::diagnostic::rule;
use crate::workspace::{Tuning, image_reference};

impl Planner<'_> {
    /// Tuning by preset.
    pub(in super::super) fn hub_tuning(
        &mut self,
        base: Plan,
        tuning: &Tuning,
        types: &InstanceTypes,
    ) -> Result<Plan, Reported> {
        let Some(preset) = &tuning.preset else {
            return Err(self.reported("/tuning"));
        };
        if self.wanted_nodes().is_some() {
            self.without_effect(
                &annotation_pointer(NODE_COUNT),
                "a training runs on one node",
            );
        }
        let gpus = self.gpus(base.provisioner, &base.match_labels, types);
        let model = self.hub_model(preset, "/tuning/preset/name")?;
        let Some(training) = &model.tuning else {
            return Err(self.hub_not_tunable(&preset.name));
        };
        let method = tuning.method.as_deref().unwrap_or_default().to_lowercase();
        if !["lora", "qlora"].contains(&method.as_str()) {
            return Err(self.reported("/tuning/method"));
        }
        let config = self.training_config(&method)?;
        let gpus = gpus?;
        let output_image = filled(tuning.output.image.as_ref());
        let push_secret =
            filled(tuning.output.image_push_secret.as_ref()).filter(|_| output_image.is_some());
        let pull_secrets: Vec<_> = push_secret.clone().into_iter().collect();
        let volume = |source: &Option<Value>| source.as_ref().and_then(Value::as_object).cloned();
        let is_alias = !preset.name.contains('/');
        let registry = &self.profile.registry;
        Ok(Plan {
            node_count: 1,
            gpus: gpus.count,
            gpu_request: gpu_request(&gpus),
            pull_secrets,
            tuning: Some(TuningPlan {
                config_map: config.name,
                config_text: config.text,
                urls: tuning.input.urls.clone(),
                input_name: tuning.input.name.clone().unwrap_or_default(),
                input_image: filled(tuning.input.image.as_ref())
                    .and_then(|image| image_reference(&image)),
                input_secrets: tuning.input.image_pull_secrets.clone(),
                input_volume: volume(&tuning.input.volume_source),
                output_dir: config.output_dir,
                output_image: output_image.and_then(|image| image_reference(&image)),
                output_volume: volume(&tuning.output.volume_source),
                push_secret,
                preset: preset.name.clone(),
                weights_image: Some(format!(
                    "{registry}/kaito-{}:{}",
                    model.short_name(),
                    training.tag
                )),
                launch_flags: [("num_processes".to_owned(), Some(gpus.count.to_string()))]
                    .into_iter()
                    .collect(),
                env: if is_alias {
                    training.alias_env.clone()
                } else {
                    IndexMap::default()
                },
            }),
            image: Some(self.base_image()?),
            ..base
        })
    }

    fn hub_not_tunable(&mut self, preset: &str) -> Reported {
        let tunable = self.release.tunable_models();
        let hint = format!("models that can: {}", wording::and(&tunable));
        let message = format!("`{preset}` can't be fine-tuned");
        self.fail(&rule::NOT_TUNABLE, "/tuning/preset/name", message, hint)
    }
}
