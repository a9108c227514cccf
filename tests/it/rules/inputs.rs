//! Files as people keep them: patches of kustomizations, and YAML in Markdown and scripts.

use std::fs;

use crate::support::builder::Test;
use crate::support::inputs::{LARGE, SMALL, directory, workspace};
use crate::support::program::{kaito_render, root, run};

const PATCH: &str = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: a\n\
     resource:\n  instanceType: Standard_NC48ads_A100_v4\n";

#[test]
fn patches_of_a_kustomization_are_no_input() {
    let base = || {
        Test::new()
            .file("base/w.yaml", &workspace("a", SMALL))
            .file("base/kustomization.yaml", "resources: [w.yaml]\n")
            .file("prod/larger.yaml", PATCH)
            .file(
                "prod/kustomization.yaml",
                "resources: [../base]\npatches:\n- path: larger.yaml\n",
            )
    };
    let said = base()
        .args(&["."])
        .with_notes()
        .finds("KR012 note", None)
        .exits(0)
        .run();
    assert!(
        said.stdout
            .contains("`kustomize build ./prod | kaito-render check -`")
    );
    // One that is named is read as it is.
    base()
        .args(&["prod/larger.yaml"])
        .finds_among("KR106 error", None)
        .exits(1)
        .run();
    // Render leaves it out too.
    let rendered = base().command("render").args(&["."]).exits(0).run();
    assert!(!rendered.stdout.contains(LARGE), "{}", rendered.stdout);
}

/// The text of a page in the way of KAITO's own: each block by itself, in the steps of a list, in
/// tabs, and among what other programs read and print.
const PAGE: &str = include_str!("../../fixtures/inputs/page.md");

const SCRIPT: &str = include_str!("../../fixtures/inputs/deploy.sh");

#[test]
fn yaml_in_markdown_is_checked_at_its_lines() {
    let outcome = Test::new().file("page.md", PAGE).args(&["page.md"]).run();
    let found: Vec<_> = outcome
        .diagnostics
        .iter()
        .filter(|found| !found.title.ends_with(" note"))
        .map(|found| format!("{} {}", found.with_lines(), found.at))
        .collect();
    assert_eq!(
        found,
        [
            "KR203 page.md:22 phi-4-minni-instruct",
            "KR102 page.md:39 labelSelector",
            "KR237 page.md:64 false",
            "KR003 page.md:96 :",
        ],
        "{}",
        outcome.stdout
    );
}

#[test]
fn yaml_in_scripts_is_checked_at_its_lines() {
    // What the shell fills in is noted, and what is written is checked.
    let outcome = Test::new()
        .file("deploy.sh", SCRIPT)
        .args(&["deploy.sh"])
        .run();
    let found = outcome
        .diagnostics
        .iter()
        .map(|found| format!("{} {}", found.with_lines(), found.at));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            "KR116 deploy.sh:11 $NAME",
            "KR116 deploy.sh:12 ${SIZE}",
            "KR116 deploy.sh:14 $(instance_type)",
            "KR116 deploy.sh:15 ${NAME}",
            "KR203 deploy.sh:25 phi-four",
        ],
        "{}",
        outcome.stdout
    );
}

/// `on` is a boolean to some readers, which is no concern of a file that is not ours.
#[test]
fn files_beside_workspaces_are_not_judged() {
    Test::new()
        .file("w.yaml", &workspace("a", SMALL))
        .file(
            "ci.yaml",
            "name: Workspaces of KAITO\non: [push]\njobs: {}\n",
        )
        .args(&["."])
        .with_notes()
        .exits(0)
        .run();
}

#[test]
fn a_directory_is_not_searched_for_blocks() {
    Test::new()
        .file("docs/page.md", PAGE)
        .file("docs/deploy.sh", SCRIPT)
        .file("docs/w.yaml", &workspace("a", SMALL))
        .args(&["docs"])
        .finds_nothing()
        .exits(0)
        .run();
}

#[test]
fn blocks_are_no_input_of_render() {
    Test::new()
        .file("page.md", PAGE)
        .command("render")
        .args(&["page.md"])
        .prints("only `check` reads the YAML in Markdown and scripts")
        .exits(1)
        .run();
}

#[test]
fn fixes_of_blocks_leave_the_rest_as_it_is() {
    let text = format!(
        "# Page\r\n\r\n1. é\r\n\r\n   ```yaml\r\n   {}\r\n   ```\r\n\r\nstandard_nc24ads_a100_v4\r\n",
        workspace("a", "standard_nc24ads_a100_v4")
            .trim_end()
            .replace('\n', "\r\n   ")
    );
    let directory = tempfile::tempdir().unwrap();
    Test::within(directory.path())
        .file("page.md", &text)
        .format("human")
        .args(&["page.md", "--fix"])
        .exits(0)
        .run();
    let fixed = fs::read_to_string(directory.path().join("page.md")).unwrap();
    assert_eq!(fixed, text.replacen("standard_nc24ads_a100_v4", SMALL, 1));
}

/// What is not written with spaces only before it stays, and is reported.
#[test]
fn a_spec_around_everything_is_unwrapped_in_a_block() {
    let wrapped = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: a\nspec:\n  \
         resource:\n    instanceType: Standard_NC24ads_A100_v4\n    labelSelector:\n      \
         matchLabels: {apps: a}\n  inference:\n    preset:\n      name: phi-4\n";
    for (file, before, after, is_fixed) in [
        ("a.md", "- t\n\n  ```yaml\n  ", "  ```\n\ntext\n", true),
        (
            "a.sh",
            "cat <<EOF | kubectl apply -f -\n",
            "EOF\necho\n",
            true,
        ),
        ("b.sh", "cat <<-EOF\n\t", "\tEOF\necho\n", false),
        ("b.md", "> ```yaml\n> ", "> ```\n> text\n", false),
    ] {
        let prefix = before.rsplit_once('\n').unwrap().1;
        let of = |body: &str| {
            let body = body.trim_end().replace('\n', &format!("\n{prefix}"));
            format!("{before}{body}\n{after}")
        };
        let directory = tempfile::tempdir().unwrap();
        Test::within(directory.path())
            .file(file, &of(wrapped))
            .format("human")
            .args(&[file, "--fix"])
            .exits(i32::from(!is_fixed))
            .run();
        let text = fs::read_to_string(directory.path().join(file)).unwrap();
        let unwrapped = workspace("a", SMALL);
        let expected = if is_fixed {
            of(&unwrapped)
        } else {
            of(wrapped)
        };
        assert_eq!(text, expected, "{file}");
    }
}

/// A script without an ending says by which program it is run.
#[test]
fn a_script_is_known_by_its_first_line() {
    let text = fs::read_to_string(root().join("tests/fixtures/inputs/deploy.sh")).unwrap();
    let checked = |name: &str| {
        let files = directory(&[(name, &text)]);
        let path = files.path().join(name);
        let args = ["check", "--format", "concise", path.to_str().unwrap()];
        run(&mut kaito_render(&args), "").stdout.replace(name, "")
    };
    assert!(text.starts_with("#!"));
    assert_eq!(
        checked("deploy").lines().count(),
        checked("deploy.sh").lines().count()
    );
}

/// A string may hold the documents that another program applies.
#[test]
fn workspaces_in_strings_are_named() {
    let workspace =
        "apiVersion: kaito.sh/v1beta1\n    kind: InferenceSet\n    metadata: {name: a}\n";
    let text = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a}}\nspec:\n  \
         values: |\n    {workspace}"
    );
    let files = directory(&[("input.yaml", &text)]);
    let path = files.path().join("input.yaml");
    let run = run(&mut kaito_render(&["check", path.to_str().unwrap()]), "");
    let expected =
        "warning[KR118]: an InferenceSet in a string of another document is not compiled";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}
