//! The objects and refusals that KAITO itself made, case by case.
//!
//! The cases under `tests/golden` have to pass, every one. Where `KAITO_RENDER_GOLDEN` names a folder with more of
//! them, all of it is run, and what passes is listed and must not become less than `tests/golden/passing.txt` says.

mod compare;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kaito_render::compile::{Options, compile};
use kaito_render::library::Library;
use kaito_render::object::Object;
use kaito_render::profile::Profile;
use kaito_render::session::Session;
use kaito_render::source;
use serde_json::Value;

/// What became of one case: nothing to say if it passes.
type Verdict = Result<(), String>;

#[test]
fn the_selected_cases_pass() {
    let verdicts = run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"));
    assert!(verdicts.len() >= 20, "only {} cases were found", verdicts.len());
    let failed: Vec<_> =
        verdicts.iter().filter_map(|(name, verdict)| Some(format!("{name}: {}", verdict.as_ref().err()?))).collect();
    assert!(failed.is_empty(), "{} of {} cases fail:\n{}", failed.len(), verdicts.len(), failed.join("\n"));
}

#[test]
fn of_all_cases_no_fewer_pass_than_before() {
    let Some(folder) = std::env::var_os("KAITO_RENDER_GOLDEN") else { return };
    let verdicts = run(Path::new(&folder));
    let passing = verdicts.values().filter(|verdict| verdict.is_ok()).count();
    println!("{passing} of {} golden cases pass", verdicts.len());
    for (name, verdict) in &verdicts {
        if let Err(reason) = verdict {
            println!("fails: {name}: {}", reason.lines().next().unwrap_or_default());
        }
    }
    let before: usize = include_str!("../golden/passing.txt").trim().parse().unwrap();
    assert!(passing >= before, "{passing} golden cases pass, {before} did before");
}

fn run(folder: &Path) -> BTreeMap<String, Verdict> {
    let mut verdicts = BTreeMap::new();
    for release in entries(folder).into_iter().filter(|path| path.join("..").exists() && path.is_dir()) {
        let name = release.file_name().unwrap().to_string_lossy().into_owned();
        if Library::embedded().releases().contains(&name.as_str()) {
            verdicts.extend(entries(&release).iter().map(|case| (title(case), verdict(case))));
        }
    }
    verdicts
}

/// The paths in a folder, sorted.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn title(case: &Path) -> String {
    let names: Vec<_> = case.iter().rev().take(2).map(|name| name.to_string_lossy().into_owned()).collect();
    format!("{}/{}", names[1], names[0])
}

fn verdict(case: &Path) -> Verdict {
    if case.join("old.yaml").exists() {
        return Err("updates are not checked yet".to_owned());
    }
    let rendered = render(case, true);
    match (fs::read_to_string(case.join("expected.yaml")), rendered) {
        (Ok(expected), Ok(objects)) => {
            let objects: Vec<_> = objects.into_iter().map(|object| object.value).collect();
            let found = compare::differences(&documents(&expected), &objects);
            if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
        }
        (Err(_), Err(_)) => Ok(()),
        // What can never work may be refused; docs/parity.md says why.
        (Ok(_), Err(_)) if is_odd(case) => Ok(()),
        (Ok(_), Err(reason)) => Err(format!("refused, but KAITO takes it: {reason}")),
        (Err(_), Ok(_)) => Err("taken, but KAITO refuses it".to_owned()),
    }
}

/// Whether KAITO takes the Workspace of a case although it looks wrong.
fn is_odd(case: &Path) -> bool {
    case.file_name().is_some_and(|name| name.to_string_lossy().starts_with("accepted-"))
}

/// The objects of a case, or its errors.
pub(crate) fn render(case: &Path, only_generated: bool) -> Result<Vec<Object>, String> {
    let mut session = Session::default();
    let library = Library::embedded();
    let profile = source::read_file(&case.join("profile.yaml"), &mut session.sources, &mut session.diagnostics);
    let profile = source::parse(&session.sources, profile.unwrap(), &mut session.diagnostics);
    let profile = Profile::read(&profile[0], &mut session.diagnostics);
    let paths = [case.join("input.yaml")];
    let documents = source::load(&paths, &mut session.sources, &mut session.diagnostics).unwrap();
    let options = Options {
        namespace: "default".to_owned(),
        profile: profile.unwrap_or_default(),
        only_generated,
        allow_empty: false,
    };
    let objects = compile(documents, &options, &library, &mut session);
    let errors: Vec<_> = session.diagnostics.iter().filter(|finding| finding.is_error()).collect();
    match errors.first() {
        None => Ok(objects),
        Some(error) => Err(format!("{}: {}", error.rule.id, error.message)),
    }
}

/// The documents of a stream, as we read them.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let mut session = Session::default();
    let file = session.sources.add("expected.yaml", text);
    let documents = source::parse(&session.sources, file, &mut session.diagnostics);
    assert!(!session.failed_since(0), "{:?}", session.diagnostics);
    documents.iter().map(kaito_render::node::Node::to_value).collect()
}
