//! What reads the fields of overlays, and where their mistakes go.

use regex::Regex;
use serde_json::Value;

use super::selector::LabelSelector;
use super::target::{self, Conditions};
use crate::base::node::Node;
use crate::base::sources::{FileId, Span};
use crate::catalogue::library::Library;
use crate::catalogue::profile;
use crate::diagnostic::{Diagnostics, rule};
use crate::expand::Layout;
use crate::session::Session;

/// What is read, and where its mistakes go.
pub(super) struct Reader<'a> {
    /// The document that it stands in; none for a profile without one.
    pub(super) document: Option<&'a Node>,
    /// What has the templates of objects that are added.
    pub(super) library: &'a Library,
    pub(super) session: &'a mut Session,
}

impl Reader<'_> {
    pub(super) fn place(&self, pointer: &str) -> Option<Span> {
        let found = self.document.and_then(|document| document.find(pointer));
        found.map(|found| found.span)
    }

    /// The text that a path leads to; none if it was not read.
    pub(super) fn file(&self, path: &str, pointer: &str) -> Option<FileId> {
        let place = self.place(pointer)?;
        self.session.sources.named_file(place.file, path)
    }

    /// What is written at a pointer.
    pub(super) fn node(&self, pointer: &str) -> Option<Node> {
        Some(self.document?.find(pointer)?.node.clone())
    }

    pub(super) fn diagnostics(&mut self) -> &mut Diagnostics {
        &mut self.session.diagnostics
    }

    /// Reports a field that can't be used.
    pub(super) fn refuse(&mut self, pointer: &str, message: String) {
        let place = self.place(pointer);
        self.diagnostics().add(&rule::OVERLAY, place, message);
    }

    /// The template of objects that are added; none if it is wrong.
    pub(super) fn layout(&mut self, file: &str, schema: fn() -> Value) -> Option<Layout> {
        Layout::load(file, schema, self.library, self.session)
    }

    pub(super) fn selector(
        &mut self,
        text: Option<&String>,
        pointer: &str,
    ) -> Option<LabelSelector> {
        match text?.parse() {
            Ok(selector) => Some(selector),
            Err(message) => {
                self.refuse(pointer, message);
                None
            }
        }
    }

    fn pattern(&mut self, pattern: Option<&String>, pointer: &str) -> Option<Regex> {
        // As in kustomize, an empty pattern asks for nothing.
        let pattern = pattern.filter(|pattern| !pattern.is_empty())?;
        match target::anchored(pattern) {
            Ok(regex) => Some(regex),
            Err(why) => {
                let message = format!(
                    "`{}` is not a regular expression: {why}",
                    pattern.escape_debug()
                );
                self.refuse(pointer, message);
                None
            }
        }
    }

    /// The conditions of a `target`; at least one is needed.
    pub(super) fn conditions(&mut self, target: &profile::Target, pointer: &str) -> Conditions {
        if *target == profile::Target::default() {
            let message = "a `target` without any condition, which would be every object";
            self.refuse(pointer, message.to_owned());
        }
        let mut pattern = |pattern: &Option<String>, field: &str| {
            self.pattern(pattern.as_ref(), &format!("{pointer}/{field}"))
        };
        let conditions = Conditions {
            group: pattern(&target.group, "group"),
            version: pattern(&target.version, "version"),
            kind: pattern(&target.kind, "kind"),
            name: pattern(&target.name, "name"),
            namespace: pattern(&target.namespace, "namespace"),
            ..Conditions::default()
        };
        let mut selector = |text: &Option<String>, field: &str| {
            self.selector(text.as_ref(), &format!("{pointer}/{field}"))
        };
        Conditions {
            labels: selector(&target.label_selector, "labelSelector"),
            annotations: selector(&target.annotation_selector, "annotationSelector"),
            ..conditions
        }
    }
}
