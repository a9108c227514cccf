//! Severities that a profile or a Workspace sets.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::builder::{Diagnostic, Outcome, Test};
use crate::support::inputs::{self, SMALL, profile, workspace};
use crate::support::program::{kaito_render, root, run};

const TUNING: &str = "examples/fine-tuning/kaito_workspace_tuning_phi_3.yaml";

/// A Workspace with one warning: KR207.
fn tight(allow: &str) -> String {
    let text = fs::read_to_string(root().join(TUNING)).unwrap();
    if allow.is_empty() {
        return text;
    }
    text.replacen(
        "metadata:",
        &format!("metadata:\n  annotations:\n    render.kaito.sh/allow: {allow}"),
        1,
    )
}

/// A directory with a profile of such `rules`, and files.
fn directory(rules: &str, files: &[(&str, &str)]) -> TempDir {
    let fields = format!("release: \"0.3\"\nprovisioner: machine\nrules:\n{rules}");
    let profile = profile(&fields);
    inputs::directory(&[&[("kaito-render.yaml", profile.as_str())], files].concat())
}

/// The exit code, and the diagnostics as `RULE severity text-at-the-place`.
fn check(directory: &Path, more: &[&str]) -> (i32, Vec<String>) {
    let outcome = Test::within(directory).args(&["."]).args(more).run();
    (outcome.code, diagnostics(&outcome))
}

fn diagnostics(outcome: &Outcome) -> Vec<String> {
    outcome
        .diagnostics
        .iter()
        .map(Diagnostic::with_text)
        .collect()
}

const MACHINE: &str = "\"Standard_NC6s_v3\"";

#[test]
fn a_profile_sets_the_severity_of_a_rule_everywhere() {
    for (severity, code, found) in [
        ("error", 1, vec![format!("KR207 error {MACHINE}")]),
        ("warning", 0, vec![format!("KR207 warning {MACHINE}")]),
        ("note", 0, vec![format!("KR207 note {MACHINE}")]),
        ("off", 0, vec![]),
    ] {
        let directory = directory(
            &format!("- {{rule: KR207, severity: {severity}}}\n"),
            &[("a.yaml", &tight(""))],
        );
        assert_eq!(
            check(directory.path(), &[]),
            (code, found.clone()),
            "{severity}"
        );
        // Warnings that were lowered are none any more.
        let denied = if severity == "warning" { 1 } else { code };
        assert_eq!(
            check(directory.path(), &["--deny-warnings"]).0,
            denied,
            "{severity}"
        );
    }
}

#[test]
fn render_and_explain_go_by_the_same_severities_as_check() {
    let directory = directory(
        "- {rule: KR207, severity: error}\n",
        &[("a.yaml", &tight(""))],
    );
    for command in ["render", "check", "explain"] {
        let run = run(
            &mut kaito_render(&[command, directory.path().to_str().unwrap()]),
            "",
        );
        assert!(
            run.code == 1 && run.stderr.contains("error[KR207]"),
            "{command}: {}",
            run.stderr
        );
        assert!(
            command == "explain" || run.stdout.is_empty(),
            "{command}: {}",
            run.stdout
        );
    }
}

#[test]
fn paths_are_seen_from_the_directory_of_the_profile_and_the_last_entry_counts() {
    let rules = "- {rule: KR207, severity: note}\n- {rule: KR207, severity: off, paths: [\"legacy/**\", \"x/*.yaml\"]}\n";
    let tight = |name: &str| tight("").replace("workspace-tuning-phi-3", name);
    let (a, b, c, d) = (tight("a"), tight("b"), tight("c"), tight("d"));
    let directory = directory(
        rules,
        &[
            ("a.yaml", &a),
            ("legacy/deep/b.yaml", &b),
            ("x/c.yaml", &c),
            ("x/y/d.yaml", &d),
        ],
    );
    let note = format!("KR207 note {MACHINE}");
    assert_eq!(
        check(directory.path(), &[]),
        (0, vec![note.clone(), note.clone()])
    );
    let profile = directory.path().join("kaito-render.yaml");
    assert_eq!(
        check(
            &directory.path().join("legacy"),
            &["--profile", profile.to_str().unwrap()]
        ),
        (0, vec![])
    );
    // From inside, by relative paths.
    let inside = Test::within(&directory.path().join("legacy"))
        .args(&["deep/b.yaml", "../a.yaml"])
        .args(&["--profile", "../kaito-render.yaml"])
        .run();
    assert_eq!(diagnostics(&inside), [note]);
}

#[test]
fn a_workspace_allows_what_is_found_in_it_and_keeps_the_annotation() {
    let both = format!(
        "{}---\n{}",
        tight("KR207"),
        tight("").replace("workspace-tuning-phi-3", "other")
    );
    let directory = directory("- {rule: KR207, severity: error}\n", &[("a.yaml", &both)]);
    assert_eq!(
        check(directory.path(), &[]),
        (1, vec![format!("KR207 error {MACHINE}")])
    );
    let alone = self::directory("  []\n", &[("a.yaml", &tight("\"KR207\""))]);
    let rendered = run(
        &mut kaito_render(&["render", alone.path().to_str().unwrap()]),
        "",
    );
    assert!(
        rendered.code == 0 && rendered.stderr == "kaito-render: 1 Workspace in 1 file\n",
        "{}",
        rendered.stderr
    );
    assert!(
        rendered.stdout.contains("render.kaito.sh/allow: KR207"),
        "{}",
        rendered.stdout
    );
    let again = run(&mut kaito_render(&["render", "-"]), &rendered.stdout);
    assert_eq!(
        (again.stdout, again.stderr),
        (rendered.stdout, String::new())
    );
}

#[test]
fn an_inference_set_allows_what_is_found_in_its_workspaces() {
    let set = |annotation: &str| {
        format!(
            "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata:\n  name: phi\n  annotations: {{{annotation}}}\n\
             spec:\n  replicas: 2\n  labelSelector: {{matchLabels: {{apps: phi}}}}\n  template:\n    resource:\n      \
             instanceType: standard_nc24ads_a100_v4\n    inference: {{preset: {{name: phi-4}}}}\n"
        )
    };
    let check = |annotation: &str| Test::new().input(&set(annotation));
    check("").finds("KR228 warning", None).run();
    check("render.kaito.sh/allow: KR228").finds_nothing().run();
}

#[test]
fn errors_are_never_lowered_and_nothing_is_written() {
    let broken = tight("KR113").replace("method: qlora", "method: qlore");
    let rules = "- {rule: KR113, severity: off}\n- {rule: KR207, severity: off}\n- {rule: KR003, severity: warning}\n";
    let directory = directory(rules, &[("a.yaml", &broken)]);
    let found = [
        "KR504 warning KR113",
        "KR113 error qlore",
        "KR504 warning KR113",
        "KR504 warning KR003",
    ];
    let (code, all) = check(directory.path(), &[]);
    assert_eq!((code, sorted(&all)), (1, sorted(&found.map(str::to_owned))));
    let rendered = run(
        &mut kaito_render(&["render", directory.path().to_str().unwrap()]),
        "",
    );
    assert_eq!((rendered.code, rendered.stdout.as_str()), (1, ""));
}

fn sorted(diagnostics: &[String]) -> Vec<String> {
    let mut sorted = diagnostics.to_vec();
    sorted.sort();
    sorted
}

#[test]
fn what_lowers_nothing_is_reported_where_it_is_written() {
    let rules = "- {rule: KR214, severity: off}\n- {rule: KR214, severity: error}\n\
                 - {rule: KR217, severity: note, paths: [none/**]}\n- {rule: KR217, severity: off, paths: [a.yaml]}\n";
    let directory = directory(rules, &[("a.yaml", &tight("KR207, KR119"))]);
    let found = [
        "KR505 warning KR214",
        "KR505 warning KR217",
        "KR506 warning KR119",
    ];
    assert_eq!(
        sorted(&check(directory.path(), &[]).1),
        sorted(&found.map(str::to_owned))
    );
    // Only `--target-release` looks for them.
    let target = self::directory(
        "- {rule: KR262, severity: off}\n",
        &[("a.yaml", &tight("KR207, KR263"))],
    );
    assert_eq!(check(target.path(), &[]), (0, vec![]));
    let quiet = self::directory(
        "- {rule: KR505, severity: off}\n- {rule: KR214, severity: off}\n",
        &[("a.yaml", &tight("KR207"))],
    );
    assert_eq!(check(quiet.path(), &[]), (0, vec![]));
}

#[test]
fn a_rule_or_glob_that_does_not_exist_is_reported_where_it_is_written() {
    let directory = directory(
        "- {rule: KR2O7, severity: off}\n",
        &[("a.yaml", &tight("'KR207, KR2O7'"))],
    );
    assert_eq!(
        sorted(&check(directory.path(), &[]).1),
        ["KR507 warning KR2O7", "KR507 warning KR2O7"]
    );
    let run = run(
        &mut kaito_render(&["check", directory.path().to_str().unwrap()]),
        "",
    );
    assert_eq!(
        run.stderr.matches("did you mean `KR207`?").count(),
        2,
        "{}",
        run.stderr
    );
    let bad = self::directory(
        "- {rule: KR207, severity: off, paths: [\"a{\"]}\n",
        &[("a.yaml", &tight(""))],
    );
    assert_eq!(
        check(bad.path(), &[]).1,
        [
            "KR207 warning \"Standard_NC6s_v3\"".to_owned(),
            "KR501 error \"a{\"".to_owned()
        ]
    );
    let wrong = self::directory(
        "- {rule: KR207, severity: loud}\n",
        &[("a.yaml", &tight(""))],
    );
    assert_eq!(
        check(wrong.path(), &[]),
        (1, vec!["KR501 error loud".to_owned()])
    );
}

/// As in an image, or in an artifact of Flux: nothing says that the directories above are ours.
#[test]
fn a_profile_above_that_is_not_used_is_named() {
    let profile = inputs::profile("");
    let directory = inputs::directory(&[
        ("kaito-render.yaml", &profile),
        ("team/a/a.yaml", &workspace("a", SMALL)),
        ("team/a/b.yaml", &workspace("b", SMALL)),
    ]);
    let check = |args: &[&str]| {
        let args = [&["check"], args].concat();
        run(kaito_render(&args).current_dir(directory.path()), "").stderr
    };
    for paths in [
        &["team"][..],
        &["team/a"],
        &["team/a/a.yaml", "team/a/b.yaml"],
    ] {
        let said = check(paths);
        let place = "not used, because the input is in no Git repository and in another \
                     directory\n--> kaito-render.yaml:1:1";
        assert!(said.contains("warning[KR508]"), "{paths:?}: {said}");
        assert!(said.contains(place), "{paths:?}: {said}");
        assert_eq!(said.matches("KR508]").count(), 1, "{said}");
    }
    for args in [&["."][..], &["team", "--profile", "kaito-render.yaml"]] {
        assert!(!check(args).contains("KR508"), "{args:?}");
    }
    inputs::git(directory.path(), &["init", "--quiet"]);
    assert!(!check(&["team"]).contains("KR508"));
}
