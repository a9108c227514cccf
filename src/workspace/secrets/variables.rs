//! Environment variables whose names say that their values are secrets.

use super::forms;

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
    let names_secret = VARIABLES.iter().any(|word| {
        name.strip_suffix(word)
            .is_some_and(|before| before.is_empty() || before.ends_with('_'))
    });
    let is_plain = || {
        value.parse::<f64>().is_ok()
            || ["", "true", "false"].contains(&value.to_lowercase().as_str())
    };
    names_secret
        && !is_plain()
        && !value.contains(['$', '<', '{'])
        && !value.starts_with('/')
        && forms::secrets(value).is_empty()
}

/// The values beside the names of variables that hold secrets, found without parsing.
pub(super) fn values(text: &str) -> Vec<&str> {
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

#[cfg(test)]
mod tests {
    use super::is_secret_variable;

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
