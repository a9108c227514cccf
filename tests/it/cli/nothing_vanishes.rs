//! Nothing vanishes: a document that could be meant as one of KAITO's is compiled, refused, or named
//! in a diagnostic. What is left out in silence, a pruning deployment deletes.

use std::fs;
use std::path::Path;

use crate::support::inputs::{SMALL, workspace, write};
use crate::support::program::{Run, kaito_render, run};

/// What has to become of an input.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// Its Workspace is part of the output.
    Compiled,
    /// An error of this rule.
    Error(&'static str),
}

use Outcome::{Compiled, Error};

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

fn one(title: &str, path: &str, bytes: impl Into<Vec<u8>>, outcome: Outcome) -> Case {
    Case {
        title: title.to_owned(),
        files: vec![(path.to_owned(), bytes.into())],
        outcome,
    }
}

/// The same document as JSON.
fn as_json(text: &str) -> String {
    let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
    value.to_string()
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
    let cases = files();
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
