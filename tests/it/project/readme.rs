//! What README.md shows is what happens.

use std::fs;

use crate::support::program::{kaito_render, root, run, stdout};

const EXAMPLE: &str = "examples/v1beta1/kaito_workspace_phi_4.yaml";

pub(super) fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The fenced blocks of a language.
pub(super) fn blocks(text: &str, language: &str) -> Vec<String> {
    let fences = text.split("```").skip(1).step_by(2);
    fences
        .filter_map(|block| block.strip_prefix(&format!("{language}\n")))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_example_before_and_after_is_real() {
    let blocks = blocks(&readme(), "yaml");
    let [before, after, profile] = blocks.as_slice() else {
        panic!("{} blocks", blocks.len())
    };
    let example = fs::read_to_string(root().join(EXAMPLE)).unwrap();
    let before: String = before
        .lines()
        .filter(|line| !line.contains('…'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(example.contains(&before), "{before}");
    let objects = stdout(&["render", EXAMPLE], "");
    assert!(objects.contains(after), "{objects}");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), profile).unwrap();
    stdout(
        &["check", EXAMPLE, "--profile", file.path().to_str().unwrap()],
        "",
    );
}

#[test]
fn the_test_command_is_the_one_that_continuous_integration_runs() {
    let [command] = blocks(&readme(), "sh").try_into().unwrap();
    assert_eq!(command, "tests/run\n");
    assert!(
        fs::read_to_string(root().join(".ci/run"))
            .unwrap()
            .contains("\nexec tests/run\n")
    );
}

#[test]
fn links_lead_somewhere() {
    let pages = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "examples/README.md",
    ];
    let docs = [
        "docs/ci.md",
        "docs/controller.md",
        "docs/install.md",
        "docs/kubectl.md",
        "docs/parity.md",
        "docs/performance.md",
        "docs/templates.md",
    ];
    let mut count = 0;
    for page in pages.into_iter().chain(docs) {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            count += 1;
            let directory = root().join(page).parent().unwrap().to_owned();
            let path = link.split('#').next().unwrap();
            assert!(
                link.starts_with("http") || directory.join(path).exists(),
                "{page}: {link}"
            );
        }
    }
    assert!(count >= 30, "only {count} links were found");
}

#[test]
fn templates_shown_in_the_documentation_are_well_formed() {
    let text = fs::read_to_string(root().join("docs/templates.md")).unwrap();
    let blocks: Vec<_> = text
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(blocks.len() >= 6);
    for block in blocks {
        let part: String = block.lines().map(|line| format!("  {line}\n")).collect();
        let object =
            format!("apiVersion: v1\nkind: Example\nmetadata: {{name: example}}\nspec:\n{part}");
        let run = run(
            &mut kaito_render(&["check", "-", "--allow-empty", "--format", "json"]),
            &object,
        );
        assert_eq!(run.code, 0, "{block}{}", run.stdout);
    }
}
