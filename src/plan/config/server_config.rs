//! The ConfigMap with settings of the inference server.
//!
//! Numbers such as C1 are those of the specification of KAITO 0.12, section 2.1.

use serde_json::Value;

use crate::base::node::{Data, Entry, Node};
use crate::base::sources::Span;
use crate::base::wording;
use crate::catalogue::preset::HubModel;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::Planner;
use crate::workspace::placeholders;

const KEY: &str = "inference_config.yaml";
const PLACE: &str = "/inference/config";

/// The settings of a ConfigMap.
#[derive(Debug)]
pub(in crate::plan) struct ServerConfig {
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
    pub(in crate::plan) value: Value,
    /// Where its name stands.
    pub(in crate::plan) key_place: Span,
    /// Where its value stands.
    pub(in crate::plan) place: Span,
}

impl Setting {
    /// The value as KAITO passes it on.
    pub(in crate::plan) fn text(&self) -> String {
        wording::plain(&self.value)
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
        let mut report = |place: Span, message: String, hint: &str| {
            self.diagnostics
                .report(Diagnostic::new(&rule::SERVER_CONFIG, place, message).hint(hint));
        };
        let Some(yaml) = config_map.yaml(KEY) else {
            report(
                config_map.span(KEY),
                format!("the ConfigMap has no `{KEY}`"),
                "put the settings under it",
            );
            return None;
        };
        let parsed = yaml.parse(self.sources);
        if let Some(error) = parsed.error {
            let message = format!("`{KEY}`: {}", error.message);
            let place = error.place.unwrap_or(yaml.place);
            report(place, message, "correct the text under this key");
            return None;
        }
        let node = parsed.node?;
        let length = node.find("/vllm/max-model-len");
        let length = length.and_then(|found| found.node.as_str());
        let severity = match length {
            Some(length) if placeholders::is_in(length) => Severity::Error,
            _ => Severity::Warning,
        };
        placeholders::check_settings(&node, severity, self.profile.substitution, self.diagnostics);
        if severity == Severity::Error {
            return None;
        }
        let mut report = |place: Span, message: String, hint: &str| {
            self.diagnostics
                .report(Diagnostic::new(&rule::SERVER_CONFIG, place, message).hint(hint));
        };
        match context_length(&node, model.context_length) {
            Ok(context) => {
                let mut others = settings(&node);
                others.retain(|setting| setting.name != "vllm");
                Some(ServerConfig {
                    context,
                    flags: node.get("vllm").map(settings).unwrap_or_default(),
                    others,
                })
            }
            Err((place, message, hint)) => {
                report(place, message, &hint);
                None
            }
        }
    }
}

fn settings(node: &Node) -> Vec<Setting> {
    let setting = |entry: &Entry| Setting {
        name: entry.key.clone(),
        value: entry.value.to_value(),
        key_place: entry.key_span,
        place: match entry.value.data {
            Data::Map(_) | Data::List(_) => entry.key_span,
            _ => entry.value.span,
        },
    };
    node.entries("").iter().map(setting).collect()
}

/// What is wrong with settings, where, and what to do.
type Wrong = (Span, String, String);

/// The context length among the settings for vLLM, if there is one; at most `limit`.
fn context_length(node: &Node, limit: u64) -> Result<Option<u64>, Wrong> {
    const PLAIN: &str = "settings under `vllm` are plain: one name and one value a line";
    let plain = |place: Span, message: String| (place, message, PLAIN.to_owned());
    if !matches!(node.data, Data::Map(_) | Data::Null) {
        return Err(plain(node.span, format!("`{KEY}` is not a mapping")));
    }
    let settings = match node.entry("vllm").map(|entry| (entry, &entry.value.data)) {
        None | Some((_, Data::Null)) => return Ok(None),
        Some((_, Data::Map(settings))) => settings,
        Some((entry, _)) => {
            return Err(plain(entry.key_span, "`vllm` is not a mapping".to_owned()));
        }
    };
    // KAITO decodes `vllm` into a map from strings to strings (C1).
    if let Some(nested) = settings
        .iter()
        .find(|entry| matches!(entry.value.data, Data::Map(_) | Data::List(_)))
    {
        let message = format!("`vllm.{}` is not a plain value", nested.key);
        return Err(plain(nested.key_span, message));
    }
    let Some(setting) = settings.iter().find(|entry| entry.key == "max-model-len") else {
        return Ok(None);
    };
    let written = match setting.value.to_value() {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    let wrong = |message: String| {
        let hint = format!("write a number up to {limit}, or leave `max-model-len` out");
        (setting.value.span, message, hint)
    };
    let length: i64 = written.parse().map_err(|_| {
        wrong(format!(
            "`max-model-len` must be a whole number, not `{written}`"
        ))
    })?;
    match u64::try_from(length) {
        Ok(length) if length > limit => Err(wrong(format!(
            "`max-model-len: {length}` is more than the {limit} tokens that the model was made for"
        ))),
        // 0 and negative numbers count as absent (§3.2).
        Ok(length) => Ok((length > 0).then_some(length)),
        Err(_) => Ok(None),
    }
}
