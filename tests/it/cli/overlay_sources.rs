//! Where overlays come from: the profile, files that it names, and documents in the input.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::golden::documents;
use crate::support::builder::Test;
use crate::support::inputs::{self, SMALL, directory, profile, workspace};
use crate::support::program::{Run, kaito_render, run};

/// An overlay as a document, with the fields behind its name.
fn overlay(name: &str, fields: &str) -> String {
    format!("apiVersion: render.kaito.sh/v1alpha1\nkind: Overlay\nname: {name}\n{fields}\n")
}

/// An overlay that gives the workload a label.
fn labelled(name: &str) -> String {
    overlay(
        name,
        &format!("metadata: {{labels: {{team: {name}}}, to: [workload]}}"),
    )
}

/// A repository with a Workspace in each of two directories, and more files.
pub(super) fn repository(fields: &str, files: &[(&str, &str)]) -> TempDir {
    let (a, b, profile) = (
        workspace("a", SMALL),
        workspace("b", SMALL),
        profile(fields),
    );
    let own = [
        ("kaito-render.yaml", profile.as_str()),
        ("teams/a/a.yaml", &a),
        ("teams/b/b.yaml", &b),
        (".git/HEAD", "ref: refs/heads/main\n"),
    ];
    directory(&[&own, files].concat())
}

pub(super) fn run_in(root: &TempDir, args: &[&str]) -> Run {
    run(kaito_render(args).current_dir(root.path()), "")
}

/// The objects of a repository, with a code of success.
pub(super) fn rendered(root: &TempDir, args: &[&str]) -> Vec<Value> {
    let run = run_in(root, &[&["render"], args].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    documents(&run.stdout)
}

/// The label `team` of the workload of a Workspace.
fn team(objects: &[Value], name: &str) -> Value {
    let is = |it: &&Value| it["kind"] == "StatefulSet" && it["metadata"]["name"] == name;
    objects.iter().find(is).unwrap()["metadata"]["labels"]["team"].clone()
}

/// The diagnostics of a check, each as its title and what stands at the place.
pub(super) fn found(root: &TempDir, args: &[&str]) -> Vec<String> {
    let test = Test::within(root.path()).args(args).run();
    let errors = test.diagnostics.iter();
    let errors = errors.filter(|found| !found.title.ends_with("note"));
    errors
        .map(|found| format!("{} {} | {}", found.rule(), found.at, found.message))
        .collect()
}

#[test]
fn an_overlay_in_a_file_of_its_own_is_applied_once_and_in_its_place() {
    let fields = "overlays:\n- name: first\n  metadata: {labels: {team: first}, to: [workload]}\n\
                  - file: overlays/second.yaml\n";
    let second = "apiVersion: render.kaito.sh/v1alpha1\nkind: Overlay\nmetadata: {name: second, labels: \
                  {team: second}, to: [workload]}\npatches: [{target: {kind: Service}, path: ../patches/p.yaml}]\n";
    let patch = "spec: {sessionAffinity: ClientIP}\n";
    let root = repository(
        fields,
        &[("overlays/second.yaml", second), ("patches/p.yaml", patch)],
    );
    for args in [&["teams"][..], &["."], &[".", "--delivery", "argocd"]] {
        let objects = rendered(&root, args);
        assert_eq!(team(&objects, "a"), "second", "{args:?}");
        assert!(objects.iter().all(|it| it["kind"] != "Overlay"));
        let services = objects.iter().filter(|it| it["kind"] == "Service");
        let mut services = services.filter(|it| it["spec"]["sessionAffinity"] == "ClientIP");
        assert!(services.next().is_some(), "{args:?}");
    }
}

#[test]
fn an_overlay_in_the_input_is_for_its_directory_and_below_from_the_root_downward() {
    let (root_one, a, deep) = (labelled("root"), labelled("team-a"), labelled("deep"));
    let below = workspace("below", SMALL);
    let files = [
        ("teams/overlay.yaml", root_one.as_str()),
        ("teams/a/z.yaml", &a),
        ("teams/a/deep/overlay.yaml", &deep),
        ("teams/a/deep/below.yaml", &below),
    ];
    let fields =
        "overlays:\n- name: of-profile\n  metadata: {labels: {team: profile}, to: [workload]}\n";
    let root = repository(fields, &files);
    for args in [&["."][..], &["teams"], &[".", "--delivery", "flux"]] {
        let objects = rendered(&root, args);
        let teams = ["a", "b", "below"].map(|name| team(&objects, name));
        assert_eq!(teams, ["team-a", "root", "deep"], "{args:?}");
        assert!(objects.iter().all(|it| it["kind"] != "Overlay"));
    }
    // What is not in the input is not applied.
    let objects = rendered(&root, &["teams/a"]);
    assert_eq!(team(&objects, "a"), "team-a");
    let objects = rendered(&root, &["teams/b/b.yaml"]);
    assert_eq!(team(&objects, "b"), "profile");

    let explained = run_in(&root, &["explain", "teams/a/a.yaml", "teams/a/z.yaml"]).stdout;
    assert!(
        explained.contains("teams/a/z.yaml:3: in teams/a"),
        "{explained}"
    );
}

#[test]
fn an_overlay_beside_a_workspace_is_the_same_bytes_as_in_the_profile() {
    let of_input = Test::new()
        .command("render")
        .input(&(workspace("a", SMALL) + "---\n" + &labelled("one")))
        .exits(0)
        .run();
    let fields = "overlays:\n- name: one\n  metadata: {labels: {team: one}, to: [workload]}\n";
    let of_profile = Test::new()
        .command("render")
        .input(&workspace("a", SMALL))
        .profile(fields)
        .exits(0)
        .run();
    assert_eq!(of_input.stdout, of_profile.stdout);
}

#[test]
fn overlays_of_one_name_that_can_meet_are_an_error() {
    let (one, other) = (labelled("one"), labelled("one"));
    let siblings = [
        ("teams/a/overlay.yaml", one.as_str()),
        ("teams/b/overlay.yaml", &other),
    ];
    let root = repository("", &siblings);
    let objects = rendered(&root, &["."]);
    assert_eq!(team(&objects, "a"), "one");

    let nested = [
        ("teams/a/overlay.yaml", one.as_str()),
        ("teams/overlay.yaml", &other),
    ];
    let twice = "KR701 one | there are two overlays `one`";
    assert_eq!(found(&repository("", &nested), &["."]), [twice]);
    let with_profile = repository("overlays: [{name: one}]\n", &siblings[..1]);
    assert_eq!(found(&with_profile, &["."]), [twice]);
}

#[test]
fn a_path_in_an_overlay_of_the_input_stays_in_the_input() {
    let patch = "- {op: add, path: /spec/minReadySeconds, value: 5}\n";
    let found_for = |path: &str| {
        let patches = format!("patches: [{{target: {{kind: StatefulSet}}, path: {path:?}}}]");
        let overlay = overlay("one", &patches);
        let root = repository(
            "",
            &[
                ("teams/a/overlay.yaml", &overlay),
                ("teams/a/patches/p.yaml", patch),
                ("shared/p.yaml", patch),
                (".git/config", "[remote]\npassword = hunter2\n"),
            ],
        );
        #[cfg(unix)]
        for (link, target) in [
            ("out.yaml", "/etc/passwd"),
            ("nowhere.yaml", "/etc/nowhere"),
        ] {
            std::os::unix::fs::symlink(target, root.path().join("teams/a").join(link)).unwrap();
        }
        fs::create_dir(root.path().join("teams/a/directory")).unwrap();
        let found = found(&root, &["teams", "--profile", "kaito-render.yaml"]);
        let ours = found.into_iter().filter(|it| it.starts_with("KR70"));
        ours.collect::<Vec<_>>()
    };
    for path in [
        "patches/p.yaml",
        "./patches/../patches/p.yaml",
        "../../shared/p.yaml",
    ] {
        assert_eq!(found_for(path), [""; 0], "{path}");
    }
    for path in ["../../../p.yaml", "/etc/passwd", "../../.git/config"] {
        let message = format!("KR702 {path:?} | `{path}` leads out of the input's directory");
        assert_eq!(found_for(path), [message]);
    }
    for path in ["no.yaml", "directory", "-", "out.yaml", "nowhere.yaml"] {
        let message = format!("KR702 {path:?} | there is no file `{path}`");
        assert_eq!(found_for(path), [message]);
    }
}

#[test]
fn the_files_of_an_overlay_are_no_objects_and_a_workspace_never_vanishes() {
    let patch =
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {sessionAffinity: ClientIP}\n";
    let one = overlay("one", "patches: [{path: patch.yaml}]");
    let other = overlay(
        "other",
        "patches: [{target: {kind: Service}, path: ../b/b.yaml}, {target: {kind: Service}, path: ../b/service.yaml}]",
    );
    let service = patch.replace("name: a", "name: c");
    let files = [
        ("teams/a/one.yaml", one.as_str()),
        ("teams/a/patch.yaml", patch),
        ("teams/a/other.yaml", &other),
        ("teams/b/service.yaml", &service),
    ];
    let root = repository("", &files[..2]);
    let objects = rendered(&root, &[".", "--delivery", "argocd"]);
    let is = |it: &&Value| it["kind"] == "Service" && it["metadata"]["name"] == "a";
    assert_eq!(objects.iter().filter(is).count(), 1);

    // Another team's files stay documents, whatever an overlay says of them.
    let root = repository("", &[&files[..1], &files[1..]].concat());
    let run = run_in(&root, &["explain", "."]);
    assert!(run.stdout.contains("default/b"), "{}", run.stdout);
}

#[test]
fn an_overlay_on_stdin_is_for_all_and_has_no_paths() {
    let text = labelled("all") + "---\n" + &workspace("s", SMALL);
    let root = repository("", &[]);
    let run_on = |text: &str| {
        let mut command = kaito_render(&["render", "-", "teams"]);
        run(command.current_dir(root.path()), text)
    };
    let objects = documents(&run_on(&text).stdout);
    assert_eq!(["a", "b", "s"].map(|name| team(&objects, name)), ["all"; 3]);

    let with_path = overlay("all", "patches: [{target: {kind: Service}, path: p.yaml}]");
    let refused = run_on(&with_path);
    assert_eq!(refused.code, 1);
    let place = "<stdin>:4:43";
    assert!(
        refused.stderr.contains("KR702") && refused.stderr.contains(place),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_workspace_names_overlays_of_its_directories_only() {
    let named = overlay(
        "debug",
        "select: named\nmetadata: {labels: {team: debug}, to: [workload]}",
    );
    let annotated = |name: &str| {
        workspace(name, SMALL).replace(
            "metadata:\n",
            "metadata:\n  annotations: {render.kaito.sh/overlays: debug}\n",
        )
    };
    let (a, b) = (annotated("a"), annotated("b"));
    let files = [("teams/a/o.yaml", named.as_str()), ("teams/a/a.yaml", &a)];
    let objects = rendered(&repository("", &files), &["."]);
    assert_eq!(team(&objects, "a"), "debug");
    let root = repository("", &[&files[..], &[("teams/b/b.yaml", &b)]].concat());
    let message = "KR708 debug | there is no overlay `debug`";
    assert_eq!(found(&root, &["."]), [message]);
}

#[test]
fn a_file_that_is_no_overlay_is_an_error_at_its_place() {
    let fields = "overlays: [{file: o.yaml}]\n";
    let two = labelled("one") + "---\n" + &labelled("two");
    for (text, expected) in [
        ("", "KR702  | a file without an overlay"),
        (
            two.as_str(),
            "KR702 Overlay | a second document in a file that is one overlay",
        ),
        (
            &labelled("one").replace("Overlay", "Profile"),
            "KR702 Profile | a document that is no `Overlay`",
        ),
        (&labelled("one").replace("v1alpha1", "v1"), "KR701"),
        (
            &labelled("one").replace("name: one", "nam: one"),
            "KR102 nam",
        ),
        ("a: [", "KR003"),
    ] {
        let root = repository(fields, &[("o.yaml", text)]);
        let found = found(&root, &["teams"]);
        let is_it = matches!(&found[..], [one] if one.starts_with(expected));
        assert!(is_it, "{text}: {found:?}");
    }
    let root = repository(fields, &[]);
    let missing = "KR702 o.yaml | there is no file `o.yaml`";
    assert_eq!(found(&root, &["teams"]), [missing]);
}

#[test]
fn a_block_of_markdown_changes_no_workspace() {
    let readme = format!(
        "```yaml\n{}```\n\n```yaml\n{}```\n",
        labelled("one"),
        labelled("one")
    );
    let root = repository("", &[("README.md", &readme)]);
    assert_eq!(found(&root, &["README.md", "teams"]), [""; 0]);
    let broken = readme.replacen("metadata", "metdata", 1);
    let root = repository("", &[("README.md", &broken)]);
    assert_eq!(found(&root, &["README.md", "teams"])[0][..5], *"KR102");
}

#[test]
fn diff_shows_the_workspaces_in_the_directory_of_an_overlay() {
    let (one, other) = (
        labelled("one"),
        labelled("one").replace("team: one", "team: two"),
    );
    let sides = [one.as_str(), &other].map(|text| repository("", &[("teams/a/o.yaml", text)]));
    let [before, after] = sides.each_ref().map(|it| it.path().join("teams"));
    let paths = [&before, &after].map(|it| it.to_str().unwrap());
    let shown = run(&mut kaito_render(&["diff", paths[0], paths[1]]), "").stdout;
    assert!(shown.contains("two"), "{shown}");
    assert!(
        shown.contains("StatefulSet/a")
            || shown.contains("StatefulSet `a`")
            || shown.contains("default/a"),
        "{shown}"
    );
    assert!(!shown.contains("default/b"), "{shown}");

    // The same bytes in another directory are another Workspace to an overlay.
    let moved = repository("", &[("teams/a/o.yaml", &one)]);
    let path = moved.path().join("teams");
    fs::rename(path.join("b/b.yaml"), path.join("a/b.yaml")).unwrap();
    let shown = run(
        &mut kaito_render(&["diff", paths[0], path.to_str().unwrap()]),
        "",
    )
    .stdout;
    assert!(shown.contains("team"), "{shown}");
}

#[test]
fn a_revision_has_the_overlays_of_its_directories() {
    let (one, a, b) = (
        labelled("one"),
        workspace("a", SMALL),
        workspace("b", SMALL),
    );
    let patched = overlay(
        "one",
        "patches: [{target: {kind: StatefulSet}, path: ../p.yaml}]",
    );
    let root = inputs::repository(&[
        ("a/a.yaml", &a),
        ("a/o.yaml", &patched),
        ("b/b.yaml", &b),
        (
            "p.yaml",
            "- {op: add, path: /spec/minReadySeconds, value: 7}\n",
        ),
    ]);
    inputs::write(&root.path().join("a/o.yaml"), &one);
    let shown = run_in(&root, &["diff", "--against", "HEAD", "."]);
    for text in ["minReadySeconds", "team"] {
        assert!(
            shown.stdout.contains(text),
            "{} {}",
            shown.stdout,
            shown.stderr
        );
    }
    inputs::commit(root.path());
    let shown = run_in(&root, &["diff", "--against", "HEAD~1", "."]);
    assert_eq!(shown.code, 1, "{}", shown.stderr);
    let shown = run_in(&root, &["diff", "--against", "HEAD", "."]);
    assert_eq!(
        (shown.code, shown.stdout.as_str()),
        (0, ""),
        "{}",
        shown.stderr
    );
}

#[test]
fn without_overlays_nothing_is_changed_and_diff_shows_what_they_change() {
    let fields = "overlays:\n- name: one\n  metadata: {labels: {team: one}, to: [workload]}\n";
    let two = overlay("two", "pod: {priorityClassName: batch}");
    let root = repository(fields, &[("teams/a/overlay.yaml", &two)]);
    let plain = repository("", &[]);
    assert_eq!(
        rendered(&root, &["teams", "--no-overlays"]),
        rendered(&plain, &["teams"])
    );

    let shown = run_in(&root, &["diff", "--no-overlays", "teams"]);
    assert_eq!(shown.code, 1, "{}", shown.stderr);
    for text in ["team", "one", "priorityClassName", "batch"] {
        assert!(shown.stdout.contains(text), "{}", shown.stdout);
    }
    let [with, without] = [&root, &plain].map(|it| it.path().join("teams"));
    let sides = [&with, &without].map(|it| it.to_str().unwrap());
    let compare = |more: &[&str]| {
        let args = [&["diff", sides[0], sides[1]], more].concat();
        run(&mut kaito_render(&args), "").code
    };
    assert_eq!((compare(&[]), compare(&["--no-overlays"])), (1, 0));

    // What is wrong with one is found all the same.
    let broken = two.replace("pod:", "pods:");
    let root = repository(fields, &[("teams/a/overlay.yaml", &broken)]);
    let run = run_in(&root, &["render", "--no-overlays", "teams"]);
    assert!(
        run.code == 1 && run.stderr.contains("KR102"),
        "{}",
        run.stderr
    );
}
