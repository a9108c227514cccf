//! The documents of a run, sorted by what they are before the first one is compiled.

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use crate::assemble;
use crate::base::node::Node;
use crate::base::parallel;
use crate::base::pointer;
use crate::base::sources::Span;
use crate::catalogue::profile;
use crate::diagnostic::Diagnostic;
use crate::input::{self, Document};
use crate::overlay;
use crate::session::Session;
use crate::vocab::annotations::RENDERED;
use crate::vocab::api::V1BETA1;
use crate::vocab::kinds;
use crate::workspace;

/// Where Workspaces and InferenceSets name ConfigMaps.
const CONFIGS: [&str; 3] = [
    "/inference/config",
    "/tuning/config",
    "/spec/template/inference/config",
];

/// The documents of a run.
#[derive(Debug)]
pub(super) struct Documents<'a> {
    /// What objects are made of: Workspaces, then InferenceSets.
    pub(super) sources: Vec<Source<'a>>,
    /// Everything else, such as ConfigMaps and node objects.
    pub(super) others: Vec<Document>,
    /// The overlays that lie in the input.
    pub(super) overlays: Vec<Node>,
    /// What is of this program's own group, and of no kind that it has.
    unknown: Vec<Diagnostic>,
    /// The rendered Workspaces that were found in directories, by namespace and name. They are passed
    /// over.
    pub(super) passed_over: Vec<(String, Span)>,
    /// The numbers of the node objects of rendered Workspaces, by kind and name.
    pub(super) ordinals: BTreeMap<(String, String), u32>,
    /// The documents of KAITO in [`Options::against`] whose Workspace is not among `sources`, by
    /// kind, namespace and name.
    pub(super) removed: BTreeMap<String, &'a Node>,
}

/// A document that objects are made of.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) kind: SourceKind,
    pub(super) node: Node,
    /// What the document was before.
    pub(super) earlier: Option<&'a Node>,
}

/// What a [`Source`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    Workspace,
    InferenceSet,
    /// A Workspace of rendered output that was named outright, and stays as it is.
    Rendered,
}

impl<'a> Source<'a> {
    /// The apiVersion of the Workspaces that are compiled: that of the document, or of the
    /// replicas of a set.
    pub(super) fn version(&self) -> &str {
        match self.kind {
            SourceKind::InferenceSet => V1BETA1,
            SourceKind::Workspace | SourceKind::Rendered => version(&self.node),
        }
    }

    /// The Workspace as it was before.
    pub(super) fn earlier_workspace(&self) -> Option<&'a Node> {
        self.earlier.filter(|_| self.kind == SourceKind::Workspace)
    }
}

impl<'a> Documents<'a> {
    /// Tells documents apart. Those of this program, such as profiles, are left out, but for overlays.
    pub(super) fn new(
        documents: Vec<Document>,
        options: &'a Options,
        reader: &workspace::Reader,
    ) -> Self {
        let mut sorted = Self {
            sources: Vec::new(),
            others: Vec::new(),
            overlays: Vec::new(),
            unknown: Vec::new(),
            passed_over: Vec::new(),
            ordinals: BTreeMap::new(),
            removed: earlier(options, reader),
        };
        let mut sets = Vec::new();
        for document in documents {
            if profile::is_of_ours(&document.node) {
                let unknown = overlay::unknown_kind(&document.node);
                // A patch in an overlay may show what would be suspected elsewhere.
                if unknown.is_none() || input::suspect(&document.node).is_none() {
                    sorted.unknown.extend(unknown);
                    if profile::is_overlay(&document.node) {
                        sorted.overlays.push(document.node);
                    }
                    continue;
                }
            }
            if workspace::is_workspace(&document.node) {
                let named = document.named || options.delivery.is_some();
                sorted.add_workspace(Document { named, ..document }, reader);
            } else if workspace::is_inference_set(&document.node) {
                let earlier = sorted.removed.get(&identity(&document.node, reader));
                sets.push(Source {
                    kind: SourceKind::InferenceSet,
                    earlier: earlier.copied(),
                    node: document.node,
                });
            } else {
                sorted.others.push(document);
            }
        }
        sorted.sources.append(&mut sets);
        // First, so that what they share with others counts as theirs.
        let is_changed = |source: &Source| !options.unchanged.contains(&source.node.span.file);
        sorted.sources.sort_by_key(is_changed);
        sorted
    }

    fn add_workspace(&mut self, document: Document, reader: &workspace::Reader) {
        let Document { node, named } = document;
        let earlier = self.removed.remove(&identity(&node, reader));
        let kind = if workspace::is_rendered(&node) {
            self.ordinals.extend(assemble::ordinals(&node));
            SourceKind::Rendered
        } else {
            SourceKind::Workspace
        };
        if kind == SourceKind::Rendered && !named {
            let place = node.at(&pointer::to_annotation(RENDERED)).span;
            self.passed_over.push((reader.key(&node), place));
            return;
        }
        self.sources.push(Source {
            kind,
            node,
            earlier,
        });
    }

    /// The documents that are compiled.
    pub(super) fn compiled(&self) -> impl Iterator<Item = &Source<'a>> {
        let sources = self.sources.iter();
        sources.filter(|source| source.kind != SourceKind::Rendered)
    }

    /// Reports what is wrong with the documents before any of them is compiled: kinds that
    /// nobody compiles, and plaintext secrets in what is compiled and in the ConfigMaps that it
    /// names.
    pub(super) fn check(&self, jobs: usize, session: &mut Session) {
        let nodes = self.others.iter().map(|document| &document.node);
        let Session {
            sources,
            diagnostics,
        } = session;
        diagnostics.extend(nodes.filter_map(workspace::unrecognized));
        diagnostics.extend(self.unknown.iter().cloned());
        let mut nodes: Vec<_> = self.compiled().map(|source| &source.node).collect();
        let names: BTreeSet<_> = nodes.iter().flat_map(|node| config_maps(node)).collect();
        let is_searched = |document: &&Document| {
            let node = &document.node;
            let is_named = || {
                node.str_at("/metadata/name")
                    .is_some_and(|it| names.contains(it))
            };
            node.str_at("/kind") == Some(kinds::CONFIG_MAP) && (document.named || is_named())
        };
        nodes.extend(
            self.others
                .iter()
                .filter(is_searched)
                .map(|document| &document.node),
        );
        let mut secrets = Vec::new();
        let search = |node| workspace::secrets_of(node, sources);
        parallel::ordered(nodes, jobs, search, |found| secrets.extend(found));
        for secret in secrets {
            secret.report(sources, diagnostics);
        }
    }
}

/// The names of the ConfigMaps that a Workspace or InferenceSet names.
pub fn config_maps(node: &Node) -> impl Iterator<Item = &str> {
    CONFIGS.iter().filter_map(|pointer| node.str_at(pointer))
}

/// The documents of KAITO to compare with, by kind, namespace and name.
fn earlier<'a>(options: &'a Options, reader: &workspace::Reader) -> BTreeMap<String, &'a Node> {
    let nodes = options.against.iter().map(|document| &document.node);
    nodes
        .filter(|node| workspace::is_of_kaito(node))
        .map(|node| (identity(node, reader), node))
        .collect()
}

/// By what a document is found again.
fn identity(node: &Node, reader: &workspace::Reader) -> String {
    let kind = node.str_at("/kind").unwrap_or_default();
    format!("{kind} {}", reader.key(node))
}

/// The apiVersion of a document.
pub(super) fn version(node: &Node) -> &str {
    node.str_at("/apiVersion").unwrap_or_default()
}
