//! Diagnostics as SARIF 2.1.0, in the part of it that GitHub's code scanning reads.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::base::hex;
use crate::base::sources::Span;
use crate::base::wording;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::report::Report;
use crate::report::place::{Location, View};
use crate::vocab::limits::RULE_DIAGNOSTICS;

/// The most results that GitHub accepts. It shows 5,000 of them, and chooses by severity itself.
const RESULTS: usize = 25_000;

/// The bytes on each side of a place that tell diagnostics in one line of any length apart.
const LINE: usize = 4096;

/// The name of the directory that relative paths start from.
const ROOT: &str = "%SRCROOT%";

/// One run with all diagnostics, or with the 25,000 worst of them and the number of the others.
///
/// `directory` is the absolute path of the working directory. Viewers leave out what has no
/// location, so a diagnostic without a place stands at `input`, the first path of the command line.
/// Columns count UTF-16 code units, as editors and browsers do.
#[must_use]
pub fn document(report: &Report, directory: &Path, input: &str) -> String {
    let input = Location::of(input, directory);
    let view = View { report, directory };
    let sarif = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run(view, &input)],
    });
    // A value is never without a text.
    serde_json::to_string_pretty(&sarif).unwrap_or_default() + "\n"
}

fn run(view: View, input: &Location) -> Value {
    let mut fingerprints = Fingerprints::default();
    let diagnostics = view.report.diagnostics();
    let results = diagnostics
        .iter()
        .map(|diagnostic| (diagnostic, fingerprints.of(diagnostic, view)));
    let results = worst(results.collect());
    let rules: BTreeMap<_, _> = results
        .iter()
        .map(|(diagnostic, _)| (diagnostic.rule.id, diagnostic.rule))
        .collect();
    let mut run = json!({
        "tool": {"driver": {
            "name": "kaito-render",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules.values().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
        }},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The directory in which kaito-render was run."}}},
    });
    let left_out = diagnostics.len() + view.report.left_out() - results.len();
    if left_out > 0 {
        let text = format!(
            "{} left out: a run has at most {RESULTS}, and {RULE_DIAGNOSTICS} of each rule",
            wording::count(left_out, "diagnostic")
        );
        let notification = json!({"level": "warning", "message": {"text": text}});
        run["invocations"] =
            json!([{"executionSuccessful": true, "toolExecutionNotifications": [notification]}]);
    }
    run["results"] = results
        .into_iter()
        .map(|(diagnostic, fingerprint)| {
            let mut result = result(diagnostic, view, input);
            result["ruleIndex"] = rules.keys().position(|id| *id == diagnostic.rule.id).into();
            result["partialFingerprints"] = json!({"ruleFileLine/v1": fingerprint});
            result
        })
        .collect();
    run
}

/// The diagnostics as they are, or if they are too many the worst of them, errors first.
fn worst(mut diagnostics: Vec<(&Diagnostic, String)>) -> Vec<(&Diagnostic, String)> {
    if diagnostics.len() > RESULTS {
        diagnostics.sort_by_key(|(diagnostic, _)| Reverse(diagnostic.severity));
        diagnostics.truncate(RESULTS);
    }
    diagnostics
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

/// A title as one word: `a name that Kubernetes rejects` is
/// `NameThatKubernetesRejects`.
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

fn result(diagnostic: &Diagnostic, view: View, input: &Location) -> Value {
    let location = diagnostic.place.map_or_else(
        || json!({"artifactLocation": artifact(input), "region": {"startLine": 1, "startColumn": 1}}),
        |place| physical(place, view),
    );
    let mut result = json!({
        "ruleId": diagnostic.rule.id,
        "level": diagnostic.severity.name(),
        "message": {"text": diagnostic.text()},
        "locations": [{"physicalLocation": location}],
    });
    let related = diagnostic.also.iter().enumerate().map(|(index, label)| {
        json!({
            "id": index + 1,
            "message": {"text": label.text},
            "physicalLocation": physical(label.span, view),
        })
    });
    let related: Vec<_> = related.collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    if let Some(fix) = &diagnostic.fix {
        let replacement = json!({"deletedRegion": region(fix.span, view.report), "insertedContent": {"text": fix.replacement}});
        let artifact = artifact(&view.location(fix.span.file));
        result["fixes"] = json!([{"artifactChanges": [{"artifactLocation": artifact, "replacements": [replacement]}]}]);
    }
    result
}

fn physical(place: Span, view: View) -> Value {
    json!({"artifactLocation": artifact(&view.location(place.file)), "region": region(place, view.report)})
}

fn artifact(file: &Location) -> Value {
    let uri = percent_encoded(file.as_str());
    match file {
        Location::Inside(_) => json!({"uri": uri, "uriBaseId": ROOT}),
        Location::Outside(_) => json!({"uri": format!("file://{uri}")}),
        Location::Nowhere(_) => json!({"uri": uri}),
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
    let ([start, end], [first, behind]) = (report.positions(place), report.utf16_columns(place));
    json!({"startLine": start.line, "startColumn": first, "endLine": end.line, "endColumn": behind})
}

/// What tells diagnostics apart from one run to the next, also when lines move: a hash of the rule,
/// the path and the text of the line, and a number among diagnostics that are equal in these.
#[derive(Default)]
struct Fingerprints(BTreeMap<String, usize>);

impl Fingerprints {
    fn of(&mut self, diagnostic: &Diagnostic, view: View) -> String {
        let parts = diagnostic.place.map_or_else(String::new, |place| {
            let line = view.report.around(place, LINE);
            let path = view.location(place.file);
            format!("{}\0{}", path.as_str(), line.trim())
        });
        let hash = hex::sha256(&format!("{}\0{parts}", diagnostic.rule.id), 16);
        let number = self.0.entry(hash.clone()).or_default();
        *number += 1;
        format!("{hash}:{number}")
    }
}
