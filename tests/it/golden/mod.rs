//! The objects and refusals that KAITO itself made, case by case.
//!
//! The cases under `tests/golden` have to pass, every one. `KAITO_RENDER_GOLDEN` names a directory
//! with more of them; of those, all pass but the ones that `tests/golden/failing.txt` names. What was
//! counted and what fails stands in files under the target directory, because a test that passes
//! prints nothing; `tests/run` shows the counts.

mod additions;
mod compare;
mod complaints;
mod estimator;
mod hostile_strings;
mod node_names;
#[cfg(feature = "e2e")]
mod other_readers;
mod properties;
mod schemas;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use kaito_render::base::object::Object;
use kaito_render::catalogue::import::{self, Facts};
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::catalogue::release::Release;
use kaito_render::compile::{Options, compile};
use kaito_render::diagnostic::Diagnostic;
use kaito_render::emit::Format;
use kaito_render::input::{self, Document};
use kaito_render::session::Session;
use serde_json::Value;

/// What became of one case: nothing to say if it passes.
type Verdict = Result<(), String>;

#[test]
fn the_selected_cases_pass() {
    let verdicts = run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"));
    assert!(
        verdicts.len() >= 20,
        "only {} cases were found",
        verdicts.len()
    );
    let report = report("selected", &verdicts);
    assert!(verdicts.values().all(Result::is_ok), "{report}");
}

#[test]
#[ignore = "needs KAITO_RENDER_GOLDEN"]
fn all_cases_pass_but_those_that_are_known_to_fail() {
    let directory = std::env::var_os("KAITO_RENDER_GOLDEN").map(PathBuf::from);
    let verdicts = run(&directory.unwrap());
    assert!(
        verdicts.len() >= 1000,
        "only {} cases were found",
        verdicts.len()
    );
    let report = report("all", &verdicts);
    let failing = verdicts.iter().filter(|(_, verdict)| verdict.is_err());
    let failing: BTreeSet<_> = failing.map(|(name, _)| name.as_str()).collect();
    let known = include_str!("../../golden/failing.txt").lines();
    let known: BTreeSet<_> = known.filter(|line| !line.starts_with('#')).collect();
    let listed = |names: &BTreeSet<&str>, others: &BTreeSet<&str>| {
        names
            .difference(others)
            .map(|name| format!("  {name}\n"))
            .collect::<String>()
    };
    assert!(
        failing == known,
        "these began to fail:\n{}these pass, so take them off tests/golden/failing.txt:\n{}{report}",
        listed(&failing, &known),
        listed(&known, &failing)
    );
}

/// Counts the cases of a set, lists those that fail with their reasons, and leaves that in a file
/// for people.
fn report(set: &str, verdicts: &BTreeMap<String, Verdict>) -> String {
    let failures: Vec<_> = verdicts
        .iter()
        .filter_map(|(name, verdict)| Some(format!("{name}: {}\n", verdict.as_ref().err()?)))
        .collect();
    let passing = verdicts.len() - failures.len();
    let report = format!(
        "{set}: {passing} of {} golden cases pass\n{}",
        verdicts.len(),
        failures.concat()
    );
    fs::write(
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("golden-{set}.txt")),
        &report,
    )
    .unwrap();
    report
}

fn run(directory: &Path) -> BTreeMap<String, Verdict> {
    let mut verdicts = BTreeMap::new();
    for release in entries(directory).into_iter().filter(|path| path.is_dir()) {
        let name = release.file_name().unwrap().to_string_lossy().into_owned();
        if Library::embedded().releases().contains(&name.as_str()) {
            verdicts.extend(
                entries(&release)
                    .iter()
                    .map(|case| (title(case), verdict(case))),
            );
        }
    }
    verdicts
}

/// The paths in a directory, sorted.
pub(crate) fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn title(case: &Path) -> String {
    let names: Vec<_> = case
        .iter()
        .rev()
        .take(2)
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    format!("{}/{}", names[1], names[0])
}

fn verdict(case: &Path) -> Verdict {
    let is_accepted = case.join("accepted.txt").exists();
    match (
        fs::read_to_string(case.join("expected.yaml")),
        render(case, true),
    ) {
        (Ok(expected), Ok(objects)) => {
            let objects: Vec<_> = objects
                .into_iter()
                .map(|object| Value::from(&object.value))
                .collect();
            let found = compare::differences(&documents(&expected), &objects);
            if found.is_empty() {
                Ok(())
            } else {
                Err(found.join("\n"))
            }
        }
        (Err(_), Ok(_)) if !is_accepted => Err("taken, but KAITO refuses it".to_owned()),
        (Err(_), Ok(_)) => Ok(()),
        // What can never work may be refused; docs/parity.md says why.
        (expected, Err(refusal)) if (expected.is_ok() || is_accepted) && !is_odd(case) => {
            Err(format!("refused, but KAITO takes it: {}", refusal.message))
        }
        (_, Err(refusal)) => refusal.wrong.map_or(Ok(()), |what| {
            Err(format!("refused for a wrong reason: {what}"))
        }),
    }
}

/// Whether KAITO takes the Workspace of a case although it looks wrong.
fn is_odd(case: &Path) -> bool {
    case.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("accepted-"))
}

/// Why a case is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The first error.
    message: String,
    /// What is wrong with the refusal itself, if anything: an error that blames something else
    /// than a place of the case's own files, or a complaint of KAITO's that no error answers.
    wrong: Option<String>,
}

impl Refusal {
    fn of(case: &Path, session: &Session) -> Option<Self> {
        let title =
            |diagnostic: &Diagnostic| format!("{}: {}", diagnostic.rule.id, diagnostic.message);
        let is_placed = |diagnostic: &&Diagnostic| {
            let name = diagnostic
                .place
                .map_or("", |span| session.sources.name(span.file));
            let is_ours = ["KR3", "KR4"]
                .iter()
                .any(|family| diagnostic.rule.id.starts_with(family));
            !is_ours
                && ["input.yaml", "profile.yaml"]
                    .iter()
                    .any(|file| Path::new(name).ends_with(file))
        };
        let errors: Vec<_> = session
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .collect();
        let message = title(errors.first()?);
        let misplaced = errors
            .iter()
            .find(|diagnostic| !is_placed(diagnostic))
            .map(|diagnostic| title(diagnostic));
        // Its text is not part of the cases that are kept here.
        let complaint = fs::read_to_string(case.join("error.txt")).unwrap_or_default();
        let wrong = misplaced
            .into_iter()
            .chain(complaints::unanswered(&complaint, session))
            .next();
        Some(Self { message, wrong })
    }
}

/// The objects of a case, or why there are none.
pub(crate) fn render(case: &Path, only_generated: bool) -> Result<Vec<Object>, Refusal> {
    render_into("default", case, only_generated)
}

/// The same, with another namespace for documents that name none.
pub(crate) fn render_into(
    namespace: &str,
    case: &Path,
    only_generated: bool,
) -> Result<Vec<Object>, Refusal> {
    render_with("", namespace, case, only_generated)
}

/// The same, with more fields of the profile.
fn render_with(
    fields: &str,
    namespace: &str,
    case: &Path,
    only_generated: bool,
) -> Result<Vec<Object>, Refusal> {
    let mut session = Session::default();
    let mut library = Library::embedded();
    if case.join("hub.json").exists() {
        import(case, &mut library).map_err(|message| Refusal {
            message,
            wrong: None,
        })?;
    }
    let path = case.join("profile.yaml");
    let text = fs::read_to_string(&path).unwrap() + fields;
    let profile = session.sources.add(path.display().to_string(), text);
    let profile = input::parse(&session.sources, profile, &mut session.diagnostics);
    let profile = Profile::read(&profile[0], &mut session.diagnostics);
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
        namespace: namespace.to_owned(),
        profile: profile.unwrap_or_default(),
        only_generated,
        against: old(case, &mut session),
        ..Options::default()
    };
    let objects = compile(documents, &options, &library, &mut session);
    Refusal::of(case, &session).map_or(Ok(objects), Err)
}

/// Writes objects into a directory as `render -o` does.
#[cfg(feature = "e2e")]
pub(crate) fn write(objects: &[Object], root: &Path) {
    use std::io::Write;

    use kaito_render::emit::{Content, Form, Manifest, NoSpool, directory};

    let manifest = |object| Manifest::new(object, Form::File(Format::Yaml));
    let manifests: Vec<_> = objects.iter().map(manifest).collect();
    for (path, text) in directory::layout(&manifests, &NoSpool).unwrap() {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = fs::File::create(path).unwrap();
        text.pieces(&mut |piece| file.write_all(piece.as_bytes()))
            .unwrap();
    }
}

/// What an update is compared with; nothing if the case is none.
fn old(case: &Path, session: &mut Session) -> Vec<Document> {
    let path = case.join("old.yaml");
    if !path.exists() {
        return Vec::new();
    }
    input::load(
        &input::Disk,
        &[path],
        input::DocumentFilter::Input,
        &mut session.sources,
        &mut kaito_render::diagnostic::Diagnostics::default(),
    )
    .unwrap()
}

/// Makes a preset of what the hub answered, by address, and lays it over the library.
fn import(case: &Path, library: &mut Library) -> Result<(), String> {
    let read = |file: &str| fs::read_to_string(case.join(file)).unwrap();
    let answers: BTreeMap<String, String> = serde_json::from_str(&read("hub.json")).unwrap();
    let answer = |what: &str| {
        answers
            .iter()
            .find(|(address, _)| address.contains(what))
            .map(|(_, answer)| answer)
    };
    let workspace = documents(&read("input.yaml"))
        .into_iter()
        .find(|document| document["kind"] == "Workspace");
    let name = workspace.unwrap()["inference"]["preset"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let config = answer("/config.json")
        .or_else(|| answer("/params.json"))
        .ok_or("there is no config")?;
    let facts = Facts {
        name: &name,
        config,
        files: answer("/tree/").unwrap(),
    };
    let mut session = Session::default();
    let release = Release::load(library, "0.12", &mut session).unwrap();
    let model = import::preset(&facts, &release.import_rules(&mut session).unwrap())?;
    let path = release.model_path(&model.repository());
    let text = Format::Yaml.document(&serde_json::to_value(&model).unwrap().into());
    library.add_file(path.clone(), path, text);
    Ok(())
}

/// The documents of a stream, as we read them.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let mut session = Session::default();
    let file = session.sources.add("expected.yaml", text);
    let documents = input::parse(&session.sources, file, &mut session.diagnostics);
    assert!(!session.failed_since(0), "{:?}", session.diagnostics);
    documents
        .iter()
        .map(kaito_render::base::node::Node::to_value)
        .collect()
}
