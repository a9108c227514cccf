//! A run over all documents: folds what came of each into one result, and judges what no
//! Workspace can judge of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use super::documents::Documents;
use super::kept::{self, Kept};
use super::one::{Attempt, Made};
use super::releases::Releases;
use super::{CompiledWorkspace, Keep, Options, Outline};
use crate::assemble::{self, DocumentObjects, ObjectSet, Selectors};
use crate::base::node::Node;
use crate::base::object::{Group, Object};
use crate::base::sources::{FileId, Sources, Span};
use crate::base::wording;
use crate::catalogue::profile::Delivery;
use crate::delivery;
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::emit::{Manifest, Spool};
use crate::overlay::{Overlays, Tally};
use crate::vocab::Host;
use crate::vocab::api::is_of_karpenter;

/// The bytes of texts that a run holds in memory, if it has a spool for more.
const HELD: usize = 8 << 20;

/// What was found and made so far. Attempts are added in the order of the documents.
#[derive(Debug)]
pub(super) struct Run<'a> {
    sources: &'a Sources,
    diagnostics: &'a mut Diagnostics,
    files: Vec<FileId>,
    keep: Keep,
    /// The namespace in which objects will be that name none.
    namespace: &'a str,
    /// How objects reach the cluster.
    delivery: &'a Delivery,
    objects: ObjectSet<Kept>,
    spool: &'a dyn Spool,
    /// The bytes of the texts in memory.
    held: usize,
    outlines: Vec<Outline>,
    compiled: Vec<CompiledWorkspace>,
    /// Where each Workspace stands, by namespace and name.
    names: BTreeMap<String, Span>,
    /// The releases that were chosen, with the apiVersions of the documents that they compile.
    chosen: BTreeSet<(String, String)>,
    selectors: Selectors,
    has_machines: bool,
    has_static_pools: bool,
    /// What was reported about the last InferenceSet, by rule and place.
    of_set: BTreeSet<(&'static str, Option<Span>)>,
    /// What was reported about overlays, by rule and place.
    of_overlays: BTreeSet<(&'static str, Option<Span>)>,
    /// Those of them whose fix has to be right for all Workspaces.
    unsettled: Vec<Diagnostic>,
    /// What the overlays met.
    tally: Tally,
}

/// What a run made, as far as it was to be kept.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) files: Vec<FileId>,
    pub(super) objects: Vec<Object>,
    pub(super) unchanged: Vec<Object>,
    pub(super) manifests: Vec<Manifest>,
    pub(super) outlines: Vec<Outline>,
    pub(super) compiled: Vec<CompiledWorkspace>,
}

/// Whether the cluster is to name an object.
fn has_no_name_yet(node: &Node) -> bool {
    let text = |pointer| node.find(pointer).and_then(|found| found.node.as_str());
    let has = |pointer| text(pointer).is_some_and(|text| !text.is_empty());
    has("/apiVersion") && has("/kind") && has("/metadata/generateName") && !has("/metadata/name")
}

impl<'a> Run<'a> {
    pub(super) fn new(
        keep: Keep,
        options: &'a Options,
        sources: &'a Sources,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self {
            namespace: &options.namespace,
            delivery: &options.profile.delivery,
            sources,
            diagnostics,
            keep,
            objects: ObjectSet::default(),
            spool: &*options.spool,
            held: 0,
            files: Vec::new(),
            outlines: Vec::new(),
            compiled: Vec::new(),
            names: BTreeMap::new(),
            chosen: BTreeSet::new(),
            selectors: Selectors::default(),
            has_machines: false,
            has_static_pools: false,
            of_set: BTreeSet::new(),
            of_overlays: BTreeSet::new(),
            unsettled: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Adds what came of a Workspace.
    pub(super) fn add(&mut self, attempt: Attempt) {
        self.diagnostics.absorb(attempt.diagnostics);
        self.tally.extend(attempt.tally);
        for diagnostic in attempt.of_overlays {
            if self
                .of_overlays
                .insert((diagnostic.rule.id, diagnostic.place))
            {
                if diagnostic.fix.is_some() {
                    self.unsettled.push(diagnostic);
                } else {
                    self.diagnostics.report(diagnostic);
                }
            }
        }
        self.chosen.extend(attempt.chosen);
        let is_first = attempt.name.is_none_or(|(key, span)| self.name(key, span));
        if let Some(made) = attempt.made.filter(|_| is_first) {
            self.add_made(made);
        }
    }

    /// Adds what is wrong with an InferenceSet itself. Its replicas follow.
    pub(super) fn begin_set(&mut self, diagnostics: Diagnostics) {
        self.of_set.clear();
        self.extend_once(diagnostics);
    }

    /// Adds what came of a Workspace of the last set. What is wrong with all of them is reported
    /// once.
    pub(super) fn add_replica(&mut self, attempt: Attempt) {
        let mark = self.diagnostics.mark();
        self.add(attempt);
        let found = self.diagnostics.split_off(mark);
        self.extend_once(found);
    }

    /// Adds what was not yet reported about another replica of the set.
    fn extend_once(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        for diagnostic in diagnostics {
            if self.of_set.insert((diagnostic.rule.id, diagnostic.place)) {
                self.diagnostics.report(diagnostic);
            }
        }
    }

    /// Reports why nothing that follows is looked at.
    pub(super) fn stop(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.report(diagnostic);
    }

    fn add_made(&mut self, made: Made) {
        self.files.push(made.file);
        self.has_machines |= made.has_machines;
        self.has_static_pools |= made.has_static_pools;
        self.outlines.extend(made.outline);
        self.compiled.extend(made.compiled);
        if self.sources.has_blocks(made.file) {
            return;
        }
        let shared = made.selector.and_then(|it| self.selectors.add(it));
        self.diagnostics.extend(shared);
        if let Some(objects) = made.objects {
            self.add_objects(objects);
        }
    }

    /// Adds the objects of a document, with their texts in memory only as far as there is room.
    fn add_objects(&mut self, objects: DocumentObjects<Kept>) {
        let first = self.objects.count();
        self.objects.add(objects);
        for kept in self.objects.kept_from(first) {
            let Kept::Manifest(manifest) = kept else {
                continue;
            };
            if self.held + manifest.held() > HELD {
                manifest.put_into(self.spool);
            }
            self.held += manifest.held();
        }
    }

    /// Keeps the name of a Workspace. Whether it is new; otherwise it is reported.
    fn name(&mut self, key: String, span: Span) -> bool {
        if self.sources.has_blocks(span.file) {
            return true;
        }
        let message = format!("the input has the Workspace `{key}` twice");
        let Some(first) = self.names.insert(key, span) else {
            return true;
        };
        let diagnostic = Diagnostic::new(&rule::DUPLICATE_WORKSPACE, span, message);
        let diagnostic = diagnostic.also(first, "the other one");
        self.diagnostics
            .report(diagnostic.hint("remove or rename one of them"));
        false
    }

    /// Adds a Workspace of rendered output as it is.
    pub(super) fn add_rendered(&mut self, node: &Node, key: String) {
        self.name(key, node.span);
        self.pass_through(node, &BTreeMap::new());
    }

    /// Looks at the documents of other kinds, and passes through those that were named. To be
    /// called when all Workspaces have been added.
    pub(super) fn add_others(&mut self, documents: &Documents, options: &Options) {
        for document in &documents.others {
            assemble::check_node(&document.node, self.diagnostics);
            let gone = self.owner_gone(&document.node, &documents.removed);
            self.diagnostics.extend(gone);
        }
        if options.only_generated {
            return;
        }
        let others = documents.others.iter();
        for document in others.filter(|document| document.named || options.delivery.is_some()) {
            if self.delivery.host == Some(Host::Argocd) && has_no_name_yet(&document.node) {
                self.add_unnamed(&document.node);
            } else {
                self.pass_through(&document.node, &documents.ordinals);
            }
        }
    }

    /// Adds a document that the cluster names, such as a hook of Argo CD: each is another object.
    fn add_unnamed(&mut self, node: &Node) {
        let object = Object::new(node.into());
        self.objects
            .add_unnamed(kept::finished(object, self.keep, self.namespace));
    }

    /// Adds a document as it is. Nodes of rendered output get their numbers back.
    fn pass_through(&mut self, node: &Node, ordinals: &BTreeMap<(String, String), u32>) {
        let mut object = Object::new(node.into());
        let identity = object.identity();
        if identity.is_incomplete() {
            let message = "a document without `apiVersion`, `kind` or `metadata.name`";
            let diagnostic = Diagnostic::new(&rule::NAMELESS, node.span, message);
            let hint = "add what is missing, or remove the document from the input";
            return self.diagnostics.report(diagnostic.hint(hint));
        }
        let title = format!("{} `{}`", identity.kind, identity.name);
        let key = (identity.kind.to_owned(), identity.name.to_owned());
        object.ordinal = ordinals.get(&key).copied();
        if self.delivery.host == Some(Host::Flux) {
            delivery::prepare_for_flux(&mut object, self.namespace);
        }
        self.has_static_pools |= assemble::is_static_pool(&object);
        self.add_objects(DocumentObjects {
            span: node.span,
            title,
            objects: vec![kept::finished(object, self.keep, self.namespace)],
        });
    }

    /// Warns of a node object whose Workspace was there before and is not any more.
    fn owner_gone(&self, node: &Node, removed: &BTreeMap<String, &Node>) -> Option<Diagnostic> {
        let version = node.get("apiVersion").and_then(Node::as_str);
        if removed.is_empty() || !is_of_karpenter(version.unwrap_or_default()) {
            return None;
        }
        let object = Object::new(node.into());
        let Group::Workspace { namespace, name } = object.group() else {
            return None;
        };
        let key = format!("{namespace}/{name}");
        let before = removed.get(&format!("Workspace {key}"))?;
        if self.names.contains_key(&key) {
            return None;
        }
        let identity = object.identity();
        let message = format!(
            "the input still has {} `{}` of the removed Workspace `{key}`",
            identity.kind, identity.name
        );
        let diagnostic =
            Diagnostic::new(&rule::NODE_STAYS, node.at("/metadata/name").span, message);
        let before = before.at("/metadata/name").span;
        let diagnostic = diagnostic.also(before, "the Workspace, as it was");
        Some(
            diagnostic
                .hint("remove this object too, or add the file of the Workspace to the input"),
        )
    }

    /// Warns of rendered Workspaces that were passed over although nothing in the input was rendered
    /// to them, as far as no error says why. To be called when all Workspaces have been added.
    pub(super) fn check_sources(&mut self, passed_over: &[(String, Span)]) {
        if self.diagnostics.failed_since(0) {
            return;
        }
        for (key, place) in passed_over {
            if !self.names.contains_key(key) {
                let message = format!(
                    "the Workspace `{key}` is passed over as output of `kaito-render`, and its \
                     source is not in the input"
                );
                let hint = "remove this annotation if it is the source, or name the source too";
                let diagnostic = Diagnostic::new(&rule::PASSED_OVER, *place, message);
                self.diagnostics.report(diagnostic.hint(hint));
            }
        }
    }

    /// Reports what of overlays only all Workspaces can tell, and those that changed nothing, as far
    /// as no error says why. To be called when all Workspaces have been added.
    pub(super) fn check_overlays(&mut self, overlays: &Overlays) {
        for diagnostic in mem::take(&mut self.unsettled) {
            let settled = overlays.settled(diagnostic, &self.tally);
            self.diagnostics.report(settled);
        }
        if !overlays.is_empty() && !self.names.is_empty() && !self.diagnostics.failed_since(0) {
            overlays.judge(&self.tally, self.diagnostics);
        }
    }

    /// Reports an input that holds no Workspace, as far as no other error says why.
    pub(super) fn check_empty(&mut self, passed_over: usize) {
        if self.diagnostics.failed_since(0) {
            return;
        }
        let hint = match passed_over {
            0 if self.delivery.host.is_some() => {
                "add one; `delivery: {withoutWorkspaces: true}` in the profile allows documents of \
                 other kinds only"
                    .to_owned()
            }
            0 => "name a file or directory that has one; `--allow-empty` allows an empty output"
                .to_owned(),
            count => format!(
                "{} in the input are output of `kaito-render`: name their source",
                wording::count(count, "Workspace")
            ),
        };
        let diagnostic = Diagnostic::global(&rule::NO_WORKSPACE, "the input has no Workspace");
        self.diagnostics.report(diagnostic.hint(hint));
    }

    /// Says once what was chosen without being asked for, and ends the run.
    pub(super) fn finish(self, options: &Options, releases: &Releases) -> Output {
        let profile = &options.profile;
        for (version, name) in &self.chosen {
            if !releases.is_choice(version, name) {
                continue;
            }
            let message = format!("`{version}` is compiled with release {name}");
            let hint = format!("set `release: \"{name}\"` in kaito-render.yaml to pin it");
            let diagnostic = Diagnostic::global(&rule::RELEASE_CHOSEN, message);
            self.diagnostics.report(diagnostic.hint(hint));
        }
        if self.has_machines && profile.provisioner.is_none() {
            let message =
                "nodes are created as `Machine` objects, which only gpu-provisioner 0.2 supports";
            let diagnostic = Diagnostic::global(&rule::MACHINE_API, message);
            self.diagnostics.report(diagnostic.hint(releases.switch()));
        }
        if self.has_static_pools {
            self.diagnostics
                .extend(assemble::check_static_capacity(profile));
        }
        let (kept, diagnostics) = self.objects.finish();
        self.diagnostics.extend(diagnostics);
        let (mut objects, mut unchanged, mut manifests) = (Vec::new(), Vec::new(), Vec::new());
        for kept in kept {
            match kept {
                Kept::Fingerprint(_) => {}
                Kept::Manifest(manifest) => manifests.push(manifest),
                Kept::Object(object) => objects.push(object),
                Kept::Unchanged(object) => unchanged.push(object),
            }
        }
        Output {
            files: self.files,
            objects,
            unchanged,
            manifests,
            outlines: self.outlines,
            compiled: self.compiled,
        }
    }
}
