//! Command lines, flag by flag.

use indexmap::IndexMap;

use super::model::Change;

/// What differs between the flags of two command lines, in the order of `after` with removed flags
/// last; none if anything but flags differs.
pub(super) fn changes(before: &str, after: &str) -> Option<Vec<Change>> {
    let (before, after) = (Line::read(before)?, Line::read(after)?);
    // Another program or another script: flags alone would not tell what changes.
    if before.words != after.words {
        return None;
    }
    let change = |flag: &str| {
        let (was, is) = (before.flags.get(flag), after.flags.get(flag));
        let value = |values: &Vec<&str>| values.join(" ").into();
        (was != is).then(|| Change {
            pointer: String::new(),
            field: flag.to_owned(),
            before: was.map(value),
            after: is.map(value),
            inside: Vec::new(),
            is_secret: false,
        })
    };
    let gone = before
        .flags
        .keys()
        .filter(|flag| !after.flags.contains_key(*flag));
    Some(
        after
            .flags
            .keys()
            .chain(gone)
            .filter_map(|flag| change(flag))
            .collect(),
    )
}

struct Line<'a> {
    /// Everything that is not a flag, in order.
    words: Vec<&'a str>,
    /// The values of each flag, in their order.
    flags: IndexMap<&'a str, Vec<&'a str>>,
}

impl<'a> Line<'a> {
    /// Splits a command line of one or more lines; none if a quote is not closed.
    fn read(text: &'a str) -> Option<Self> {
        let mut line = Self {
            words: Vec::new(),
            flags: IndexMap::new(),
        };
        for word in words(text)? {
            match word.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => {
                    line.flags.entry(flag).or_default().push(value);
                }
                None if word.starts_with("--") && word.len() > 2 => {
                    line.flags.entry(word).or_default().push("");
                }
                _ => line.words.push(word),
            }
        }
        Some(line)
    }
}

/// The words of a shell command as they are written, with their quotes.
fn words(text: &str) -> Option<Vec<&str>> {
    let (mut words, mut start, mut quote, mut is_escaped) = (Vec::new(), None, None, false);
    for (at, char) in text.char_indices() {
        match (quote, char) {
            _ if is_escaped => is_escaped = false,
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('"') | None, '\\') => is_escaped = true,
            (None, '\'' | '"') => quote = Some(char),
            (None, char) if char.is_whitespace() => {
                words.extend(start.take().and_then(|start| text.get(start..at)));
                continue;
            }
            _ => {}
        }
        start = start.or(Some(at));
    }
    words.extend(start.and_then(|start| text.get(start..)));
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::{changes, words};

    #[test]
    fn words_keep_their_quotes_and_blanks() {
        assert_eq!(
            words("a  'b c' \"d 'e\"\\ f\n--g='h i'"),
            Some(vec!["a", "'b c'", "\"d 'e\"\\ f", "--g='h i'"])
        );
        assert_eq!(words("a 'b"), None);
        assert_eq!(words(""), Some(vec![]));
    }

    #[test]
    fn flags_differ_whatever_their_order() {
        let found = changes("serve --a=1 --b --c=x", "serve --c=y --d=2 --b").unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|change| (change.field.as_str(), &change.before, &change.after))
            .collect();
        let text = |text: &str| Some(text.into());
        assert_eq!(
            found,
            [
                ("--c", &text("x"), &text("y")),
                ("--d", &None, &text("2")),
                ("--a", &text("1"), &None)
            ]
        );
        assert_eq!(changes("serve --a", "serve2 --a"), None);
        assert_eq!(changes("serve --a --b", "serve --b --a"), Some(Vec::new()));
    }
}
