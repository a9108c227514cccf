//! The rules that a Workspace keeps or breaks by itself, whatever the cluster; and how every rule
//! of this directory reports.
//!
//! A rule names the field that it is about, and the other fields that it reads. If one of them
//! could not be read, which is reported already, the rule says nothing; so all rules run, whatever
//! is wrong elsewhere in the document.

mod adapters;
pub(super) mod annotations;
mod images;
mod keda;
mod metadata;
pub(crate) mod placeholders;
mod pods;
pub(crate) mod scripts;
mod shared;
mod strength;
mod substitution;
mod v1alpha1;
mod v1beta1;

use super::Workspace;
use crate::base::node::Node;
use crate::base::sources::Span;
use crate::catalogue::release::Release;
use crate::diagnostic::rule::Rule;
use crate::diagnostic::{Diagnostics, Reporting};
use crate::input::schema::Unread;
use crate::vocab::WorkspaceApi;

pub(super) use annotations::{Holder, check as check_keys};
pub(super) use keda::check_scaling;
pub(super) use metadata::check as check_metadata;
pub(super) use shared::MAX_NODES;
pub(super) use strength::is_allowed as is_strength;
pub(super) use v1alpha1::adapter as check_adapter;

/// Reports every rule that a Workspace breaks, of the version whose rules hold.
pub(super) fn check(rules: &mut Rules, workspace: &Workspace, api: WorkspaceApi) {
    let Workspace { spec, metadata, .. } = workspace;
    check_any_version(rules, workspace);
    annotations::check(rules, Holder::Workspace(api));
    images::check_tags(rules, api);
    match api {
        WorkspaceApi::V1alpha1 => v1alpha1::check(rules, spec, metadata),
        WorkspaceApi::V1beta1 => v1beta1::check(rules, spec, metadata),
    }
}

/// Reports the rules that a Workspace breaks in every version.
pub(super) fn check_any_version(rules: &mut Rules, workspace: &Workspace) {
    metadata::check(rules);
    pods::check(rules);
    shared::check(rules, &workspace.spec);
}

/// The document that rules look at, and where they report.
pub(super) struct Rules<'a> {
    /// The document, as it was written.
    pub(super) node: &'a Node,
    /// The release that compiles it; none where none does.
    pub(super) release: Option<&'a Release<'a>>,
    unread: &'a Unread,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Rules<'a> {
    /// Rules about a document, of which some fields could not be read.
    pub(super) fn new(
        node: &'a Node,
        unread: &'a Unread,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self {
            node,
            release: None,
            unread,
            diagnostics,
        }
    }

    /// Names the release that compiles the document.
    pub(super) fn of(self, release: Option<&'a Release<'a>>) -> Self {
        Self { release, ..self }
    }

    /// Whether a field is given: a value was read, or the document has one that can't be read.
    pub(super) fn is_given<T>(&self, value: Option<&T>, pointer: &str) -> bool {
        value.is_some() || self.unread.covers(pointer)
    }

    /// Begins a diagnostic about a field, given as a JSON Pointer. Where the field is absent, the
    /// place is that of what would hold it.
    pub(super) fn at(&mut self, pointer: &str) -> At<'_> {
        At {
            place: self.node.at(pointer).span,
            is_readable: !self.unread.covers(pointer),
            unread: self.unread,
            diagnostics: self.diagnostics,
        }
    }
}

/// A diagnostic to be: its place is known.
#[must_use]
pub(super) struct At<'a> {
    place: Span,
    is_readable: bool,
    unread: &'a Unread,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> At<'a> {
    /// Names another field that the rule depends on, with all that is in it.
    pub(super) fn reads(mut self, pointer: &str) -> Self {
        self.is_readable &= !self.unread.touches(pointer);
        self
    }

    /// Points at a part of the field, or at its key.
    pub(super) fn on(mut self, place: Span) -> Self {
        self.place = place;
        self
    }

    /// Reports that the rule is broken, unless a field that it reads could not be read.
    pub(super) fn report(self, rule: &'static Rule, message: impl Into<String>) -> Reporting<'a> {
        let reporting = self.diagnostics.add(rule, self.place, message);
        reporting.only_if(self.is_readable)
    }
}
