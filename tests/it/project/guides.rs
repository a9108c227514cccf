//! The guides for contributors in ARCHITECTURE.md, followed: the files that they show are written,
//! and their commands run, in a directory that is laid over the library.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::documents;
use crate::support::inputs::write;
use crate::support::program::{kaito_render, root, run};

/// The configuration of a model of 20 GiB, as Hugging Face would give it.
const CONFIG: &str = r#"{"architectures": ["Qwen3ForCausalLM"], "hidden_size": 4096,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "max_position_embeddings": 8192}"#;

/// The list of the files of that model.
const FILES: &str = r#"[{"path": "a.safetensors", "size": 21474836480}]"#;

/// The section of ARCHITECTURE.md with a heading.
fn section(heading: &str) -> String {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, after) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    after.split("\n## ").next().unwrap().to_owned()
}

/// The blocks of code of a section, each with its language, without their indentation.
fn blocks(section: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim().strip_prefix("```") else {
            continue;
        };
        let indentation = line.len() - line.trim_start().len();
        let body = lines.by_ref().take_while(|line| line.trim() != "```");
        let body: String = body
            .map(|line| format!("{}\n", line.get(indentation..).unwrap_or_default()))
            .collect();
        blocks.push((language.to_owned(), body));
    }
    blocks
}

/// A directory with the data of the project, in which a guide is followed.
struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        let scratch = Self(tempfile::tempdir().unwrap());
        for directory in ["examples", "presets", "schemas", "templates"] {
            let from = root().join(directory);
            scratch.copy(&[from.to_str().unwrap(), directory]);
        }
        scratch
    }

    /// Follows the guide in a section, and gives what its commands print.
    fn follow(&self, section: &str) -> Vec<String> {
        let mut outputs = Vec::new();
        for (language, block) in blocks(section) {
            match language.as_str() {
                "yaml" => self.write(&block),
                "sh" => {
                    let lines = block.lines();
                    outputs.extend(lines.filter_map(|line| self.run(line)));
                }
                other => panic!("a block of `{other}`"),
            }
        }
        outputs
    }

    /// Writes a block whose first line names its file; what a file has already stays.
    fn write(&self, block: &str) {
        let (first, rest) = block.split_once('\n').unwrap();
        let path = self.path(first.strip_prefix("# ").unwrap());
        let before = fs::read_to_string(&path).unwrap_or_default();
        write(&path, &(before + rest));
    }

    /// Runs a line of a guide, and gives what kaito-render prints.
    fn run(&self, line: &str) -> Option<String> {
        let words: Vec<_> = line.split(' ').collect();
        match words.as_slice() {
            ["cargo", "run", "--", args @ ..] => Some(self.render(args)),
            ["cp", "-R", args @ ..] => {
                self.copy(args);
                None
            }
            ["curl", "-sSfLo", name, _] => {
                let text = match *name {
                    "config.json" => CONFIG,
                    "files.json" => FILES,
                    other => panic!("nothing is known of {other}"),
                };
                write(&self.path(name), text);
                None
            }
            _ => panic!("`{line}` can't be followed"),
        }
    }

    /// Runs kaito-render as if it had been built here.
    fn render(&self, args: &[&str]) -> String {
        let mut command = kaito_render(args);
        if !args.contains(&"--library") {
            command.args(["--library", "."]);
        }
        let run = run(command.current_dir(self.0.path()), "");
        assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
        run.stdout
    }

    fn copy(&self, args: &[&str]) {
        let mut command = Command::new("cp");
        command.arg("-R").args(args).current_dir(self.0.path());
        assert!(command.status().unwrap().success(), "{args:?}");
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(Path::new(path))
    }
}

#[test]
fn a_model_is_added_to_either_family() {
    let scratch = Scratch::new();
    let outputs = scratch.follow(&section("Adding a model"));
    let [imported, of_hub, with_image] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert_eq!(imported, "");
    let line = |output: &str, title: &str| {
        let line = output.lines().find(|line| line.starts_with(title));
        line.unwrap_or_else(|| panic!("no {title}: {output}"))
            .to_owned()
    };
    assert!(line(of_hub, "model ").ends_with(" ORG/MODEL"), "{of_hub}");
    assert!(of_hub.contains("presets/0.12/models/org/model.yaml"));
    let image = line(with_image, "image ");
    assert!(image.ends_with("/kaito-acme-7b:0.0.1"), "{image}");
}

#[test]
fn an_instance_type_is_added() {
    let scratch = Scratch::new();
    let outputs = scratch.follow(&section("Adding an instance type"));
    let [list] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    let row = list.lines().last().unwrap();
    let cells: Vec<_> = row.split_whitespace().collect();
    let expected = [
        "Standard_NC12acme_v1",
        "0.12",
        "azure",
        "1",
        "NVIDIA",
        "L40S",
        "48Gi",
    ];
    assert_eq!(cells, expected);
}

#[test]
fn a_release_is_added_and_nobody_gets_it_unasked() {
    let scratch = Scratch::new();
    let outputs = scratch.follow(&section("Adding a release"));
    let [of_new] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    let example = "examples/v1beta1/kaito_workspace_phi_4.yaml";
    let unasked = scratch.render(&["render", example]);
    assert!(unasked.contains(r#"\"release\":\"0.12\""#), "{unasked}");
    let renamed = unasked.replace(r#"\"release\":\"0.12\""#, r#"\"release\":\"0.13\""#);
    assert_eq!(*of_new, renamed);
}

#[test]
fn an_object_of_a_new_kind_is_written() {
    let scratch = Scratch::new();
    scratch.follow(&section("Adding an object kind"));
    let example = "examples/v1beta1/kaito_workspace_phi_4.yaml";
    let objects = scratch.render(&["render", example]);
    assert!(objects.contains("\nkind: PodMonitor\n"), "{objects}");
}

/// The steps of a guide, each as one text.
fn steps(section: &str) -> Vec<String> {
    let mut steps = Vec::<String>::new();
    for line in section.lines() {
        let number = line.split('.').next().unwrap_or_default();
        if !number.is_empty() && number.chars().all(|char| char.is_ascii_digit()) {
            steps.push(String::new());
        }
        let is_step = line.is_empty() || line.starts_with([' ', '1', '2', '3', '4', '5', '6']);
        if let Some(step) = steps.last_mut().filter(|_| is_step) {
            *step += line;
            step.push('\n');
        }
    }
    steps
}

/// The guides that are about Rust can't be followed by a test. Of these each step's first file has
/// the items that the step names.
#[test]
fn steps_name_items_of_their_files() {
    let mut count = 0;
    for (heading, number) in [("Adding a rule", 4), ("Adding an object kind", 3)] {
        let steps = steps(&section(heading));
        assert_eq!(steps.len(), number, "{steps:?}");
        for step in steps {
            let prose = documents::prose(&step);
            let spans: Vec<_> = prose.split('`').skip(1).step_by(2).collect();
            let in_src: Vec<_> = spans.iter().filter(|it| it.starts_with("src/")).collect();
            let code: String = documents::files()
                .iter()
                .filter(|file| in_src.iter().any(|path| file.starts_with(**path)))
                .map(|file| fs::read_to_string(root().join(file)).unwrap())
                .collect();
            for item in spans.iter().filter_map(|span| item(span)) {
                let is_word = |word: &str| word == item;
                let mut words = code.split(|char: char| !char.is_alphanumeric() && char != '_');
                assert!(words.any(is_word), "{heading}: {item} in {in_src:?}");
                count += 1;
            }
        }
    }
    assert!(count >= 7, "only {count} items were found");
}

/// The item of Rust that a span names, such as `ALL`, `Plan` or `rules!`.
fn item(span: &str) -> Option<&str> {
    let name = span.strip_suffix('!').unwrap_or(span);
    let is_name = name
        .chars()
        .all(|char| char.is_ascii_alphanumeric() || char == '_');
    let is_item = span != name || name.starts_with(|char: char| char.is_ascii_uppercase());
    (is_name && is_item).then_some(name)
}
