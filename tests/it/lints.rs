//! Rules about what is accepted but not meant: each finding with its place and its repair.

use std::fs;

use serde_json::Value;

use crate::program::{kaito_render, run};

const WORKSPACE: &str = "apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: phi-4
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector:
    matchLabels:
      apps: phi-4
inference:
  preset:
    name: phi-4
";

const OWN_PODS: &str = "apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: own
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector:
    matchLabels:
      apps: own
inference:
  template:
    spec:
      containers:
        - name: server
          image: registry.example.com/team/server:1.0.0
";

const SET: &str = "apiVersion: kaito.sh/v1beta1
kind: InferenceSet
metadata:
  name: phi-4
spec:
  labelSelector:
    matchLabels:
      apps: phi-4
  template:
    resource:
      instanceType: Standard_NC24ads_A100_v4
    inference:
      preset:
        name: phi-4
";

/// The findings of a text but for notes, as `RULE severity`, the text at the place, and the replacement.
fn findings(text: &str, profile: &str) -> Vec<(String, String, Option<String>)> {
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    fs::write(file.path(), format!("apiVersion: render.kaito.sh/v1alpha1\nkind: Profile\n{profile}")).unwrap();
    let args = ["check", "-", "--format", "json", "--profile", file.path().to_str().unwrap()];
    let report: Value = serde_json::from_str(&run(&mut kaito_render(&args), text).stdout).unwrap();
    let found = report["diagnostics"].as_array().unwrap().iter().filter(|finding| finding["severity"] != "note");
    let read = |finding: &Value| {
        let byte = |end: &str| usize::try_from(finding[end]["byte"].as_u64().unwrap()).unwrap();
        let place = if finding["file"] == "<stdin>" { &text[byte("start")..byte("end")] } else { "" };
        let title = format!("{} {}", finding["rule"].as_str().unwrap(), finding["severity"].as_str().unwrap());
        (title, place.to_owned(), finding["fix"]["replacement"].as_str().map(str::to_owned))
    };
    found.map(read).collect()
}

/// A Workspace with some lines behind its name.
fn with_metadata(text: &str, lines: &str) -> String {
    text.replacen("\nresource:", &format!("\n  {lines}\nresource:"), 1)
}

/// That a text has one finding: its title, the text at its place, and its repair.
fn assert_one(text: &str, profile: &str, title: &str, at: &str, fix: Option<&str>) {
    let expected = (title.to_owned(), at.to_owned(), fix.map(str::to_owned));
    assert_eq!(findings(text, profile), [expected], "{text}");
}

#[test]
fn the_texts_of_these_tests_have_no_findings() {
    for text in [WORKSPACE, OWN_PODS, SET] {
        assert_eq!(findings(text, ""), [], "{text}");
    }
}

#[test]
fn keys_of_kaito_s_that_nothing_reads_are_reported() {
    for (line, at, fix) in [
        ("annotations: {kaito.sh/enable-lb: \"True\"}", "kaito.sh/enable-lb", Some("kaito.sh/enablelb")),
        ("annotations: {\"kaito.sh/enableLB\": \"True\"}", "\"kaito.sh/enableLB\"", Some("\"kaito.sh/enablelb\"")),
        ("annotations: {kaito.sh/run-benchmark: \"true\"}", "kaito.sh/run-benchmark", None),
        ("labels: {kaito.sh/inference-rol: decode}", "kaito.sh/inference-rol", Some("kaito.sh/inference-role")),
        ("labels: {kaito.sh/team: a}", "kaito.sh/team", None),
    ] {
        assert_one(&with_metadata(WORKSPACE, line), "", "KR122 warning", at, fix);
    }
    let older = with_metadata(WORKSPACE, "annotations: {render.kaito.sh/node-count: \"2\"}")
        .replace("v1beta1", "v1alpha1")
        .replace("phi-4", "phi-2");
    assert_one(&older, "provisioner: machine\n", "KR122 warning", "render.kaito.sh/node-count", None);
    let set = SET.replacen("name: phi-4\n", "name: phi-4\n  annotations: {kaito.sh/enablelb: \"True\"}\n", 1);
    assert_one(&set, "", "KR122 warning", "kaito.sh/enablelb", None);
    for line in ["labels: {team: a, example.com/kaito.sh: b}", "annotations: {workspace.kaito.io/hash: \"0\"}"] {
        assert_eq!(findings(&with_metadata(WORKSPACE, line), ""), [], "{line}");
    }
}

#[test]
fn values_are_taken_for_what_they_look_like() {
    for (line, at, fix) in [
        ("annotations: {kaito.sh/enablelb: \"true\"}", "\"true\"", Some("\"True\"")),
        ("annotations: {kaito.sh/enablelb: 'yes'}", "'yes'", Some("\"True\"")),
        ("annotations: {kaito.sh/disable-benchmark: \"True\"}", "\"True\"", Some("\"true\"")),
        ("annotations: {kaito.sh/bypass-resource-checks: \"false\"}", "\"false\"", None),
        ("labels: {kaito.sh/inference-role: Decode}", "Decode", Some("decode")),
    ] {
        assert_one(&with_metadata(WORKSPACE, line), "", "KR123 warning", at, fix);
    }
    for line in [
        "annotations: {kaito.sh/enablelb: \"False\"}",
        "annotations: {kaito.sh/disable-benchmark: \"false\"}",
        "annotations: {kaito.sh/bypass-resource-checks: \"true\"}",
        "labels: {kaito.sh/inference-role: prefill}",
    ] {
        assert_eq!(findings(&with_metadata(WORKSPACE, line), ""), [], "{line}");
    }
}

#[test]
fn a_secret_is_reported_and_never_shown() {
    let token = format!("hf_{}", "aB3".repeat(12));
    let config =
        format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  a: |\n    b\n    {token} c\n");
    let texts = [
        (format!("{OWN_PODS}          args: [\"--token={token}\"]\n"), token.as_str(), "KR124 error"),
        (format!("{OWN_PODS}          command: [\"\\x2D{token}\"]\n"), token.as_str(), "KR124 error"),
        (format!("{OWN_PODS}          env: [{{name: A, value: 'https://a:s3cret@b.c/'}}]\n"), "s3cret", "KR124 error"),
        (format!("{OWN_PODS}          env: [{{name: DB_PASSWORD, value: \"s3cret\"}}]\n"), "s3cret", "KR125 warning"),
        (format!("{WORKSPACE}{config}"), token.as_str(), "KR124 error"),
    ];
    for (text, secret, title) in texts {
        assert_one(&text, "", title, secret, None);
        for format in ["human", "json"] {
            let run = run(&mut kaito_render(&["check", "-", "--format", format]), &text);
            assert!(run.stderr.contains("***") || format == "json", "{}", run.stderr);
            assert!(!format!("{}{}", run.stdout, run.stderr).contains(secret), "{}{}", run.stdout, run.stderr);
        }
    }
}

/// A message that quotes a value does not show the secret in it, whichever rule makes it.
#[test]
fn no_other_finding_shows_a_secret() {
    let tuning = "tuning:
  preset: {name: phi-4-mini-instruct}
  method: lora
  input: {urls: [\"https://me:s3cret@localhost/a\"]}
  output: {image: registry.example.com/a:1, imagePushSecret: push}
";
    let text = format!("{}{tuning}", WORKSPACE.split("inference:").next().unwrap());
    let titles: Vec<_> = findings(&text, "").into_iter().map(|(title, ..)| title).collect();
    assert_eq!(titles, ["KR119 error", "KR124 error"]);
    for format in ["human", "json"] {
        let run = run(&mut kaito_render(&["check", "-", "--format", format]), &text);
        assert!(!format!("{}{}", run.stdout, run.stderr).contains("s3cret"), "{}{}", run.stdout, run.stderr);
    }
}
