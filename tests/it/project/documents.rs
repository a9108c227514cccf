//! What the documents for contributors and users name: files, types and functions that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::program::root;

/// The documents for contributors: a path or a name in them is one of this repository.
const FOR_CONTRIBUTORS: [&str; 3] = ["ARCHITECTURE.md", "CONTRIBUTING.md", "tests/README.md"];

/// The files of the repository, committed or about to be.
pub(super) fn files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    let files = String::from_utf8(output.stdout).unwrap();
    let exists = |file: &&str| root().join(file).exists();
    files.lines().filter(exists).map(str::to_owned).collect()
}

/// What stands between backticks in the running text of a document, and in the commands and comments
/// of its blocks of code.
fn quoted(text: &str) -> Vec<String> {
    let mut quoted = Vec::new();
    let mut prose = String::new();
    for (index, part) in text.split("```").enumerate() {
        match index % 2 {
            0 => prose += part,
            _ => quoted.extend(part.split_whitespace().map(str::to_owned)),
        }
    }
    // A span may begin on one line and end on the next.
    let spans = prose.split('`').skip(1).step_by(2);
    quoted.extend(spans.flat_map(str::split_whitespace).map(str::to_owned));
    quoted
}

/// A document without its blocks of code.
pub(super) fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// Whether a name matches one in which `*`, and a placeholder such as `<release>`, stand for any
/// characters.
fn matches(pattern: &str, name: &str) -> bool {
    let mut plain = String::new();
    let mut is_in_placeholder = false;
    for char in pattern.chars() {
        match char {
            '<' => is_in_placeholder = true,
            '>' => {
                is_in_placeholder = false;
                plain.push('*');
            }
            _ if !is_in_placeholder => plain.push(char),
            _ => {}
        }
    }
    let Some((start, rest)) = plain.split_once('*') else {
        return plain == name;
    };
    let Some(mut left) = name.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<_> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(end)
}

/// Whether a path is that of a file or of a directory that has some.
fn exists(path: &str, files: &[String]) -> bool {
    let path: Vec<_> = path.trim_end_matches('/').split('/').collect();
    files.iter().any(|file| {
        let file: Vec<_> = file.split('/').collect();
        path.len() <= file.len()
            && path
                .iter()
                .zip(&file)
                .all(|(part, name)| matches(part, name))
    })
}

/// Whether Git ignores a path: something that a program makes, such as `target/`.
fn is_made(path: &str) -> bool {
    let mut git = Command::new("git");
    git.args(["check-ignore", "--quiet", path])
        .current_dir(root());
    git.status().unwrap().success()
}

/// The path that a quoted word is, from the root of the repository; none for another word.
fn path<'a>(word: &'a str, tops: &BTreeSet<&str>) -> Option<&'a str> {
    let word = word.trim_end_matches([',', ';', ':', ')']);
    let word = word.trim_start_matches("./").trim_start_matches("../");
    let (top, inside) = word.split_once('/')?;
    (tops.contains(top) && !inside.contains("…")).then_some(word)
}

/// The texts in which paths are looked up, by the names of their files: the documents, and the
/// comments of the code.
fn texts(files: &[String]) -> Vec<(&str, String)> {
    let is_document = |file: &str| {
        let is_page = file.starts_with("docs/") && has_extension(file, "md");
        is_page || file == "SECURITY.md" || FOR_CONTRIBUTORS.contains(&file)
    };
    let is_code = |file: &str| has_extension(file, "rs") && !file.ends_with("/documents.rs");
    let mut texts = Vec::new();
    for file in files.iter().map(String::as_str) {
        if is_document(file) {
            let text = read(file);
            // The blocks of its guides name files to be made; `guides` makes them.
            let is_guide = file == "ARCHITECTURE.md";
            texts.push((file, if is_guide { prose(&text) } else { text }));
        } else if is_code(file) {
            texts.push((file, comments(&read(file))));
        }
    }
    texts
}

fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|it| it == extension)
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The comments of some code, without its examples.
fn comments(code: &str) -> String {
    let mut comments = String::new();
    let lines = code
        .lines()
        .filter_map(|line| line.trim().strip_prefix("//"));
    for line in lines {
        comments += line.trim_start_matches(['/', '!']);
        comments.push('\n');
    }
    comments
}

#[test]
fn paths_that_documents_and_comments_name_exist() {
    let files = files();
    let directories = files.iter().filter_map(|file| file.split_once('/'));
    let tops: BTreeSet<_> = directories.map(|(top, _)| top).collect();
    let mut missing = Vec::new();
    let mut count = 0;
    for (file, text) in texts(&files) {
        for word in quoted(&text) {
            let Some(path) = path(&word, &tops) else {
                continue;
            };
            count += 1;
            if !exists(path, &files) && !is_made(path) {
                missing.push(format!("{file}: {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(count > 200, "only {count} paths were found");
}

/// What a span of code names: `report/place.rs` a file, `Rules::at` and `the_last_word` an item.
enum Name<'a> {
    File(&'a str),
    Item(&'a str),
}

fn name(span: &str) -> Option<Name<'_>> {
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if has_extension(span, "rs") && !span.contains('*') {
        return Some(Name::File(span));
    }
    let last = span.rsplit("::").next()?;
    let is_type = last.starts_with(|char: char| char.is_ascii_uppercase())
        && last.contains(|char: char| char.is_ascii_lowercase());
    let is_item = last.len() < span.len() || last.contains('_') || is_type;
    (is_item && !last.is_empty() && last.chars().all(is_name)).then_some(Name::Item(last))
}

#[test]
fn names_in_the_documents_for_contributors_exist() {
    let files = files();
    let holds_names = |file: &&String| {
        let is_data = file.starts_with("presets/") || file.starts_with("tests/tools");
        has_extension(file, "rs") || has_extension(file, "toml") || is_data
    };
    let code: String = files
        .iter()
        .filter(holds_names)
        .map(|it| read(it))
        .collect();
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let words: BTreeSet<_> = code.split(|char| !is_name(char)).collect();
    let mut missing = Vec::new();
    let mut count = 0;
    for document in FOR_CONTRIBUTORS {
        for name in prose(&read(document))
            .split('`')
            .skip(1)
            .step_by(2)
            .filter_map(name)
        {
            count += 1;
            let (word, exists) = match name {
                Name::File(path) => {
                    let end = format!("/{path}");
                    let is_named = |file: &String| file == path || file.ends_with(&end);
                    (path, files.iter().any(is_named))
                }
                Name::Item(word) => (word, words.contains(word)),
            };
            if !exists {
                missing.push(format!("{document}: {word}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(count > 100, "only {count} names were found");
}

/// Rows of tables are longer than prose, because they can't be broken.
#[test]
fn lines_of_the_documents_for_contributors_fit_a_terminal() {
    for document in FOR_CONTRIBUTORS {
        for (index, line) in read(document).lines().enumerate() {
            let limit = if line.starts_with('|') { 140 } else { 100 };
            let length = line.chars().count();
            assert!(length <= limit, "{document}:{}: {length}", index + 1);
        }
    }
}

#[test]
fn placeholders_stand_for_any_name() {
    for (pattern, name, expected) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("<release>", "0.12", true),
        ("<id>.md", "KR101.md", true),
        ("<id>.md", "KR101.rs", false),
        ("golden-*.txt", "golden-a.txt", true),
        ("a*b*c", "a1c2b3c", true),
        ("a*b*c", "a1c", false),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
}
