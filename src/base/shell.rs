//! Words of commands for a POSIX shell (Shell Command Language, 2.2).

use std::borrow::Cow;

/// One word, quoted where a shell needs it; none if it holds a NUL.
pub(crate) fn quoted(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('\0') {
        return None;
    }
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "_@%+=:,./-".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Some(Cow::Borrowed(text));
    }
    Some(Cow::Owned(format!("'{}'", text.replace('\'', "'\\''"))))
}

/// The word that [`quoted`] made this of.
pub(crate) fn unquoted(word: &str) -> Cow<'_, str> {
    let inner = word
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    match inner {
        Some(inner) => Cow::Owned(inner.replace("'\\''", "'")),
        None => Cow::Borrowed(word),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{quoted, unquoted};

    proptest! {
        #[test]
        fn a_quoted_word_is_read_as_it_was(word in "[^\0]{0,12}|['\\\\a]{0,6}") {
            let text = quoted(&word).unwrap();
            prop_assert_eq!(unquoted(&text), &*word);
        }
    }
}
