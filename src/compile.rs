//! The stages one after the other: documents in, objects out.

mod releases;

use std::collections::{BTreeMap, BTreeSet};

use crate::assemble::{self, Keep, Part, Selectors, Together};
use crate::base::node::{Data, Node};
use crate::base::object::{Group, Object, is_of_karpenter};
use crate::base::sources::Span;
use crate::base::wording;
use crate::catalogue::library::Library;
use crate::catalogue::profile::{self, Profile};
use crate::catalogue::release::{Release, Templates};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule;
use crate::expand;
use crate::input::Document;
use crate::input::config_map::ConfigMaps;
use crate::plan::{self, Plan};
use crate::session::Session;
use crate::vocab::{Provisioner, WorkspaceApi};
use crate::workspace::{self, Dialect, Workspace};
use releases::Releases;

/// Where Workspaces and InferenceSets name ConfigMaps.
const CONFIGS: [&str; 3] = [
    "/inference/config",
    "/tuning/config",
    "/spec/template/inference/config",
];

/// What the documents of a run are compiled with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The namespace of Workspaces that name none.
    pub namespace: String,
    /// The facts of the cluster.
    pub profile: Profile,
    /// Leaves out named documents that are no Workspaces.
    pub only_generated: bool,
    /// Whether it is no error to find no Workspace.
    pub allow_empty: bool,
    /// Documents as they were before: Workspaces and InferenceSets have to keep the rules for
    /// updates of these.
    pub against: Vec<Document>,
}

/// Compiles the Workspaces among the documents and passes through what else was named.
///
/// The objects come in no particular order. They are worth writing only if no finding is an error.
pub fn compile(
    documents: Vec<Document>,
    options: &Options,
    library: &Library,
    session: &mut Session,
) -> Vec<Object> {
    compile_each(documents, options, library, session, &mut |_| {})
}

/// What one Workspace was compiled to.
#[derive(Debug)]
pub struct Compiled<'a> {
    /// The Workspace.
    pub workspace: &'a Workspace,
    /// What was decided for it.
    pub plan: &'a Plan,
    /// Its release.
    pub release: &'a Release<'a>,
    /// What laid the plan out.
    pub templates: &'a Templates,
    /// Its objects, without the Workspace itself.
    pub objects: &'a [Object],
    /// The texts and findings of the run.
    pub session: &'a mut Session,
}

/// As [`compile`], and shows each Workspace that could be compiled on its way.
pub fn compile_each(
    documents: Vec<Document>,
    options: &Options,
    library: &Library,
    session: &mut Session,
    each: &mut dyn FnMut(Compiled),
) -> Vec<Object> {
    Compiler::new(options, library, session, each, Keep::Objects).run(documents)
}

/// As [`compile_each`], for whoever wants the findings alone: no object outlives its Workspace.
pub fn check_each(
    documents: Vec<Document>,
    options: &Options,
    library: &Library,
    session: &mut Session,
    each: &mut dyn FnMut(Compiled),
) {
    Compiler::new(options, library, session, each, Keep::Nothing).run(documents);
}

struct Compiler<'a> {
    options: &'a Options,
    library: &'a Library,
    reader: workspace::Reader,
    session: &'a mut Session,
    each: &'a mut dyn FnMut(Compiled),
    /// Where each Workspace stands, by namespace and name.
    workspaces: BTreeMap<String, Span>,
    /// What the Workspaces and InferenceSets were before, by kind, namespace and name, as far as
    /// they have not been met.
    earlier: BTreeMap<String, &'a Node>,
    selectors: Selectors,
    tally: Tally,
    together: Together,
}

/// What every Workspace is compiled with.
#[derive(Clone, Copy)]
struct Inputs<'a> {
    releases: &'a Releases<'a>,
    config_maps: &'a ConfigMaps<'a>,
}

/// What a run met.
#[derive(Default)]
struct Tally {
    /// Workspaces, also broken ones.
    workspaces: usize,
    /// The releases that were chosen, by the apiVersion that they compile.
    chosen: BTreeMap<String, String>,
    /// Rendered Workspaces that were passed over.
    rendered: usize,
    /// Whether nodes are made as Machines.
    machines: bool,
    /// Whether there are NodePools of a fixed size.
    static_pools: bool,
}

impl<'a> Compiler<'a> {
    fn new(
        options: &'a Options,
        library: &'a Library,
        session: &'a mut Session,
        each: &'a mut dyn FnMut(Compiled),
        keep: Keep,
    ) -> Self {
        let reader = workspace::Reader::new(options.namespace.clone());
        Self {
            options,
            library,
            earlier: earlier(options, &reader),
            reader,
            session,
            each,
            workspaces: BTreeMap::new(),
            selectors: Selectors::default(),
            tally: Tally::default(),
            together: Together::new(keep),
        }
    }

    fn run(mut self, documents: Vec<Document>) -> Vec<Object> {
        if let Some(name) = &self.options.profile.release
            && !self.library.releases().contains(&name.as_str())
        {
            self.unknown_release(name);
            return Vec::new();
        }
        let documents = documents
            .into_iter()
            .filter(|document| !profile::is_of_ours(&document.node));
        let (workspaces, others): (Vec<_>, Vec<_>) =
            documents.partition(|document| workspace::is_workspace(&document.node));
        let (sets, others): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|document| workspace::is_inference_set(&document.node));
        self.session.diagnostics.extend(
            others
                .iter()
                .filter_map(|document| workspace::misfit(&document.node)),
        );
        self.secrets(workspaces.iter().chain(&sets), &others);
        let rendered = workspaces
            .iter()
            .filter(|document| workspace::is_rendered(&document.node));
        let ordinals: BTreeMap<_, _> = rendered
            .flat_map(|document| assemble::ordinals(&document.node))
            .collect();
        let namespace = &self.options.namespace;
        let config_maps =
            ConfigMaps::among(others.iter().map(|document| &document.node), namespace);
        let releases = self.releases(workspaces.iter().chain(&sets));
        let inputs = Inputs {
            releases: &releases,
            config_maps: &config_maps,
        };
        for document in workspaces {
            let part = self.document(document, inputs);
            self.add(part);
        }
        for document in sets {
            let parts = self.inference_set(&document.node, inputs);
            self.add(parts);
        }
        for document in &others {
            self.check_node(&document.node);
        }
        let passed = others
            .iter()
            .filter(|document| document.named && !self.options.only_generated);
        for document in passed {
            let part = self.passed_through(&document.node, &ordinals);
            self.add(part);
        }
        let is_empty = self.tally.workspaces == 0 && !self.options.allow_empty;
        if is_empty && !self.session.failed_since(0) {
            self.no_workspace();
        }
        self.notes(&releases);
        let (objects, findings) = self.together.finish();
        self.session.diagnostics.extend(findings);
        objects
    }

    fn add(&mut self, parts: impl IntoIterator<Item = Part>) {
        for part in parts {
            self.tally.static_pools |= part.objects.iter().any(assemble::is_static_pool);
            self.together.add(part);
        }
    }

    /// Loads what the documents are compiled with.
    fn releases<'d>(&mut self, sources: impl Iterator<Item = &'d Document>) -> Releases<'a> {
        let sources: Vec<_> = sources
            .map(|document| &document.node)
            .filter(|node| !workspace::is_rendered(node))
            .collect();
        let earlier = sources
            .iter()
            .filter_map(|node| self.earlier.get(&identity(node, &self.reader)).copied());
        Releases::load(
            sources.iter().copied(),
            earlier,
            self.options,
            self.library,
            self.session,
        )
    }

    /// Looks for secrets in what is to be compiled, and in the ConfigMaps that it names.
    fn secrets<'d>(&mut self, sources: impl Iterator<Item = &'d Document>, others: &'d [Document]) {
        let mut names = BTreeSet::new();
        for Document { node, .. } in
            sources.filter(|document| !workspace::is_rendered(&document.node))
        {
            workspace::check_secrets(
                node,
                &mut self.session.sources,
                &mut self.session.diagnostics,
            );
            names.extend(
                CONFIGS
                    .iter()
                    .filter_map(|pointer| node.find(pointer)?.node.as_str()),
            );
        }
        let text =
            |node: &'d Node, pointer| node.find(pointer).and_then(|found| found.node.as_str());
        for Document { node, named } in others
            .iter()
            .filter(|other| text(&other.node, "/kind") == Some("ConfigMap"))
        {
            if *named || text(node, "/metadata/name").is_some_and(|name| names.contains(name)) {
                workspace::check_secrets(
                    node,
                    &mut self.session.sources,
                    &mut self.session.diagnostics,
                );
            }
        }
    }

    fn document(&mut self, document: Document, inputs: Inputs) -> Option<Part> {
        let Document { node, named } = document;
        let earlier = self.earlier.remove(&identity(&node, &self.reader));
        if !workspace::is_rendered(&node) {
            self.tally.workspaces += 1;
            return self.workspace(node, earlier, inputs);
        }
        if !named {
            self.tally.rendered += 1;
            return None;
        }
        self.tally.workspaces += 1;
        let key = self.reader.key(&node);
        self.remember(&key, node.span);
        self.passed_through(&node, &BTreeMap::new())
    }

    /// The Workspaces of a set. What is wrong with all of them is said once.
    fn inference_set(&mut self, node: &Node, inputs: Inputs) -> Vec<Part> {
        self.tally.workspaces += 1;
        let mark = self.session.mark();
        let replicas = workspace::replicas(node, &mut self.session.diagnostics);
        let has_none = node.at("/spec/replicas").node.data == Data::Number(0.into());
        if let Some(earlier) = self.earlier.get(&identity(node, &self.reader)) {
            let changes = workspace::changes_of_set(earlier, node, &self.reader.key(node));
            self.session.diagnostics.extend(changes);
        }
        let mut parts = Vec::new();
        for replica in replicas {
            parts.extend(self.workspace(replica, None, inputs));
            workspace::without_repeats(&mut self.session.diagnostics, mark);
        }
        if has_none { Vec::new() } else { parts }
    }

    /// A document as it is. Nodes of rendered output get their numbers back.
    fn passed_through(
        &mut self,
        node: &Node,
        ordinals: &BTreeMap<(String, String), u32>,
    ) -> Option<Part> {
        let mut object = Object {
            value: node.to_value().into(),
            ordinal: None,
        };
        let identity = object.identity();
        if identity.is_incomplete() {
            let message = "a document without `apiVersion`, `kind` or `metadata.name`";
            let finding = Diagnostic::new(&rule::NAMELESS, node.span, message);
            self.session
                .report(finding.hint("complete it, or leave it out of the input"));
            return None;
        }
        let title = format!("{} `{}`", identity.kind, identity.name);
        let ordinal = ordinals
            .get(&(identity.kind.to_owned(), identity.name.to_owned()))
            .copied();
        object.ordinal = ordinal;
        Some(Part {
            span: node.span,
            title,
            objects: vec![object],
        })
    }

    /// Looks at a node object that people write themselves.
    fn check_node(&mut self, node: &Node) {
        assemble::check_node(node, &mut self.session.diagnostics);
        let gone = self.owner_gone(node);
        self.session.diagnostics.extend(gone);
    }

    /// Warns of a node object whose Workspace was there before and is not any more. All of today's
    /// have been seen.
    fn owner_gone(&self, node: &Node) -> Option<Diagnostic> {
        let version = node
            .get("apiVersion")
            .and_then(Node::as_str)
            .unwrap_or_default();
        if self.earlier.is_empty() || !is_of_karpenter(version) {
            return None;
        }
        let object = Object {
            value: node.to_value().into(),
            ordinal: None,
        };
        let Group::Workspace { namespace, name } = object.group() else {
            return None;
        };
        let key = format!("{namespace}/{name}");
        let before = self.earlier.get(&format!("Workspace {key}"))?;
        if self.workspaces.contains_key(&key) {
            return None;
        }
        let message =
            format!("the Workspace `{key}` is not in the input any more, and its node is");
        let finding = Diagnostic::new(&rule::NODE_STAYS, node.at("/metadata/name").span, message);
        let before = before.at("/metadata/name").span;
        Some(
            finding
                .also(before, "the Workspace, before")
                .hint("remove both, or keep both; or name its file, too"),
        )
    }

    fn workspace(&mut self, node: Node, earlier: Option<&Node>, inputs: Inputs) -> Option<Part> {
        let mark = self.session.mark();
        let release = match inputs.releases.compiling(&node) {
            Ok(release) => release,
            Err(finding) => {
                self.session.report(finding);
                return None;
            }
        };
        if self.options.profile.release.is_none() {
            let version = releases::version(&node).to_owned();
            self.tally.chosen.insert(version, release.name.clone());
        }
        let dialect = dialect(release, &self.options.profile);
        let api = dialect.api;
        let workspace = self
            .reader
            .read(node, dialect, &mut self.session.diagnostics)?;
        let (key, span) = (workspace.key(), workspace.span("/metadata/name"));
        self.remember(&key, span);
        if let Some(earlier) = earlier {
            self.compare(earlier, &workspace, api, inputs.releases);
        }
        let planned = plan::Inputs {
            workspace: &workspace,
            config_maps: inputs.config_maps,
            release,
            profile: &self.options.profile,
            sources: &self.session.sources,
        };
        let plan = plan::make(planned, mark, &mut self.session.diagnostics);
        let mut plan = plan.ok()?;
        self.tally.machines |= plan.provisioner == Provisioner::Machine && !plan.nodes.is_empty();
        let templates = release.templates(plan.provisioner)?.ok()?;
        let objects = expand::objects(&mut plan, templates);
        let objects = objects
            .map_err(|diagnostic| self.session.report(diagnostic))
            .ok()?;
        let session = &mut *self.session;
        (self.each)(Compiled {
            workspace: &workspace,
            plan: &plan,
            release,
            templates,
            objects: &objects,
            session,
        });
        let title = format!("Workspace `{key}`");
        let place = workspace.span("/resource/labelSelector/matchLabels");
        let shared = self.selectors.add(&plan, place, &title);
        session.diagnostics.extend(shared);
        Some(part(workspace, &plan, span, objects))
    }

    /// Reports what of a Workspace may not differ from what it was. What was wrong before is not
    /// this run's concern.
    fn compare(
        &mut self,
        earlier: &Node,
        workspace: &Workspace,
        api: WorkspaceApi,
        releases: &Releases,
    ) {
        let mark = self.session.mark();
        let old = self.read_earlier(earlier, releases);
        let found = self.session.diagnostics.split_off(mark);
        match old {
            Some(old) => self
                .session
                .diagnostics
                .extend(workspace::changes(&old, workspace, api)),
            None => self
                .session
                .diagnostics
                .extend(workspace::not_compared(found)),
        }
    }

    /// Reads a Workspace as the release read it that compiled it then.
    fn read_earlier(&mut self, node: &Node, releases: &Releases) -> Option<Workspace> {
        let dialect = dialect(releases.reading(node)?, &self.options.profile);
        self.reader
            .read(node.clone(), dialect, &mut self.session.diagnostics)
    }

    /// Reports a Workspace that stands twice in the input.
    fn remember(&mut self, key: &str, span: Span) {
        let Some(first) = self.workspaces.insert(key.to_owned(), span) else {
            return;
        };
        let message = format!("the Workspace `{key}` stands twice in the input");
        let diagnostic = Diagnostic::new(&rule::DUPLICATE_WORKSPACE, span, message);
        self.session.report(
            diagnostic
                .also(first, "the other one")
                .hint("remove or rename one of the two"),
        );
    }

    fn unknown_release(&mut self, name: &str) {
        let names: Vec<_> = self
            .library
            .releases()
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let message = format!("there is no release `{name}`");
        let hint = format!("the releases are {}", wording::and(&names));
        let place = self.options.profile.span("/release");
        self.session.report(Diagnostic {
            place,
            ..Diagnostic::global(&rule::UNKNOWN_RELEASE, message).hint(hint)
        });
    }

    fn no_workspace(&mut self) {
        let hint = match self.tally.rendered {
            0 => {
                "name a file or folder that holds one; `--allow-empty` writes the empty output all the same".to_owned()
            }
            count => {
                format!("{} here came out of `kaito-render` already; name the source", wording::count(count, "Workspace"))
            }
        };
        self.session.report(
            Diagnostic::global(&rule::NO_WORKSPACE, "the input holds no Workspace").hint(hint),
        );
    }

    /// Says once what was chosen without being asked for.
    fn notes(&mut self, releases: &Releases) {
        let profile = &self.options.profile;
        for (version, name) in &self.tally.chosen {
            let message = format!("`{version}` is compiled with release {name}");
            let hint = format!("`release: \"{name}\"` in kaito-render.yaml keeps it so");
            self.session
                .report(Diagnostic::global(&rule::RELEASE_CHOSEN, message).hint(hint));
        }
        if self.tally.machines && profile.provisioner.is_none() {
            let message = "the nodes are Machines, which gpu-provisioner 0.2 alone serves";
            self.session
                .report(Diagnostic::global(&rule::MACHINE_API, message).hint(releases.switch()));
        }
        if self.tally.static_pools {
            self.session
                .diagnostics
                .extend(assemble::check_static_capacity(profile));
        }
    }
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
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    format!("{kind} {}", reader.key(node))
}

fn dialect<'a>(release: &'a Release, profile: &Profile) -> Dialect<'a> {
    let makes_nodes = profile.provisioner != Some(Provisioner::None);
    let default_instance_type = makes_nodes.then_some(release.file.default_instance_type.as_str());
    Dialect {
        api: release.file.workspace_api,
        default_instance_type,
    }
}

fn part(workspace: Workspace, plan: &Plan, span: Span, mut objects: Vec<Object>) -> Part {
    let title = format!("Workspace `{}`", workspace.key());
    objects.push(assemble::workspace(workspace, plan, &objects));
    Part {
        span,
        title,
        objects,
    }
}
