//! What each stage costs for a hundred mixed Workspaces, and what all of them cost together.

#![expect(clippy::unwrap_used, reason = "a benchmark that panics has failed")]

use std::rc::Rc;

use criterion::{BatchSize, Criterion};
use kaito_render::compile::{Options, compile};
use kaito_render::config_map::ConfigMaps;
use kaito_render::emit::{self, Format};
use kaito_render::expand;
use kaito_render::library::Library;
use kaito_render::node::Node;
use kaito_render::object::Object;
use kaito_render::overlay::{self, Part};
use kaito_render::plan::{self, Plan};
use kaito_render::preset::Provisioner;
use kaito_render::profile::Profile;
use kaito_render::release::{Release, Templates};
use kaito_render::session::Session;
use kaito_render::source::{self, Document, FileId};
use kaito_render::workspace::{Reader, Workspace};

const NUMBER: usize = 100;
const RELEASE: &str = "0.3";
const NAMESPACE: &str = "default";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let library = Library::embedded();
    let mut run = Run::new(&library);
    source(&mut criterion, &run);
    workspace(&mut criterion, &run);
    plan(&mut criterion, &mut run);
    expand(&mut criterion, &mut run);
    overlay(&mut criterion, &mut run);
    emit(&mut criterion, &mut run);
    together(&mut criterion, &library);
    criterion.final_summary();
}

/// A run that has read what it needs of its release, and can give what each stage takes.
struct Run<'l> {
    session: Session,
    file: FileId,
    reader: Reader,
    release: Release<'l>,
    templates: Rc<Templates>,
}

impl<'l> Run<'l> {
    fn new(library: &'l Library) -> Self {
        let mut session = Session::default();
        let file = session.sources.add("mixed.yaml", text());
        let reader = Reader::new(NAMESPACE.to_owned());
        let mut release = Release::load(library, RELEASE, &mut session).unwrap();
        let templates = release.templates(Provisioner::Machine, &mut session).unwrap();
        Self { session, file, reader, release, templates }
    }

    fn nodes(&self) -> Vec<Node> {
        source::parse(&self.session.sources, self.file, &mut Vec::new())
    }

    fn workspaces(&self) -> Vec<Workspace> {
        self.read(self.nodes())
    }

    fn read(&self, nodes: Vec<Node>) -> Vec<Workspace> {
        nodes.into_iter().map(|node| self.reader.read(node, &mut Vec::new()).unwrap()).collect()
    }

    fn plans(&mut self, workspaces: &[Workspace]) -> Vec<Plan> {
        let Self { session, release, .. } = self;
        let mut plan = |workspace| plan::make(workspace, &ConfigMaps::default(), release, &profile(), session).unwrap();
        workspaces.iter().map(&mut plan).collect()
    }

    fn objects(&self, plans: Vec<Plan>) -> Vec<(Plan, Vec<Object>)> {
        let objects = |mut plan: Plan| {
            let objects = expand::objects(&mut plan, &self.templates).unwrap();
            (plan, objects)
        };
        plans.into_iter().map(objects).collect()
    }
}

/// The Workspaces, made from one of each shape.
fn text() -> String {
    let shapes: Vec<_> = include_str!("mixed.yaml").split("---\n").collect();
    let numbered = |(number, shape): (usize, &&str)| {
        let team = number / shapes.len() % 10;
        shape.replace("NUMBER", &number.to_string()).replace("TEAM", &team.to_string())
    };
    (0..).zip(shapes.iter().cycle()).take(NUMBER).map(numbered).collect::<Vec<_>>().join("---\n")
}

fn profile() -> Profile {
    Profile { release: Some(RELEASE.to_owned()), provisioner: Some(Provisioner::Machine), ..Profile::default() }
}

fn source(criterion: &mut Criterion, run: &Run) {
    criterion.bench_function("source", |bencher| bencher.iter_with_large_drop(|| run.nodes()));
}

fn workspace(criterion: &mut Criterion, run: &Run) {
    criterion.bench_function("workspace", |bencher| {
        bencher.iter_batched(|| run.nodes(), |nodes| run.read(nodes), BatchSize::LargeInput);
    });
}

fn plan(criterion: &mut Criterion, run: &mut Run) {
    let workspaces = run.workspaces();
    criterion.bench_function("plan", |bencher| bencher.iter_with_large_drop(|| run.plans(&workspaces)));
}

fn expand(criterion: &mut Criterion, run: &mut Run) {
    let plans = run.plans(&run.workspaces());
    criterion.bench_function("expand", |bencher| {
        bencher.iter_batched(|| plans.clone(), |plans| run.objects(plans), BatchSize::LargeInput);
    });
}

fn overlay(criterion: &mut Criterion, run: &mut Run) {
    let plans = run.plans(&run.workspaces());
    let expanded = run.objects(plans);
    let inputs = || run.workspaces().into_iter().zip(expanded.clone()).collect::<Vec<_>>();
    criterion.bench_function("overlay", |bencher| {
        bencher.iter_batched(inputs, overlaid, BatchSize::LargeInput);
    });
}

fn overlaid(inputs: Vec<(Workspace, (Plan, Vec<Object>))>) -> Vec<Object> {
    let part = |(workspace, (plan, mut objects)): (Workspace, (Plan, Vec<Object>))| {
        let (span, title) = (workspace.node.span, workspace.key());
        objects.push(overlay::workspace(workspace, &plan, &objects));
        Part { span, title, objects }
    };
    overlay::together(inputs.into_iter().map(part).collect(), &mut Vec::new())
}

fn emit(criterion: &mut Criterion, run: &mut Run) {
    let workspaces = run.workspaces();
    let plans = run.plans(&workspaces);
    let objects = overlaid(workspaces.into_iter().zip(run.objects(plans)).collect());
    criterion.bench_function("emit", |bencher| {
        bencher.iter_batched(|| objects.clone(), emitted, BatchSize::LargeInput);
    });
}

fn emitted(mut objects: Vec<Object>) -> (Vec<Object>, String) {
    emit::sort(&mut objects);
    let text = Format::Yaml.stream(objects.iter().map(|object| &object.value));
    (objects, text)
}

/// A whole run without reading files, from the first preset that is loaded to the last byte.
fn together(criterion: &mut Criterion, library: &Library) {
    let (text, options) = (text(), options());
    criterion.bench_function("together", |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut session = Session::default();
            let file = session.sources.add("mixed.yaml", text.as_str());
            let nodes = source::parse(&session.sources, file, &mut session.diagnostics);
            let documents = nodes.into_iter().map(|node| Document { node, named: true }).collect();
            emitted(compile(documents, &options, library, &mut session))
        });
    });
}

fn options() -> Options {
    Options { namespace: NAMESPACE.to_owned(), profile: profile(), only_generated: false, allow_empty: false }
}
