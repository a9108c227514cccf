//! Whether Flux takes a Workspace for ready, in every state that the status controller tells apart.

use std::fs;

use serde_json::Value;

use super::rig::answer;
use crate::delivery::status::states;
use crate::support::program::root;

/// What Flux waits for longer than for anything else: something that it can't tell.
const UNKNOWN: &str = "no such attribute(s): status.conditions";

/// The states, and what Flux takes each for by the shipped expressions, and without them.
const STATES: [[&str; 3]; 11] = [
    ["made", UNKNOWN, "Current"],
    ["without a status", "InProgress", "Current"],
    ["told by KAITO only", "InProgress", "Current"],
    ["not rendered", "InProgress", "InProgress"],
    ["waiting", "InProgress", "InProgress"],
    ["changed while it was failed", "InProgress", "Failed"],
    ["changed while it was serving", "InProgress", "Current"],
    ["serving", "Current", "Current"],
    ["training", "InProgress", "InProgress"],
    ["trained", "Current", "Current"],
    ["failed", "Failed", "Failed"],
];

#[test]
fn the_expressions_know_every_state_and_kstatus_does_not() {
    let file = root().join("deploy/flux/sync-with-controller.yaml");
    let sync: Value = serde_yaml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let checks = sync["spec"]["healthCheckExprs"].as_array().unwrap();
    let [check] = checks.as_slice() else {
        panic!("one entry is for all versions: {checks:?}");
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("check.yaml");
    fs::write(&path, check.to_string()).unwrap();

    let states = states();
    let stream: String = states
        .iter()
        .map(|(_, workspace)| format!("---\n{workspace}\n"))
        .collect();
    let by_expressions = answer(&["health", path.to_str().unwrap()], &stream);
    let by_kstatus = answer(&["health"], &stream);
    assert_eq!(states.len(), 2 * STATES.len());
    for (number, (name, _)) in states.iter().enumerate() {
        let [expected, with, without] = STATES[number % STATES.len()];
        assert_eq!(*name, expected);
        let told = |answer: &Value| {
            let status = answer["status"].as_str();
            let words = status.or(answer["error"].as_str());
            words
                .unwrap()
                .replace("failed to evaluate the CEL expression '", "'")
        };
        let found = told(&by_expressions[number]);
        assert!(found.contains(with), "{name}: {found}");
        assert_eq!(told(&by_kstatus[number]), without, "{name}");
    }
}

#[test]
fn the_documentation_has_the_shipped_expressions() {
    let file = root().join("deploy/flux/sync-with-controller.yaml");
    let sync: Value = serde_yaml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let page = fs::read_to_string(root().join("docs/controller.md")).unwrap();
    let (_, rest) = page.split_once("```yaml\nhealthCheckExprs:").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let shown: Value = serde_yaml::from_str(text).unwrap();
    assert_eq!(shown, sync["spec"]["healthCheckExprs"]);
}
