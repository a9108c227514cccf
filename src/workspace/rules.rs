//! The rules that a Workspace keeps or breaks on its own, whatever the cluster: here those of
//! v1alpha1.
//!
//! Where a rule follows one of KAITO 0.3's webhook, its number in the specification stands beside
//! it.

mod v1beta1;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Adapter, DataDestination, DataSource, Inference, Preset, Tuning, Workspace, images, metadata,
    placeholder, strength,
};
use crate::base::sources::Span;
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::vocab::{AccessMode, WorkspaceApi};

/// The labels of node objects that say whose they are; a selector can't give them another value.
const OWN_LABELS: [&str; 2] = ["kaito.sh/workspace", "kaito.sh/workspacenamespace"];

/// The most nodes of one Workspace: as many as Kubernetes supports in a cluster (its documentation,
/// "Considerations for large clusters").
const MAX_NODES: i64 = 5000;

/// What names a container and a variable.
const ADAPTER_NAME: &str =
    "use at most 63 lower-case letters, digits and `-`, with a letter at the beginning";

/// The most adapters one Workspace may have (I6).
const MAX_ADAPTERS: usize = 10;

/// Reports every rule that a Workspace breaks, of the version whose rules hold.
pub(super) fn check(workspace: &Workspace, api: WorkspaceApi, diagnostics: &mut Diagnostics) {
    let mut rules = Rules {
        workspace,
        diagnostics,
    };
    match api {
        WorkspaceApi::V1alpha1 => rules.all(),
        WorkspaceApi::V1beta1 => v1beta1::check(&mut rules),
    }
}

/// Reports what is wrong with the adapters beside a pod template, which nothing looks at before an
/// update.
pub(super) fn check_adapters(workspace: &Workspace, diagnostics: &mut Diagnostics) {
    let adapters = workspace
        .spec
        .inference
        .iter()
        .flat_map(|inference| &inference.adapters);
    let mut rules = Rules {
        workspace,
        diagnostics,
    };
    for (index, adapter) in adapters.enumerate() {
        rules.adapter(adapter, &format!("/inference/adapters/{index}"));
    }
}

struct Rules<'a> {
    workspace: &'a Workspace,
    diagnostics: &'a mut Diagnostics,
}

impl Rules<'_> {
    fn all(&mut self) {
        self.purpose();
        self.resource();
        let spec = &self.workspace.spec;
        if let Some(inference) = &spec.inference {
            self.inference(inference);
        }
        if let Some(tuning) = &spec.tuning {
            self.tuning(tuning);
        }
    }

    fn purpose(&mut self) {
        let spec = &self.workspace.spec;
        match (&spec.inference, &spec.tuning) {
            (None, None) => {
                self.report(
                    &rule::PURPOSE,
                    "",
                    "the Workspace has neither `inference` nor `tuning`",
                    "add one of them",
                );
            } // C1
            (Some(_), Some(_)) => {
                self.report(
                    &rule::PURPOSE,
                    "/tuning",
                    "the Workspace has both `inference` and `tuning`",
                    "make two Workspaces of it",
                ); // C2
            }
            _ => {}
        }
    }

    fn resource(&mut self) {
        let Some(resource) = &self.workspace.spec.resource else {
            return self.report(
                &rule::RESOURCE,
                "",
                "the Workspace has no `resource`",
                "add it with `instanceType` and `labelSelector`",
            );
        };
        let inference = self.workspace.spec.inference.as_ref();
        let least = i64::from(inference.is_some_and(|inference| inference.preset.is_some()));
        if resource.count < least && self.workspace.spec.tuning.is_none() {
            let message = format!(
                "`resource.count` must be at least {least}, not {}",
                resource.count
            );
            self.report(
                &rule::COUNT,
                "/resource/count",
                &message,
                "say how many nodes to run on",
            );
        }
        if resource.count > MAX_NODES {
            let message = format!(
                "`resource.count` must be at most {MAX_NODES}, not {}",
                resource.count
            );
            self.report(
                &rule::COUNT,
                "/resource/count",
                &message,
                "a cluster of Kubernetes has no more nodes",
            );
        }
        if !resource.label_selector.match_expressions.is_empty() {
            self.report(
                // R5
                &rule::SELECTOR,
                "/resource/labelSelector/matchExpressions",
                "`matchExpressions` would be ignored",
                "write the labels under `matchLabels`",
            );
        } else if resource.label_selector.match_labels.is_empty() {
            self.report(
                &rule::SELECTOR,
                "/resource/labelSelector",
                "`labelSelector` names no label, so the pods would match no node",
                "add a label to `matchLabels`, such as `apps: <name>`",
            );
        }
        self.match_labels();
    }

    fn match_labels(&mut self) {
        let metadata = &self.workspace.metadata;
        let own = BTreeMap::from([
            (OWN_LABELS[0], &metadata.name),
            (OWN_LABELS[1], &metadata.namespace),
        ]);
        for entry in self
            .workspace
            .node
            .entries("/resource/labelSelector/matchLabels")
        {
            let value = entry.value.as_str().unwrap_or_default();
            metadata::check_label(entry, value, self.diagnostics);
            if own.get(entry.key.as_str()).is_some_and(|own| *own != value) {
                let message = format!(
                    "`{}` says whose node it is and can't be `{value}`",
                    entry.key
                );
                self.diagnostics.report(
                    Diagnostic::new(&rule::SELECTOR, entry.value.span, message)
                        .hint("choose a label of your own"),
                );
            }
        }
    }

    fn inference(&mut self, inference: &Inference) {
        match (&inference.preset, &inference.template) {
            (None, None) => {
                self.report(
                    &rule::PURPOSE,
                    "/inference",
                    "`inference` has neither `preset` nor `template`",
                    "add one of them",
                ); // I1
            }
            (Some(_), Some(_)) => {
                self.report(
                    &rule::PURPOSE,
                    "/inference/template",
                    "`inference` has both `preset` and `template`",
                    "remove one of them",
                ); // I2
            }
            (Some(preset), None) => self.preset(preset, "/inference/preset"),
            (None, Some(_)) => return, // adapters beside a template are ignored
        }
        self.adapters(&inference.adapters);
    }

    fn preset(&mut self, preset: &Preset, pointer: &str) {
        if preset.access_mode == AccessMode::Private
            && preset
                .preset_options
                .image
                .as_deref()
                .unwrap_or("")
                .is_empty()
        {
            self.report(
                // I5
                &rule::PRIVATE_IMAGE,
                &format!("{pointer}/accessMode"),
                "`accessMode: private` needs an image",
                "add `presetOptions.image`, or leave `accessMode` out to use the public image",
            );
        }
        let options = format!("{pointer}/presetOptions");
        if let Some(image) = preset
            .preset_options
            .image
            .as_deref()
            .filter(|image| !placeholder::is_in(image))
        {
            let place = format!("{options}/image");
            images::check_blanks(
                image,
                &wording::field(&place),
                self.workspace.span(&place),
                self.diagnostics,
            );
        }
        self.secrets(
            &preset.preset_options.image_pull_secrets,
            &format!("{options}/imagePullSecrets"),
        );
        self.placeholders(&options);
    }

    /// The names of Secrets, which are DNS names of at most 253 characters.
    fn secrets(&mut self, names: &[String], pointer: &str) {
        for (index, name) in names.iter().enumerate() {
            self.secret(name, &format!("{pointer}/{index}"));
        }
    }

    fn secret(&mut self, name: &str, pointer: &str) {
        let is_name = name.len() <= 253 && name.split('.').all(metadata::is_dns_label);
        if !is_name && !placeholder::is_in(name) {
            let message = format!("no Secret can be called `{}`", name.escape_debug());
            self.report(
                &rule::SECRET,
                pointer,
                &message,
                "use lower-case letters, digits, `-` and `.`",
            );
        }
    }

    fn adapters(&mut self, adapters: &[Adapter]) {
        self.number_of_adapters(adapters);
        for (index, adapter) in adapters.iter().enumerate() {
            self.adapter(adapter, &format!("/inference/adapters/{index}"));
        }
    }

    /// Reports too many adapters, and those of one name.
    fn number_of_adapters(&mut self, adapters: &[Adapter]) {
        if adapters.len() > MAX_ADAPTERS {
            let message = format!(
                "{} are more than the {MAX_ADAPTERS} a Workspace may have",
                wording::count(adapters.len(), "adapter")
            );
            self.report(
                &rule::ADAPTER,
                "/inference/adapters",
                &message,
                "remove some",
            );
        }
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for (index, adapter) in adapters.iter().enumerate() {
            let pointer = format!("/inference/adapters/{index}");
            let Some(name) = adapter
                .source
                .as_ref()
                .and_then(|source| source.name.as_deref())
            else {
                continue;
            };
            let span = self.workspace.span(&format!("{pointer}/source/name"));
            if let Some(first) = seen.insert(name, span) {
                // I7
                let message = format!("two adapters are called `{name}`");
                self.diagnostics.report(
                    Diagnostic::new(&rule::ADAPTER, span, message).also(first, "the first is here"),
                );
            }
        }
    }

    /// KAITO checks these when a Workspace is updated, which its own controller does at once (quirk
    /// 36).
    fn adapter(&mut self, adapter: &Adapter, pointer: &str) {
        let Some(source) = &adapter.source else {
            return self.report(
                &rule::ADAPTER,
                pointer,
                "the adapter has no `source`",
                "add it with `name` and `image`",
            );
        };
        let place = format!("{pointer}/source");
        match source.name.as_deref() {
            None | Some("") => {
                self.report(
                    &rule::ADAPTER,
                    &place,
                    "the adapter has no `name`",
                    "it names a container: add `name`",
                );
            }
            Some(name)
                if !metadata::is_dns_label(name)
                    || name.starts_with(|first: char| first.is_ascii_digit()) =>
            {
                let message = format!("`{name}` can't name an adapter");
                self.report(
                    &rule::ADAPTER,
                    &format!("{place}/name"),
                    &message,
                    ADAPTER_NAME,
                );
            }
            Some(_) => {}
        }
        match source.image.as_deref() {
            None | Some("") => self.report(
                &rule::ADAPTER,
                &place,
                "the adapter has no `image`",
                "add the image that holds it in `/data`",
            ),
            Some(image) => self.image(image, &format!("{place}/image")),
        }
        self.secrets(
            &source.image_pull_secrets,
            &format!("{place}/imagePullSecrets"),
        );
        if !source.urls.is_empty() || source.volume_source.is_some() {
            self.report(
                &rule::ADAPTER,
                &place,
                "an adapter comes from an image alone",
                "remove `urls` and `volumeSource`",
            );
        }
        self.strength(adapter, pointer, Severity::Error);
        self.placeholders(&place);
    }

    fn strength(&mut self, adapter: &Adapter, pointer: &str, severity: Severity) {
        let Some(given) = adapter.strength.as_deref() else {
            return;
        };
        let (message, severity) = if !strength::is_allowed(given) {
            (
                format!("the adapter's strength must be a number from 0 to 1, not `{given}`"),
                severity,
            )
        } else if !strength::is_decimal(given) {
            (
                format!("the server can't use `{given}` as a strength, although KAITO takes it"),
                Severity::Warning,
            )
        } else {
            return;
        };
        let place = self.workspace.span(&format!("{pointer}/strength"));
        let finding = Diagnostic::new(&rule::ADAPTER, place, message)
            .hint("write it as a string, such as \"0.5\"");
        self.diagnostics.report(Diagnostic {
            severity,
            ..finding
        });
    }

    fn tuning(&mut self, tuning: &Tuning) {
        let count = self
            .workspace
            .spec
            .resource
            .as_ref()
            .map_or(1, |resource| resource.count);
        if count != 1 {
            // T1
            let message = format!("tuning runs on one node, not on {count}");
            self.report(
                &rule::COUNT,
                "/resource/count",
                &message,
                "set `resource.count` to 1",
            );
        }
        self.method(tuning);
        match &tuning.preset {
            // T7
            None => self.report(
                &rule::PURPOSE,
                "/tuning",
                "`tuning.preset` is missing",
                "add the model to tune",
            ),
            Some(preset) => self.preset(preset, "/tuning/preset"),
        }
        self.input(&tuning.input);
        self.output(&tuning.output);
    }

    fn method(&mut self, tuning: &Tuning) {
        match tuning.method.as_deref() {
            // T2
            None => self.report(
                &rule::METHOD,
                "/tuning",
                "`tuning.method` is missing",
                "add `method: lora` or `method: qlora`",
            ),
            Some(method) if !["lora", "qlora"].contains(&method.to_lowercase().as_str()) => {
                let message = format!("`{method}` is not a tuning method");
                self.report(
                    &rule::METHOD,
                    "/tuning/method",
                    &message,
                    "use `lora` or `qlora`",
                );
            }
            Some(_) => {}
        }
    }

    fn input(&mut self, input: &DataSource) {
        let pointer = "/tuning/input";
        if input.volume_source.is_some() {
            // D1
            let hint = "use `urls` or `image`";
            self.report(
                &rule::VOLUME,
                "/tuning/input/volumeSource",
                "KAITO can't read training data from a volume",
                hint,
            );
        }
        if let Some(image) = &input.image {
            self.image(image, "/tuning/input/image");
        }
        self.secrets(&input.image_pull_secrets, "/tuning/input/imagePullSecrets");
        self.urls(&input.urls);
        self.file_names(&input.urls);
        let sources = [
            !input.urls.is_empty(),
            input.volume_source.is_some(),
            input.image.is_some(),
        ];
        match sources.into_iter().filter(|given| *given).count() {
            // D4
            0 => self.report(
                &rule::TUNING_DATA,
                pointer,
                "`tuning.input` names no data",
                "add `urls` or `image`",
            ),
            1 => {}
            _ => self.report(
                &rule::TUNING_DATA,
                pointer,
                "`tuning.input` names data in more than one way",
                "keep one of `urls` and `image`",
            ),
        }
        self.placeholders(pointer);
    }

    /// KAITO takes any text as a URL; the Job fails later.
    fn urls(&mut self, urls: &[String]) {
        for (index, url) in urls.iter().enumerate().filter(|(_, url)| !is_url(url)) {
            let message = format!("`{}` is not a URL", url.escape_debug());
            let hint = "write it in full, with `%20` for a blank";
            self.report(
                &rule::URL,
                &format!("/tuning/input/urls/{index}"),
                &message,
                hint,
            );
        }
    }

    fn file_names(&mut self, urls: &[String]) {
        let mut names = BTreeSet::new();
        for (index, url) in urls.iter().enumerate().filter(|(_, url)| is_url(url)) {
            let place = format!("/tuning/input/urls/{index}");
            let name = url
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or_default();
            if !names.insert(name) {
                let message =
                    format!("another URL is saved as `{name}` too, and one replaces the other");
                self.report(
                    &rule::URL,
                    &place,
                    &message,
                    "give the files different names",
                );
            }
        }
    }

    fn output(&mut self, output: &DataDestination) {
        if output.volume_source.is_some() {
            // O1
            let hint = "use `image` and `imagePushSecret`";
            self.report(
                &rule::VOLUME,
                "/tuning/output/volumeSource",
                "KAITO can't write an adapter to a volume",
                hint,
            );
        }
        match &output.image {
            Some(image) => {
                self.image(image, "/tuning/output/image");
                if let Some(secret) = output
                    .image_push_secret
                    .as_deref()
                    .filter(|secret| !secret.is_empty())
                {
                    self.secret(secret, "/tuning/output/imagePushSecret");
                }
                if output.image_push_secret.as_deref().unwrap_or("").is_empty() {
                    // O4
                    let hint = "add `imagePushSecret`: the name of the Secret that holds the registry's credentials";
                    self.report(
                        &rule::TUNING_DATA,
                        "/tuning/output",
                        "`tuning.output.imagePushSecret` is missing",
                        hint,
                    );
                }
            }
            None if output.volume_source.is_none() => {
                // O5
                self.report(
                    &rule::TUNING_DATA,
                    "/tuning/output",
                    "`tuning.output` names no image",
                    "add `image` and `imagePushSecret`",
                );
            }
            None => {}
        }
        self.placeholders("/tuning/output");
    }

    fn image(&mut self, image: &str, pointer: &str) {
        if !placeholder::is_in(image) {
            images::check(
                image,
                &wording::field(pointer),
                self.workspace.span(pointer),
                self.diagnostics,
            );
        }
    }

    fn placeholders(&mut self, pointer: &str) {
        if let Some(found) = self.workspace.node.find(pointer) {
            placeholder::check(found.node, pointer, self.diagnostics);
        }
    }

    fn report(&mut self, rule: &'static rule::Rule, pointer: &str, message: &str, hint: &str) {
        self.diagnostics
            .report(Diagnostic::new(rule, self.workspace.span(pointer), message).hint(hint));
    }
}

fn is_url(text: &str) -> bool {
    text.contains("://") && !text.contains(char::is_whitespace)
}
