//! `check --rendered`: what is wrong with a finished stream.

use crate::support::program::{Run, kaito_render, run, stdout};

const EXAMPLE: &str = "examples/v1beta1/kaito_workspace_llama_3.3_70b.yaml";

fn check(stream: &str) -> Run {
    run(&mut kaito_render(&["check", "--rendered", "-"]), stream)
}

fn finished() -> String {
    stdout(&["render", EXAMPLE], "")
}

/// The rule and the message of each finding, which has to be of one rule.
fn messages(run: &Run, rule: &str) -> Vec<String> {
    assert_eq!(run.code, 1, "{}", run.stderr);
    let head = format!("error[{rule}]: ");
    let errors: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("error"))
        .collect();
    let messages = errors
        .iter()
        .map(|line| line.strip_prefix(&head).unwrap().to_owned());
    messages.collect()
}

#[test]
fn a_stream_is_right_as_it_was_rendered() {
    let examples = stdout(&["render", "examples/"], "");
    for stream in [finished(), examples] {
        let run = check(&stream);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    }
}

#[test]
fn a_stream_without_objects_is_found() {
    let workspace = std::fs::read_to_string(EXAMPLE).unwrap();
    let [message] = messages(&check(&workspace), "KR414").try_into().unwrap();
    assert_eq!(
        message,
        "the Workspace `workspace-llama-3-3-70b` is not rendered"
    );

    let set =
        std::fs::read_to_string("examples/v1beta1/kaito_inferenceset_mistral_7b.yaml").unwrap();
    assert_eq!(messages(&check(&set), "KR414").len(), 1);

    let stream = finished();
    let without: Vec<_> = stream
        .split("---\n")
        .filter(|it| !it.contains("kind: NodeClaim\n"))
        .collect();
    let missing = messages(&check(&without.join("---\n")), "KR414");
    assert_eq!(missing.len(), 3);
    assert!(
        missing.iter().all(|it| it.starts_with("the NodeClaim `ws")),
        "{missing:?}"
    );
}

#[test]
fn what_was_changed_after_it_was_rendered_is_found() {
    // As kustomize's `namespace` does it.
    let namespace = "metadata:\n  namespace: team-b\n";
    let moved = finished().replace("  namespace: default\n", "");
    let moved = moved.replace("\nmetadata:\n", &format!("\n{namespace}"));
    let found = messages(&check(&moved), "KR413").join("\n");
    for said in [
        "was rendered for the namespace `default`, and has another one now",
        "a NodeClaim belongs to no namespace",
        "the node is for the Workspace `default/workspace-llama-3-3-70b`, which is not there",
        "an address in the namespace `default`, while the StatefulSet is in `team-b`",
    ] {
        assert!(found.contains(said), "{said}: {found}");
    }

    // As `namePrefix` does it.
    let prefixed = finished().replace("\n  name: workspace-llama", "\n  name: p-workspace-llama");
    let run = check(&prefixed);
    for said in [
        "selects the pod `workspace-llama-3-3-70b-0`",
        "there is no Service `workspace-llama-3-3-70b-headless`",
        "is missing, or has another name now",
    ] {
        assert!(
            run.code == 1 && run.stderr.contains(said),
            "{said}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_finished_stream_is_neither_fixed_nor_compared() {
    for option in ["--fix", "--against=main", "--target-release=0.12"] {
        let run = run(&mut kaito_render(&["check", "--rendered", "-", option]), "");
        assert!(
            run.code == 2 && run.stderr.contains("cannot be used with"),
            "{}",
            run.stderr
        );
    }
}
