//! `--jobs`: the output is the same for every number of threads.

use std::fs;

use serde_json::Value;

use crate::support::inputs::{SMALL, inference_set};
use crate::support::program::{Run, kaito_render, root, run};

/// Workspaces of a release, as the benchmarks have them.
fn mixed(release: &str, count: usize) -> String {
    let path = root().join(format!("benches/mixed-{release}.yaml"));
    let text = fs::read_to_string(path).unwrap();
    let shapes: Vec<_> = text.split("---\n").collect();
    let documents = (0..count).map(|number| {
        let (shape, team) = (shapes[number % shapes.len()], number / shapes.len() % 10);
        let named = shape.replace("NUMBER", &number.to_string());
        named.replace("TEAM", &team.to_string())
    });
    documents.collect::<Vec<_>>().join("---\n")
}

/// Runs a command with any number of threads, which must not show.
fn with_any_jobs(args: &[&str], input: &str) -> Run {
    let [one, others @ ..] = ["1", "2", "3", "7"].map(|jobs| {
        let args = [args, &["--jobs", jobs]].concat();
        run(&mut kaito_render(&args), input)
    });
    for other in others {
        assert!(one == other, "{args:?}: {} {}", one.stderr, other.stderr);
    }
    one
}

/// The replicas of an InferenceSet, each of which has the same mistake only once in the report.
const REPLICAS: usize = 210;

#[test]
fn objects_are_the_same_for_any_number_of_threads() {
    for release in ["0.3", "0.12"] {
        let rendered = with_any_jobs(&["render", "-"], &mixed(release, 210));
        assert_eq!(rendered.code, 0, "{}", rendered.stderr);
        assert!(rendered.stdout.matches("\n---\n").count() > 800);
    }
    let set = with_any_jobs(&["render", "-"], &inference_set(REPLICAS));
    assert!(set.code == 0 && set.stdout.contains("name: set-209\n"));
}

#[test]
fn diagnostics_are_the_same_for_any_number_of_threads() {
    let good = mixed("0.12", 110);
    // The same Workspaces twice, some with a mistake, and a set whose replicas all have one.
    let bad = good.replacen(
        "instanceType: Standard",
        "count: none\n  instanceType: Standard",
        20,
    );
    let set = inference_set(REPLICAS).replace(SMALL, "Standard_Nope");
    let found = with_any_jobs(&["check", "-"], &format!("{good}---\n{bad}---\n{set}"));
    assert_eq!(found.code, 1);
    for rule in ["KR117", "KR204", "KR101"] {
        assert!(found.stderr.contains(rule), "{rule}");
    }
}

#[test]
fn files_come_to_the_same_for_any_number_of_threads() {
    let directory = tempfile::tempdir().unwrap();
    let bad = "apiVersion: kaito.sh/v1beta1\nkind: [\n";
    let other = "a: [\n";
    let mixed = mixed("0.12", 210);
    let texts = mixed.split("---\n").chain([bad, other, "- 1\n", bad]);
    for (number, text) in texts.enumerate() {
        // So that files of each kind are among those of the others.
        let name = format!("{:03}.yaml", number * 97 % 214);
        fs::write(directory.path().join(name), text).unwrap();
    }
    let path = directory.path().to_str().unwrap();
    let found = with_any_jobs(&["check", path, "--format", "json"], "");
    assert_eq!(found.code, 1);
    let report: Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(report["input"]["workspaces"], 210, "{}", report["input"]);
    let diagnostics = report["diagnostics"].as_array().unwrap();
    let errors = diagnostics.iter().filter(|it| it["severity"] == "error");
    assert_eq!(errors.count(), 2, "{diagnostics:#?}");
}
