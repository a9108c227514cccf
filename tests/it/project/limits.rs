//! docs/limits.md has the numbers of the program.

use std::fs;

use kaito_render::input::MAX_FILE;
use kaito_render::vocab::limits;

use crate::support::program::root;

#[test]
fn every_limit_stands_in_its_document() {
    let text = fs::read_to_string(root().join("docs/limits.md")).unwrap();
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    for (of, number) in [
        ("bytes of one file", mebibytes(MAX_FILE)),
        ("bytes of all files", mebibytes(limits::INPUT_BYTES)),
        ("nodes of a Workspace", limits::WORKSPACE_NODES.to_string()),
        ("replicas of an", limits::WORKSPACE_NODES.to_string()),
        ("nodes of all Workspaces", limits::RUN_NODES.to_string()),
        (
            "bytes of the input that nodes",
            mebibytes(limits::COPIED_BYTES),
        ),
        (
            "diagnostics that are shown",
            limits::SHOWN_DIAGNOSTICS.to_string(),
        ),
        (
            "diagnostics of one rule",
            limits::RULE_DIAGNOSTICS.to_string(),
        ),
        (
            "violations of the schema",
            limits::DOCUMENT_ERRORS.to_string(),
        ),
        ("bytes of a message", limits::MESSAGE_BYTES.to_string()),
        ("other places", limits::LABELS.to_string()),
        (
            "bytes of an expression",
            limits::EXPRESSION_BYTES.to_string(),
        ),
        (
            "operators and brackets",
            limits::EXPRESSION_OPERATORS.to_string(),
        ),
        (
            "steps of an expression",
            limits::EXPRESSION_STEPS.to_string(),
        ),
        ("bytes that a template", mebibytes(limits::TEMPLATE_BYTES)),
    ] {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("| {of}")));
        let most = line.and_then(|line| line.split(" | ").nth(1));
        let most = most.unwrap_or_else(|| panic!("docs/limits.md has no line `{of}`"));
        let is_it = most
            .strip_prefix(&number)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([',', ' ']));
        assert!(is_it, "{of}: {most} is not {number}");
    }
    let constants = fs::read_to_string(root().join("src/vocab/limits.rs")).unwrap();
    assert_eq!(
        constants.matches("pub const ").count(),
        13,
        "a limit is missing above"
    );
}
