//! `explain`, and that it can say of each field what made it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::catalogue::release::Release;
use kaito_render::compile::{self, CompiledWorkspace, Keep, Options};
use kaito_render::expand::Templates;
use kaito_render::expand::template::Step;
use kaito_render::explain::field;
use kaito_render::session::Session;
use kaito_render::{expand, input, plan};
use serde_json::Value;

use crate::support::inputs;
use crate::support::program::{kaito_render, run, sample, stdout};

const FALCON: &str = "examples/inference/kaito_workspace_falcon_7b.yaml";
const TUNING: &str = "examples/fine-tuning/kaito_workspace_tuning_phi_3.yaml";

/// The lines that follow the one which begins with a title, up to the next title.
fn under<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(title));
    let first = lines.next().into_iter();
    first
        .chain(lines.take_while(|line| line.starts_with("  ")))
        .map(str::trim)
        .collect()
}

#[test]
fn a_plan_is_explained_with_the_places_it_rests_on() {
    let text = stdout(&["explain", FALCON], "");
    assert_eq!(
        under(&text, "Workspace "),
        [
            "Workspace           default/workspace-falcon-7b",
            "examples/inference/kaito_workspace_falcon_7b.yaml:5 metadata.name",
        ]
    );
    assert_eq!(
        under(&text, "GPU memory")[..3],
        [
            "GPU memory          1 GPU with 14 GiB needed",
            "1 × 2 GPUs with 16 GiB each: 32 GiB there",
            "presets/0.3/models/falcon-7b.yaml:8 inference.needs",
        ]
    );
    assert!(
        under(&text, "disk of a node")[1].ends_with("falcon-7b.yaml:9 inference.disk"),
        "{text}"
    );
    assert_eq!(under(&text, "objects").len(), 3, "{text}");
}

#[test]
fn what_the_profile_decides_is_shown_in_the_profile() {
    let profile = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    let text = inputs::profile("provisioner: none\nregistry: r.io/k\n");
    fs::write(profile.path(), text).unwrap();
    let path = profile.path().to_str().unwrap();
    let text = stdout(&["explain", FALCON, "--profile", path], "");
    assert_eq!(
        under(&text, "provisioner")[1..],
        [format!("{path}:3 provisioner")]
    );
    assert_eq!(under(&text, "nodes to create")[1], "they exist already");
    assert!(under(&text, "image")[4].ends_with(":4 registry"), "{text}");
    assert!(!text.contains("Machine/"), "{text}");
}

#[test]
fn a_field_is_explained_by_the_line_of_its_template_and_what_that_reads() {
    let gpu = "Deployment/spec.template.spec.containers[0].resources.limits['nvidia.com/gpu']";
    let expected = "\
Deployment/workspace-falcon-7b
  \"2\"
  templates/0.3/deployment.yaml:91 nvidia.com/gpu: \"{{ plan.gpus | string }}\"
  plan.gpus: GPUs of a pod 2
    all of the machine
    presets/0.3/instance-types/azure.yaml:12 Standard_NC12s_v3
";
    assert_eq!(stdout(&["explain", FALCON, "--field", gpu], ""), expected);
    let literal = stdout(
        &[
            "explain",
            TUNING,
            "--field",
            "job/workspace-tuning-phi-3/spec.backoffLimit",
        ],
        "",
    );
    assert!(
        literal.ends_with("  templates/0.3/job.yaml:11 backoffLimit: 0\n"),
        "{literal}"
    );
}

#[test]
fn a_field_that_no_template_made_is_explained_too() {
    let field = "Job/metadata.annotations['kustomize.toolkit.fluxcd.io/substitute']";
    let expected = "Job/workspace-tuning-phi-3\n  disabled\n  added because Flux would replace `${…}` in \
                    the object\n";
    assert_eq!(stdout(&["explain", TUNING, "--field", field], ""), expected);
}

#[test]
fn a_field_that_is_not_there_is_said_to_be_missing() {
    for (field, said) in [
        ("Job/spec.nothing", "no such field"),
        (
            "StatefulSet/spec",
            "the kinds in the output are ConfigMap, Job, Machine and Workspace",
        ),
        ("Job/other/spec", "no such object"),
        ("Job", "KIND/PATH"),
        ("Job/a[x]", "is not a path"),
        ("Job/a..b", "is not a path"),
    ] {
        let run = run(
            &mut kaito_render(&["explain", TUNING, "--field", field]),
            "",
        );
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{field}");
        assert!(run.stderr.contains(said), "{field}: {}", run.stderr);
    }
}

#[test]
fn a_workspace_with_errors_is_not_explained() {
    let text = fs::read_to_string(crate::support::program::root().join(FALCON))
        .unwrap()
        .replace("falcon-7b\n", "falcon-8b\n");
    let run = run(&mut kaito_render(&["explain", "-"]), &text);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("KR203"), "{}", run.stderr);
}

/// Of every field of every object of the golden cases, `explain` knows the line of the template,
/// and why each field of the plan that is read there is what it is.
#[test]
fn every_field_has_a_line_and_reasons() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut fields = 0;
    let cases = ["0.3", "0.12"]
        .into_iter()
        .flat_map(|release| crate::golden::entries(&directory.join(release)))
        .collect::<Vec<_>>();
    let step = cases.len() / sample(cases.len());
    for case in cases.iter().step_by(step) {
        let mut session = Session::default();
        let profile = input::read_file(
            &input::Disk,
            &case.join("profile.yaml"),
            &mut session.sources,
            &mut session.diagnostics,
        );
        let profile = input::parse(&session.sources, profile.unwrap(), &mut session.diagnostics);
        let profile = Profile::read(&profile[0], &mut session.diagnostics).unwrap();
        let paths = [case.join("input.yaml")];
        let documents = input::load(
            &input::Disk,
            &paths,
            input::DocumentFilter::Input,
            &mut session.sources,
            &mut session.diagnostics,
        )
        .unwrap();
        let options = Options {
            namespace: "default".into(),
            profile,
            only_generated: true,
            ..Options::default()
        };
        let library = Library::embedded();
        let keep = Keep::Everything;
        let compilation = compile::run(documents, &options, &library, keep, &mut session);
        for compiled in &compilation.workspaces {
            let (release, templates) = compilation.release(compiled).unwrap();
            fields += check(compiled, release, templates, &options.profile);
        }
    }
    assert!(fields > 500, "only {fields} fields were looked at");
}

/// Checks the objects of a Workspace, and counts their fields.
fn check(
    compiled: &CompiledWorkspace,
    release: &Release,
    templates: &Templates,
    profile: &Profile,
) -> usize {
    let CompiledWorkspace {
        workspace,
        plan,
        objects,
        ..
    } = compiled;
    let decisions = plan::decisions(workspace, plan, release, profile);
    let decided: BTreeSet<_> = decisions
        .iter()
        .flat_map(|decision| decision.fields)
        .copied()
        .collect();
    let mut count = 0;
    for object in objects {
        let mut ways = leaves(&Value::from(&object.value));
        ways.retain(|steps| field::added(steps).is_none());
        for steps in ways {
            let trace = expand::trace(plan, templates, object, &steps).unwrap();
            let trace = trace.unwrap_or_else(|| panic!("{}: {steps:?}", object.identity().kind));
            for read in &trace.reads {
                let path = read.strip_prefix("plan.").unwrap();
                let is_decided = decided
                    .iter()
                    .any(|field| path == *field || path.starts_with(&format!("{field}.")));
                assert!(
                    is_decided,
                    "{}: {steps:?} reads {read}",
                    object.identity().kind
                );
            }
            count += 1;
        }
    }
    count
}

/// The ways to all scalars of a value.
fn leaves(value: &Value) -> Vec<Vec<Step>> {
    let below = |step: Step, value: &Value| {
        let ways = leaves(value).into_iter();
        ways.map(|way| [vec![step.clone()], way].concat())
            .collect::<Vec<_>>()
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| below(Step::Field(key.clone()), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(at, item)| below(Step::Item(at), item))
            .collect(),
        _ => vec![Vec::new()],
    }
}
