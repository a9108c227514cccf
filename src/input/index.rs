//! The index of an output directory, as far as reading input needs it: which files are output.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::hex;
use crate::vocab::kinds;

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

/// The files that an index lists. One that is damaged, or of another version, lists nothing: it
/// can't say that a file is output.
pub(super) fn listed(text: &str) -> Listed {
    let index = serde_json::from_str::<Value>(text).unwrap_or_default();
    if index["version"].as_u64() != Some(VERSION) {
        return Listed::new();
    }
    let files = index["files"].as_object().into_iter().flatten();
    files
        .filter_map(|(path, fingerprints)| Some((path.clone(), fingerprints.as_str()?.to_owned())))
        .collect()
}

/// Whether a text of output has to be looked at before it is passed over: it is not a single object
/// of a kind that is not KAITO's, as it is written.
///
/// Whoever wrote the index can also have put a source in the place of output.
pub(super) fn may_hold_workspace(text: &str) -> bool {
    let kind = header(text, "apiVersion: ", "kind: ", "\n");
    let kind = kind.or_else(|| {
        let text = text.strip_prefix("{\n")?;
        header(text, "  \"apiVersion\": \"", "  \"kind\": \"", "\",\n")
    });
    let is_foreign = |kind: &str| {
        kinds::find(kind).is_some() && kind != kinds::WORKSPACE && kind != kinds::INFERENCE_SET
    };
    text.contains("\n---") || !kind.is_some_and(is_foreign)
}

/// The kind that the first two lines of an object name.
fn header<'a>(text: &'a str, version: &str, kind: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.strip_prefix(version)?.split_once('\n')?;
    Some(rest.strip_prefix(kind)?.split_once(end)?.0)
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, is_known, listed, may_hold_workspace};

    #[test]
    fn a_text_is_known_by_any_of_its_fingerprints_and_whatever_its_line_ends() {
        let [old, new] = ["a\n", "b\n"].map(fingerprint);
        let both = format!("{old} {new}");
        for text in ["a\n", "b\n", "b\r\n"] {
            assert!(is_known(text, &both), "{text:?}");
        }
        assert!(!is_known("a\n", &new) && !is_known("c\n", &both) && !is_known("", ""));
    }

    #[test]
    fn an_index_that_is_not_understood_lists_nothing() {
        for text in [
            "",
            "[]",
            "{",
            r#"{"version": 1, "files": {"a": "b"}}"#,
            r#"{"version": 2, "files": ["a"]}"#,
        ] {
            assert!(listed(text).is_empty(), "{text}");
        }
        assert_eq!(
            listed(r#"{"version": 2, "files": {"a": "b", "c": 1}}"#).len(),
            1
        );
    }

    #[test]
    fn only_objects_of_other_kinds_are_output_by_their_head() {
        for text in [
            "apiVersion: v1\nkind: Service\nmetadata: {}\n",
            "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Service\",\n}\n",
        ] {
            assert!(!may_hold_workspace(text), "{text}");
        }
        for text in [
            "",
            "kind: Service\n",
            "apiVersion: v1\nkind: Workspace\n",
            "apiVersion: v1\nkind: List\n",
            "apiVersion: v1\nkind: Service\n---\nkind: Workspace\n",
        ] {
            assert!(may_hold_workspace(text), "{text}");
        }
    }
}
