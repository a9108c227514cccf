//! The models of Hugging Face, and the image that serves and tunes them.

use super::Hub;
use crate::base::similar;
use crate::catalogue::preset::HubModel;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Reported};
use crate::workspace::Preset;

impl<'a> Hub<'_, 'a> {
    /// Reports models that are not in the catalogue.
    pub(in crate::plan) fn check_models(mut self) {
        for (preset, pointer) in self.planner.presets() {
            _ = self.model(preset, pointer);
        }
    }

    /// A model by the name that a Workspace gives it: an alias or a repository, in any case.
    pub(super) fn model(
        &mut self,
        preset: &Preset,
        pointer: &str,
    ) -> Result<&'a HubModel, Reported> {
        let repository = self.planner.release.file.repository(&preset.name);
        if let Some(model) = self.planner.release.hub_model(&repository) {
            return model;
        }
        self.planner.check_retired_model(&preset.name, pointer)?;
        let (message, hint) = self.unknown_model(&preset.name, &repository);
        Err(self
            .planner
            .fail(&rule::UNKNOWN_PRESET, pointer, message, hint))
    }

    fn unknown_model(&self, name: &str, repository: &str) -> (String, String) {
        let message = format!(
            "release {} has no preset `{name}`",
            self.planner.release.name
        );
        let release = self.planner.release;
        let calls = release.file.model_calls(release.model_names());
        let near = similar::nearest(repository, calls);
        let near = near.map(|near| format!("did you mean `{near}`?"));
        let hint = self.planner.model_hint(name, near);
        if !is_repository(repository) {
            let list = || "`kaito-render presets list` names them all".to_owned();
            return (message, hint.unwrap_or_else(list));
        }
        let import = format!(
            "kaito-render presets import --name {name} --config config.json --files files.json --library DIR"
        );
        let import = format!(
            "make a preset of what Hugging Face says of it, and compile with `--library DIR`: `{import}`"
        );
        (
            message,
            hint.map_or(import.clone(), |hint| format!("{hint} If not, {import}")),
        )
    }

    /// The image that serves and tunes every model.
    pub(super) fn base_image(&mut self) -> Result<String, Reported> {
        let Some(image) = &self.planner.release.file.base_image else {
            let message = format!("release {} names no `baseImage`", self.planner.release.name);
            let diagnostic = Diagnostic::global(&rule::LIBRARY_FIELD, message);
            return Err(self.planner.diagnostics.fail(diagnostic));
        };
        Ok(format!(
            "{}/{}:{}",
            self.planner.profile.registry, image.name, image.tag
        ))
    }
}

/// Whether a name is that of a repository of Hugging Face: an owner and a model.
fn is_repository(name: &str) -> bool {
    name.split_once('/')
        .is_some_and(|(owner, model)| !owner.is_empty() && !model.is_empty())
}
