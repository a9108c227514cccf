//! Text from input that would mislead who reads the output: a terminal, a page of GitHub, or a log of
//! continuous integration, which take some characters for more than text.

use std::fs;

use tempfile::TempDir;

use crate::support::builder::Test;
use crate::support::inputs::{self, LARGE, SMALL, workspace};
use crate::support::program;

/// What stands in the input, as a string of JSON: it clears a screen, sets a title, reverses a line,
/// and begins lines with commands and with markup.
const HOSTILE: &str = r#""x\u001b[2J\u001b]0;t\u0007\r\u202e\u2066\u009b31m\u200e\n::stop-commands::t\n##[error]v ##vso[task.x]\nFORGED\n\n# FORGED\n<img src=x> @all #1 ![a](b) | x""#;

/// A way to put hostile text into a Workspace, at which each command is tried.
fn inputs() -> Vec<(&'static str, String)> {
    let plain = workspace("plain", LARGE);
    let in_metadata = |field: &str| {
        plain.replace(
            "name: plain\nresource",
            &format!("name: plain\n  {field}\nresource"),
        )
    };
    let own_pods = format!(
        "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {{name: plain}}\nresource:\n  instanceType: {SMALL}\n  \
         labelSelector: {{matchLabels: {{apps: plain}}}}\ninference:\n  template:\n    spec:\n      containers:\n      \
         - {{name: server, image: \"registry.example.com/server:1\", args: [{HOSTILE}], env: [{{name: A, value: {HOSTILE}}}]}}\n"
    );
    let object = |name: &str, namespace: &str| {
        format!(
            "{plain}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}, labels: {{a: {HOSTILE}}}}}\n\
             data: {{a: {HOSTILE}, {HOSTILE}: b}}\n"
        )
    };
    vec![
        ("name", plain.replace("name: plain\nresource", &format!("name: {HOSTILE}\nresource"))),
        ("namespace", in_metadata(&format!("namespace: {HOSTILE}"))),
        ("label", in_metadata(&format!("labels: {{{HOSTILE}: {HOSTILE}}}"))),
        ("annotation", in_metadata(&format!("annotations: {{kaito.sh/runtime: {HOSTILE}}}"))),
        ("selector", plain.replace("apps: plain", &format!("apps: {HOSTILE}"))),
        ("instance type", plain.replace(LARGE, HOSTILE)),
        ("preset", plain.replace("phi-4", HOSTILE)),
        ("field", format!("{plain}{HOSTILE}: 1\n")),
        ("version", plain.replace("kaito.sh/v1beta1", HOSTILE)),
        ("kind", format!("{plain}---\napiVersion: v1\nkind: {HOSTILE}\nmetadata: {{name: a}}\n")),
        ("passed through", object(HOSTILE, "default")),
        ("namespace passed through", object("a", HOSTILE)),
        ("values", own_pods),
        ("rendered by another", format!(
            "apiVersion: {HOSTILE}\nkind: ConfigMap\nmetadata: {{name: a, labels: {{kaito.sh/workspace: {HOSTILE}, \
             kaito.sh/workspacenamespace: {HOSTILE}}}}}\ndata: {{a: b}}\n"
        )),
        ("raw", "apiVersion: kaito.sh/v1beta1\nkind: Workspace # \u{202e}\u{200e}\u{9b}2J\r::stop-commands::t\nmetadata: {name: [\n".to_owned()),
    ]
}

/// The commands whose output people read, with `IN` for the input and `OTHER` for another one.
const COMMANDS: [&[&str]; 14] = [
    &["check", "IN"],
    &["check", "--format", "concise", "IN"],
    &["check", "--format", "github", "IN"],
    &["check", "--format", "junit", "IN"],
    &["check", "--target-release", "0.12", "IN"],
    &["check", "--against-path", "OTHER", "IN"],
    &["render", "IN", "-o", "OUT"],
    &["explain", "IN"],
    &["explain", "--field", "StatefulSet/metadata.labels", "IN"],
    &["diff", "OTHER", "IN"],
    &["diff", "IN", "OTHER"],
    &["diff", "--stat", "OTHER", "IN"],
    &["diff", "--format", "markdown", "OTHER", "IN"],
    &["diff", "--format", "markdown", "IN", "OTHER"],
];

/// What is wrong with an output.
fn obeyed(text: &str) -> Option<String> {
    let is_hidden = |letter: char| {
        letter.is_control() && !matches!(letter, '\n' | '\t')
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(letter) = text.chars().find(|letter| is_hidden(*letter)) {
        return Some(format!("{letter:?} is printed"));
    }
    for line in text.lines() {
        let start = line.trim_start();
        let command = start
            .strip_prefix("::")
            .and_then(|rest| rest.split([' ', ':']).next());
        if command.is_some_and(|name| !["", "error", "warning", "notice"].contains(&name))
            || line.contains("##[")
            || line.contains("##vso[")
        {
            return Some(format!("a command: {line}"));
        }
        if start
            .trim_start_matches(['#', ' ', '+', '-', '~', '!'])
            .starts_with("FORGED")
        {
            return Some(format!("a line of its own: {line}"));
        }
    }
    None
}

/// What a command prints on stdout and stderr.
fn run(directory: &TempDir, command: &[&str], path: &str) -> [String; 2] {
    let args: Vec<_> = command[1..]
        .iter()
        .map(|arg| match *arg {
            "IN" => path,
            "OTHER" => "other.yaml",
            "OUT" => "out",
            arg => arg,
        })
        .collect();
    let run = Test::within(directory.path())
        .command(command[0])
        .args(&args)
        .run();
    [run.stdout.clone(), run.stderr.clone()]
}

#[test]
fn no_text_of_the_input_is_more_than_text() {
    let other = workspace("other", SMALL);
    let mut printed = 0;
    // A sample gives each input to other commands.
    let commands = program::sample(COMMANDS.len());
    for (index, (name, text)) in inputs().into_iter().enumerate() {
        let directory = inputs::directory(&[("in.yaml", &text), ("other.yaml", &other)]);
        let skipped = (index * commands) % COMMANDS.len();
        for command in COMMANDS.iter().cycle().skip(skipped).take(commands) {
            let output = run(&directory, command, "in.yaml").concat();
            printed += usize::from(output.contains("stop-commands"));
            if let Some(why) = obeyed(&output) {
                panic!("{name}: {}: {why}\n{output}", command.join(" "));
            }
        }
    }
    assert!(
        printed > 20,
        "the hostile text is hardly printed: {printed}"
    );
}

#[test]
fn markdown_makes_nothing_of_text() {
    let other = workspace("other", SMALL);
    for (name, text) in inputs() {
        for sides in [["IN", "OTHER"], ["OTHER", "IN"]] {
            let directory = inputs::directory(&[("in.yaml", &text), ("other.yaml", &other)]);
            let command = [&["diff", "--format", "markdown"], &sides[..]].concat();
            let [output, _] = run(&directory, &command, "in.yaml");
            // What stands in blocks of code is text.
            let mut outside = String::new();
            let mut fence: Option<String> = None;
            for line in output.lines() {
                let ticks: String = line.chars().take_while(|letter| *letter == '`').collect();
                match &fence {
                    Some(open) if *open == line => fence = None,
                    None if ticks.len() >= 3 => fence = Some(ticks),
                    None => outside += &format!("{line}\n"),
                    Some(_) => {}
                }
            }
            assert_eq!(fence, None, "{name}: a block is open: {output}");
            for live in ["<img", "@all", " #1 ", "![a]", "\n# "] {
                assert!(!outside.contains(live), "{name}: {live}: {output}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn names_of_files_and_arguments_are_only_text() {
    let name = "\u{1b}[2J\u{202e}\n::stop-commands::t\nFORGED.yaml";
    let other = workspace("other", SMALL);
    let directory = inputs::directory(&[
        (name, "apiVersion: kaito.sh/v1beta1\nkind: Workspace\n"),
        ("other.yaml", &other),
    ]);
    for command in COMMANDS {
        let output = run(&directory, command, name).concat();
        assert_eq!(obeyed(&output), None, "{}: {output}", command.join(" "));
    }
    fs::write(
        directory.path().join("profile.yaml"),
        inputs::profile("cloud: aws\n"),
    )
    .unwrap();
    let option = format!("--{name}");
    for args in [
        &["check", option.as_str()][..],
        &["check", "--color", name],
        &["check", "missing/\u{1b}[2J\n::stop-commands::t\nFORGED"],
        &[
            "check",
            "--profile",
            "missing\u{1b}[2J\nFORGED",
            "other.yaml",
        ],
        &["diff", "--against", "HEAD\u{1b}[2J\nFORGED", "other.yaml"],
        &["explain", "--field", "Pod/\u{1b}[2J\nFORGED", "other.yaml"],
        &["presets", "show", "\u{1b}[2J\nFORGED"],
        &["rule", "\u{1b}[2J\nFORGED"],
        &["render", "other.yaml", "--release", "\u{1b}[2J\nFORGED"],
        &["render", "other.yaml", "-o", "\u{1b}[2J\nFORGED/out.yaml"],
        &["man", "\u{1b}[2J\nFORGED"],
    ] {
        let output = run(&directory, args, name).concat();
        assert_eq!(obeyed(&output), None, "{args:?}: {output}");
    }
}

#[test]
fn a_library_is_only_text_in_tables_and_pages() {
    let directory = inputs::directory(&[
        (
            "library/presets/0.3/models/ours.yaml",
            "# \u{202e}\u{9b}2J\n::stop-commands::t\nfamily: \"a\\e[2J\\nFORGED\"\n",
        ),
        (
            "library/presets/0.3/instance-types/azure.yaml",
            "\"Standard_\\e[2J\\nFORGED\": {gpus: 1, gpu: \"NVIDIA \\e[2J\\nFORGED\", memoryGiB: 80}\n",
        ),
    ]);
    for args in [
        &["presets", "list"][..],
        &["presets", "show", "ours"],
        &["instance-types", "list"],
    ] {
        let output = run(&directory, &[args, &["--library", "library"]].concat(), "").concat();
        assert_eq!(obeyed(&output), None, "{args:?}: {output}");
    }
}

/// Kubernetes expands `$(NAME)` in arguments, and not where a volume is mounted: a path that has it
/// has to mean the same in both.
#[test]
fn an_output_directory_is_the_same_in_the_mount_and_in_the_script() {
    for release in ["0.3", "0.12"] {
        let config =
            "training_config:\n      TrainingArguments:\n        output_dir: /mnt/$(HOSTNAME)/$a\n";
        let input = format!(
            "{}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config}}\ndata:\n  training_config.yaml: |\n    {config}",
            tuning(release)
        );
        let run = Test::new().input(&input).command("render").run();
        assert!(
            run.stdout.contains("mountPath: \"/mnt/$(HOSTNAME)/$a\"\n"),
            "{}",
            run.stdout
        );
        assert!(
            run.stdout.contains("out='/mnt/$$(HOSTNAME)/$$a'\n"),
            "{}",
            run.stdout
        );
    }
}

/// A Workspace that tunes with the ConfigMap `config`.
fn tuning(release: &str) -> String {
    let (version, model) = match release {
        "0.3" => ("v1alpha1", "phi-3-mini-128k-instruct"),
        _ => ("v1beta1", "phi-4"),
    };
    format!(
        "apiVersion: kaito.sh/{version}\nkind: Workspace\nmetadata: {{name: tune}}\nresource:\n  instanceType: {SMALL}\n  \
         labelSelector: {{matchLabels: {{app: tune}}}}\ntuning:\n  preset: {{name: {model}}}\n  method: lora\n  config: config\n  \
         input: {{urls: [\"https://example.com/data.parquet\"]}}\n  output: {{image: registry.example.com/out:1, imagePushSecret: push}}\n"
    )
}
