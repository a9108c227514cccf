//! The ConfigMap with settings of the inference server.
//!
//! Numbers such as C1 are those of the specification of KAITO 0.12, section 2.1.

use crate::base::node::{Data, Entry, Node};
use crate::base::sources::{Sources, Span};
use crate::base::wording;
use crate::catalogue::preset::HubModel;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input;
use crate::plan::Planner;

const KEY: &str = "inference_config.yaml";
const PLACE: &str = "/inference/config";

/// The settings of a ConfigMap.
#[derive(Debug)]
pub(in crate::plan) struct ServerConfig {
    /// The place to show for them.
    pub(in crate::plan) place: Span,
    /// The context length that they name.
    pub(in crate::plan) context: Option<u64>,
    /// The flags of vLLM, in the order of the text.
    pub(in crate::plan) flags: Vec<Setting>,
    /// The settings beside flags, which the release's table of flags names.
    pub(in crate::plan) others: Vec<Setting>,
}

/// A setting of the ConfigMap, as it is written there.
#[derive(Debug)]
pub(in crate::plan) struct Setting {
    pub(in crate::plan) name: String,
    pub(in crate::plan) value: String,
    /// Its line in the text of the ConfigMap.
    pub(in crate::plan) line: usize,
}

impl Setting {
    /// The place in words, for a message.
    pub(in crate::plan) fn place(&self) -> String {
        format!("`{KEY}`, line {}", self.line)
    }
}

impl Planner<'_> {
    /// Reads and checks the settings for vLLM (C1).
    pub(in crate::plan) fn server_config(
        &mut self,
        name: &str,
        model: &HubModel,
    ) -> Option<ServerConfig> {
        let namespace = &self.workspace.metadata.namespace;
        let Some(config_map) = self.config_maps.get(namespace, name) else {
            let message =
                format!("there is no ConfigMap `{name}` of namespace `{namespace}` in the input");
            let hint = format!("add it, with a key `{KEY}`, or leave `inference.config` out");
            self.report(&rule::SERVER_CONFIG, PLACE, message, hint);
            return None;
        };
        let place = config_map.span(KEY);
        let mut report = |message: String, hint: &str| {
            self.diagnostics
                .report(Diagnostic::new(&rule::SERVER_CONFIG, place, message).hint(hint));
        };
        let Some(text) = config_map.text(KEY) else {
            report(
                format!("the ConfigMap has no `{KEY}`"),
                "put the settings under it",
            );
            return None;
        };
        let (node, sources) = match parsed(text) {
            Ok(parsed) => parsed?,
            Err(message) => {
                report(message, "correct the text under this key");
                return None;
            }
        };
        match context_length(&node, model.context_length) {
            Ok(context) => {
                let vllm = node
                    .get("vllm")
                    .map(|vllm| settings(vllm, &sources))
                    .unwrap_or_default();
                let mut others = settings(&node, &sources);
                others.retain(|setting| setting.name != "vllm");
                Some(ServerConfig {
                    place,
                    context,
                    flags: vllm,
                    others,
                })
            }
            Err(message) => {
                report(
                    message,
                    "settings under `vllm` are plain: one name and one value a line",
                );
                None
            }
        }
    }
}

/// The document of a text, with the text for places; none if it is empty.
fn parsed(text: &str) -> Result<Option<(Node, Sources)>, String> {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let file = sources.add(KEY, text);
    let mut documents = input::parse(&sources, file, &mut found);
    match found.iter().find(|diagnostic| diagnostic.is_error()) {
        Some(error) => {
            let line = error
                .place
                .map_or(1, |span| sources.position(file, span.start).line);
            Err(format!("`{KEY}`, line {line}: {}", error.message))
        }
        None => Ok(documents.drain(..).next().map(|node| (node, sources))),
    }
}

fn settings(node: &Node, sources: &Sources) -> Vec<Setting> {
    let setting = |entry: &Entry| Setting {
        name: entry.key.clone(),
        value: wording::plain(&entry.value.to_value()),
        line: sources
            .position(entry.key_span.file, entry.key_span.start)
            .line,
    };
    node.entries("").iter().map(setting).collect()
}

/// The context length among the settings for vLLM, if there is one; at most `limit`.
fn context_length(node: &Node, limit: u64) -> Result<Option<u64>, String> {
    if !matches!(node.data, Data::Map(_) | Data::Null) {
        return Err(format!("`{KEY}` is not a mapping"));
    }
    let settings = match node.get("vllm").map(|node| &node.data) {
        None | Some(Data::Null) => return Ok(None),
        Some(Data::Map(settings)) => settings,
        Some(_) => return Err("`vllm` is not a mapping".to_owned()),
    };
    // KAITO decodes `vllm` into a map from strings to strings (C1).
    if let Some(nested) = settings
        .iter()
        .find(|entry| matches!(entry.value.data, Data::Map(_) | Data::List(_)))
    {
        return Err(format!("`vllm.{}` is not a plain value", nested.key));
    }
    let setting = settings
        .iter()
        .find(|entry| entry.key == "max-model-len")
        .map(|entry| entry.value.to_value());
    let written = match setting {
        None | Some(serde_json::Value::Null) => return Ok(None),
        Some(serde_json::Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(serde_json::Value::String(text)) => text.trim().to_owned(),
        Some(other) => other.to_string(),
    };
    let length: i64 = written
        .parse()
        .map_err(|_| format!("`max-model-len` must be a whole number, not `{written}`"))?;
    match u64::try_from(length) {
        Ok(length) if length > limit => Err(format!(
            "`max-model-len: {length}` is more than the {limit} tokens that the model was made for"
        )),
        // 0 and negative numbers count as absent (§3.2).
        Ok(length) => Ok((length > 0).then_some(length)),
        Err(_) => Ok(None),
    }
}
