//! What is suggested for names that are not known: the table in tests/fixtures/suggestions.txt.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::support::inputs::{SMALL, directory, profile, workspace_of};
use crate::support::program::{kaito_render, root, run};

/// A line of the table.
struct Case<'a> {
    typed: &'a str,
    /// `-` for none.
    suggestion: &'a str,
}

fn version(release: &str) -> &'static str {
    if release == "0.3" {
        "v1alpha1"
    } else {
        "v1beta1"
    }
}

/// A document in which one thing is typed as in the table, and the line that has it.
fn document(what: &str, release: &str, index: usize, typed: &str) -> (String, usize) {
    let name = format!("w{index}");
    let (preset, machine) = match (what, release) {
        ("model", _) => (typed, SMALL),
        ("azure" | "aws", _) => ("phi-4", typed),
        ("flag", _) => ("phi-4", SMALL),
        (_, "0.3") => ("falcon-7b", SMALL),
        _ => ("phi-4", SMALL),
    };
    let text = workspace_of(version(release), &name, machine, preset);
    match what {
        "model" => (text, 11),
        "azure" | "aws" => (text, 6),
        "annotation" => {
            let name = format!("  name: {name}\n");
            let annotated = format!("{name}  annotations:\n    {typed}: a\n");
            (text.replacen(&name, &annotated, 1), 6)
        }
        "flag" => {
            let config = format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{index}}}\ndata:\n  \
                 inference_config.yaml: |\n    vllm:\n      {typed}: 1\n---\n"
            );
            (format!("{config}{text}  config: c{index}\n"), 7)
        }
        _ => {
            let (holder, field) = typed.rsplit_once('.').unwrap();
            let indent = "  ".repeat(holder.matches('.').count() + 1);
            let key = holder.rsplit('.').next().unwrap();
            let line = format!("{}{key}:\n", &indent[2..]);
            let at = text.find(&line).unwrap() + line.len();
            let number = text[..at].lines().count() + 1;
            let value = if field == "matchLabels" {
                "{a: b}"
            } else {
                "a"
            };
            let mut text = text;
            text.insert_str(at, &format!("{indent}{field}: {value}\n"));
            (text, number)
        }
    }
}

/// The name that a hint suggests.
fn suggestion(hint: &str) -> String {
    let named = |before: &str, hint: &str| {
        let (_, rest) = hint.split_once(before)?;
        Some(rest.split_once('`')?.0.to_owned())
    };
    let nearest = || {
        let (before, _) = hint.split_once("` comes nearest")?;
        Some(before.rsplit_once('`')?.1.to_owned())
    };
    let setting = |key: &str| {
        let value = named(&format!("`{key}: "), hint)?;
        Some(format!("{key} {}", value.trim_matches('"')))
    };
    named("did you mean `", hint)
        .or_else(|| named("move it to `", hint))
        .or_else(|| named("remove it: `", hint))
        .or_else(|| {
            hint.strip_prefix("write `")
                .and_then(|rest| named("", rest))
        })
        .or_else(nearest)
        .or_else(|| setting("release"))
        .or_else(|| setting("cloud"))
        .unwrap_or_else(|| "-".to_owned())
}

/// Checks what is typed in one run, and says what is suggested otherwise than in the table.
fn differences(what: &str, release: &str, cases: &[Case]) -> String {
    let mut text = String::new();
    let mut lines = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let (document, line) = document(what, release, index, case.typed);
        lines.push(text.lines().count() + line);
        writeln!(text, "{document}---").unwrap();
    }
    let cloud = if what == "aws" { "aws" } else { "azure" };
    let profile = profile(&format!("release: \"{release}\"\ncloud: {cloud}\n"));
    let files = directory(&[("input.yaml", &text), ("kaito-render.yaml", &profile)]);
    let input = files.path().join("input.yaml");
    let args = ["check", input.to_str().unwrap(), "--format", "json"];
    let run = run(&mut kaito_render(&args), "");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let found = report["diagnostics"].as_array().unwrap();
    let mut differences = String::new();
    for (case, line) in cases.iter().zip(lines) {
        let here: Vec<_> = found
            .iter()
            .filter(|it| it["start"]["line"] == line)
            .collect();
        let hint = here.first().and_then(|it| it["hint"].as_str());
        let Some(hint) = hint else {
            writeln!(differences, "{what} {release}: {}: {here:?}", case.typed).unwrap();
            continue;
        };
        if suggestion(hint) != case.suggestion {
            let expected = case.suggestion;
            writeln!(
                differences,
                "{what} {release}: {} -> {expected}: {hint}",
                case.typed
            )
            .unwrap();
        }
    }
    differences
}

#[test]
fn names_are_suggested_that_would_do() {
    let table = fs::read_to_string(root().join("tests/fixtures/suggestions.txt")).unwrap();
    let (mut total, mut without) = (0, 0);
    let mut differences = String::new();
    for section in table.split("\n[").skip(1) {
        let (title, lines) = section.split_once("]\n").unwrap();
        let (what, release) = title.split_once(' ').unwrap();
        let cases: Vec<_> = lines
            .lines()
            .filter_map(|line| line.split_once(" -> "))
            .map(|(typed, suggestion)| Case { typed, suggestion })
            .collect();
        total += cases.len();
        without += cases.iter().filter(|case| case.suggestion == "-").count();
        differences += &self::differences(what, release, &cases);
    }
    assert!(differences.is_empty(), "{differences}");
    assert!(total >= 200 && 2 * without >= total, "{without} of {total}");
}
