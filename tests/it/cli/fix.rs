//! `check --fix`.

use std::fs;
use std::path::Path;

use kaito_render::base::node::Node;
use kaito_render::input;
use kaito_render::report::policy::Policy;
use kaito_render::report::{Report, Strictness};
use kaito_render::session::Session;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::sample::select;
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::Value;

use crate::support::inputs;
use crate::support::program::{Run, kaito_render, run, sample};

/// A Workspace with a machine type that is misspelt, and with whatever else.
const WORKSPACE: &str = "\
# first
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name:   phi     # odd blanks stay
resource:
  instanceType: 'standard_nc24ads_a100_v4'   # and so does this
  labelSelector: {matchLabels: {apps: phi}}
inference: {preset: {name: phi-4}}
";

fn check(path: &Path, more: &[&str]) -> Run {
    run(
        kaito_render(&["check", path.to_str().unwrap()]).args(more),
        "",
    )
}

#[test]
fn certain_repairs_are_made_and_the_rest_of_the_file_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.yaml");
    let text = format!("\u{feff}{}", WORKSPACE.replace('\n', "\r\n"));
    fs::write(&path, &text).unwrap();
    let first = check(&path, &["--fix"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(
        first
            .stderr
            .starts_with("kaito-render: fixed 1 diagnostic in 1 file\n"),
        "{}",
        first.stderr
    );
    assert!(!first.stderr.contains("KR228"), "{}", first.stderr);
    let expected = text.replace("'standard_nc24ads_a100_v4'", "'Standard_NC24ads_A100_v4'");
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    let second = check(&path, &["--fix"]);
    assert!(
        second
            .stderr
            .starts_with("kaito-render: fixed 0 diagnostics in 0 files\n"),
        "{}",
        second.stderr
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}

#[test]
fn what_can_be_fixed_is_said_and_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.yaml");
    fs::write(&path, WORKSPACE).unwrap();
    let human = check(&path, &[]).stderr;
    assert!(
        human.contains("1 warning (1 fixable by `check --fix`)"),
        "{human}"
    );
    assert!(
        human.contains("+   instanceType: 'Standard_NC24ads_A100_v4'"),
        "{human}"
    );
    let report: Value = serde_json::from_str(&check(&path, &["--format", "json"]).stdout).unwrap();
    assert_eq!(
        report["diagnostics"][0]["fix"]["replacement"],
        "'Standard_NC24ads_A100_v4'"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), WORKSPACE);
}

#[test]
fn every_file_of_a_directory_is_fixed_and_what_is_left_decides_the_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let old = "apiVersion: kaito.sh/v1alpha1\nkind: Workspace\nmetadata:\n  name: falcon\nresource:\n  instanceType: \
               Standard_nc12S_v3\n  labelSelector: {matchLabels: {apps: a}}\ninference: {preset: {name: \"Falcon-7b\"}}\n";
    let profile = inputs::profile("clusterName: 2026-11-24\nprovisioner: none\n");
    for (name, text) in [
        ("a.yaml", WORKSPACE),
        ("b.yaml", old),
        (
            "c.yaml",
            &WORKSPACE
                .replace("phi-4", "unheard-of")
                .replace(":   phi ", ": other"),
        ),
        ("other.yaml", "on: 2026-11-24\n"),
    ] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let run = check(directory.path(), &["--fix"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stderr
            .starts_with("kaito-render: fixed 4 diagnostics in 3 files\n"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("KR203") && run.stderr.contains("1 error"),
        "{}",
        run.stderr
    );
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(
        read("b.yaml"),
        old.replace("Standard_nc12S_v3", "Standard_NC12s_v3")
            .replace("Falcon", "falcon")
    );
    assert_eq!(read("other.yaml"), "on: 2026-11-24\n");
    // The profile too, which was read once as such and once as a file of the directory.
    fs::write(directory.path().join("kaito-render.yaml"), &profile).unwrap();
    let run = check(&directory.path().join("."), &["--fix"]);
    assert!(
        run.stderr
            .starts_with("kaito-render: fixed 1 diagnostic in 1 file\n"),
        "{}",
        run.stderr
    );
    assert_eq!(
        read("kaito-render.yaml"),
        profile.replace("2026-11-24", "\"2026-11-24\"")
    );
}

#[test]
fn standard_input_is_not_fixed() {
    let run = run(&mut kaito_render(&["check", "-", "--fix"]), WORKSPACE);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("stdin"), "{}", run.stderr);
}

#[test]
fn values_that_others_repeat_and_diagnostics_that_are_allowed_stay() {
    let shared = WORKSPACE
        .replace(
            "'standard_nc24ads_a100_v4'",
            "&type standard_nc24ads_a100_v4",
        )
        .replace("apps: phi}", "apps: *type}");
    let allowed = WORKSPACE.replace(
        "metadata:",
        "metadata:\n  annotations: {render.kaito.sh/allow: KR228}",
    );
    for text in [shared, allowed] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.yaml");
        fs::write(&path, &text).unwrap();
        let run = check(&path, &["--fix"]);
        assert!(
            run.stderr
                .starts_with("kaito-render: fixed 0 diagnostics in 0 files\n"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains("fixable"), "{}", run.stderr);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

/// The documents of a text, without places.
fn tree(text: &str) -> Vec<Value> {
    let mut session = Session::default();
    let file = session.sources.add("a.yaml", text);
    input::parse(&session.sources, file, &mut session.diagnostics)
        .iter()
        .map(Node::to_value)
        .collect()
}

/// A Workspace whose machine type and annotation are written in some style, with comments and line
/// ends of some kind.
fn workspaces() -> impl Strategy<Value = String> {
    let quotes = select(vec!["", "'", "\""]);
    let cases = proptest::collection::vec(any::<bool>(), 24);
    let note = select(vec!["x", "2026-11-24", "12:30:45", "\"2026-11-24\"", "'é'"]);
    let comment = select(vec!["", " # é: 'a'", "  #"]);
    (quotes, cases, note, comment, any::<bool>(), any::<bool>()).prop_map(
        |(quote, cases, note, comment, crlf, mark)| {
            let name = "Standard_NC24ads_A100_v4".chars().zip(&cases);
            let name: String = name
                .map(|(char, upper)| {
                    if *upper {
                        char.to_ascii_uppercase()
                    } else {
                        char.to_ascii_lowercase()
                    }
                })
                .collect();
            let text = WORKSPACE
                .replace(
                    "'standard_nc24ads_a100_v4'",
                    &format!("{quote}{name}{quote}{comment}"),
                )
                .replace(
                    "metadata:",
                    &format!("metadata:\n  annotations:\n    note: {note}"),
                );
            let text = if crlf {
                text.replace('\n', "\r\n")
            } else {
                text
            };
            if mark {
                format!("\u{feff}{text}")
            } else {
                text
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: u32::try_from(sample(24)).unwrap(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fixed_file_means_the_same_but_for_the_fixed_places(text in workspaces()) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.yaml");
        fs::write(&path, &text).unwrap();
        let mut expected = tree(&text);
        prop_assert_eq!(check(&path, &["--fix"]).code, 0);
        expected[0]["resource"]["instanceType"] = "Standard_NC24ads_A100_v4".into();
        let after = fs::read_to_string(&path).unwrap();
        prop_assert_eq!(tree(&after), expected);
        prop_assert_eq!(after.matches('\r').count(), text.matches('\r').count());
        prop_assert_eq!(after.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
        prop_assert_eq!(after.lines().count(), text.lines().count());
        let again = check(&path, &["--fix"]);
        prop_assert!(again.stderr.starts_with("kaito-render: fixed 0 diagnostics"), "{}", again.stderr);
    }
}

#[test]
fn nothing_is_fixed_that_was_not_read_from_a_file() {
    let mut session = Session::default();
    let file = session.sources.add("a.yaml", "a: 2026-11-24\n");
    input::parse(&session.sources, file, &mut session.diagnostics);
    let report = Report::finish(session, &Policy::default(), Strictness::Errors);
    assert!(report.diagnostics()[0].fix.is_some() && report.fixed().is_empty());
}

/// The new file takes the place of the old one: it must not take it away from anybody.
#[cfg(unix)]
#[test]
fn a_file_keeps_its_owner_its_permissions_and_its_other_names() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    let directory = inputs::directory(&[("a.yaml", WORKSPACE), ("b.yaml", WORKSPACE)]);
    let path = directory.path().join("a.yaml");
    // Only root may; the file of anybody else stays theirs anyway.
    let _ = chown(&path, Some(12345), Some(12346));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let facts = || {
        let found = fs::metadata(&path).unwrap();
        (found.uid(), found.gid(), found.mode())
    };
    let before = facts();
    let fixed = check(&path, &["--fix"]);
    assert_eq!(fixed.code, 0, "{}", fixed.stderr);
    assert_ne!(fs::read_to_string(&path).unwrap(), WORKSPACE);
    assert_eq!(facts(), before);

    let (path, other) = (directory.path().join("b.yaml"), directory.path().join("c"));
    fs::hard_link(&path, &other).unwrap();
    let refused = check(&path, &["--fix"]);
    let says = refused
        .stderr
        .contains("b.yaml` has 2 hard links, and was not written");
    assert!(refused.code == 2 && says, "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&path).unwrap(), WORKSPACE);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    fs::remove_file(&other).unwrap();
    assert_eq!(check(&path, &["--fix"]).code, 0);
}
