//! What another program was to fill in: KR116 at its place, once, and nothing else is said of it.

use serde_json::Value;

use crate::support::inputs::directory;
use crate::support::program::{kaito_render, run};

/// Marks as the tools that fill them in have them.
const MARKS: [&str; 9] = [
    "<name>",
    "NAME_HERE",
    "${x}",
    "$X",
    "$(x)",
    "#{x}#",
    "__X__",
    "{{ x }}",
    "${x:=y}",
];

const WORKSPACE: &str = "\
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: MARK
  namespace: MARK
  labels:
    a: MARK
  annotations:
    kaito.sh/runtime: MARK
    example.com/b: MARK
resource:
  count: MARK
  instanceType: MARK
  labelSelector:
    matchLabels:
      apps: MARK
  preferredNodes:
    - MARK
inference:
  config: MARK
  preset:
    name: MARK
    accessMode: MARK
    presetOptions:
      image: MARK
      modelAccessSecret: MARK
      imagePullSecrets:
        - MARK
  adapters:
    - source:
        name: MARK
        image: r.io/MARK:1
      strength: MARK
";

const PODS: &str = "\
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: own}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: own}}}
inference:
  template:
    metadata:
      labels:
        x: MARK
    spec:
      serviceAccountName: MARK
      containers:
        - name: MARK
          image: MARK
          command:
            - MARK
          args:
            - --x=MARK
          env:
            - name: A
              value: MARK
            - name: B
              valueFrom:
                secretKeyRef:
                  name: MARK
                  key: b
          ports:
            - containerPort: MARK
          resources:
            limits:
              nvidia.com/gpu: MARK
              memory: MARK
      nodeSelector:
        a: MARK
";

const SET: &str = "\
apiVersion: kaito.sh/v1beta1
kind: InferenceSet
metadata:
  name: MARK
spec:
  replicas: MARK
  nodeCountLimit: MARK
  labelSelector:
    matchLabels:
      apps: MARK
  template:
    metadata:
      annotations:
        kaito.sh/runtime: MARK
    resource:
      instanceType: MARK
    inference:
      preset:
        name: MARK
      config: MARK
";

const SETTINGS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  inference_config.yaml: |
    vllm:
      tool-call-parser: MARK
      chat-template: /templates/MARK.jinja
---
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: own}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: own}}}
inference:
  config: settings
  preset: {name: phi-4}
";

/// Rules and lines of what is reported.
fn found(text: &str) -> Vec<(String, u64)> {
    let files = directory(&[("input.yaml", text)]);
    let input = files.path().join("input.yaml");
    let args = ["check", input.to_str().unwrap(), "--format", "json"];
    let report = run(&mut kaito_render(&args), "").stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    let all = report["diagnostics"].as_array().unwrap().iter();
    let rule = |it: &Value| it["rule"].as_str().unwrap().to_owned();
    all.map(|it| (rule(it), it["start"]["line"].as_u64().unwrap_or(0)))
        .collect()
}

#[test]
fn every_mark_is_found_in_every_field_once_and_nothing_else() {
    for template in [WORKSPACE, PODS, SET, SETTINGS] {
        for mark in MARKS {
            for quote in ["", "\""] {
                let filled = |line: &str| match line.rsplit_once(' ') {
                    Some((key, value)) if value.contains("MARK") => {
                        format!("{key} {quote}{}{quote}\n", value.replace("MARK", mark))
                    }
                    _ => format!("{line}\n"),
                };
                let lines = template.lines().enumerate();
                let marked = lines.filter(|(_, line)| line.contains("MARK"));
                let expected: Vec<_> = marked
                    .map(|(index, _)| ("KR116".to_owned(), index as u64 + 1))
                    .collect();
                let text: String = template.lines().map(filled).collect();
                let mut found = found(&text);
                found.sort_by_key(|(_, line)| *line);
                assert_eq!(found, expected, "{text}");
            }
        }
    }
}

#[test]
fn what_is_filled_in_where_it_runs_is_no_placeholder() {
    let text = PODS
        .replace("--x=MARK", "--x=$(A) --host=$(WEB_SERVICE_HOST)")
        .replace("            - MARK\n", "            - /bin/serve\n")
        .replace("image: MARK", "image: r.io/a:1")
        .replace("memory: MARK", "memory: 1Gi")
        .replace("containerPort: MARK", "containerPort: 80")
        .replace("gpu: MARK", "gpu: 1")
        .replace("MARK", "own");
    assert_eq!(found(&text), []);
    let shell = text
        .replace("- /bin/serve", "- bash")
        .replace("--x=$(A)", "run $MODEL $(cat x)");
    assert_eq!(found(&shell), []);
    let unknown = text.replace("$(A)", "$(MODEL)");
    assert_eq!(found(&unknown), [("KR116".to_owned(), 18)]);
}

/// Instructions of a template are not values: one says that the file has still to be filled in.
#[test]
fn a_template_is_no_file_to_check() {
    let workspace = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: a}\n\
        resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {a: b}}}\n\
        inference:\n  preset:\n    name: phi-4\n";
    let text = format!("{{{{- if .Values.model }}}}\n{workspace}{{{{- end }}}}\n");
    assert_eq!(found(&text), [("KR116".to_owned(), 1)]);
    let text = workspace.replace("  preset:\n", "  {{- with .Values.preset }}\n  preset:\n");
    assert_eq!(found(&text), [("KR116".to_owned(), 6)]);
}
