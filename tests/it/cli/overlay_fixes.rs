//! `check --fix` of a patch: what adds below a parent that is not there gets an operation in front.

use std::fs;

use crate::support::inputs::{SMALL, directory, profile, workspace};
use crate::support::program::{kaito_render, run};

/// A profile with patches, and a file that they may name, after `check --fix`; with what is found.
fn fixed(patches: &str, file: &str, is_unfixed: bool) -> [String; 3] {
    let root = directory(&[
        (
            "kaito-render.yaml",
            &profile(&format!("overlays:\n- name: a\n  patches:\n{patches}")),
        ),
        ("a.yaml", &workspace("a", SMALL)),
        ("patch.yaml", file),
        (".git/HEAD", "ref: refs/heads/main\n"),
    ]);
    let check = |args: &[&str]| {
        let mut command = kaito_render(&[&["check", "a.yaml"], args].concat());
        run(command.current_dir(root.path()), "")
    };
    let first = check(&["--fix"]);
    let again = check(&["--format", "concise"]);
    assert_eq!(
        again.code,
        i32::from(is_unfixed),
        "{}",
        first.stderr + &again.stdout
    );
    let read = |name: &str| fs::read_to_string(root.path().join(name)).unwrap();
    [read("kaito-render.yaml"), read("patch.yaml"), again.stdout]
}

const MISSING: &str = "/spec/template/metadata/annotations";

#[test]
fn the_operation_is_written_in_the_lists_own_style() {
    for (patch, expected) in [
        (
            "    patch: |-\n      # first\n      - op: add  # why\n        path: P/a.b~1c\n        value: x\n",
            "    patch: |-\n      # first\n      - {op: add, path: P, value: {}}\n      - op: add  # why\n        path: P/a.b~1c\n        value: x\n",
        ),
        (
            "    patch: |\n        -   {op: add, value: x, path: P/a}\n        - {op: add, path: P/b, value: x}\n",
            "    patch: |\n        - {op: add, path: P, value: {}}\n        -   {op: add, value: x, path: P/a}\n        - {op: add, path: P/b, value: x}\n",
        ),
        (
            "    patch: |-\n      [\n        {\"op\": \"add\", \"path\": \"/spec/minReadySeconds\", \"value\": 1}, {\"op\": \"add\", \"path\": \"P/a\", \"value\": \"x\"}]\n",
            "    patch: |-\n      [\n        {\"op\": \"add\", \"path\": \"/spec/minReadySeconds\", \"value\": 1}, {\"op\": \"add\", \"path\": \"P\", \"value\": {}}, {\"op\": \"add\", \"path\": \"P/a\", \"value\": \"x\"}]\n",
        ),
        (
            "    patch: |-\n      - {op: add, path: /spec/template/spec/dnsConfig/options/-, value: {name: ndots}}\n",
            "    patch: |-\n      - {op: add, path: /spec/template/spec/dnsConfig, value: {\"options\":[]}}\n      - {op: add, path: /spec/template/spec/dnsConfig/options/-, value: {name: ndots}}\n",
        ),
    ] {
        let [patch, expected] = [patch, expected].map(|text| text.replace('P', MISSING));
        let target = "  - target: {kind: StatefulSet}\n";
        let [profile, ..] = fixed(&format!("{target}{patch}"), "", false);
        assert!(profile.ends_with(&expected), "{profile}");
    }
}

#[test]
fn files_are_fixed_as_they_are_written() {
    let patches = "  - target: {kind: StatefulSet}\n    path: patch.yaml\n";
    let file = format!("- op: add\r\n  path: {MISSING}/a\r\n  value: x\r\n");
    let [_, text, _] = fixed(patches, &file, false);
    assert_eq!(
        text,
        format!("- {{op: add, path: {MISSING}, value: {{}}}}\r\n{file}")
    );
}

#[test]
fn nothing_is_written_where_it_might_be_wrong() {
    let quoted = format!(
        "  - target: {{kind: StatefulSet}}\n    patch: '[{{op: add, path: {MISSING}/a, value: x}}]'\n"
    );
    // Other objects have annotations, which a new mapping would replace.
    let some = "  - target: {kind: \"StatefulSet|NodeClaim\"}\n    patch: |\n      \
                - {op: add, path: /metadata/annotations/a, value: x}\n";
    for (patches, hint) in [
        (&*quoted, "add the parent first"),
        (some, "write a strategic merge patch"),
    ] {
        let [profile, _, found] = fixed(patches, "", true);
        assert!(profile.ends_with(patches), "{profile}");
        assert!(found.contains("KR704") && found.contains(hint), "{found}");
    }
}
