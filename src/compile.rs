//! The driver: it strings the stages together. Documents in, objects out.
//!
//! Uses `vocab`, `base`, `diagnostic`, `session`, `input`, `catalogue`, `delivery`, `workspace`, `plan`,
//! `expand`, `overlay`, `assemble` and `emit`; `explain`, `upgrade` and `cli` use it.
//!
//! What all Workspaces share is loaded first. Then each Workspace goes through the stages on its
//! own, by a function of its document and of what is shared, and what came of it is folded into
//! the run in the order of the documents.
//!
//! ```
//! # use kaito_render::catalogue::library::Library;
//! # use kaito_render::compile::{self, Keep, Options};
//! # use kaito_render::input::{self, Document};
//! # use kaito_render::session::Session;
//! # let text = "{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: phi}, \
//! #     resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: phi}}}, \
//! #     inference: {preset: {name: phi-4}}}";
//! # let mut session = Session::default();
//! # let file = session.sources.add("phi.yaml", text);
//! # let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
//! # let documents = nodes.into_iter().map(|node| Document { node, named: true }).collect();
//! # let options = Options::default();
//! # let library = Library::embedded();
//! let compilation = compile::run(documents, &options, &library, Keep::Everything, &mut session);
//! let phi = &compilation.workspaces[0];
//! assert_eq!(phi.workspace.key(), "default/phi");
//! assert_eq!(phi.plan.nodes.len(), 1);
//! assert_eq!(compilation.files, [file]);
//! ```

mod budget;
mod documents;
mod kept;
mod objects;
mod one;
mod outline;
mod releases;
mod run;
mod task;
mod workloads;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::object::Object;
use crate::base::parallel;
use crate::base::progress::Progress;
use crate::base::sources::{FileId, Span};
use crate::catalogue::library::Library;
use crate::catalogue::profile::Profile;
use crate::catalogue::release::Release;
use crate::diagnostic::Diagnostic;
use crate::emit::{Form, Manifest, NoSpool, Spool};
use crate::expand::Templates;
use crate::input::Document;
use crate::input::config_map::ConfigMaps;
use crate::overlay::{Change, Overlays, Selected};
use crate::plan::Plan;
use crate::session::Session;
use crate::vocab::limits::RUN_NODES;
use crate::workspace::{Reader, Workspace};
use budget::Budget;
use documents::Documents;
pub use documents::config_maps;
use one::Context;
pub use outline::{Outline, Places};
use releases::Releases;
use run::{Output, Run};
use task::{Done, Task};

/// What the documents of a run are compiled with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The namespace of Workspaces that name none.
    pub namespace: String,
    /// The facts of the cluster.
    pub profile: Profile,
    /// Leaves out named documents that are no Workspaces.
    pub only_generated: bool,
    /// The root of the input, without symbolic links, if the output is for a host: every document is
    /// part of it, and each Workspace names the profile, by its path from there.
    pub delivery: Option<PathBuf>,
    /// Whether it is no error to find no Workspace.
    pub allow_empty: bool,
    /// Documents as they were before: Workspaces and InferenceSets have to keep the rules for
    /// updates of these.
    pub against: Vec<Document>,
    /// The profile as it was before, if it was another one: workloads have to be what they were with
    /// it, as far as nobody can change them.
    pub profile_before: Option<Profile>,
    /// Whether overlays are applied. What is wrong with them is reported in any case.
    pub applies_overlays: bool,
    /// Overlays that all Workspaces name, each with the place that says so.
    pub overlays: Vec<(String, Span)>,
    /// The number of threads to compile with, at least 1. The result is the same for every number.
    pub jobs: usize,
    /// Where the Workspaces are counted that are compiled.
    pub progress: Arc<Progress>,
    /// Where texts wait, with [`Keep::Manifests`], that are more than a run should hold in memory.
    pub spool: Arc<dyn Spool>,
    /// The files of which another run has the same. What is made of their Workspaces is kept apart,
    /// in [`Compilation::unchanged`].
    pub unchanged: BTreeSet<FileId>,
    /// The most nodes of the run, beside one for each Workspace that the input has;
    /// [`RUN_NODES`] unless somebody wants more.
    pub max_nodes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            namespace: "default".to_owned(),
            profile: Profile::default(),
            only_generated: false,
            delivery: None,
            allow_empty: false,
            against: Vec::new(),
            profile_before: None,
            applies_overlays: true,
            overlays: Vec::new(),
            unchanged: BTreeSet::new(),
            jobs: 1,
            progress: Arc::default(),
            spool: Arc::new(NoSpool),
            max_nodes: RUN_NODES,
        }
    }
}

impl Options {
    /// Whether it is no error to find no Workspace, whoever says so.
    fn may_be_empty(&self) -> bool {
        self.allow_empty || self.delivery.is_some() && self.profile.delivery.without_workspaces
    }
}

/// What is to be kept of a run beside the diagnostics. Objects are made and held against each
/// other in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: no object outlives its Workspace.
    Nothing,
    /// An outline of each Workspace.
    Outlines,
    /// The text of each object.
    Manifests(Form),
    /// The objects themselves, as trees.
    Objects,
    /// The objects, and each Workspace with its plan.
    Everything,
}

/// What the documents of a run were compiled to.
#[derive(Debug)]
pub struct Compilation<'a> {
    /// The files of the Workspaces without errors, one for each Workspace.
    pub files: Vec<FileId>,
    /// The objects, in no particular order, with [`Keep::Objects`] and [`Keep::Everything`]. They
    /// are worth writing only if no diagnostic is an error.
    pub objects: Vec<Object>,
    /// Those of the Workspaces in [`Options::unchanged`].
    pub unchanged: Vec<Object>,
    /// The same as text, with [`Keep::Manifests`].
    pub manifests: Vec<Manifest>,
    /// The Workspaces without errors, with [`Keep::Outlines`].
    pub outlines: Vec<Outline>,
    /// The Workspaces without errors, with [`Keep::Everything`].
    pub workspaces: Vec<CompiledWorkspace>,
    releases: Releases<'a>,
}

/// A Workspace that was compiled.
#[derive(Debug)]
pub struct CompiledWorkspace {
    /// The Workspace as it was read.
    pub workspace: Workspace,
    /// What was decided for it.
    pub plan: Plan,
    /// Its objects, without the Workspace itself.
    pub objects: Vec<Object>,
    /// The overlays that are for it, from first to last.
    pub overlays: Vec<Selected>,
    /// What they changed, in order.
    pub changes: Vec<Change>,
}

impl<'a> Compilation<'a> {
    /// The release that compiled a Workspace, and the templates that laid its plan out.
    #[must_use]
    pub fn release(&self, compiled: &CompiledWorkspace) -> Option<(&Release<'a>, &Templates)> {
        self.releases.get(&compiled.plan.release)
    }
}

/// Compiles the Workspaces among the documents, and passes through what else was named.
///
/// The objects come in no particular order. They are worth writing only if no diagnostic is an
/// error.
pub fn compile(
    documents: Vec<Document>,
    options: &Options,
    library: &Library,
    session: &mut Session,
) -> Vec<Object> {
    run(documents, options, library, Keep::Objects, session).objects
}

/// As [`compile`], and gives what is to be kept.
pub fn run<'a>(
    documents: Vec<Document>,
    options: &'a Options,
    library: &'a Library,
    keep: Keep,
    session: &mut Session,
) -> Compilation<'a> {
    let mut releases = Releases::new(&options.profile, library);
    // Every Workspace would only repeat it.
    if releases.check_named(session).is_err() {
        return Compilation::new(Output::default(), releases);
    }
    let mut reader = Reader::new(options.namespace.clone());
    let mut documents = Documents::new(documents, options, &reader);
    documents.check(options.jobs, session);
    let before = overlays_before(&documents, options, library, session);
    let overlays = overlays(&documents, options, library, session);
    releases.load_for(&documents, session);
    let versions = releases.read_versions();
    versions.for_each(|(version, api)| reader.prepare(version, api));

    let sources = std::mem::take(&mut documents.sources);
    let is_empty = sources.is_empty() && !options.may_be_empty();
    let others = documents.others.iter().map(|document| &document.node);
    let context = Context {
        options,
        reader: &reader,
        releases: &releases,
        overlays: &overlays,
        before: before.as_ref(),
        config_maps: &ConfigMaps::among(others, &options.namespace),
        sources: &session.sources,
        keep,
    };
    let mut run = Run::new(keep, options, &session.sources, &mut session.diagnostics);
    let tasks = task::tasks(sources, context);
    // Set when the budget is spent: what follows is not looked at, so it need not be done.
    let is_over = AtomicBool::new(false);
    let workspaces = &options.progress.workspaces;
    workspaces.expect(tasks.iter().filter(|task| task.compiles()).count());
    let done = |task: Task| {
        if task.compiles() {
            workspaces.step();
        }
        (!is_over.load(Ordering::Relaxed)).then(|| task::done(task, context))
    };
    let mut budget = Budget::new(options.max_nodes);
    parallel::ordered(tasks, options.jobs, done, |done| {
        let Some(done) = done.filter(|_| !is_over.load(Ordering::Relaxed)) else {
            return;
        };
        let done = done.paid(&mut budget).unwrap_or_else(Done::Excess);
        match done {
            Done::Excess(diagnostic) => {
                is_over.store(true, Ordering::Relaxed);
                run.stop(diagnostic);
            }
            Done::Workspace(attempt) => run.add(attempt),
            Done::Set(diagnostics) => run.begin_set(diagnostics),
            Done::Replica(attempt) => run.add_replica(attempt),
            Done::Rendered(node) => run.add_rendered(&node, reader.key(&node)),
        }
    });
    run.add_others(&documents, options);
    if is_empty {
        run.check_empty(documents.passed_over.len());
    }
    run.check_sources(&documents.passed_over);
    run.check_overlays(&overlays);
    Compilation::new(run.finish(options, &releases), releases)
}

/// The overlays of a run, and which of them all Workspaces name.
fn overlays(
    documents: &Documents,
    options: &Options,
    library: &Library,
    session: &mut Session,
) -> Overlays {
    let mut overlays = Overlays::of(&options.profile, &documents.overlays, library, session);
    overlays.name_all(&options.overlays, &mut session.diagnostics);
    if !options.applies_overlays {
        overlays.turn_off();
    }
    overlays
}

/// The profile as it was before, and its overlays. What was wrong with them is not this run's concern.
fn overlays_before<'a>(
    documents: &Documents,
    options: &'a Options,
    library: &Library,
    session: &mut Session,
) -> Option<(&'a Profile, Overlays)> {
    let profile = options.profile_before.as_ref()?;
    let mark = session.mark();
    let overlays = Overlays::of(profile, &documents.overlays, library, session);
    let found = session.diagnostics.split_off(mark);
    let failed = found.iter().any(Diagnostic::is_error);
    (!failed).then_some((profile, overlays))
}

impl<'a> Compilation<'a> {
    fn new(output: Output, releases: Releases<'a>) -> Self {
        Self {
            files: output.files,
            objects: output.objects,
            unchanged: output.unchanged,
            manifests: output.manifests,
            outlines: output.outlines,
            workspaces: output.compiled,
            releases,
        }
    }
}
