//! Editors: the real yaml-language-server with our schemas.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::inputs::{self, workspace_of};
use crate::support::program::{kaito_render, root, run, stdout};
use crate::support::tools::tool;

/// How long a server may be silent before it counts as hung.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where in a text the cursor stands.
const CURSOR: &str = "‸";

/// A running yaml-language-server, and a directory with the schemas of all kinds that it is asked
/// about.
struct Server {
    child: Child,
    input: ChildStdin,
    output: Receiver<Value>,
    directory: TempDir,
    requests: u32,
    documents: u32,
}

/// What the server says of a document, and of the place of its cursor.
struct Said {
    /// The line, counted from 1 without that which names the schema, and the message of each
    /// diagnostic.
    diagnostics: Vec<(u64, String)>,
    completions: Vec<String>,
    hover: String,
}

impl Server {
    fn start(args: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for kind in ["workspace", "inferenceset", "profile", "overlay"] {
            let schema = stdout(&[&["schema", "--kind", kind], args].concat(), "");
            fs::write(directory.path().join(format!("{kind}.json")), schema).unwrap();
        }
        let mut command = tool("node/yaml-language-server/node_modules/.bin/yaml-language-server");
        command
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/tools.sh"));
        let (input, mut reader) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        let (sender, output) = channel();
        thread::spawn(move || {
            while let Some(message) = message(&mut reader)
                && sender.send(message).is_ok()
            {}
        });
        let mut server = Self {
            child,
            input,
            output,
            directory,
            requests: 0,
            documents: 0,
        };
        server.request(
            "initialize",
            &json!({"processId": null, "rootUri": null, "capabilities": {}}),
        );
        server.send(&json!({"method": "initialized", "params": {}}));
        server
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    /// The next message that is looked for. Questions of the server are answered by nothing.
    fn wait(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.output.recv_timeout(PATIENCE).unwrap();
            if message["method"].is_string() && !message["id"].is_null() {
                let items = message["params"]["items"].as_array().map_or(0, Vec::len);
                self.send(&json!({"id": message["id"], "result": vec![Value::Null; items]}));
            } else if is_meant(&message) {
                return message;
            }
        }
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({"id": id, "method": method, "params": params}));
        self.wait(|message| message["id"] == id)["result"].take()
    }

    /// Opens a document of a kind.
    fn open(&mut self, kind: &str, text: &str) -> Said {
        self.documents += 1;
        let uri = format!(
            "file://{}/{}.yaml",
            self.directory.path().display(),
            self.documents
        );
        let schema = format!("# yaml-language-server: $schema={kind}.json\n");
        let before = text.split(CURSOR).next().unwrap();
        let column = before
            .chars()
            .rev()
            .take_while(|char| *char != '\n')
            .count();
        let position = json!({"line": before.matches('\n').count() + 1, "character": column});
        let text = schema + &text.replace(CURSOR, "");
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.send(&json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}));
        let published = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == *uri
        });
        let at = json!({"textDocument": {"uri": uri}, "position": position});
        let completed = self.request("textDocument/completion", &at);
        let hover = self.request("textDocument/hover", &at);
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let diagnostics = list(&published["params"]["diagnostics"]);
        let diagnostic = |found: &Value| {
            (
                found["range"]["start"]["line"].as_u64().unwrap(),
                text(&found["message"]),
            )
        };
        Said {
            diagnostics: diagnostics.iter().map(diagnostic).collect(),
            completions: list(&completed["items"])
                .iter()
                .map(|item| text(&item["label"]))
                .collect(),
            hover: text(&hover["contents"]["value"]),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next message of the protocol; none at its end.
fn message(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            None => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn workspace(version: &str, instance_type: &str, preset: &str) -> String {
    workspace_of(version, "a", instance_type, preset)
}

fn inference_set(instance_type: &str, preset: &str) -> String {
    format!(
        "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {{name: a}}\nspec:\n  labelSelector: {{}}\n  \
         template:\n    resource:\n      instanceType: {instance_type}\n    inference:\n      preset:\n        \
         name: {preset}\n"
    )
}

#[test]
fn an_editor_shows_wrong_fields_of_every_kind_of_document() {
    let mut server = Server::start(&[]);
    let right = workspace("v1beta1", "Standard_NC24ads_A100_v4", "phi-4");
    let older = workspace("v1alpha1", "Standard_NC12s_v3", "falcon-7b");
    let set = inference_set("Standard_NC24ads_A100_v4", "phi-4");
    let profile = &inputs::profile("release: \"0.12\"\n");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: b}\n";
    let said = |server: &mut Server, kind, text: &str| server.open(kind, text).diagnostics;
    for (kind, text) in [
        ("workspace", &*right),
        ("workspace", &older),
        ("workspace", &set),
        ("workspace", secret),
        ("profile", profile),
    ] {
        assert_eq!(said(&mut server, kind, text), [], "{text}");
    }
    let not_allowed = |line, name| vec![(line, format!("Property {name} is not allowed."))];
    assert_eq!(
        said(&mut server, "workspace", &(right + "    nmae: a\n")),
        not_allowed(12, "nmae")
    );
    // `config` came with v1beta1.
    assert_eq!(
        said(&mut server, "workspace", &(older + "  config: a\n")),
        not_allowed(12, "config")
    );
    assert_eq!(
        said(&mut server, "workspace", &(set.clone() + "  nodes: 1\n")),
        not_allowed(12, "nodes")
    );
    assert_eq!(
        said(&mut server, "inferenceset", &(set + "  nodes: 1\n")),
        not_allowed(12, "nodes")
    );
    assert_eq!(
        said(
            &mut server,
            "profile",
            &(profile.to_owned() + "clod: azure\n")
        ),
        not_allowed(4, "clod")
    );
}

#[test]
fn an_editor_shows_wrong_fields_of_overlays() {
    let mut server = Server::start(&[]);
    let profile = inputs::profile("release: \"0.12\"\n");
    let overlay = "apiVersion: render.kaito.sh/v1alpha1\nkind: Overlay\nmetadata: {name: a}\n\
                   pod: {env: {A: b}}\n";
    let entries = "overlays: [{file: a}, {kustomization: b, name: c}, {name: d}]\n";
    for (kind, text) in [
        ("profile", profile.clone() + entries),
        ("overlay", overlay.to_owned()),
    ] {
        assert_eq!(server.open(kind, &text).diagnostics, [], "{text}");
    }
    let misspelt = [
        (
            "profile",
            profile.clone() + "overlays: [{file: a, name: b}]\n",
            4,
            "name",
        ),
        (
            "profile",
            profile.clone() + "overlays: [{name: b, pods: {}}]\n",
            4,
            "pods",
        ),
        ("overlay", overlay.to_owned() + "pods: {}\n", 5, "pods"),
    ];
    for (kind, text, line, name) in misspelt {
        assert_eq!(
            server.open(kind, &text).diagnostics,
            [(line, format!("Property {name} is not allowed."))]
        );
    }
}

#[test]
fn an_editor_suggests_the_names_of_the_release_and_takes_others() {
    let mut server = Server::start(&[]);
    let mut names = |text: &str| server.open("workspace", text).completions;
    let has = |names: &[String], name: &str| names.iter().any(|found| found == name);
    let newer = names(&workspace("v1beta1", "x", CURSOR));
    assert!(
        has(&newer, "phi-4") && has(&newer, "microsoft/phi-4") && !has(&newer, "falcon-7b"),
        "{newer:?}"
    );
    let older = names(&workspace("v1alpha1", "x", CURSOR));
    assert!(
        has(&older, "falcon-7b") && !has(&older, "phi-4"),
        "{older:?}"
    );
    let types = names(&workspace("v1beta1", CURSOR, "phi-4"));
    assert!(
        has(&types, "Standard_NC24ads_A100_v4") && has(&types, "g6.xlarge"),
        "{types:?}"
    );
    let of_set = names(&inference_set("x", CURSOR));
    assert!(has(&of_set, "phi-4"), "{of_set:?}");
    let versions = names(&format!("apiVersion: {CURSOR}\n"));
    assert!(
        has(&versions, "kaito.sh/v1beta1") && has(&versions, "kaito.sh/v1alpha1"),
        "{versions:?}"
    );
    let tuned = format!(
        "apiVersion: kaito.sh/v1alpha1\nkind: Workspace\nmetadata: {{name: a}}\ntuning:\n  preset: {{name: {CURSOR}}}\n"
    );
    let tuned = names(&tuned);
    assert!(
        has(&tuned, "falcon-7b") && !has(&tuned, "llama-2-7b"),
        "{tuned:?}"
    );
    let releases = server.open("profile", &inputs::profile(&format!("release: {CURSOR}\n")));
    assert!(
        has(&releases.completions, "\"0.12\""),
        "{:?}",
        releases.completions
    );
    assert_eq!(
        server
            .open(
                "workspace",
                &workspace("v1beta1", "Ours_v1", "our-org/Model")
            )
            .diagnostics,
        []
    );
}

#[test]
fn an_editor_says_what_a_field_is() {
    let mut server = Server::start(&[]);
    let hover = server
        .open(
            "workspace",
            &workspace("v1beta1", "x", &format!("org/{CURSOR}model")),
        )
        .hover;
    assert!(
        hover.contains("The model's name in the catalogue."),
        "{hover}"
    );
    let key = workspace("v1alpha1", "x", "falcon-7b")
        .replace("matchLabels", &format!("match{CURSOR}Labels"));
    let hover = server.open("workspace", &key).hover;
    assert!(hover.contains("Labels and their values."), "{hover}");
}

#[test]
fn an_editor_knows_the_names_of_a_library_and_of_a_release() {
    let directory = tempfile::tempdir().unwrap();
    let models = directory.path().join("presets/0.3/models");
    fs::create_dir_all(&models).unwrap();
    fs::copy(
        root().join("presets/0.3/models/phi-2.yaml"),
        models.join("our-model.yaml"),
    )
    .unwrap();
    let library = directory.path().to_str().unwrap();
    let older = workspace("v1alpha1", "x", CURSOR);
    let names = Server::start(&["--library", library])
        .open("workspace", &older)
        .completions;
    assert!(
        names.contains(&"our-model".to_owned()) && names.contains(&"phi-2".to_owned()),
        "{names:?}"
    );
    let names = Server::start(&["--release", "0.12"])
        .open("workspace", &older)
        .completions;
    assert!(
        names.contains(&"phi-4".to_owned()) && !names.contains(&"phi-2".to_owned()),
        "{names:?}"
    );
    fs::write(models.join("our-model.yaml"), "family: 1\n").unwrap();
    let wrong = run(
        &mut kaito_render(&["schema", "--kind", "workspace", "--library", library]),
        "",
    );
    assert_eq!((wrong.code, wrong.stdout.as_str()), (1, ""));
    assert!(
        wrong.stderr.contains("`family` must be a string"),
        "{}",
        wrong.stderr
    );
}
