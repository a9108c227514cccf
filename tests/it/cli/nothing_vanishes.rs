//! Nothing vanishes: a document that could be meant as one of KAITO's is compiled, refused, or named
//! in a diagnostic. What is left out in silence, a pruning deployment deletes.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::support::inputs::{self, SMALL, workspace, write};
use crate::support::program::{Run, kaito_render, run};

/// What has to become of an input.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// Its Workspace is part of the output.
    Compiled,
    /// An error of this rule.
    Error(&'static str),
    /// A warning of this rule.
    Warning(&'static str),
}

use Outcome::{Compiled, Error, Warning};

/// A way in which a Workspace may be written so that it could be missed.
struct Case {
    title: String,
    /// Paths and contents.
    files: Vec<(String, Vec<u8>)>,
    outcome: Outcome,
}

/// The Workspace that may vanish.
fn source() -> String {
    workspace("lost", SMALL)
}

fn set(replicas: &str) -> String {
    format!(
        "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {{name: lost}}\nspec:\n  \
         replicas: {replicas}\n  labelSelector: {{matchLabels: {{apps: lost}}}}\n  template:\n    \
         resource: {{instanceType: {SMALL}}}\n    inference: {{preset: {{name: phi-4}}}}\n"
    )
}

/// A Workspace as it is written to output.
fn rendered() -> String {
    let args = ["render", "-", "--format", "json"];
    let all = run(&mut kaito_render(&args), &source()).stdout;
    let list: serde_json::Value = serde_json::from_str(&all).unwrap();
    let items = list["items"].as_array().unwrap();
    let workspace = items.iter().find(|item| item["kind"] == "Workspace");
    workspace.unwrap().to_string()
}

fn case(title: &str, files: &[(&str, &str)], outcome: Outcome) -> Case {
    let files = files.iter();
    Case {
        title: title.to_owned(),
        files: files
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_owned()))
            .collect(),
        outcome,
    }
}

fn one(title: &str, path: &str, bytes: impl Into<Vec<u8>>, outcome: Outcome) -> Case {
    Case {
        title: title.to_owned(),
        files: vec![(path.to_owned(), bytes.into())],
        outcome,
    }
}

/// A document with a line of it replaced.
fn replaced(from: &str, to: &str) -> String {
    let text = source();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// Marks by which a directory was once taken for something else.
fn marks() -> Vec<Case> {
    let (text, index) = (source(), ".kaito-render.json");
    let text = text.as_str();
    let listed = |path: &str, fingerprint: &str| {
        json!({"version": 2, "files": {path: fingerprint}}).to_string()
    };
    let mut cases = Vec::new();
    for content in [
        "",
        "{}",
        "[]",
        "null",
        "{\"version\": 1, \"files\": [\"x.yaml\"]}",
    ] {
        cases.push(case(
            "an index",
            &[(index, content), ("x.yaml", text)],
            Compiled,
        ));
        cases.push(case(
            "an index above",
            &[(index, content), ("a/b/x.yaml", text)],
            Compiled,
        ));
    }
    let stale = listed("a/x.yaml", "00");
    cases.push(case(
        "another text",
        &[(index, &stale), ("a/x.yaml", text)],
        Compiled,
    ));
    // The fingerprint is right: nobody wrote this text, but somebody wrote the index.
    let fingerprint = inputs::fingerprint(text);
    let forged = listed("a/x.yaml", &fingerprint);
    cases.push(case(
        "a forged index",
        &[(index, &forged), ("a/x.yaml", text)],
        Compiled,
    ));
    cases
}

/// Charts, and names that hide a file.
fn charts() -> Vec<Case> {
    let text = source();
    let text = text.as_str();
    let mut cases = Vec::new();
    let chart = ("Chart.yaml", "name: chart\nversion: 0.1.0\n");
    for path in [
        "x.yaml",
        "a/x.yaml",
        "crds/x.yaml",
        "a/templates/x.yaml",
        "templates.yaml",
    ] {
        cases.push(case("beside a chart", &[chart, (path, text)], Compiled));
    }
    cases.push(case(
        "a template",
        &[chart, ("templates/x.yaml", text)],
        Warning("KR011"),
    ));
    cases.push(case(
        "deep in templates",
        &[chart, ("templates/a/b/x.yml", text)],
        Warning("KR011"),
    ));
    let templated = text.replace("lost", "{{ .Values.name }}");
    cases.push(case(
        "a real template",
        &[chart, ("templates/x.yaml", &templated)],
        Warning("KR011"),
    ));
    let json = as_json(text);
    cases.push(case(
        "a template in JSON",
        &[chart, ("templates/x.json", &json)],
        Warning("KR011"),
    ));
    cases.push(case(
        "a hidden file",
        &[(".x.yaml", text)],
        Warning("KR011"),
    ));
    cases
}

/// A kustomization that names the Workspace as a patch, which would be a part of another one.
fn patches() -> Vec<Case> {
    let text = source();
    let mut cases = Vec::new();
    for (file, list) in [
        ("kustomization.yaml", "patches: [{path: x.yaml}]\n"),
        ("kustomization.yml", "patchesStrategicMerge: [x.yaml]\n"),
        (
            "a/Kustomization",
            "patchesJson6902: [{path: ../x.yaml, target: {kind: Workspace}}]\n",
        ),
    ] {
        let json = as_json(&text);
        for (name, text) in [("x.yaml", &text), ("x.json", &json)] {
            let list = list.replace("x.yaml", name);
            cases.push(case(
                "a patch",
                &[(file, &list), (name, text), ("a/y.yaml", "")],
                Warning("KR011"),
            ));
        }
    }
    cases.push(case(
        "a resource",
        &[
            (
                "kustomization.yaml",
                "resources: [x.yaml]\npatches: [{path: x.yaml}]\n",
            ),
            ("x.yaml", &text),
        ],
        Compiled,
    ));
    cases
}

/// The same document as JSON.
fn as_json(text: &str) -> String {
    let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
    value.to_string()
}

/// The annotation of rendered output.
fn annotations() -> Vec<Case> {
    let with = |value: &str| {
        let annotated =
            format!("  name: lost\n  annotations: {{render.kaito.sh/rendered: {value}}}\n");
        replaced("  name: lost\n", &annotated)
    };
    let mut cases = Vec::new();
    for value in [
        "null",
        "''",
        "'true'",
        "'{}'",
        "'[]'",
        "edited",
        "'{\"version\": \"0.1.0\"}'",
    ] {
        cases.push(one("an annotation", "x.yaml", with(value), Compiled));
    }
    for value in ["true", "1", "[]", "{}"] {
        cases.push(one(
            "an annotation of another type",
            "x.yaml",
            with(value),
            Error("KR101"),
        ));
    }
    let set = set("1").replace(
        "{name: lost}",
        "{name: lost, annotations: {render.kaito.sh/rendered: 'x'}}",
    );
    cases.push(one("an annotation of a set", "x.yaml", set, Compiled));
    cases.push(one(
        "an exported Workspace",
        "x.json",
        rendered(),
        Warning("KR011"),
    ));
    cases.push(one(
        "a set of none",
        "x.yaml",
        self::set("0"),
        Warning("KR129"),
    ));
    cases
}

/// Lines in the place of `apiVersion: kaito.sh/v1beta1`.
const VERSIONS: [&str; 34] = [
    "apiVersion: kaito.io/v1beta1",
    "apiVersion: kiato.sh/v1beta1",
    "apiVersion: katio.sh/v1beta1",
    "apiVersion: kaitoo.sh/v1beta1",
    "apiVersion: kato.sh/v1beta1",
    "apiVersion: Kaito.sh/v1beta1",
    "apiVersion: KAITO.SH/v1beta1",
    "apiVersion: ' kaito.sh/v1beta1'",
    "apiVersion: \"kaito\\u200b.sh/v1beta1\"",
    "apiVersion: \"\\ufeffkaito.sh/v1beta1\"",
    "apiVersion: \"k\\u0430ito.sh/v1beta1\"",
    "apiVersion: kaito.sh",
    "apiVersion: kaito.shv1beta1",
    "apiVersion: kaito.sh.v1beta1",
    "apiVersion: kaito/v1beta1",
    "apiVersion: kaito-sh/v1beta1",
    "apiVersion: kaito.sh:v1beta1",
    "apiVersion: v1beta1/kaito.sh",
    "apiVersion: render.kaito.sh/v1alpha1",
    "apiVersion: x.kaito.sh/v1beta1",
    "apiVersion: v1beta1",
    "apiVersion: v1",
    "apiVersion: ''",
    "apiVersion: null",
    "apiVersion: 1",
    "apiVersion: true",
    "apiVersion: [kaito.sh/v1beta1]",
    "apiVersion: {kaito.sh/v1beta1: }",
    "ApiVersion: kaito.sh/v1beta1",
    "apiversion: kaito.sh/v1beta1",
    "api_version: kaito.sh/v1beta1",
    "' apiVersion': kaito.sh/v1beta1",
    "\"apiVersion\\u200b\": kaito.sh/v1beta1",
    "# apiVersion: kaito.sh/v1beta1",
];

/// What names a document, with a slip.
fn slips() -> Vec<Case> {
    let mut cases = Vec::new();
    let version = "apiVersion: kaito.sh/v1beta1";
    for slip in VERSIONS {
        let text = replaced(version, slip);
        cases.push(one(slip, "x.yaml", text, Error("KR118")));
    }
    for slip in [
        "workspace",
        "WORKSPACE",
        "Workspaces",
        "WorkSpace",
        "Worksapce",
        "' Workspace'",
        "\"Workspace\\n\"",
        "[Workspace]",
        "null",
    ] {
        let text = replaced("kind: Workspace", &format!("kind: {slip}"));
        cases.push(one(slip, "x.yaml", text, Error("KR118")));
    }
    for slip in ["Kind: Workspace", "kinds: Workspace", "# kind: Workspace"] {
        cases.push(one(
            slip,
            "x.yaml",
            replaced("kind: Workspace", slip),
            Error("KR118"),
        ));
    }
    let both = replaced(version, "ApiVersion: kaito.io/v1").replace("kind:", "Kind:");
    cases.push(one("both keys", "x.yaml", both, Error("KR118")));
    let both = replaced(version, "apiVersion: kaito.io/v1").replace("kind: W", "kind: w");
    cases.push(one("both values", "x.yaml", both, Error("KR118")));
    let set = set("1").replace("kaito.sh/v1beta1", "kaito.io/v1beta1");
    cases.push(one("a set", "x.yaml", set, Error("KR118")));
    let other = replaced("kind: Workspace", "kind: RAGEngine");
    cases.push(one(
        "another kind",
        "x.yaml",
        other.clone(),
        Warning("KR211"),
    ));
    let other = other.replace("kaito.sh/v1beta1", "kaito.io/v1beta1");
    cases.push(one(
        "another kind with a slip",
        "x.yaml",
        other,
        Error("KR118"),
    ));
    cases.push(one(
        "another version",
        "x.yaml",
        replaced(version, "apiVersion: kaito.sh/v9"),
        Error("KR202"),
    ));
    cases
}

fn indented(text: &str, by: usize) -> String {
    let lines = text.lines();
    lines
        .map(|line| format!("{}{line}\n", " ".repeat(by)))
        .collect()
}

/// Documents inside of others.
fn wrappers() -> Vec<Case> {
    let text = source();
    let item = format!("- {}", indented(&text, 2).trim_start());
    let of_key = format!("  lost:\n{}", indented(&text, 4));
    let one =
        |head: &str, body: &str, outcome| one(head, "x.yaml", format!("{head}\n{body}"), outcome);
    let mut cases = vec![
        one("apiVersion: v1\nkind: List\nitems:", &item, Compiled),
        one(
            "apiVersion: kaito.sh/v1beta1\nkind: WorkspaceList\nitems:",
            &item,
            Compiled,
        ),
    ];
    for head in [
        "apiVersion: v1\nkind: list\nitems:",
        "apiVersion: v1\nkind: LIST\nitems:",
        "kind: List\nitems:",
        "apiVersion: [v1]\nkind: List\nitems:",
        "items:",
        "apiVersion: v1\nitems:",
        "#",
    ] {
        cases.push(one(head, &item, Error("KR118")));
    }
    for head in ["apiVersion: v1\nkind: List\nitems:", "kind: List\nitems:"] {
        cases.push(one(head, &of_key, Error("KR118")));
    }
    for head in [
        "apiVersion: template.openshift.io/v1\nkind: Template\nobjects:",
        "apiVersion: work.open-cluster-management.io/v1\nkind: ManifestWork\nspec:\n  workload:\n    manifests:",
    ] {
        let item = indented(&item, 4);
        cases.push(one(head, &item, Warning("KR118")));
    }
    cases
}

/// Documents in JSON, and streams of them.
fn streams() -> Vec<Case> {
    let text = source();
    let json = as_json(&text);
    let mut cases = Vec::new();
    cases.push(one(
        "an array",
        "x.json",
        format!("[{json}]"),
        Error("KR118"),
    ));
    cases.push(one(
        "arrays",
        "x.json",
        format!("[[{json}]]"),
        Error("KR118"),
    ));
    cases.push(one("JSON", "x.json", json.clone(), Compiled));
    let slashes = json.replace('/', "\\/");
    cases.push(one("escaped", "x.json", slashes.clone(), Compiled));
    cases.push(one(
        "escaped and broken",
        "x.json",
        &slashes[..slashes.len() - 1],
        Error("KR003"),
    ));
    cases.push(one(
        "broken",
        "x.yaml",
        format!("{text}  - [\n"),
        Error("KR003"),
    ));
    let second = format!("a: 1\n---\n# second\n{text}");
    cases.push(one("the second document", "x.yaml", second, Compiled));
    cases.push(one(
        "behind the end",
        "x.yaml",
        format!("a: 1\n...\n{text}"),
        Compiled,
    ));
    cases
}

/// Names of files, and their encodings.
fn files() -> Vec<Case> {
    let text = source();
    let mut cases = Vec::new();
    for name in [
        "x.yaml",
        "x.yml",
        "x.YML",
        "x.Yaml",
        "x.YAML",
        "x.yaml ",
        "x.yml  ",
        "x.y.yaml",
        "x.yaml/y.yml",
    ] {
        cases.push(one(name, name, text.clone(), Compiled));
    }
    for name in ["x.json", "x.JSON", "x.Json "] {
        cases.push(one(name, name, as_json(&text), Compiled));
    }
    let marked = format!("\u{feff}{text}");
    cases.push(one("a mark", "x.yaml", marked.clone(), Compiled));
    cases.push(one("CRLF", "x.yaml", text.replace('\n', "\r\n"), Compiled));
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    let utf32 = |text: &str, bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
        text.chars()
            .flat_map(|char| bytes(u32::from(char)))
            .collect()
    };
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        cases.push(one("UTF-16", "x.yaml", utf16(&marked, bytes), Compiled));
        cases.push(one(
            "UTF-16 without a mark",
            "x.yaml",
            utf16(&text, bytes),
            Error("KR003"),
        ));
        let mut cut = utf16(&marked, bytes);
        cut.pop();
        cases.push(one("UTF-16, cut", "x.yaml", cut, Error("KR002")));
    }
    for bytes in [u32::to_le_bytes, u32::to_be_bytes] {
        cases.push(one(
            "UTF-32",
            "x.yaml",
            utf32(&marked, bytes),
            Error("KR002"),
        ));
    }
    let latin: Vec<_> = [text.as_bytes(), b"# \xe9\n"].concat();
    cases.push(one("Latin-1", "x.yaml", latin, Error("KR002")));
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 300\n";
    for name in ["x.yaml", "x.json"] {
        cases.push(one("a pointer of LFS", name, pointer, Error("KR001")));
    }
    for target in ["shared/x.yaml", "../x.yml", "/etc/x.json"] {
        cases.push(one("a link as text", "x.yaml", target, Error("KR001")));
    }
    cases
}

/// The input with one more Workspace, so that an empty input is not what is found.
fn render(directory: &Path) -> Run {
    write(&directory.join("zz-kept.yaml"), &workspace("kept", SMALL));
    run(kaito_render(&["render", "."]).current_dir(directory), "")
}

fn check(title: &str, run: &Run, outcome: Outcome) -> Option<String> {
    let has = |text: &str| run.stderr.contains(text);
    let is_met = match outcome {
        Compiled => run.code == 0 && run.stdout.contains("\n  name: lost"),
        Error(rule) => run.code == 1 && has(&format!("error[{rule}]")),
        Warning(rule) => run.code == 0 && has(&format!("warning[{rule}]")),
    };
    (!is_met).then(|| {
        format!(
            "{title}: not {outcome:?}, but {}:\n{}",
            run.code, run.stderr
        )
    })
}

#[test]
fn a_document_that_may_be_meant_is_compiled_refused_or_named() {
    let cases = [
        marks(),
        charts(),
        patches(),
        annotations(),
        slips(),
        wrappers(),
        streams(),
        files(),
    ];
    let cases: Vec<_> = cases.into_iter().flatten().collect();
    assert!(cases.len() > 105, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let directory = tempfile::tempdir().unwrap();
        for (path, bytes) in &case.files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        wrong.extend(self::check(
            &case.title,
            &render(directory.path()),
            case.outcome,
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_named() {
    for (link, outcome) in [
        ("x.yaml", Error("KR001")),
        ("x.YML", Error("KR001")),
        ("team", Warning("KR011")),
    ] {
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("../nowhere", directory.path().join(link)).unwrap();
        assert_eq!(check(link, &render(directory.path()), outcome), None);
    }
}

/// Git writes the target of a link into a file where `core.symlinks` is off.
#[test]
fn links_to_directories_that_are_text_are_named() {
    let directory = inputs::directory(&[
        ("shared/lost.yaml", &source()),
        ("teams/a/kept.yaml", &workspace("kept", SMALL)),
        ("teams/a/LICENSE", "../../shared is a directory"),
        ("teams/a/owners", "a\n"),
    ]);
    let check = |text: &str, paths: &[&str]| {
        write(&directory.path().join("teams/a/shared"), text);
        let args = [&["check"], paths].concat();
        run(kaito_render(&args).current_dir(directory.path()), "").stderr
    };
    let warning = "warning[KR011]: this file holds the path of a directory, which is not read";
    let said = check("../../shared", &["teams"]);
    assert!(
        said.contains(warning) && said.contains("--> teams/a/shared"),
        "{said}"
    );
    for (text, paths) in [
        ("../../shared", &["."][..]),
        ("../../shared", &["teams", "shared"]),
        ("../../shared\n", &["teams"]),
        ("../../nowhere", &["teams"]),
        ("kept.yaml", &["teams"]),
        ("", &["teams"]),
    ] {
        let said = check(text, paths);
        assert!(!said.contains("KR011"), "{text:?} {paths:?}: {said}");
    }
}

/// Files of ordinary repositories.
const ORDINARY: [(&str, &str); 22] = [
    ("Chart.yaml", "name: c\nversion: 0.1.0\n"),
    (
        "values.yaml",
        "resource: {instanceType: a}\ninference: {preset: {name: phi-4}}\n",
    ),
    ("templates/deployment.yaml", "kind: {{ .Values.kind }}\n"),
    (
        "templates/_helpers.tpl",
        "{{ define \"kaito.sh/Workspace\" }}\n",
    ),
    (".github/workflows/ci.yaml", "on: push\njobs: {}\n"),
    (".pre-commit-config.yaml", "repos: []\n"),
    (
        "terraform.yaml",
        "apiVersion: app.terraform.io/v1alpha2\nkind: Workspace\nmetadata: {name: a}\nspec: {}\n",
    ),
    (
        "kcp.yaml",
        "apiVersion: tenancy.kcp.io/v1alpha1\nkind: Workspace\nmetadata: {name: a}\n",
    ),
    (
        "tekton.yaml",
        "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a}\nspec: {workspaces: [{name: a}]}\n",
    ),
    (
        "katib.yaml",
        "apiVersion: kubeflow.org/v1beta1\nkind: Experiment\nmetadata: {name: katib}\n",
    ),
    ("moon.yml", "kind: workspace\nprojects: []\n"),
    ("pnpm-workspace.yaml", "packages: ['a']\n"),
    ("package.json", "{\"name\": \"a\", \"workspaces\": [\"b\"]}"),
    ("list.json", "[{\"kind\": \"a\"}, 1]"),
    ("openapi.json", "{\"openapi\": \"3.0.0\", \"paths\": {}}"),
    ("path.yaml", "see: a.yaml\n"),
    ("scalar.yaml", "a\n"),
    ("empty.yaml", ""),
    (
        "keda.yaml",
        "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: a}\nspec:\n  \
                     scaleTargetRef: {apiVersion: kaito.sh/v1beta1, kind: InferenceSet, name: a}\n",
    ),
    (
        "service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  ownerReferences:\n  \
                 - {apiVersion: kaito.sh/v1beta1, kind: Workspace, name: a, uid: b}\n",
    ),
    (
        "kustomization.yaml",
        "resources: [zz-kept.yaml]\npatches:\n- target: {group: kaito.sh, kind: Workspace}\n  path: a.yaml\n",
    ),
    ("secret.yaml", "apiVersion: v1\nkind: List\nitems: []\n"),
];

/// What ordinary repositories have is no reason for a warning.
#[test]
fn ordinary_repositories_raise_no_alarm() {
    let directory = tempfile::tempdir().unwrap();
    let lfs = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize {}\n",
        9 << 20
    );
    let lfs = ("data.json", lfs.as_str());
    for (path, text) in ORDINARY.into_iter().chain([lfs]) {
        write(&directory.path().join(path), text);
    }
    let run = render(directory.path());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        !run.stderr.contains("warning") && !run.stderr.contains("error"),
        "{}",
        run.stderr
    );
}

/// Whether a directory that is rendered into itself, again and again, loses nothing.
#[test]
fn output_below_the_input_is_not_input() {
    for format in ["yaml", "json"] {
        let directory = inputs::directory(&[
            ("a.yaml", &workspace("a", SMALL)),
            ("b.yaml", &workspace("b", SMALL)),
        ]);
        let render = |args: &[&str]| {
            let args = [&["render", "--format", format], args].concat();
            run(kaito_render(&args).current_dir(directory.path()), "")
        };
        let written = |run: &Run| {
            run.stderr
                .lines()
                .find(|line| line.contains(" written, "))
                .unwrap_or_default()
                .to_owned()
        };
        let first = render(&[".", "-o", "rendered/"]);
        assert!(
            written(&first).ends_with(" written, 0 removed"),
            "{}",
            first.stderr
        );
        let again = render(&[".", "-o", "rendered/"]);
        assert!(
            written(&again).ends_with(" 0 written, 0 removed"),
            "{}",
            again.stderr
        );
        assert!(!again.stderr.contains("warning"), "{}", again.stderr);
        // The one that is gone was output, and nobody has to be told of it.
        fs::remove_file(directory.path().join("b.yaml")).unwrap();
        let less = render(&[".", "-o", "rendered/"]);
        assert!(!less.stderr.contains("warning"), "{}", less.stderr);
        assert!(!directory.path().join("rendered/default/b").exists());
        // A source beside the output is one.
        write(
            &directory.path().join("rendered/c.yaml"),
            &workspace("c", SMALL),
        );
        let refused = render(&[".", "-o", "rendered/"]);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        let stdout = render(&["."]).stdout.replace('"', "");
        assert!(stdout.contains("name: c"), "{stdout}");
    }
}

/// The files of a directory, by path.
fn tree(directory: &TempDir) -> Vec<String> {
    let all = walkdir::WalkDir::new(directory.path()).sort_by_file_name();
    let all = all.into_iter().map(|entry| entry.unwrap().into_path());
    all.map(|path| path.display().to_string()).collect()
}

#[cfg(unix)]
#[test]
fn a_directory_to_which_a_link_to_a_source_leads_is_not_written_to() {
    let files = [
        ("team-a/a.yaml", &*workspace("a", SMALL)),
        (".git/HEAD", ""),
    ];
    let directory = inputs::directory(&files);
    fs::create_dir(directory.path().join("links")).unwrap();
    std::os::unix::fs::symlink("../team-a/a.yaml", directory.path().join("links/a.yaml")).unwrap();
    let before = tree(&directory);
    for source in ["links/a.yaml", "links"] {
        let args = ["render", source, "-o", "team-a/"];
        let run = run(kaito_render(&args).current_dir(directory.path()), "");
        assert_eq!(run.code, 2, "{source}: {}", run.stderr);
        assert!(
            run.stderr.contains("`links/a.yaml` is a source"),
            "{}",
            run.stderr
        );
        assert_eq!(tree(&directory), before, "{source}");
    }
}

#[test]
fn a_directory_in_which_a_source_lies_is_not_written_to() {
    let text = workspace("a", SMALL);
    let directory = inputs::directory(&[("team-a/x/a.yaml", &text), ("team-b/b.yaml", "a: 1\n")]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("team-a", directory.path().join("link")).unwrap();
    let before = tree(&directory);
    let absolute = directory.path().join("team-a");
    for args in [
        [".", "-o", "team-a/"],
        [".", "-o", "./team-a/x/../"],
        [".", "-o", "."],
        [".", "-o", "team-b/../team-a/x/"],
        ["team-a/x/a.yaml", "-o", "team-a/"],
        ["team-a", "-o", absolute.to_str().unwrap()],
        ["link", "-o", "team-a/"],
        [".", "-o", "team-a/x/a.yaml"],
        ["team-a", "-o", "./team-a/x/./a.yaml"],
    ] {
        let args = [&["render"], &args[..]].concat();
        let run = run(kaito_render(&args).current_dir(directory.path()), "");
        assert_eq!(run.code, 2, "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains("a.yaml` is a source"), "{}", run.stderr);
        assert_eq!(tree(&directory), before, "{args:?}");
        assert_eq!(
            fs::read_to_string(directory.path().join("team-a/x/a.yaml")).unwrap(),
            text
        );
    }
    for args in [
        [".", "-o", "team-b/"],
        ["team-a", "-o", "team-a2/"],
        ["team-a", "-o", "team-b/b.yaml"],
    ] {
        let args = [&["render"], &args[..]].concat();
        let run = run(kaito_render(&args).current_dir(directory.path()), "");
        assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    }
}

/// What is read and what is passed over, of each kind one.
fn mixed() -> TempDir {
    let set = set("1").replace("name: lost", "name: set");
    let text = workspace("a", SMALL);
    let directory = inputs::directory(&[
        ("a.yaml", &text),
        ("b.yaml", &workspace("b", SMALL)),
        ("c.yaml", &set),
        ("chart/Chart.yaml", "name: c\n"),
        ("chart/templates/a.yaml", "kind: {{ .Values.kind }}\n"),
        ("pod.yaml", "apiVersion: v1\nkind: Pod\n"),
        (
            "config.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
        ),
        (
            "overlay/kustomization.yaml",
            "patches: [{path: patch.yaml}]\n",
        ),
        (
            "overlay/patch.yaml",
            "kind: Workspace\napiVersion: kaito.sh/v1beta1\n",
        ),
        (".hidden.yaml", "a: 1\n"),
        (".git/config", ""),
        (".github/workflows/a.yaml", "on: push\n"),
        ("exported/a.json", &rendered().replace("lost", "a")),
    ]);
    let args = ["render", "a.yaml", "--only", "Workspace", "-o", "rendered/"];
    let made = run(kaito_render(&args).current_dir(directory.path()), "");
    assert_eq!(made.code, 0, "{}", made.stderr);
    directory
}

#[test]
fn the_last_line_says_what_was_read_and_passed_over() {
    let directory = mixed();
    let line = "2 Workspaces and 1 InferenceSet in 3 files; passed over: 1 chart, 1 patch, 1 file of output, \
                1 rendered Workspace, 1 hidden file, 1 hidden directory, 3 files without KAITO's kinds";
    let run_in = |args: &[&str]| run(kaito_render(args).current_dir(directory.path()), "");
    for args in [
        &["check", "."][..],
        &["render", "."],
        &["render", ".", "-o", "rendered/"],
        &["render", ".", "-o", "all.txt"],
        &["check", ".", "--format", "concise"],
    ] {
        let run = run_in(args);
        let last = run.stderr.lines().last().unwrap_or_default();
        let line = if args.contains(&"check") {
            line.replace(" in 3 files;", " in 3 files, no problems;")
        } else {
            line.to_owned()
        };
        assert_eq!(
            last,
            format!("kaito-render: {line}"),
            "{args:?}: {}",
            run.stderr
        );
        // Once the output is larger, it is passed over, too.
        if args.contains(&"rendered/") {
            break;
        }
    }
    let json = run_in(&["check", ".", "--format", "json"]);
    assert_eq!(json.stderr, "");
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let output = report["input"]["passedOver"]["outputFiles"].clone();
    let expected = json!({
        "workspaces": 2, "inferenceSets": 1, "files": 3,
        "passedOver": {
            "charts": 1, "patches": 1, "outputFiles": output, "renderedWorkspaces": 1, "hiddenFiles": 1,
            "hiddenDirectories": 1, "otherFiles": 3,
        },
    });
    assert_eq!(report["input"], expected);
    let diff = run_in(&["diff", "rendered", "exported"]);
    let after = "kaito-render: after: 1 Workspace in 1 file\n";
    assert!(diff.stderr.ends_with(after), "{}", diff.stderr);
}

/// Silence could also mean that nothing was looked at.
#[test]
fn a_check_that_finds_nothing_says_what_it_checked() {
    let two = format!("{}---\n{}", workspace("a", SMALL), workspace("b", SMALL));
    let directory = inputs::directory(&[("a.yaml", &two)]);
    for args in [
        &["check", "a.yaml"][..],
        &["check", "a.yaml", "--format", "concise"],
    ] {
        let run = run(kaito_render(args).current_dir(directory.path()), "");
        assert_eq!(run.stderr, "kaito-render: 2 Workspaces, no problems\n");
    }
}

/// Of files that are named, nothing is passed over.
#[test]
fn nothing_is_said_where_only_files_are_named() {
    let directory = inputs::directory(&[("a.yaml", &workspace("a", SMALL))]);
    for args in [
        &["render", "a.yaml"][..],
        &["render", "-"],
        &["diff", "a.yaml", "a.yaml"],
    ] {
        let mut command = kaito_render(args);
        let run = run(
            command.current_dir(directory.path()),
            &workspace("a", SMALL),
        );
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn what_was_read_is_said_on_the_line_of_the_diagnostics() {
    let directory = inputs::directory(&[("a.yaml", &workspace("a", "Standard_NC6"))]);
    let run = run(
        kaito_render(&["check", "."]).current_dir(directory.path()),
        "",
    );
    let last = run.stderr.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("kaito-render: 1 error") && last.ends_with("; 1 Workspace in 1 file"),
        "{}",
        run.stderr
    );
}
