//! What is known to be a secret by its form.
//!
//! Each search goes on behind what it found, so that its cost grows with the length of the text,
//! whatever the text repeats.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input};

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

fn is_capital(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// How a private key begins in PEM.
const BEGIN: &str = "-----BEGIN ";

/// What follows the scheme of a URL, which may name a password.
const SCHEME: &str = "://";

/// How all of them begin: the formats by their numbers, then [`BEGIN`] and [`SCHEME`].
static BEGINNINGS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let formats = FORMATS.iter().map(|format| format.prefix);
    AhoCorasick::new(formats.chain([BEGIN, SCHEME])).ok()
});

/// Which beginnings a text has. One search for all of them costs a part of one for each, and hardly
/// any text has one.
fn beginnings(text: &str) -> [bool; FORMATS.len() + 2] {
    let Some(machine) = &*BEGINNINGS else {
        return [true; FORMATS.len() + 2];
    };
    let mut has = [false; FORMATS.len() + 2];
    let mut from = 0;
    while let Some(found) = machine.find(Input::new(text).span(from..text.len())) {
        has[found.pattern().as_usize()] = true;
        // They may overlap.
        from = found.start() + 1;
    }
    has
}

/// The secrets in a text, each with what it is, in the order in which they begin.
pub(super) fn secrets(text: &str) -> Vec<(&'static str, &str)> {
    let [of_formats @ .., has_key, has_scheme] = beginnings(text);
    let mut found: Vec<_> = FORMATS
        .iter()
        .zip(of_formats)
        .filter(|(_, is_there)| *is_there)
        .flat_map(|(format, _)| of_format(text, format))
        .collect();
    if has_key {
        let keys = private_keys(text).into_iter();
        found.extend(keys.map(|key| ("a private key", key)));
    }
    if has_scheme {
        let passwords = passwords(text);
        found.extend(passwords.map(|password| ("a password", password)));
    }
    // All of them are parts of the text.
    found.sort_by_key(|(_, secret)| secret.as_ptr().addr());
    found
}

fn of_format<'a>(text: &'a str, format: &Format) -> Vec<(&'static str, &'a str)> {
    let mut found = Vec::new();
    // Where the last run of letters and digits ends, and the last secret.
    let (mut end, mut behind) = (0, 0);
    for (start, prefix) in text.match_indices(format.prefix) {
        let body = start + prefix.len();
        if start < behind {
            continue;
        }
        if body >= end {
            end = body + run(&text[body..], format.is_part);
        }
        let length = end - body;
        let before = text[..start].bytes().next_back();
        let is_long =
            length >= format.length && (format.prefix.len() > 4 || length <= 2 * format.length);
        let is_alone = before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte != b'_');
        if is_long && is_alone && !is_example(&text[body..end]) {
            found.push((format.name, &text[start..end]));
            behind = end;
        }
    }
    found
}

/// How many bytes of a kind a text begins with.
fn run(text: &str, is_part: fn(u8) -> bool) -> usize {
    let length = text.bytes().position(|byte| !is_part(byte));
    steps::counted(length.unwrap_or(text.len()))
}

/// Whether somebody wrote letters in the place of a secret.
fn is_example(secret: &str) -> bool {
    let first = secret.chars().next();
    let same = secret.chars().take_while(|next| Some(*next) == first);
    let same = steps::counted(same.map(char::len_utf8).sum());
    secret.ends_with("EXAMPLE") || same == secret.len()
}

/// The private keys in PEM. One that is not closed reaches to the end of the text.
fn private_keys(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut behind = 0;
    while let Some(at) = text[behind..].find(BEGIN) {
        let start = behind + at;
        let body = start + steps::counted(BEGIN.len());
        behind = body;
        if let Some(length) = title(&text[body..]).filter(|length| {
            let title = &text[body..body + length];
            title.contains("PRIVATE") && title.contains("KEY")
        }) {
            behind = body + length;
            behind += closing(&text[behind..]);
            found.push(&text[start..behind]);
        }
    }
    found
}

/// Where the key is closed whose text begins here: behind the title at its end.
fn closing(text: &str) -> usize {
    const END: &str = "-----END ";
    let Some(end) = text.find(END) else {
        return steps::counted(text.len());
    };
    let behind = end + END.len();
    let title = title(&text[behind..]).unwrap_or_default();
    steps::counted(behind + title)
}

/// The length of the title that a text begins with, with the dashes behind it. A title is short,
/// and a text without one may be long.
fn title(text: &str) -> Option<usize> {
    const LONGEST: usize = 100;
    const DASHES: &str = "-----";
    let text = &text[..text.floor_char_boundary(LONGEST)];
    steps::counted(text.len());
    Some(text.find(DASHES)? + DASHES.len())
}

/// The passwords of URLs.
fn passwords(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(SCHEME)
        .filter_map(|(start, mark)| password(&text[start + mark.len()..]))
}

/// The password of a URL, by what follows its scheme.
fn password(text: &str) -> Option<&str> {
    let is_end = |character: char| "/?#".contains(character) || character.is_whitespace();
    let end = text.find(is_end).unwrap_or(text.len());
    let (user, _) = text[..steps::counted(end)].rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    let is_literal = !password.contains(['$', '<', '{', '*']) && !is_example(password);
    (is_literal && !password.is_empty()).then_some(password)
}

/// Counts the bytes that a search looks at, for the tests of its growth.
mod steps {
    #[cfg(test)]
    thread_local! {
        pub(super) static COUNT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    pub(super) fn counted(bytes: usize) -> usize {
        #[cfg(test)]
        COUNT.set(COUNT.get() + bytes + 1);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMATS, secrets, steps};

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
            (
                "-----BEGIN RSA\n  PRIVATE KEY-----\\nMII\\n-----END RSA PRIVATE KEY-----"
                    .to_owned(),
                "MII",
            ),
            (
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n".to_owned(),
                "lQ",
            ),
            (
                "-----BEGIN PRIVATE KEY----- -----BEGIN PRIVATE KEY----- MII".to_owned(),
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
    fn all_secrets_of_a_text_are_found_in_their_order() {
        let token = format!("hf_{}", "aB3".repeat(12));
        let text = format!(
            "http://a:one@b http://a:two@b {token} -----BEGIN PRIVATE KEY-----x-----END PRIVATE KEY-----\n\
             -----BEGIN CERTIFICATE-----y-----END CERTIFICATE----- http://a:three@b"
        );
        let found: Vec<_> = secrets(&text).iter().map(|(name, _)| *name).collect();
        let expected = [
            "a password",
            "a password",
            "a Hugging Face token",
            "a private key",
            "a password",
        ];
        assert_eq!(found, expected);
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

    /// The bytes that are looked at for a text, and those that are found in it.
    fn cost(text: &str) -> (usize, usize) {
        steps::COUNT.set(0);
        let found = secrets(text).iter().map(|(_, secret)| secret.len()).sum();
        (steps::COUNT.get(), found)
    }

    /// Texts that repeat what a pattern begins with, what it ends with, and whole secrets.
    fn hostile() -> Vec<String> {
        let mut units: Vec<_> = FORMATS
            .iter()
            .flat_map(|format| {
                let whole = format!("{}{}", format.prefix, "A3".repeat(format.length / 2));
                let prefix = format.prefix;
                [
                    prefix.to_owned(),
                    format!("-{prefix}"),
                    format!("_{prefix}"),
                    format!("x{prefix}A"),
                    format!("{prefix}EXAMPLE"),
                    whole.clone(),
                    format!("{whole} "),
                ]
            })
            .collect();
        units.extend(
            [
                "-----BEGIN ",
                "-----BEGIN PRIVATE KEY-----",
                "-----BEGIN PRIVATE KEY----- -----END ",
                "-----BEGIN -----BEGIN PRIVATE KEY-----x-----END PRIVATE KEY-----",
                "-----BEGIN CERTIFICATE-----",
                "://",
                "://a",
                "://a:b",
                "://a:b@",
                "a:b@",
                ":@://",
                "://a:aaaa@/",
            ]
            .map(str::to_owned),
        );
        units
    }

    #[test]
    fn a_search_costs_what_the_text_is_long_whatever_it_repeats() {
        for unit in hostile() {
            let [(small, _), (large, found)] =
                [2_000, 8_000].map(|bytes| cost(&unit.repeat(bytes / unit.len())));
            assert!(large <= 5 * small + 100, "{unit}: {small}, {large}");
            assert!(found <= 3 * 8_000, "{unit}: {found} bytes are found");
        }
    }
}
