//! Findings as SARIF 2.1.0, in the part of it that GitHub's code scanning reads.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::base::hex;
use crate::base::sources::{FileId, Span};
use crate::base::wording;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::report::Report;
use crate::report::place::Whereabouts;

/// The most results that GitHub accepts. It shows 5,000 of them, and chooses by severity itself.
const RESULTS: usize = 25_000;

/// The bytes on each side of a place that tell findings in one line of any length apart.
const LINE: usize = 4096;

/// The name of the folder that relative paths start from.
const ROOT: &str = "%SRCROOT%";

/// One run with all findings, or with the 25,000 worst of them and a word on the others.
///
/// Nobody shows what has no location, so a finding without a place stands at `input`, the first
/// path that was named. Columns count UTF-16 code units, as editors and browsers do.
#[must_use]
pub fn document(report: &Report, input: &str) -> String {
    let input = Whereabouts::of(input, report.folder);
    let sarif = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run(report, &input)],
    });
    // A value is never without a text.
    serde_json::to_string_pretty(&sarif).unwrap_or_default() + "\n"
}

fn run(report: &Report, input: &Whereabouts) -> Value {
    let mut fingerprints = Fingerprints::default();
    let results = report
        .diagnostics
        .iter()
        .map(|finding| (finding, fingerprints.of(finding, report)));
    let results = worst(results.collect());
    let rules: BTreeMap<_, _> = results
        .iter()
        .map(|(finding, _)| (finding.rule.id, finding.rule))
        .collect();
    let mut run = json!({
        "tool": {"driver": {
            "name": "kaito-render",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules.values().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
        }},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder in which kaito-render was run."}}},
    });
    let left_out = report.diagnostics.len() - results.len();
    if left_out > 0 {
        let text = format!(
            "{} left out, because {RESULTS} are the most that are read",
            wording::count(left_out, "finding")
        );
        let notification = json!({"level": "warning", "message": {"text": text}});
        run["invocations"] =
            json!([{"executionSuccessful": true, "toolExecutionNotifications": [notification]}]);
    }
    run["results"] = results
        .into_iter()
        .map(|(finding, fingerprint)| {
            let mut result = result(finding, report, input);
            result["ruleIndex"] = rules.keys().position(|id| *id == finding.rule.id).into();
            result["partialFingerprints"] = json!({"ruleFileLine/v1": fingerprint});
            result
        })
        .collect();
    run
}

/// The findings as they are, or if they are too many the worst of them, errors first.
fn worst(mut findings: Vec<(&Diagnostic, String)>) -> Vec<(&Diagnostic, String)> {
    if findings.len() > RESULTS {
        findings.sort_by_key(|(finding, _)| Reverse(finding.severity));
        findings.truncate(RESULTS);
    }
    findings
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "name": name(rule.title),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.title},
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"level": rule.severity.name()},
    })
}

/// A title as one word: `a name that Kubernetes does not accept` is
/// `NameThatKubernetesDoesNotAccept`.
fn name(title: &str) -> String {
    let title = title.replace('\'', "");
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words = words.skip_while(|word| ["a", "an", "the"].contains(word));
    words
        .map(|word| {
            word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default()
        })
        .collect()
}

fn result(finding: &Diagnostic, report: &Report, input: &Whereabouts) -> Value {
    let location = finding.place.map_or_else(
        || json!({"artifactLocation": artifact(input), "region": {"startLine": 1, "startColumn": 1}}),
        |place| physical(place, report),
    );
    let mut result = json!({
        "ruleId": finding.rule.id,
        "level": finding.severity.name(),
        "message": {"text": finding.text()},
        "locations": [{"physicalLocation": location}],
    });
    let related = finding.also.iter().enumerate().map(|(index, label)| {
        json!({
            "id": index + 1,
            "message": {"text": label.text},
            "physicalLocation": physical(label.span, report),
        })
    });
    let related: Vec<_> = related.collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if let Some(fix) = &finding.fix {
        let replacement = json!({"deletedRegion": region(fix.span, report), "insertedContent": {"text": fix.replacement}});
        let artifact = artifact(&report.whereabouts(fix.span.file));
        result["fixes"] = json!([{"artifactChanges": [{"artifactLocation": artifact, "replacements": [replacement]}]}]);
    }
    result
}

fn physical(place: Span, report: &Report) -> Value {
    json!({"artifactLocation": artifact(&report.whereabouts(place.file)), "region": region(place, report)})
}

fn artifact(file: &Whereabouts) -> Value {
    let uri = percent_encoded(file.as_str());
    match file {
        Whereabouts::Inside(_) => json!({"uri": uri, "uriBaseId": ROOT}),
        Whereabouts::Outside(_) => json!({"uri": format!("file://{uri}")}),
        Whereabouts::Nowhere(_) => json!({"uri": uri}),
    }
}

/// A path as part of a URI: what is no letter, digit or mark that is always plain becomes its
/// bytes.
fn percent_encoded(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encoded = |byte: u8| {
        if is_plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    path.bytes().map(encoded).collect()
}

/// A place: lines and columns from 1, the end behind the last character.
fn region(place: Span, report: &Report) -> Value {
    let [start, end] = [place.start, place.end].map(|offset| {
        let (number, line) = line(place.file, offset, report);
        (number, line.before.encode_utf16().count() + 1)
    });
    json!({"startLine": start.0, "startColumn": start.1, "endLine": end.0, "endColumn": end.1})
}

/// The text of a line on both sides of an offset.
struct Line<'a> {
    before: &'a str,
    behind: &'a str,
}

/// The line of an offset, with its number.
fn line<'a>(file: FileId, offset: u32, report: &'a Report) -> (usize, Line<'a>) {
    let text = report.sources.text(file);
    let number = report.sources.position(file, offset).line;
    let start = report
        .sources
        .line_starts(file)
        .get(number - 1)
        .copied()
        .unwrap_or_default();
    let (head, tail) = text.split_at(text.floor_char_boundary(offset as usize));
    (
        number,
        Line {
            before: head.get(start..).unwrap_or_default(),
            behind: tail.lines().next().unwrap_or_default(),
        },
    )
}

/// What tells findings apart from one run to the next, also when lines move: a hash of the rule,
/// the path and the text of the line, and a number among findings that are alike in these.
#[derive(Default)]
struct Fingerprints(BTreeMap<String, usize>);

impl Fingerprints {
    fn of(&mut self, finding: &Diagnostic, report: &Report) -> String {
        let parts = finding.place.map_or_else(String::new, |place| {
            let (_, Line { before, behind }) = line(place.file, place.start, report);
            let line = format!("{}{}", end(before), start(behind));
            format!(
                "{}\0{}",
                report.whereabouts(place.file).as_str(),
                line.trim()
            )
        });
        let hash = hex::sha256(&format!("{}\0{parts}", finding.rule.id), 16);
        let number = self.0.entry(hash.clone()).or_default();
        *number += 1;
        format!("{hash}:{number}")
    }
}

fn end(text: &str) -> &str {
    text.get(text.ceil_char_boundary(text.len().saturating_sub(LINE))..)
        .unwrap_or_default()
}

fn start(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LINE))
        .unwrap_or_default()
}
