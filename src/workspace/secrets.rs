//! Plaintext secrets where everybody can read them.
//!
//! What is found is also hidden from every excerpt and message of the run.

use std::borrow::Cow;

use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::{Sources, Span};
use crate::base::wording;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};

const HINT: &str = "revoke it, store a new one in a Secret, and reference the Secret";

/// What a secret is called, how it begins, and what follows: at least so many letters and digits,
/// of some kind.
struct Format {
    name: &'static str,
    prefix: &'static str,
    length: usize,
    is_part: fn(u8) -> bool,
}

/// Secrets that are known by their form (documentation of the services that issue them).
const FORMATS: [Format; 10] = [
    Format {
        name: "a Hugging Face token",
        prefix: "hf_",
        length: 34,
        is_part: is_word,
    },
    Format {
        name: "an AWS access key",
        prefix: "AKIA",
        length: 16,
        is_part: is_capital,
    },
    Format {
        name: "an AWS access key",
        prefix: "ASIA",
        length: 16,
        is_part: is_capital,
    },
    Format {
        name: "a GitHub token",
        prefix: "ghp_",
        length: 36,
        is_part: is_word,
    },
    Format {
        name: "a GitHub token",
        prefix: "gho_",
        length: 36,
        is_part: is_word,
    },
    Format {
        name: "a GitHub token",
        prefix: "ghu_",
        length: 36,
        is_part: is_word,
    },
    Format {
        name: "a GitHub token",
        prefix: "ghs_",
        length: 36,
        is_part: is_word,
    },
    Format {
        name: "a GitHub token",
        prefix: "ghr_",
        length: 36,
        is_part: is_word,
    },
    Format {
        name: "a GitHub token",
        prefix: "github_pat_",
        length: 22,
        is_part: is_token,
    },
    Format {
        name: "a GitLab token",
        prefix: "glpat-",
        length: 20,
        is_part: is_token,
    },
];

/// The last words of variables that hold secrets.
const VARIABLES: [&str; 6] = [
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "API_KEY",
    "SECRET_ACCESS_KEY",
    "PRIVATE_KEY",
];

fn is_capital(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Reports the secrets in the strings of a document, without showing them.
pub(crate) fn check(document: &Node, sources: &mut Sources, diagnostics: &mut Diagnostics) {
    let mut search = Search {
        sources,
        diagnostics,
    };
    search.walk(document, &mut Vec::new());
}

/// What looks like a secret in a text, as far as that shows without parsing: the text may be
/// broken.
pub(crate) fn in_text(text: &str) -> impl Iterator<Item = &str> {
    let keys = text
        .match_indices("-----BEGIN ")
        .filter_map(|(start, _)| private_key(&text[start..]));
    let passwords = text
        .match_indices("://")
        .filter_map(|(start, _)| password(&text[start..]));
    let of_formats = FORMATS
        .iter()
        .flat_map(|format| of_format(text, format))
        .map(|(_, secret)| secret);
    keys.chain(passwords).chain(of_formats).chain(values(text))
}

/// The values beside the names of variables that hold secrets, found without parsing.
fn values(text: &str) -> Vec<&str> {
    let fields: Vec<_> = text
        .split(['\n', '{', '}', ','])
        .filter_map(field)
        .collect();
    let pairs = fields
        .windows(2)
        .flat_map(|pair| [(pair[0], pair[1]), (pair[1], pair[0])]);
    let values = pairs.filter_map(|(first, second)| match (first, second) {
        (("name", name), ("value", value)) if is_secret_variable(name, value) => Some(value),
        _ => None,
    });
    values.collect()
}

/// A key of a mapping with the scalar behind it, without quotes.
fn field(text: &str) -> Option<(&str, &str)> {
    const QUOTES: [char; 2] = ['"', '\''];
    let (key, value) = text.trim_start_matches([' ', '\t', '-']).split_once(':')?;
    Some((
        key.trim().trim_matches(QUOTES),
        value.trim().trim_matches(QUOTES),
    ))
}

struct Search<'a> {
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
}

impl Search<'_> {
    /// `path` leads to the node. Only a diagnostic makes a string of it.
    fn walk<'n>(&mut self, node: &'n Node, path: &mut Vec<Cow<'n, str>>) {
        match &node.data {
            Data::String(value) => {
                for (name, secret) in secrets(value) {
                    let place = self.hide(node, secret);
                    let field = wording::field(&format!("/{}", path.join("/")));
                    let diagnostic = Diagnostic::new(
                        &rule::SECRET_IN_CLEAR,
                        place,
                        format!("`{field}` contains {name} in plaintext"),
                    );
                    self.diagnostics.report(diagnostic.hint(HINT));
                }
            }
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(Cow::Owned(index.to_string()));
                    self.walk(item, path);
                    path.pop();
                }
            }
            Data::Map(entries) => {
                self.variable(node);
                for entry in entries {
                    path.push(pointer::escape(&entry.key));
                    self.walk(&entry.value, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// Warns of an environment variable whose name says that its literal value is a secret.
    fn variable(&mut self, node: &Node) {
        let Some((Data::String(name), value)) = node
            .get("name")
            .map(|name| &name.data)
            .zip(node.get("value"))
        else {
            return;
        };
        let Some(secret) = value
            .as_str()
            .filter(|value| is_secret_variable(name, value))
        else {
            return;
        };
        let place = self.hide(value, secret);
        let message = format!("the environment variable `{name}` has a plaintext value");
        let hint = "take it from a Secret: `valueFrom: {secretKeyRef: {name: …, key: …}}`";
        self.diagnostics
            .report(Diagnostic::new(&rule::VARIABLE_IN_CLEAR, place, message).hint(hint));
    }

    /// Hides a part of a value, and gives its place: that of the whole value where the text has
    /// escapes.
    fn hide(&mut self, node: &Node, secret: &str) -> Span {
        let Span { file, start, end } = node.span;
        let written = self
            .sources
            .text(file)
            .get(start as usize..end as usize)
            .unwrap_or_default();
        let offset = written
            .find(secret)
            .and_then(|offset| u32::try_from(offset).ok());
        let length = u32::try_from(secret.len()).unwrap_or(0);
        let place = offset.map_or(node.span, |offset| Span {
            file,
            start: start + offset,
            end: start + offset + length,
        });
        self.sources.hide(place, secret);
        place
    }
}

/// The secrets in a text, each with what it is.
fn secrets(value: &str) -> Vec<(&'static str, &str)> {
    let mut found: Vec<_> = FORMATS
        .iter()
        .flat_map(|format| of_format(value, format))
        .collect();
    found.extend(private_key(value).map(|key| ("a private key", key)));
    found.extend(password(value).map(|password| ("a password", password)));
    found
}

fn of_format<'a>(
    value: &'a str,
    format: &'a Format,
) -> impl Iterator<Item = (&'static str, &'a str)> {
    value
        .match_indices(format.prefix)
        .filter_map(move |(start, prefix)| {
            let before = value[..start].bytes().next_back();
            let behind = &value[start + prefix.len()..];
            let length = behind
                .bytes()
                .position(|byte| !(format.is_part)(byte))
                .unwrap_or(behind.len());
            let is_long =
                length >= format.length && (format.prefix.len() > 4 || length <= 2 * format.length);
            let is_alone = before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte != b'_');
            (is_long && is_alone && !is_example(&behind[..length]))
                .then(|| (format.name, &value[start..start + prefix.len() + length]))
        })
}

/// Whether somebody wrote letters in the place of a secret.
fn is_example(secret: &str) -> bool {
    let first = secret.chars().next();
    secret.ends_with("EXAMPLE") || secret.chars().all(|character| Some(character) == first)
}

fn private_key(value: &str) -> Option<&str> {
    const END: &str = "PRIVATE KEY-----";
    let start = value.find("-----BEGIN ")?;
    let body = &value[start..];
    // A title is short, and a text without one may be long.
    let title = body[..body.floor_char_boundary(39 + END.len())].find(END)?;
    let end = body[title + END.len()..]
        .find(END)
        .map_or(body.len(), |end| title + 2 * END.len() + end);
    Some(&body[..end])
}

/// The password of a URL.
fn password(value: &str) -> Option<&str> {
    let (_, behind) = value.split_once("://")?;
    let authority = behind
        .split(|character: char| "/?#".contains(character) || character.is_whitespace())
        .next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    let is_literal = !password.contains(['$', '<', '{', '*']) && !is_example(password);
    (is_literal && !password.is_empty()).then_some(password)
}

/// Whether the name of an environment variable says that its literal value is a secret.
pub(crate) fn is_secret_variable(name: &str, value: &str) -> bool {
    let names_secret = VARIABLES.iter().any(|word| {
        name.strip_suffix(word)
            .is_some_and(|before| before.is_empty() || before.ends_with('_'))
    });
    let is_plain = value.parse::<f64>().is_ok()
        || ["", "true", "false"].contains(&value.to_lowercase().as_str());
    names_secret
        && !is_plain
        && !value.contains(['$', '<', '{'])
        && !value.starts_with('/')
        && secrets(value).is_empty()
}

#[cfg(test)]
mod tests {
    use super::{is_secret_variable, secrets};

    #[test]
    fn secrets_are_known_by_their_form() {
        let hub = format!("hf_{}", "aB3".repeat(12));
        let hosted = format!("ghp_{}", "aB3".repeat(12));
        for (value, secret) in [
            (hub.clone(), hub.as_str()),
            (format!("--token={hub} -v"), &hub),
            (format!("x {hosted}"), &hosted),
            ("AKIAIOSFODNN7EXAMPLF".to_owned(), "AKIAIOSFODNN7EXAMPLF"),
            ("https://me:s3cret@example.com/a".to_owned(), "s3cret"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n".to_owned(),
                "MII",
            ),
        ] {
            let found = secrets(&value);
            assert!(
                found.len() == 1 && found[0].1.contains(secret),
                "{value}: {found:?}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_a_secret_is_none() {
        for value in [
            "hf_token",
            "hf_transfer",
            "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "shf_aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3",
            "AKIAIOSFODNN7EXAMPLE",
            "https://example.com/a:b@c",
            "https://me@example.com",
            "https://me:$(PASSWORD)@example.com",
            "https://me:****@example.com",
            "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(secrets(value), [], "{value}");
        }
    }

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
}
