//! The rules for updates: what of a Workspace has to stay as it was. KAITO's webhook compares each
//! update with what is there (specifications of 0.3 and 0.12, "update rules").

use std::collections::BTreeMap;

use serde_json::Value;

use super::rules::{self, Rules};
use super::spec::{LabelSelector, Preset, Tuning};
use super::{Draft, Workspace};
use crate::base::node::Node;
use crate::base::nulls::drop_nulls;
use crate::base::pointer;
use crate::base::wording;
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input::schema::Unread;
use crate::vocab::{AccessMode, WorkspaceApi};
use crate::vocab::{annotations, kinds};

/// Reports everything that differs between two versions of a Workspace and may not, by the rules
/// of an API.
///
/// The place of a diagnostic is the field in the newer version, or what would hold it; it also
/// shows the place in the older one. What is wrong with the newer version by itself is not repeated.
pub fn changes(old: &Workspace, new: &Draft, api: WorkspaceApi, diagnostics: &mut Diagnostics) {
    let workspace = new.repaired();
    let mut changes = Changes {
        old,
        new: workspace,
        rules: Rules::new(&workspace.node, new.unread(), diagnostics),
    };
    changes.purpose();
    changes.resource();
    changes.inference();
    changes.tuning();
    match api {
        WorkspaceApi::V1alpha1 => changes.ignored_adapters(),
        WorkspaceApi::V1beta1 => {
            changes.field(
                &rule::STREAMING_CHANGED,
                &pointer::to_annotation(annotations::MODEL_STREAMING),
                "the way weights are loaded can't change",
            );
            changes.strengths();
        }
    }
}

/// As [`changes`], of an InferenceSet, whose `namespace/name` is the key: of all its fields, KAITO
/// holds on to one.
pub fn changes_of_set(old: &Node, new: &Node, key: &str, diagnostics: &mut Diagnostics) {
    let pointer = "/spec/template/resource/partition";
    let of = |node: &Node| node.find(pointer).map(|found| plain(found.node));
    if of(old).unwrap_or_default() != of(new).unwrap_or_default() {
        Rules::new(new, &Unread::default(), diagnostics)
            .at(pointer)
            .report(&rule::PARTITION_CHANGED, "the GPU partition can't change")
            .hint(instead(kinds::INFERENCE_SET, key))
            .also(old.at(pointer).span, before(old, pointer));
    }
}

/// Reports that an error in the earlier version prevents the comparison; other diagnostics about
/// it are dropped.
#[must_use]
pub fn not_compared(found: Vec<Diagnostic>) -> Option<Diagnostic> {
    let Diagnostic { message, place, .. } = found.into_iter().find(Diagnostic::is_error)?;
    let message = format!("not compared with the earlier version: {message}");
    Some(Diagnostic {
        place,
        ..Diagnostic::global(&rule::NOT_COMPARED, message)
    })
}

struct Changes<'a> {
    old: &'a Workspace,
    new: &'a Workspace,
    rules: Rules<'a>,
}

impl Changes<'_> {
    fn purpose(&mut self) {
        let (old, new) = (&self.old.spec, &self.new.spec);
        let had = [old.inference.is_some(), old.tuning.is_some()];
        let has = [new.inference.is_some(), new.tuning.is_some()];
        for ((section, had), has) in ["inference", "tuning"].into_iter().zip(had).zip(has) {
            let message = match (had, has) {
                (true, false) => format!("`{section}` can't be removed from a Workspace"),
                (false, true) => format!("`{section}` can't be added to a Workspace"),
                _ => continue,
            };
            let pointer = format!("/{section}");
            self.rules
                .at(&pointer) // whatever is wrong in the section
                .report(&rule::PURPOSE_CHANGED, message)
                .hint(instead(kinds::WORKSPACE, &self.new.key()))
                .also(self.old.span(&pointer), before(&self.old.node, &pointer));
        }
    }

    fn resource(&mut self) {
        let (Some(old), Some(new)) = (&self.old.spec.resource, &self.new.spec.resource) else {
            return;
        };
        if old.count != new.count {
            let message = format!(
                "`resource.count` can't change from {} to {}",
                old.count, new.count
            );
            self.report(&rule::NODE_COUNT_CHANGED, "/resource/count", message);
        }
        let types = (&old.instance_type, &new.instance_type);
        // An empty instance type stands for nodes that exist already, and may be filled in or
        // cleared.
        if types.0 != types.1 && !types.0.is_empty() && !types.1.is_empty() {
            let message = format!(
                "`resource.instanceType` can't change from `{}` to `{}`",
                types.0, types.1
            );
            self.report(
                &rule::INSTANCE_TYPE_CHANGED,
                "/resource/instanceType",
                message,
            );
        }
        if let Some(new) = labels(&new.label_selector)
            && labels(&old.label_selector).as_ref() != Some(&new)
        {
            let message =
                "`resource.labelSelector` can't change: it selects the nodes of the Workspace";
            self.report(
                &rule::SELECTOR_CHANGED,
                "/resource/labelSelector",
                message.to_owned(),
            );
        }
        if old.partition != new.partition {
            let message = "the GPU partition can't change".to_owned();
            self.report(&rule::PARTITION_CHANGED, "/resource/partition", message);
        }
    }

    fn inference(&mut self) {
        let (Some(old), Some(new)) = (&self.old.spec.inference, &self.new.spec.inference) else {
            return;
        };
        match (&old.template, &new.template) {
            (None, Some(_)) => {
                let message =
                    "a Workspace that serves a preset can't change to a pod template".to_owned();
                return self.report(&rule::TEMPLATE_CHANGED, "/inference/template", message);
            }
            (Some(_), None) => {
                let message =
                    "a Workspace that runs a pod template can't change to a preset".to_owned();
                return self.report(&rule::TEMPLATE_CHANGED, "/inference/template", message);
            }
            _ => {}
        }
        self.preset(
            old.preset.as_ref(),
            new.preset.as_ref(),
            "/inference/preset",
        );
    }

    fn tuning(&mut self) {
        let (Some(old), Some(new)) = (&self.old.spec.tuning, &self.new.spec.tuning) else {
            return;
        };
        self.preset(old.preset.as_ref(), new.preset.as_ref(), "/tuning/preset");
        // Letter case does not count, as in KAITO's webhook.
        let method = |tuning: &Tuning| tuning.method.as_deref().map(str::to_lowercase);
        if let (Some(old), Some(new)) = (method(old), method(new))
            && old != new
        {
            let message = format!("`tuning.method` can't change from `{old}` to `{new}`");
            self.report(&rule::METHOD_CHANGED, "/tuning/method", message);
        }
        let name = |tuning: &Tuning| tuning.input.name.clone().unwrap_or_default();
        if name(old) != name(new) {
            let message = "`tuning.input.name` can't change, but the data can".to_owned();
            self.report(&rule::DATA_NAME_CHANGED, "/tuning/input/name", message);
        }
    }

    /// Reports each field of a model that changed.
    fn preset(&mut self, old: Option<&Preset>, new: Option<&Preset>, pointer: &str) {
        let (Some(old), Some(new)) = (old, new) else {
            if old.is_some() != new.is_some() {
                let verb = if new.is_some() {
                    "added to"
                } else {
                    "removed from"
                };
                let message = format!("`{}` can't be {verb} a Workspace", wording::field(pointer));
                self.report(&rule::PRESET_CHANGED, pointer, message);
            }
            return;
        };
        for ((field, old), (_, new)) in fields(old).into_iter().zip(fields(new)) {
            if old != new {
                let pointer = format!("{pointer}/{field}");
                let message = format!(
                    "`{}` can't change: a Workspace keeps its model",
                    wording::field(&pointer)
                );
                self.report(&rule::PRESET_CHANGED, &pointer, message);
            }
        }
    }

    /// Reports a field of strings that is not what it was.
    fn field(&mut self, rule: &'static Rule, pointer: &str, message: &str) {
        let of =
            |workspace: &Workspace| workspace.node.find(pointer).map(|found| plain(found.node));
        if of(self.old) != of(self.new) {
            self.report(rule, pointer, message.to_owned());
        }
    }

    /// Reports mistakes in adapters beside a template, which KAITO 0.3 checks only in updates.
    fn ignored_adapters(&mut self) {
        let inference = self.new.spec.inference.as_ref();
        if let Some(inference) = inference.filter(|inference| inference.template.is_some()) {
            for (index, adapter) in inference.adapters.iter().enumerate() {
                let pointer = format!("/inference/adapters/{index}");
                rules::check_adapter(&mut self.rules, adapter, &pointer);
            }
        }
    }

    /// Reports strengths of adapters that KAITO 0.12 lets pass when a Workspace is created, and
    /// only then.
    fn strengths(&mut self) {
        let inference = self.new.spec.inference.iter();
        let adapters = inference.flat_map(|inference| &inference.adapters);
        for (index, adapter) in adapters.enumerate() {
            let given = adapter.strength.as_deref();
            if let Some(given) = given.filter(|given| !rules::is_strength(given)) {
                let message = format!("an update can't have an adapter with strength `{given}`");
                self.rules
                    .at(&format!("/inference/adapters/{index}/strength"))
                    .report(&rule::STRENGTH_IN_UPDATE, message)
                    .hint("write a number from 0 to 1 as a string, such as \"0.5\"");
            }
        }
    }

    fn report(&mut self, rule: &'static Rule, pointer: &str, message: String) {
        self.rules
            .at(pointer)
            .reads(pointer)
            .report(rule, message)
            .hint(instead(kinds::WORKSPACE, &self.new.key()))
            .also(self.old.span(pointer), before(&self.old.node, pointer));
    }
}

/// What to do instead of a change that is refused.
fn instead(kind: &str, key: &str) -> String {
    let (namespace, name) = key.split_once('/').unwrap_or_default();
    let command = format!(
        "kubectl delete {} {name} -n {namespace}",
        kind.to_lowercase()
    );
    format!(
        "create a {kind} with another name, and remove this one when the new one is ready; or run `{command}` first"
    )
}

/// What the older document has at a place.
fn before(old: &Node, pointer: &str) -> String {
    match old.find(pointer).map(|found| plain(found.node)) {
        None | Some(Value::Null) => "was not set here".to_owned(),
        Some(Value::Object(_) | Value::Array(_)) => "was different here".to_owned(),
        Some(value) => format!("was `{}` here", wording::plain(&value).escape_debug()),
    }
}

/// A value as it counts: without nulls.
fn plain(node: &Node) -> Value {
    let mut value = node.to_value();
    drop_nulls(&mut value);
    value
}

/// A selector as labels; none if it says more than labels can.
fn labels(selector: &LabelSelector) -> Option<BTreeMap<&str, &str>> {
    let mut labels: BTreeMap<_, _> = selector
        .match_labels
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    for requirement in &selector.match_expressions {
        match requirement.values.as_slice() {
            [value] if requirement.operator == "In" => labels.insert(&requirement.key, value),
            _ => return None,
        };
    }
    Some(labels)
}

/// The fields of a preset, where none and empty are the same.
fn fields(preset: &Preset) -> [(&'static str, String); 5] {
    let options = &preset.preset_options;
    let access_mode = match preset.access_mode {
        AccessMode::Public => "public",
        AccessMode::Private => "private",
    };
    [
        ("name", preset.name.clone()),
        ("accessMode", access_mode.to_owned()),
        (
            "presetOptions/image",
            options.image.clone().unwrap_or_default(),
        ),
        (
            "presetOptions/imagePullSecrets",
            options.image_pull_secrets.join("\n"),
        ),
        (
            "presetOptions/modelAccessSecret",
            options.model_access_secret.clone().unwrap_or_default(),
        ),
    ]
}
