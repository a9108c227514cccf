//! The ConfigMap with the parameters of a training: the user's own, or the default of the method.
//!
//! Numbers such as K1 are those of the specification of KAITO 0.3.

use super::output_dir;
use crate::base::node::{Data, Node};
use crate::base::similar;
use crate::base::sources::{Sources, Span};
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics, Reported, Severity};
use crate::input::config_map::ConfigMap;
use crate::plan::Planner;
use crate::vocab::{TuningMethod, WorkspaceApi};
use crate::workspace::{Tuning, placeholders};

const KEY: &str = "training_config.yaml";

/// Fields of the configuration.
const FOUR: &str = "/training_config/QuantizationConfig/load_in_4bit";
const EIGHT: &str = "/training_config/QuantizationConfig/load_in_8bit";
const OUTPUT_DIR: &str = "/training_config/TrainingArguments/output_dir";

/// The sections that the training reads.
const SECTIONS: [&str; 6] = [
    "ModelConfig",
    "QuantizationConfig",
    "LoraConfig",
    "TrainingArguments",
    "DatasetConfig",
    "DataCollator",
];

/// What was decided about the parameters of a training.
pub(in crate::plan) struct TrainingConfig {
    /// The name of the ConfigMap.
    pub(in crate::plan) name: String,
    /// The text of a default ConfigMap; none if the ConfigMap is the user's own.
    pub(in crate::plan) text: Option<String>,
    /// The directory that the result is written to.
    pub(in crate::plan) output_dir: String,
}

impl Planner<'_> {
    /// Finds the configuration of a training: the ConfigMap that it names, or the default of its
    /// method.
    pub(in crate::plan) fn training_config(
        &mut self,
        tuning: &Tuning,
    ) -> Result<TrainingConfig, Reported> {
        let method = tuning.method.as_deref().and_then(TuningMethod::find);
        let Some(method) = method.map(TuningMethod::name) else {
            return Err(self.reported("/tuning/method"));
        };
        let named = tuning.config.as_deref().filter(|name| !name.is_empty());
        let default = format!("{method}-params-template");
        let name = named.unwrap_or(&default);
        let namespace = &self.workspace.metadata.namespace;
        // Also one that has the name of the default: KAITO copies its own only where there is none
        // (0.12, §6).
        if let Some(config_map) = self.config_maps.get(namespace, name) {
            let output_dir = self.custom(config_map, method)?;
            return Ok(TrainingConfig {
                name: name.to_owned(),
                text: None,
                output_dir,
            });
        }
        if named.is_some() {
            return Err(self.missing(name));
        }
        let Some(config) = self.release.tuning_config(method) else {
            return Err(self.reported("/tuning/method"));
        };
        let config = config?;
        let output_dir = output_dir::of(&config.node);
        Ok(TrainingConfig {
            name: default,
            text: Some(config.text.clone()),
            output_dir,
        })
    }

    fn missing(&mut self, name: &str) -> Reported {
        let namespace = &self.workspace.metadata.namespace;
        let message =
            format!("there is no ConfigMap `{name}` of namespace `{namespace}` in the input");
        let hint = format!(
            "add it, with a key `{KEY}`, or leave `tuning.config` out for the default of the method"
        );
        self.fail(&rule::TUNING_CONFIG, "/tuning/config", message, hint)
    }

    /// Checks a user's configuration and gives its output directory.
    fn custom(&mut self, config_map: ConfigMap, method: &str) -> Result<String, Reported> {
        let mark = self.diagnostics.mark();
        let mut checks = Checks {
            place: config_map.span(KEY),
            sources: self.sources,
            api: self.release.file.workspace_api,
            diagnostics: self.diagnostics,
        };
        let node = checks.parsed(config_map)?;
        placeholders::check_settings(
            &node,
            Severity::Warning,
            self.profile.substitution,
            checks.diagnostics,
        );
        checks.sections(&node);
        checks.method(&node, method);
        checks.output_dir(&node);
        checks.written_elsewhere(&node);
        self.diagnostics.checked(mark)?;
        Ok(output_dir::of(&node))
    }
}

struct Checks<'a> {
    /// The place of the whole configuration.
    place: Span,
    sources: &'a Sources,
    api: WorkspaceApi,
    diagnostics: &'a mut Diagnostics,
}

impl Checks<'_> {
    /// Reports something at a field of the configuration, or at what would hold it.
    fn report(
        &mut self,
        node: &Node,
        pointer: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let place = node.at(pointer).span;
        self.diagnostics
            .report(Diagnostic::new(&rule::TUNING_CONFIG, place, message).hint(hint));
    }

    fn fail(&mut self, message: impl Into<String>, hint: impl Into<String>) -> Reported {
        let diagnostic = Diagnostic::new(&rule::TUNING_CONFIG, self.place, message);
        self.diagnostics.fail(diagnostic.hint(hint))
    }

    /// K1: the text is there, is YAML, and has a mapping under `training_config`.
    fn parsed(&mut self, config_map: ConfigMap) -> Result<Node, Reported> {
        let Some(yaml) = config_map.yaml(KEY) else {
            return Err(self.fail(
                format!("the ConfigMap has no `{KEY}`"),
                format!("put the configuration under `data.{KEY}`"),
            ));
        };
        let parsed = yaml.parse(self.sources);
        if let Some(error) = parsed.error {
            self.place = error.place.unwrap_or(self.place);
            return Err(self.fail(
                format!("`{KEY}`: {}", error.message),
                "correct the text under this key",
            ));
        }
        let has_sections = |node: &Node| {
            let found = node.find("/training_config").map(|found| &found.node.data);
            matches!(found, Some(Data::Map(_)))
        };
        if let Some(node) = &parsed.node {
            self.place = node.at("/training_config").span;
        }
        if let Some(node) = parsed.node.filter(has_sections) {
            return Ok(node);
        }
        Err(self.fail(
            format!("`{KEY}` has no mapping `training_config`"),
            "put the sections under `training_config:`",
        ))
    }

    fn sections(&mut self, node: &Node) {
        let Some(Data::Map(sections)) = node.get("training_config").map(|node| &node.data) else {
            return;
        };
        for section in sections
            .iter()
            .filter(|section| !SECTIONS.contains(&section.key.as_str()))
        {
            let hint = match similar::nearest(&section.key, SECTIONS.into_iter()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the sections are {}", wording::and(&SECTIONS)),
            };
            let message = format!("`training_config.{}` is not a section", section.key);
            self.diagnostics
                .add(&rule::TUNING_CONFIG, section.key_span, message)
                .hint(hint);
        }
    }

    /// K2: what is quantised has to fit the method.
    fn method(&mut self, node: &Node, method: &str) {
        self.section_is_mapping(node, "QuantizationConfig");
        let four = self.flag(node, "load_in_4bit");
        let eight = self.flag(node, "load_in_8bit");
        match (TuningMethod::find(method), four, eight) {
            (_, true, true) => {
                self.report(
                    node,
                    FOUR,
                    "both `load_in_4bit` and `load_in_8bit` are true",
                    "set one of them to false",
                );
            }
            (Some(TuningMethod::Lora), _, _) if four || eight => {
                self.report(
                    node,
                    if four { FOUR } else { EIGHT },
                    "a `lora` run does not quantise the model",
                    "set `method: qlora`, or `load_in_4bit` to false",
                );
            }
            (Some(TuningMethod::Qlora), false, false) => {
                let hint = "set `QuantizationConfig.load_in_4bit: true`, or `method: lora`";
                self.report(node, FOUR, "a `qlora` run has to quantise the model", hint);
            }
            _ => {}
        }
    }

    fn section_is_mapping(&mut self, node: &Node, section: &str) {
        let found = node.find(&format!("/training_config/{section}"));
        if found.is_some_and(|found| !matches!(found.node.data, Data::Map(_) | Data::Null)) {
            self.report(
                node,
                &format!("/training_config/{section}"),
                format!("`{section}` must be a mapping"),
                "write its settings below it, one a line",
            );
        }
    }

    fn flag(&mut self, node: &Node, name: &str) -> bool {
        let found = node.find(&format!("/training_config/QuantizationConfig/{name}"));
        match found.map(|found| &found.node.data) {
            None | Some(Data::Null) => false,
            Some(Data::Bool(value)) => *value,
            Some(_) => {
                self.report(
                    node,
                    &format!("/training_config/QuantizationConfig/{name}"),
                    format!("`QuantizationConfig.{name}` must be a boolean"),
                    "write true or false",
                );
                false
            }
        }
    }

    /// The training takes the directory as it is written (quirk 15): only an absolute one is that
    /// of the volume.
    fn written_elsewhere(&mut self, node: &Node) {
        let found = node.find(OUTPUT_DIR).and_then(|found| found.node.as_str());
        let Some(written) = found.filter(|written| !written.is_empty()) else {
            return;
        };
        let volume = output_dir::of(node);
        if output_dir::is_inside(written) && written.trim_end_matches('/') != volume {
            let message = format!(
                "the training writes to `{written}`, but the result is looked for in `{volume}`"
            );
            let diagnostic = Diagnostic::new(&rule::OUTPUT_DIR, node.at(OUTPUT_DIR).span, message);
            self.diagnostics
                .report(diagnostic.hint(format!("set `TrainingArguments.output_dir: {volume}`")));
        }
    }

    /// K3: the result has to be written below `/mnt`.
    fn output_dir(&mut self, node: &Node) {
        self.section_is_mapping(node, "TrainingArguments");
        let arguments = node
            .find("/training_config/TrainingArguments")
            .map(|found| found.node);
        let Some(written) = arguments.and_then(|node| node.get("output_dir")) else {
            return;
        };
        match written.as_str() {
            None => self.report(
                node,
                OUTPUT_DIR,
                "`TrainingArguments.output_dir` must be a string",
                "such as `/mnt/results`",
            ),
            Some(path)
                if !output_dir::is_inside(path)
                    || self.api > WorkspaceApi::V1alpha1 && output_dir::is_all(path) =>
            {
                let message = format!(
                    "`TrainingArguments.output_dir` is not a directory below `/mnt`: `{path}`"
                );
                self.report(node, OUTPUT_DIR, message, "such as `/mnt/results`");
            }
            Some(_) => {}
        }
    }
}
