//! The index of an output directory, as far as reading input needs it: which files are output.

use std::collections::BTreeMap;

use crate::base::hex;

/// The name of the index that a directory of output holds, by which it is known.
pub const INDEX_FILE: &str = ".kaito-render.json";

/// The version of the format. Version 1 had no fingerprints.
pub(crate) const VERSION: u64 = 2;

/// The listed files by path, each with the fingerprint of what was written to it. While a directory
/// is brought up to date, a file has two: of the text that it had, and of that which it gets.
pub(crate) type Listed = BTreeMap<String, String>;

/// The fingerprint of a text. It is the same for line ends of Windows, which Git may check out.
pub(crate) fn fingerprint(text: &str) -> String {
    if text.contains('\r') {
        hex::sha256(&text.replace("\r\n", "\n"), 16)
    } else {
        hex::sha256(text, 16)
    }
}

/// Whether a text is what was written to a file that is listed with these fingerprints.
pub(crate) fn is_known(text: &str, fingerprints: &str) -> bool {
    let found = fingerprint(text);
    fingerprints.split(' ').any(|known| known == found)
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, is_known};

    #[test]
    fn a_text_is_known_by_any_of_its_fingerprints_and_whatever_its_line_ends() {
        let [old, new] = ["a\n", "b\n"].map(fingerprint);
        let both = format!("{old} {new}");
        for text in ["a\n", "b\n", "b\r\n"] {
            assert!(is_known(text, &both), "{text:?}");
        }
        assert!(!is_known("a\n", &new) && !is_known("c\n", &both) && !is_known("", ""));
    }
}
