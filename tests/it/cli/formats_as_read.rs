//! Diagnostics in `SARIF` and `JUnit`, read by the programs and schemas of others.

use std::fs;
use std::path::Path;

use kaito_render::base::sources::Sources;
use kaito_render::report::junit;
use serde_json::Value;

use super::formats::{DIRECTORY, Tricky, document_of_too_many, read_sarif, report, workspaces};
use crate::support::program::{kaito_render, run};
use crate::support::tools::{self, tool};

/// What is wrong with a document by the schema of the standard.
fn sarif_errors(document: &Value) -> Vec<String> {
    let path = tools::directory().join("schemas/sarif-schema-2.1.0.json");
    let schema = fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run tests/tools.sh", path.display()));
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    // Its own draft 4 says the same of all it uses, but leaves the form of relative URIs alone.
    let draft = jsonschema::Draft::Draft7;
    let validator = jsonschema::options()
        .with_draft(draft)
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn sarif_is_valid_by_the_schema_of_the_standard() {
    let document = Tricky::new().sarif();
    assert_eq!(sarif_errors(&document), [""; 0]);
    let none = read_sarif(&report(Sources::default(), []), "-");
    assert_eq!(none["runs"][0]["results"], Value::Array(Vec::new()));
    assert_eq!(sarif_errors(&none), [""; 0]);
    for (pointer, value) in [
        ("/runs/0/results/0/level", "fatal"),
        (
            "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri",
            "a b.yaml",
        ),
        (
            "/runs/0/results/0/locations/0/physicalLocation/region/startLine",
            "1",
        ),
    ] {
        let mut damaged = document.clone();
        *damaged.pointer_mut(pointer).unwrap() = value.into();
        assert!(
            !sarif_errors(&damaged).is_empty(),
            "{pointer} is not looked at"
        );
    }
}

/// Reads a report as programs in Python do: the suites, and for each test its names, its outcome
/// and its texts.
fn read_junit(report: &str) -> Value {
    let script = "\
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
case = lambda case: [case.get('name'), *[[part.tag, part.get('message'), part.text] for part in case]]
suites = [[suite.attrib, [case(test) for test in suite.iter('testcase')]] for suite in root.iter('testsuite')]
json.dump([root.attrib, suites], sys.stdout)";
    let run = run(tool("venv/bin/python").args(["-c", script]), report);
    assert_eq!(run.code, 0, "{}\n{report}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn junit_is_read_by_an_xml_parser_with_every_character() {
    let Tricky { report, clean } = Tricky::new();
    let read = read_junit(&junit::document(&report, Path::new(DIRECTORY), &[clean]));
    let counts = |attributes: &Value| {
        ["tests", "failures", "errors", "skipped"]
            .map(|name| attributes[name].as_str().unwrap().to_owned())
    };
    assert_eq!(counts(&read[0]), ["10", "5", "0", "3"]);
    let suites = read[1].as_array().unwrap();
    let names: Vec<_> = suites
        .iter()
        .map(|suite| suite[0]["name"].as_str().unwrap())
        .collect();
    let odd = "a b/100%: é,␇␊<&\"'>.yaml";
    assert_eq!(
        names,
        [
            "/home/other/shared directory.yaml",
            "<stdin>",
            odd,
            "clean.yaml",
            "plain.yaml",
            "kaito-render"
        ]
    );
    assert_eq!(suites[3][1], serde_json::json!([["no diagnostics"]]));
    let tests: Vec<_> = suites[4][1]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| test[0].as_str().unwrap())
        .collect();
    assert_eq!(
        tests,
        [
            "KR007 file passed over",
            "KR006 `on` is odd",
            "KR006 `on` is odd (2)"
        ]
    );
    let failure = &suites[2][1][1][1];
    assert_eq!(failure[0], "failure");
    let text = failure[2].as_str().unwrap();
    assert!(
        text.contains("100% of `a: b, c`␊is \"odd\" & <'x'> ]]> ␛[2J\u{fffd}␍"),
        "{text}"
    );
    assert!(
        text.ends_with("\nplain.yaml:1:1: the first one: 50%"),
        "{text}"
    );
    for (suite, index) in [(2, 0), (4, 1)] {
        assert_eq!(suites[suite][1][index][1][0], "skipped");
    }
}

#[test]
fn sarif_with_more_diagnostics_than_are_read_is_valid() {
    assert_eq!(sarif_errors(&document_of_too_many()), [""; 0]);
}

#[test]
fn what_check_writes_is_read_back() {
    let directory = workspaces();
    let check = |format: &str| {
        let mut command = kaito_render(&["check", ".", "--format", format]);
        run(command.current_dir(directory.path().join("work")), "").stdout
    };
    let sarif = serde_json::from_str(&check("sarif")).unwrap();
    assert_eq!(sarif_errors(&sarif), [""; 0]);
    let junit = read_junit(&check("junit"));
    let suites = junit[1].as_array().unwrap();
    assert_eq!(
        (&suites[0][0]["name"], &suites[0][1][0][0]),
        (&"right.yaml".into(), &"no diagnostics".into())
    );
}

#[test]
fn sarif_of_real_diagnostics_is_valid() {
    for path in ["examples", "tests/golden/0.3", "tests/golden/0.12"] {
        let found = run(&mut kaito_render(&["check", path, "--format", "sarif"]), "");
        let document: Value = serde_json::from_str(&found.stdout).unwrap();
        assert!(
            !document["runs"][0]["results"]
                .as_array()
                .unwrap()
                .is_empty(),
            "{path}"
        );
        assert_eq!(sarif_errors(&document), [""; 0], "{path}");
    }
}
