//! The models that have an image, and that image.

use super::Image;
use crate::base::similar;
use crate::base::wording;
use crate::catalogue::preset::Model;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Reported};
use crate::plan::filled;
use crate::vocab::AccessMode;
use crate::workspace::Preset;

impl<'a> Image<'_, 'a> {
    /// Reports models that are not in the catalogue.
    pub(in crate::plan) fn check_models(mut self) {
        for (preset, pointer) in self.planner.presets() {
            _ = self.model(preset, pointer);
        }
    }

    /// A model by the name that a Workspace gives it, which has to be exact.
    pub(super) fn model(&mut self, preset: &Preset, pointer: &str) -> Result<&'a Model, Reported> {
        if let Some(model) = self.planner.release.model(&preset.name) {
            return model;
        }
        self.planner.check_retired_model(&preset.name, pointer)?;
        let names = self.planner.release.model_names();
        let message = format!(
            "release {} has no preset `{}`",
            self.planner.release.name, preset.name
        );
        let near = similar::nearest(&preset.name, names.iter().copied());
        let near = near.map(|near| format!("did you mean `{near}`?"));
        let hint = self.planner.model_hint(&preset.name, near);
        let hint = hint.unwrap_or_else(|| format!("the presets are {}", wording::and(&names)));
        let diagnostic = Diagnostic::new(
            &rule::UNKNOWN_PRESET,
            self.planner.workspace.span(pointer),
            message,
        )
        .hint(hint);
        // The fix is certain only if a single name differs in nothing but letter case.
        let mut exact = names
            .iter()
            .filter(|known| known.eq_ignore_ascii_case(&preset.name));
        Err(self
            .planner
            .diagnostics
            .fail(match (exact.next(), exact.next()) {
                (Some(exact), None) => {
                    diagnostic.respelt(&preset.name, exact, self.planner.sources)
                }
                _ => diagnostic,
            }))
    }

    /// The image that serves and tunes the model.
    pub(super) fn image(
        &mut self,
        preset: &Preset,
        model: &Model,
        pointer: &str,
    ) -> Result<String, Reported> {
        if preset.access_mode == AccessMode::Private {
            // Any preset can be made private, also one that has a public image (KAITO 0.3, §3.6).
            let image = filled(preset.preset_options.image.as_ref());
            return image.ok_or_else(|| self.planner.reported(pointer));
        }
        if let (AccessMode::Public, Some(tag)) = (model.image.access_mode, &model.image.tag) {
            return Ok(format!(
                "{}/kaito-{}:{tag}",
                self.planner.profile.registry, preset.name
            ));
        }
        let message = format!("there is no public image of `{}`", preset.name);
        let hint =
            "set `accessMode: private` and name your own image in `presetOptions.image`".to_owned();
        Err(self
            .planner
            .fail(&rule::NO_PUBLIC_IMAGE, pointer, message, hint))
    }
}
