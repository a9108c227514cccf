//! A hint that says what to write is followed to the letter: what it was about is gone then, and no
//! other error comes.
//!
//! The hints are those about the bad examples of the rules' pages and the files of the suite. Hints
//! in prose ("remove one of them") can't be followed by a program.

use std::collections::BTreeSet;
use std::fs;

use kaito_render::diagnostic::rule;
use serde_json::Value;
use walkdir::WalkDir;

use crate::support::inputs::{directory, profile};
use crate::support::program::{kaito_render, root, run};

/// The diagnostics about a text. A profile in it is that of the run.
fn check(text: &str) -> Vec<Value> {
    let of_text = text
        .split("---\n")
        .find(|document| document.contains("kind: Profile"));
    let profile = of_text.map_or_else(|| profile(""), str::to_owned);
    let files = directory(&[("input.yaml", text), ("kaito-render.yaml", &profile)]);
    let input = files.path().join("input.yaml");
    let args = ["check", input.to_str().unwrap(), "--format", "json"];
    let run = run(&mut kaito_render(&args), "");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    report["diagnostics"].as_array().unwrap().clone()
}

/// What a hint says to write, if that is all that it says.
fn wanted(hint: &str) -> Option<&str> {
    let begin = ["write `", "did you mean `"];
    let rest = begin.iter().find_map(|begin| hint.strip_prefix(begin))?;
    let (word, rest) = rest.split_once('`')?;
    ["", "?"].contains(&rest).then_some(word)
}

/// The text with what a hint wants at the place of its diagnostic. A key with its value takes the
/// place of the line, a word that of the word.
fn followed(text: &str, diagnostic: &Value, wanted: &str) -> Option<String> {
    let offset = |end: &str| usize::try_from(diagnostic[end]["byte"].as_u64()?).ok();
    let (mut start, mut end) = (offset("start")?, offset("end")?);
    let mut wanted = wanted.to_owned();
    if wanted.contains(": ") {
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let indent = text[line..].len() - text[line..].trim_start().len();
        start = line + indent;
        end += text[end..].find('\n')?;
    } else if text[start..end].starts_with('"') && !wanted.starts_with('"') {
        wanted = format!("\"{wanted}\"");
    }
    Some(format!("{}{wanted}{}", &text[..start], &text[end..]))
}

/// The rules of errors, and where they were found.
fn errors(found: &[Value]) -> BTreeSet<String> {
    let errors = found.iter().filter(|it| it["severity"] == "error");
    errors
        .map(|it| format!("{} line {}", it["rule"], it["start"]["line"]))
        .collect()
}

#[test]
fn hints_that_say_what_to_write_help() {
    let bad = rule::ALL.iter().filter_map(|rule| {
        let (_, bad) = rule.page.split_once("Bad:\n\n```yaml\n")?;
        let (example, _) = bad.split_once("```")?;
        Some((rule.id.to_owned(), example.to_owned()))
    });
    let files = WalkDir::new(root().join("tests/suite")).into_iter();
    let files = files.filter_map(Result::ok);
    let files = files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read_to_string(entry.path()).unwrap())
        });
    let (mut count, mut useless) = (0, String::new());
    for (name, text) in bad.chain(files) {
        let before = check(&text);
        for diagnostic in &before {
            let Some(wanted) = diagnostic["hint"].as_str().and_then(wanted) else {
                continue;
            };
            let Some(text) = followed(&text, diagnostic, wanted) else {
                continue;
            };
            count += 1;
            let after = check(&text);
            let is_same = |it: &&Value| {
                it["rule"] == diagnostic["rule"]
                    && it["message"] == diagnostic["message"]
                    && it["start"]["line"] == diagnostic["start"]["line"]
            };
            let stays = after.iter().any(|it| is_same(&it));
            let new: Vec<_> = errors(&after)
                .difference(&errors(&before))
                .cloned()
                .collect();
            // A document that is read from now on may have mistakes of its own.
            let is_read_now = diagnostic["rule"] == rule::UNRECOGNIZED.id;
            if stays || !is_read_now && !new.is_empty() {
                useless += &format!(
                    "{name}: {}: `{wanted}`: {stays} {new:?}\n",
                    diagnostic["message"]
                );
            }
        }
    }
    assert!(useless.is_empty(), "{useless}");
    assert!(count >= 20, "{count}");
}

/// Every message and hint names a field, a value or a place: something in backticks, or a number.
#[test]
fn messages_name_what_they_are_about() {
    let mut vague = Vec::new();
    for rule in rule::ALL {
        let Some((_, bad)) = rule.page.split_once("Bad:\n\n```yaml\n") else {
            continue;
        };
        let example = bad.split_once("```").unwrap().0;
        for found in check(example).iter().filter(|it| it["rule"] == rule.id) {
            let text = format!("{} {}", found["message"], found["hint"]);
            if !text.contains('`') && !text.contains(|it: char| it.is_ascii_digit()) {
                vague.push(format!("{}: {text}", rule.id));
            }
        }
    }
    assert!(vague.is_empty(), "{vague:#?}");
}
