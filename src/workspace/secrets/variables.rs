//! Environment variables whose names say that their values are secrets.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::forms;
use super::written::{bare, content, parts};

/// The last words of variables that hold secrets.
const VARIABLES: [&str; 6] = [
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "API_KEY",
    "SECRET_ACCESS_KEY",
    "PRIVATE_KEY",
];

/// Whether the name of an environment variable says that its literal value is a secret.
pub(crate) fn is_secret_variable(name: &str, value: &str) -> bool {
    is_secret_name(name) && is_secret_value(value)
}

fn is_secret_name(name: &str) -> bool {
    VARIABLES.iter().any(|word| {
        name.strip_suffix(word)
            .is_some_and(|before| before.is_empty() || before.ends_with('_'))
    })
}

/// Whether a value may be a secret, and is none that is known by its form.
fn is_secret_value(value: &str) -> bool {
    let is_plain = value.parse::<f64>().is_ok()
        || ["", "true", "false"].contains(&value.to_lowercase().as_str());
    !is_plain
        && !value.contains(['$', '<', '{'])
        && !value.starts_with('/')
        && forms::secrets(value).is_empty()
}

static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(VARIABLES).ok());

/// The values beside the names of variables that hold secrets, found without parsing.
pub(super) fn values(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    if WORDS.as_ref().is_some_and(|words| !words.is_match(text)) {
        return found;
    }
    let mut item = Vec::new();
    for part in text.split_inclusive(['\n', '{', '}', ',']) {
        let line = part.trim_end_matches(['\n', '{', '}', ',']);
        if line.trim_start().starts_with("- ") {
            values_of(&item, &mut found);
            item.clear();
        }
        item.push(line);
        if part.ends_with('{') {
            values_of(&item, &mut found);
            item.clear();
        }
    }
    values_of(&item, &mut found);
    found
}

/// The values of one item of a list, if it is a variable: also one that is there twice, and the
/// lines of one that has many.
fn values_of<'a>(item: &[&'a str], found: &mut Vec<&'a str>) {
    let is_name = |line: &&str| {
        // Few lines have a word of these, and to take a line apart costs more than to search it.
        WORDS.as_ref().is_none_or(|words| words.is_match(*line))
            && field(line)
                .is_some_and(|(key, name)| key == "name" && parts(name).any(is_secret_name))
    };
    if !item.iter().any(is_name) {
        return;
    }
    // The column of the value whose lines these are.
    let mut around = None;
    for line in item {
        let column = line.len() - content(line).len();
        match field(line) {
            _ if around.is_some_and(|around| column > around) => found.push(line.trim()),
            Some(("value", value)) => {
                around = Some(column);
                found.extend(parts(value).filter(|part| is_secret_value(part)));
            }
            _ => around = None,
        }
    }
}

/// A key of a mapping with what stands behind it.
fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = content(line).split_once(':')?;
    Some((bare(key), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::{is_secret_variable, values};

    #[test]
    fn variables_tell_by_their_names() {
        assert!(is_secret_variable("HF_TOKEN", "abc") && is_secret_variable("PASSWORD", "abc"));
        for (name, value) in [
            ("MAX_TOKENS", "abc"),
            ("HF_TOKEN", "$(OTHER)"),
            ("HF_TOKEN", "/run/token"),
            ("HF_TOKEN", ""),
            ("EOS_TOKEN", "<eos>"),
            ("BROKEN", "abc"),
            ("MYTOKEN", "abc"),
        ] {
            assert!(!is_secret_variable(name, value), "{name}: {value}");
        }
    }

    #[test]
    fn the_values_of_variables_are_found_without_parsing() {
        for text in [
            "- name: DB_PASSWORD\n  value: hunter2\n",
            "- value: hunter2\n  name: DB_PASSWORD\n",
            "- name: DB_PASSWORD\n  # old\n  value: 'hunter2' # new\n",
            "- name: &a DB_PASSWORD\n  value: !!str hunter2\n  value: hunter2\n",
            "- name: DB_PASSWORD\n  value: first\n  value: hunter2\n",
            "- name: DB_PASSWORD\n  value: |\n    first\n    hunter2\n",
            "- name: DB_PASSWORD\n  value:\n    hunter2\n",
            "env: [{name: A, value: b}, {name: DB_PASSWORD, value: \"hunter2\"}",
            "{\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"}]}",
            r#""{\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"}]}""#,
        ] {
            let found = values(text);
            assert!(found.contains(&"hunter2"), "{text}: {found:?}");
        }
    }

    #[test]
    fn other_values_are_none() {
        for text in [
            "- name: A\n  value: b\n- name: DB_PASSWORD\n  valueFrom: c\n- name: B\n  value: b",
            "- name: DB_PASSWORD\n  value: $(OTHER)\n",
            "env: [{name: A, value: b}, {name: DB_PASSWORD}, {value: b, name: C}]",
        ] {
            assert_eq!(values(text), [""; 0], "{text}");
        }
    }
}
