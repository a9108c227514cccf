//! A plaintext secret of the input is in no byte of what a command prints.
//!
//! Each file of [`BROKEN`] and [`PLAIN`] holds one secret at one kind of place, and each command is a
//! case. The objects that `render` writes are the exception: they carry what the user wrote.

use std::collections::BTreeSet;
use std::path::Path;

use tempfile::TempDir;

use crate::support::builder::Test;
use crate::support::inputs;

/// A file with a secret.
struct File {
    name: &'static str,
    text: String,
    secret: String,
}

impl File {
    /// `SECRET` stands for the secret, which is another one in each file.
    fn new(name: &'static str, secret: &str, text: &str) -> Self {
        Self {
            name,
            text: text.replace("SECRET", secret),
            secret: secret.to_owned(),
        }
    }
}

/// A Workspace with a container of its own, and some lines of that.
fn container(name: &str, lines: &str) -> String {
    format!(
        "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {{name: {name}}}\nresource:\n  \
         instanceType: {}\n  labelSelector: {{matchLabels: {{apps: {name}}}}}\ninference:\n  template:\n    \
         spec:\n      containers:\n      - name: server\n        image: registry.example.com/server:1\n{lines}",
        inputs::SMALL
    )
}

/// A secret whose form is known.
fn token(filling: &str) -> String {
    format!("hf_{}", filling.repeat(12))
}

/// Files in which something is an error.
#[expect(clippy::too_many_lines, reason = "a table")]
fn broken() -> Vec<File> {
    let secret = |lines: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: push}}\nstringData:\n{lines}")
    };
    vec![
        File::new(
            "secret-not-parsed.yaml",
            "correct-horse-1",
            &secret("  user: me\n  password: SECRET: x\n"),
        ),
        File::new(
            "secret-not-closed.yaml",
            "correct-horse-2",
            &secret("  password: \"SECRET\n"),
        ),
        File::new(
            "secret-ambiguous.yaml",
            "12_345_678",
            &secret("  pin: SECRET\n"),
        ),
        File::new(
            "secret-key-twice.yaml",
            "correct-horse-3",
            &secret("  password: SECRET\n  password: SECRET\n"),
        ),
        File::new(
            "secret-tagged.yaml",
            "correct-horse-13",
            "apiVersion: v1\nkind: !!str Secret\nmetadata: {name: tagged}\ndata:\n  password: SECRET: x\n",
        ),
        File::new(
            "env-value-twice.yaml",
            "correct-horse-14",
            &container(
                "env-value-twice",
                "        env:\n        - name: DB_PASSWORD\n          value: SECRET\n          value: SECRET\n",
            ),
        ),
        File::new(
            "env-value-below.yaml",
            "correct-horse-15",
            &container(
                "env-value-below",
                "        env:\n        - name: DB_PASSWORD\n          value:\n            SECRET: y: z\n",
            ),
        ),
        File::new(
            "env-in-json.json",
            "correct-horse-16",
            r#"{"kind": "ConfigMap", "data": {"x": "{\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"SECRET\"}]}"} x"#,
        ),
        File::new(
            "env-token.yaml",
            &token("xY7"),
            &container("env-token", "        env: [{name: A, value: SECRET}]\n"),
        ),
        File::new(
            "argument-token.yaml",
            &token("bC4"),
            &container("argument-token", "        args: [\"--token=SECRET\"]\n"),
        ),
        File::new(
            "url.yaml",
            "correct-horse-4",
            &container(
                "url",
                "        env: [{name: A, value: \"https://me:SECRET@example.com/\"}]\n",
            ),
        ),
        File::new(
            "url-of-data.yaml",
            "correct-horse-5",
            "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: data}\nresource:\n  \
             instanceType: Standard_NC24ads_A100_v4\n  labelSelector: {matchLabels: {apps: data}}\ntuning:\n  \
             preset: {name: phi-4-mini-instruct}\n  method: lora\n  input: {urls: [\"https://me:SECRET@localhost/a\"]}\n  \
             output: {image: \"registry.example.com/a:1\", imagePushSecret: push}\n",
        ),
        File::new(
            "pem.yaml",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
            &container(
                "pem",
                "        env:\n        - name: A\n          value: |\n            -----BEGIN PRIVATE KEY-----\n            \
                 SECRET\n            -----END PRIVATE KEY-----\n",
            ),
        ),
        File::new(
            "pem-escaped.yaml",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASD",
            &container(
                "pem-escaped",
                "        env: [{name: A, value: \"-----BEGIN PRIVATE KEY-----\\nSECRET\\n-----END PRIVATE KEY-----\\n\"}]\n",
            ),
        ),
        File::new(
            "pem-single-quoted.yaml",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASE",
            &container(
                "pem-single-quoted",
                "        env: [{name: A, valeu: x, value: '-----BEGIN PRIVATE KEY-----\\nSECRET\\n-----END PRIVATE KEY-----'}]\n",
            ),
        ),
        File::new(
            "pem-not-closed.yaml",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASF",
            &container(
                "pem-not-closed",
                "        env: [{name: A, value: \"-----BEGIN PRIVATE KEY-----\\nSECRET\\n-----END PRIVATE KEY-----}]\n",
            ),
        ),
        File::new(
            "quoted-by-a-rule.yaml",
            &token("cD5"),
            &inputs::workspace("quoted", inputs::SMALL).replace("name: phi-4", "name: SECRET"),
        ),
    ]
}

/// Files without an error.
fn plain() -> Vec<File> {
    vec![
        File::new(
            "secret.yaml",
            "correct-horse-6",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: push}\nstringData: {password: SECRET}\n",
        ),
        File::new(
            "secret-data.yaml",
            "Y29ycmVjdC1ob3JzZS03",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: pull}\ndata: {password: SECRET}\n",
        ),
        File::new(
            "secret-as-text.yaml",
            "correct-horse-8",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: text}\nstringData: SECRET\n",
        ),
        File::new(
            "secret-as-list.yaml",
            "correct-horse-9",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: list}\nstringData: [SECRET]\n",
        ),
        File::new(
            "last-applied.yaml",
            "correct-horse-10",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: applied\n  annotations:\n    \
             kubectl.kubernetes.io/last-applied-configuration: '{\"stringData\":{\"password\":\"SECRET\"}}'\n",
        ),
        File::new(
            "env-password.yaml",
            "correct-horse-11",
            &container(
                "env-password",
                "        env: [{name: DB_PASSWORD, value: \"SECRET\"}]\n",
            ),
        ),
    ]
}

/// A field of the objects that has a secret.
const FIELD: &str = "StatefulSet/spec.template.spec.containers[0].env[0].value";

/// The files whose secrets a test prints, for one of the commands.
fn shown(command: &str, test: Test, files: &[File]) -> BTreeSet<(String, String)> {
    let run = test.run();
    assert!(
        !run.stdout.is_empty() || !run.stderr.is_empty() || command.starts_with("render"),
        "{command} prints nothing"
    );
    let printed = if command.starts_with("render") && run.code == 0 {
        run.stderr.clone()
    } else {
        format!("{}{}", run.stdout, run.stderr)
    };
    let shown = files.iter().filter(|file| printed.contains(&file.secret));
    shown
        .map(|file| (command.to_owned(), file.name.to_owned()))
        .collect()
}

/// A directory with files under a directory of its own.
fn directory(files: &[File]) -> TempDir {
    let files: Vec<_> = files
        .iter()
        .map(|file| (format!("in/{}", file.name), file.text.as_str()))
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    inputs::directory(&files)
}

/// A command over all files, each of which is named, so that documents that are no Workspaces count.
fn over(directory: &Path, files: &[File], command: &str, args: &[&str]) -> Test {
    let paths: Vec<_> = files
        .iter()
        .map(|file| format!("in/{}", file.name))
        .collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    Test::within(directory)
        .command(command)
        .args(args)
        .args(&paths)
}

/// Runs a command with several sets of arguments over both sets of files.
fn assert_hidden_by(command: &str, cases: &[&[&str]]) {
    let mut all = BTreeSet::new();
    for files in [broken(), plain()] {
        let directory = directory(&files);
        for args in cases {
            let title = [&[command], *args].concat().join(" ");
            let test = over(directory.path(), &files, command, args);
            all.extend(shown(&title, test, &files));
        }
    }
    assert_eq!(all, BTreeSet::new(), "secrets are shown");
}

/// A file about which nothing is said would have nothing to hide.
#[test]
fn each_broken_file_has_a_diagnostic() {
    let files = broken();
    let directory = directory(&files);
    let run = over(directory.path(), &files, "check", &[]).exits(1).run();
    for File { name, .. } in files {
        assert!(run.stderr.contains(name), "{name}: {}", run.stderr);
    }
}

#[test]
fn check_hides_secrets() {
    assert_hidden_by(
        "check",
        &[
            &[],
            &["--color", "always"],
            &["--format", "concise"],
            &["--format", "json"],
            &["--format", "sarif"],
            &["--format", "github"],
            &["--format", "junit"],
            &["--target-release", "0.12"],
            &["--against-path", "in"],
            &["--fix"],
        ],
    );
}

#[test]
fn render_hides_secrets_in_all_but_the_objects() {
    assert_hidden_by("render", &[&[], &["--only-generated"], &["-o", "out/"]]);
}

#[test]
fn explain_hides_secrets() {
    assert_hidden_by("explain", &[&[], &["--field", FIELD]]);
}

#[test]
fn diff_hides_secrets() {
    let formats: [&[&str]; 4] = [
        &[],
        &["--stat"],
        &["--format", "markdown"],
        &["--format", "json"],
    ];
    let plain = plain();
    let stream = |replaced: &dyn Fn(&File) -> String| {
        let texts: Vec<_> = plain.iter().map(replaced).collect();
        texts.join("---\n")
    };
    let other = inputs::workspace("other", inputs::SMALL);
    let of_plain = inputs::directory(&[
        ("other.yaml", &other),
        ("in.yaml", &stream(&|file| file.text.clone())),
        (
            "changed.yaml",
            &stream(&|file| file.text.replace(&file.secret, "0123456789")),
        ),
    ]);
    let mut all = BTreeSet::new();
    for (case, before, after) in [
        ("added", "other.yaml", "in.yaml"),
        ("removed", "in.yaml", "other.yaml"),
        ("changed", "changed.yaml", "in.yaml"),
    ] {
        for format in formats {
            let test = Test::within(of_plain.path()).command("diff").args(format);
            let title = [&["diff"], format, &[case]].concat().join(" ");
            all.extend(shown(&title, test.args(&[before, after]), &plain));
        }
    }
    let broken = broken();
    let of_broken = directory(&broken);
    inputs::write(&of_broken.path().join("other.yaml"), &other);
    for file in &broken {
        let path = format!("in/{}", file.name);
        let test = Test::within(of_broken.path()).command("diff");
        let test = test.args(&["other.yaml", &path]);
        all.extend(shown("diff broken", test, std::slice::from_ref(file)));
    }
    assert_eq!(all, BTreeSet::new(), "secrets are shown");
}

/// A library whose files are read by every command that takes one.
#[test]
fn the_catalogue_hides_secrets() {
    let model = File::new(
        "presets/0.3/models/ours.yaml",
        &token("dE6"),
        "family: ours\nimage: [SECRET]\ntoken: SECRET\n",
    );
    let not_parsed = File::new(
        "presets/0.3/models/ours.yaml",
        &token("eF7"),
        "family: [\ntoken: SECRET\n",
    );
    let mut all = BTreeSet::new();
    for file in [model, not_parsed] {
        let directory = inputs::directory(&[(&format!("library/{}", file.name), &file.text)]);
        for args in [
            &["presets", "list"][..],
            &["presets", "show", "ours"],
            &["schema", "--kind", "workspace"],
        ] {
            let test = Test::within(directory.path())
                .command(args[0])
                .args(&args[1..])
                .args(&["--library", "library"]);
            let title = args.join(" ");
            all.extend(shown(&title, test, std::slice::from_ref(&file)));
        }
    }
    let config = File::new(
        "config.json",
        &token("fG8"),
        "{\"architectures\": \"SECRET\", \"token\": \"SECRET\"",
    );
    let directory = inputs::directory(&[(config.name, &config.text), ("files.json", "[]")]);
    let test = Test::within(directory.path()).command("presets").args(&[
        "import",
        "--name",
        "our/model",
        "--config",
        "config.json",
        "--files",
        "files.json",
    ]);
    all.extend(shown("presets import", test, std::slice::from_ref(&config)));
    assert_eq!(all, BTreeSet::new(), "secrets are shown");
}

/// What a profile says wrong, for every command that reads one.
#[test]
fn the_profile_is_read_without_showing_its_secrets() {
    let profiles = [
        File::new(
            "wrong",
            &token("gH9"),
            &inputs::profile("registry: 1\ntoken: SECRET\ncloud: SECRET\n"),
        ),
        File::new(
            "not-parsed",
            "correct-horse-12",
            &inputs::profile("registry: https://me:SECRET@example.com: x\n"),
        ),
    ];
    let mut all = BTreeSet::new();
    for file in profiles {
        let workspace = inputs::workspace("a", inputs::SMALL);
        let directory = inputs::directory(&[
            ("a/a.yaml", &workspace),
            ("a/kaito-render.yaml", &file.text),
            ("b/a.yaml", &workspace),
        ]);
        for args in [
            &["check", "a"][..],
            &["check", "a", "--format", "json"],
            &["render", "a"],
            &["explain", "a"],
            &["diff", "b", "a"],
        ] {
            let test = Test::within(directory.path())
                .command(args[0])
                .args(&args[1..]);
            let title = format!("profile: {}", args.join(" "));
            all.extend(shown(&title, test, std::slice::from_ref(&file)));
        }
    }
    assert_eq!(all, BTreeSet::new(), "secrets are shown");
}
