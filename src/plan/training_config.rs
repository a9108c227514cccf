//! The ConfigMap with the parameters of a training: the user's own, or the default of the method.
//!
//! Numbers such as K1 are those of the specification of KAITO 0.3.

use super::output_dir;
use crate::base::node::{Data, Node};
use crate::base::sources::{Sources, Span};
use crate::base::wording;
use crate::catalogue::preset::WorkspaceApi;
use crate::catalogue::release::Release;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input;
use crate::input::config_map::{ConfigMap, ConfigMaps};
use crate::session::Session;
use crate::workspace::Workspace;

const KEY: &str = "training_config.yaml";

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
pub(super) struct TrainingConfig {
    /// The name of the ConfigMap.
    pub(super) name: String,
    /// The text of a default ConfigMap; none if the ConfigMap is the user's own.
    pub(super) text: Option<String>,
    /// The directory that the result is written to.
    pub(super) output_dir: String,
}

/// Finds the configuration of a Workspace, whose method is `lora` or `qlora`.
pub(super) fn find(
    workspace: &Workspace,
    method: &str,
    config_maps: &ConfigMaps,
    release: &mut Release,
    session: &mut Session,
) -> Option<TrainingConfig> {
    let named = workspace
        .spec
        .tuning
        .as_ref()?
        .config
        .as_deref()
        .filter(|name| !name.is_empty());
    let default = format!("{method}-params-template");
    let name = named.unwrap_or(&default);
    if let Some(config_map) = config_maps.get(&workspace.metadata.namespace, name) {
        let output_dir = custom(config_map, method, release.file.workspace_api, session)?;
        return Some(TrainingConfig {
            name: name.to_owned(),
            text: None,
            output_dir,
        });
    }
    if named.is_some() {
        missing(workspace, name, session);
        return None;
    }
    let config = release.tuning_config(method, session)?;
    let output_dir = output_dir::of(&config.node);
    Some(TrainingConfig {
        name: default,
        text: Some(config.text.clone()),
        output_dir,
    })
}

fn missing(workspace: &Workspace, name: &str, session: &mut Session) {
    let namespace = &workspace.metadata.namespace;
    let message = format!("there is no ConfigMap `{name}` of namespace `{namespace}` in the input");
    let hint = format!(
        "add it, with a key `{KEY}`, or leave `tuning.config` out for the default of the method"
    );
    let place = workspace.span("/tuning/config");
    session.report(Diagnostic::new(&rule::TUNING_CONFIG, place, message).hint(hint));
}

/// Checks a user's configuration and gives its output directory; none if the training can't use it.
fn custom(
    config_map: ConfigMap,
    method: &str,
    api: WorkspaceApi,
    session: &mut Session,
) -> Option<String> {
    let mark = session.mark();
    let mut checks = Checks {
        place: config_map.span(KEY),
        api,
        session,
    };
    let node = checks.parsed(config_map)?;
    checks.sections(&node);
    checks.method(&node, method);
    checks.output_dir(&node);
    checks.written_elsewhere(&node);
    (!session.failed_since(mark)).then(|| output_dir::of(&node))
}

struct Checks<'a> {
    place: Span,
    api: WorkspaceApi,
    session: &'a mut Session,
}

impl Checks<'_> {
    fn report(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.session
            .report(Diagnostic::new(&rule::TUNING_CONFIG, self.place, message).hint(hint));
    }

    /// K1: the text is there, is YAML, and has a mapping under `training_config`.
    fn parsed(&mut self, config_map: ConfigMap) -> Option<Node> {
        let Some(text) = config_map.text(KEY) else {
            self.report(
                format!("the ConfigMap has no `{KEY}`"),
                format!("put the configuration under `data.{KEY}`"),
            );
            return None;
        };
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let file = sources.add(KEY, text);
        let mut documents = input::parse(&sources, file, &mut found);
        if let Some(error) = found.iter().find(|finding| finding.is_error()) {
            let line = error
                .place
                .map_or(1, |span| sources.position(file, span.start).line);
            self.report(
                format!("`{KEY}`, line {line}: {}", error.message),
                "correct the text under this key",
            );
            return None;
        }
        let node = documents.drain(..).next();
        if node.as_ref().is_some_and(|node| {
            matches!(
                node.find("/training_config").map(|it| &it.node.data),
                Some(Data::Map(_))
            )
        }) {
            return node;
        }
        self.report(
            format!("`{KEY}` has no mapping `training_config`"),
            "put the sections under `training_config:`",
        );
        None
    }

    fn sections(&mut self, node: &Node) {
        let Some(Data::Map(sections)) = node.get("training_config").map(|node| &node.data) else {
            return;
        };
        for section in sections
            .iter()
            .filter(|section| !SECTIONS.contains(&section.key.as_str()))
        {
            let hint = match wording::nearest(&section.key, SECTIONS.into_iter()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the sections are {}", wording::and(&SECTIONS)),
            };
            self.report(
                format!("`training_config.{}` is not a section", section.key),
                hint,
            );
        }
    }

    /// K2: what is quantised has to fit the method.
    fn method(&mut self, node: &Node, method: &str) {
        self.section_is_mapping(node, "QuantizationConfig");
        let four = self.flag(node, "load_in_4bit");
        let eight = self.flag(node, "load_in_8bit");
        match (method, four, eight) {
            (_, true, true) => {
                self.report(
                    "both `load_in_4bit` and `load_in_8bit` are true",
                    "set one of them to false",
                );
            }
            ("lora", _, _) if four || eight => {
                self.report(
                    "a `lora` run does not quantise the model",
                    "set `method: qlora`, or `load_in_4bit` to false",
                );
            }
            ("qlora", false, false) => {
                let hint = "set `QuantizationConfig.load_in_4bit: true`, or `method: lora`";
                self.report("a `qlora` run has to quantise the model", hint);
            }
            _ => {}
        }
    }

    fn section_is_mapping(&mut self, node: &Node, section: &str) {
        let found = node.find(&format!("/training_config/{section}"));
        if found.is_some_and(|found| !matches!(found.node.data, Data::Map(_) | Data::Null)) {
            self.report(
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
        let found = node
            .find("/training_config/TrainingArguments/output_dir")
            .and_then(|found| found.node.as_str());
        let Some(written) = found.filter(|written| !written.is_empty()) else {
            return;
        };
        let volume = output_dir::of(node);
        if output_dir::is_inside(written) && written.trim_end_matches('/') != volume {
            let message = format!(
                "the training writes to `{written}`, but the result is looked for in `{volume}`"
            );
            let finding = Diagnostic::new(&rule::OUTPUT_DIR, self.place, message);
            self.session
                .report(finding.hint(format!("set `TrainingArguments.output_dir: {volume}`")));
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
                "`TrainingArguments.output_dir` must be a string",
                "such as `/mnt/results`",
            ),
            Some(path)
                if !output_dir::is_inside(path)
                    || self.api > WorkspaceApi::V1alpha1 && output_dir::is_all(path) =>
            {
                let message =
                    format!("`TrainingArguments.output_dir` is no folder below `/mnt`: `{path}`");
                self.report(message, "such as `/mnt/results`");
            }
            Some(_) => {}
        }
    }
}
