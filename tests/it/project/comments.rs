//! Doc comments say something that the name does not.

use std::fs;

use super::documents::files;
use crate::support::program::root;

/// The doc comments of some code, each with its line and the first line of its item.
fn doc_comments(code: &str) -> Vec<(usize, String, &str)> {
    let mut comments = Vec::new();
    let mut comment = String::new();
    let mut is_in_attribute = false;
    for (index, line) in code.lines().enumerate() {
        let line = line.trim();
        if let Some(text) = line.strip_prefix("///") {
            comment += text;
        } else if is_in_attribute || line.starts_with("#[") {
            is_in_attribute = !line.ends_with(']');
        } else if !comment.is_empty() {
            comments.push((index + 1, std::mem::take(&mut comment), line));
        }
    }
    comments
}

/// Public items and variants of enumerations; fields of theirs are read where they are used.
fn is_shown(item: &str) -> bool {
    item.starts_with("pub") || item.starts_with(|char: char| char.is_ascii_uppercase())
}

#[test]
fn public_items_have_doc_comments_of_more_than_three_words() {
    let files = files();
    // Those of the arguments are the help that the program prints.
    let is_code = |file: &&String| {
        let is_help = file.starts_with("src/cli/args");
        file.starts_with("src/") && file.contains(".rs") && !is_help
    };
    let mut short = Vec::new();
    let mut count = 0;
    for file in files.iter().filter(is_code) {
        let code = fs::read_to_string(root().join(file)).unwrap();
        for (line, comment, item) in doc_comments(&code) {
            count += 1;
            if is_shown(item) && comment.split_whitespace().count() <= 3 {
                short.push(format!("{file}:{line}:{comment}"));
            }
        }
    }
    assert!(short.is_empty(), "{}", short.join("\n"));
    assert!(count > 1000, "only {count} doc comments were found");
}
