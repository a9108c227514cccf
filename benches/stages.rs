//! What each stage costs for a hundred mixed Workspaces, and what all of them cost together.

#![expect(clippy::unwrap_used, reason = "a benchmark that panics has failed")]

use criterion::{BatchSize, Criterion};
use kaito_render::assemble::{self, DocumentObjects, Finished, ObjectSet};
use kaito_render::base::node::Node;
use kaito_render::base::object::Object;
use kaito_render::base::sources::FileId;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::catalogue::release::Release;
use kaito_render::compile::{Options, compile};
use kaito_render::diagnostic::Diagnostics;
use kaito_render::emit::{self, Format};
use kaito_render::expand::{self, Templates};
use kaito_render::input::config_map::ConfigMaps;
use kaito_render::input::{self, Document};
use kaito_render::plan::{self, Plan};
use kaito_render::session::Session;
use kaito_render::vocab::Provisioner;
use kaito_render::workspace::{Draft, ReadRules, Reader, Workspace};

const NUMBER: usize = 100;
const NAMESPACE: &str = "default";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let library = Library::embedded();
    for case in CASES {
        let run = Run::new(&library, case);
        source(&mut criterion, &run);
        workspace(&mut criterion, &run);
        plan(&mut criterion, &run);
        expand(&mut criterion, &run);
        assemble(&mut criterion, &run);
        emit(&mut criterion, &run);
        together(&mut criterion, &library, case);
    }
    criterion.final_summary();
}

/// What a release is measured with.
#[derive(Clone, Copy)]
struct Case {
    release: &'static str,
    provisioner: Provisioner,
    /// One Workspace of each shape.
    shapes: &'static str,
}

const CASES: [Case; 2] = [
    Case {
        release: "0.3",
        provisioner: Provisioner::Machine,
        shapes: include_str!("mixed-0.3.yaml"),
    },
    Case {
        release: "0.12",
        provisioner: Provisioner::Nodeclaim,
        shapes: include_str!("mixed-0.12.yaml"),
    },
];

impl Case {
    /// The name of a benchmark.
    fn title(self, stage: &str) -> String {
        format!("{}/{stage}", self.release)
    }

    fn profile(self) -> Profile {
        let release = Some(self.release.to_owned());
        Profile {
            release,
            provisioner: Some(self.provisioner),
            ..Profile::default()
        }
    }
}

/// A run that has read what it needs of its release, and can give what each stage takes.
struct Run<'l> {
    case: Case,
    session: Session,
    file: FileId,
    reader: Reader,
    release: Release<'l>,
    templates: Templates,
}

impl<'l> Run<'l> {
    fn new(library: &'l Library, case: Case) -> Self {
        let mut session = Session::default();
        let file = session.sources.add("mixed.yaml", text(case.shapes));
        let mut reader = Reader::new(NAMESPACE.to_owned());
        let mut release = Release::load(library, case.release, &mut session).unwrap();
        for version in &release.file.api_versions {
            reader.prepare(version, release.file.workspace_api);
        }
        release.load_models(&mut session);
        release.load_instance_types(case.profile().cloud, &mut session);
        release.load_server_flags(&mut session);
        for method in ["lora", "qlora"] {
            release.load_tuning_config(method, &mut session);
        }
        let templates = Templates::load(&release, case.provisioner, &mut session).unwrap();
        Self {
            case,
            session,
            file,
            reader,
            release,
            templates,
        }
    }

    fn nodes(&self) -> Vec<Node> {
        input::parse(
            &self.session.sources,
            self.file,
            &mut Diagnostics::default(),
        )
    }

    fn workspaces(&self) -> Vec<Workspace> {
        self.read(self.nodes())
    }

    fn read(&self, nodes: Vec<Node>) -> Vec<Workspace> {
        let read_rules = ReadRules {
            api: self.release.file.workspace_api,
            default_instance_type: None,
            release: None,
            sources: None,
            substitution: None,
        };
        nodes
            .into_iter()
            .map(|node| {
                self.reader
                    .read(node, read_rules, &mut Diagnostics::default())
                    .and_then(Draft::into_whole)
                    .unwrap()
            })
            .collect()
    }

    fn plans(&self, workspaces: &[Workspace]) -> Vec<Plan> {
        let profile = self.case.profile();
        let plan = |workspace| {
            let inputs = plan::Inputs {
                workspace,
                config_maps: &ConfigMaps::default(),
                release: &self.release,
                profile: &profile,
                sources: &self.session.sources,
            };
            plan::make(inputs, 0, &mut Diagnostics::default()).unwrap()
        };
        workspaces.iter().map(plan).collect()
    }

    fn objects(&self, plans: Vec<Plan>) -> Vec<(Plan, Vec<Object>)> {
        let templates = &self.templates;
        let objects = |plan: Plan| {
            let objects = expand::objects(&plan, templates).unwrap();
            (plan, objects)
        };
        plans.into_iter().map(objects).collect()
    }
}

/// The Workspaces, made from one of each shape.
fn text(shapes: &str) -> String {
    let shapes: Vec<_> = shapes.split("---\n").collect();
    let numbered = |(number, shape): (usize, &&str)| {
        let team = number / shapes.len() % 10;
        shape
            .replace("NUMBER", &number.to_string())
            .replace("TEAM", &team.to_string())
    };
    (0..)
        .zip(shapes.iter().cycle())
        .take(NUMBER)
        .map(numbered)
        .collect::<Vec<_>>()
        .join("---\n")
}

fn source(criterion: &mut Criterion, run: &Run) {
    criterion.bench_function(&run.case.title("source"), |bencher| {
        bencher.iter_with_large_drop(|| run.nodes());
    });
}

fn workspace(criterion: &mut Criterion, run: &Run) {
    criterion.bench_function(&run.case.title("workspace"), |bencher| {
        bencher.iter_batched(
            || run.nodes(),
            |nodes| run.read(nodes),
            BatchSize::LargeInput,
        );
    });
}

fn plan(criterion: &mut Criterion, run: &Run) {
    let workspaces = run.workspaces();
    criterion.bench_function(&run.case.title("plan"), |bencher| {
        bencher.iter_with_large_drop(|| run.plans(&workspaces));
    });
}

fn expand(criterion: &mut Criterion, run: &Run) {
    let plans = run.plans(&run.workspaces());
    criterion.bench_function(&run.case.title("expand"), |bencher| {
        bencher.iter_batched(
            || plans.clone(),
            |plans| run.objects(plans),
            BatchSize::LargeInput,
        );
    });
}

fn assemble(criterion: &mut Criterion, run: &Run) {
    let plans = run.plans(&run.workspaces());
    let expanded = run.objects(plans);
    let inputs = || {
        run.workspaces()
            .into_iter()
            .zip(expanded.clone())
            .collect::<Vec<_>>()
    };
    criterion.bench_function(&run.case.title("assemble"), |bencher| {
        bencher.iter_batched(inputs, assembled, BatchSize::LargeInput);
    });
}

fn assembled(inputs: Vec<(Workspace, (Plan, Vec<Object>))>) -> Vec<Object> {
    let part = |(workspace, (plan, mut objects)): (Workspace, (Plan, Vec<Object>))| {
        let (span, title) = (workspace.node.span, workspace.key());
        assemble::name_nodes(&mut objects, &plan);
        objects.push(assemble::workspace(workspace.value, &plan, &objects, None));
        let finished = |object| Finished::new(&object, "default").keeping(object);
        DocumentObjects {
            span,
            title,
            objects: objects.into_iter().map(finished).collect(),
        }
    };
    let mut together = ObjectSet::default();
    inputs
        .into_iter()
        .map(part)
        .for_each(|part| together.add(part));
    together.finish().0
}

fn emit(criterion: &mut Criterion, run: &Run) {
    let workspaces = run.workspaces();
    let plans = run.plans(&workspaces);
    let objects = assembled(workspaces.into_iter().zip(run.objects(plans)).collect());
    criterion.bench_function(&run.case.title("emit"), |bencher| {
        bencher.iter_batched(|| objects.clone(), emitted, BatchSize::LargeInput);
    });
}

fn emitted(mut objects: Vec<Object>) -> (Vec<Object>, String) {
    emit::sort(&mut objects);
    let text = Format::Yaml.stream(objects.iter().map(|object| &object.value));
    (objects, text)
}

/// A whole run without reading files, from the first preset that is loaded to the last byte.
fn together(criterion: &mut Criterion, library: &Library, case: Case) {
    let (text, options) = (text(case.shapes), options(case));
    criterion.bench_function(&case.title("together"), |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut session = Session::default();
            let file = session.sources.add("mixed.yaml", text.as_str());
            let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
            let documents = nodes
                .into_iter()
                .map(|node| Document { node, named: true })
                .collect();
            emitted(compile(documents, &options, library, &mut session))
        });
    });
}

fn options(case: Case) -> Options {
    Options {
        namespace: NAMESPACE.to_owned(),
        profile: case.profile(),
        ..Options::default()
    }
}
