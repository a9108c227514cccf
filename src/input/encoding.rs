//! The bytes of a file become a text, or what stands in for one: encodings, and files that are not
//! really there.

use std::borrow::Cow;
use std::ops::Range;

use crate::vocab::kinds;

/// A text and what it was made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// Whether the file has other bytes than the text, so that no place in one is one in the other.
    pub(super) is_recoded: bool,
}

/// Bytes that are no text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Undecodable {
    /// What stands before the first wrong byte.
    pub(super) good: String,
    /// What is wrong, as the message of a diagnostic.
    pub(super) message: &'static str,
    /// Whether KAITO is mentioned.
    pub(super) mentions_kaito: bool,
}

/// Decodes UTF-8, and UTF-16 with a byte order mark, which PowerShell writes.
pub(super) fn decode(bytes: Vec<u8>) -> Result<Decoded, Undecodable> {
    let mentions = |bytes: &[u8]| mentions_kaito(&String::from_utf8_lossy(bytes));
    let unit: fn([u8; 2]) -> u16 = match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            return Err(Undecodable {
                good: String::new(),
                message: "the file is UTF-32",
                mentions_kaito: mentions(&bytes),
            });
        }
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return decode_utf8(bytes),
    };
    let (pairs, rest) = bytes[2..].as_chunks();
    match String::from_utf16(&pairs.iter().copied().map(unit).collect::<Vec<_>>()) {
        Ok(text) if rest.is_empty() => Ok(Decoded {
            text,
            is_recoded: true,
        }),
        _ => Err(Undecodable {
            good: String::new(),
            message: "the file begins as UTF-16 and is not",
            mentions_kaito: mentions(&bytes),
        }),
    }
}

fn decode_utf8(bytes: Vec<u8>) -> Result<Decoded, Undecodable> {
    let is_recoded = false;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Decoded { text, is_recoded }),
        Err(error) => {
            let (valid, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
            Err(Undecodable {
                good: String::from_utf8_lossy(&bytes[..valid]).into_owned(),
                message: "here the file is no UTF-8 text",
                mentions_kaito: mentions_kaito(&String::from_utf8_lossy(bytes)),
            })
        }
    }
}

/// Whether a text that can't be parsed may be about KAITO: it has the prefix of its versions, or the
/// name of a kind and KAITO's own.
pub(super) fn mentions_kaito(text: &str) -> bool {
    // UTF-16 and UTF-32 have zeros between the letters.
    let text = if text.contains('\0') {
        Cow::Owned(text.replace('\0', ""))
    } else {
        Cow::Borrowed(text)
    };
    if text.contains("kaito.sh/") || text.contains("kaito.sh\\/") {
        return true;
    }
    [kinds::WORKSPACE, kinds::INFERENCE_SET]
        .iter()
        .any(|kind| text.contains(kind))
        && text.to_ascii_lowercase().contains("kaito")
}

/// Where a text that is not parsed names a kind of KAITO's, and which.
pub(super) fn names_kind(text: &str) -> Option<(Range<usize>, &'static str)> {
    let mut keys = text.match_indices("kind");
    keys.find_map(|(at, key)| {
        let at = at + key.len();
        let value = text[at..].trim_start_matches(['"', '\'', ' ', '\t']);
        let value = value.strip_prefix(':')?;
        let value = value.trim_start_matches(['"', '\'', ' ', '\t']);
        let start = text.len() - value.len();
        let of_kaito = [kinds::WORKSPACE, kinds::INFERENCE_SET, kinds::RAG_ENGINE];
        let kind = of_kaito.into_iter().find(|kind| value.starts_with(kind))?;
        Some((start..start + kind.len(), kind))
    })
}

/// Why a text is not that of the file that was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StandIn {
    /// A pointer of Git LFS.
    LfsPointer,
    /// The target of a symbolic link, as Git checks it out where there are no links.
    LinkTarget,
}

/// The largest file that can hold a Workspace in earnest, for those of which only the size is known.
const MAX_MEANT: u64 = 1 << 20;

/// What a text stands in for; none if it is the file itself.
pub(super) fn stand_in(text: &str) -> Option<StandIn> {
    if let Some(rest) = text.strip_prefix("version https://git-lfs.github.com/spec/") {
        let mut lines = rest.lines();
        let size = lines.find_map(|line| line.strip_prefix("size ")?.trim().parse().ok());
        let may_be_meant = size.is_none_or(|size: u64| size <= MAX_MEANT);
        return may_be_meant.then_some(StandIn::LfsPointer);
    }
    // The longest target that Linux knows.
    let is_path = text.len() <= 4096 && !text.contains([':', '\n', '{', '[', '"', ' ', '\0']);
    let is_of_input = super::walk::is_named_like_input(text.as_ref());
    (is_path && is_of_input).then_some(StandIn::LinkTarget)
}

#[cfg(test)]
mod tests {
    use super::{StandIn, decode, mentions_kaito, stand_in};

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
        units.flat_map(bytes).collect()
    }

    #[test]
    fn utf_16_with_a_mark_is_decoded() {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let decoded = decode(utf16("a: é😀", bytes)).unwrap();
            assert_eq!(
                (decoded.text.as_str(), decoded.is_recoded),
                ("a: é😀", true)
            );
            let mut broken = utf16("kaito.sh/", bytes);
            broken.push(0);
            assert!(decode(broken).unwrap_err().mentions_kaito);
        }
        let utf32: Vec<_> = "\u{feff}kaito.sh/"
            .chars()
            .flat_map(|char| u32::from(char).to_le_bytes())
            .collect();
        assert!(decode(utf32).unwrap_err().mentions_kaito);
        assert!(!decode(b"a: \xe9".to_vec()).unwrap_err().mentions_kaito);
    }

    #[test]
    fn kaito_is_mentioned_in_some_ways() {
        for text in [
            "kaito.sh/v1",
            r"kaito.sh\/v1",
            "kaito.io kind: Workspace",
            "k\0a\0i\0t\0o\0.\0s\0h\0/\0",
        ] {
            assert!(mentions_kaito(text), "{text}");
        }
        for text in ["kaito", "Workspace", "our kaito values"] {
            assert!(!mentions_kaito(text), "{text}");
        }
    }

    #[test]
    fn what_stands_in_for_a_file_is_known() {
        let lfs = |size| {
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize {size}\n")
        };
        assert_eq!(stand_in(&lfs(900)), Some(StandIn::LfsPointer));
        assert_eq!(stand_in(&lfs(2 << 20)), None);
        for target in ["../shared/a.yaml", "a.yml", "/etc/a.json"] {
            assert_eq!(stand_in(target), Some(StandIn::LinkTarget), "{target}");
        }
        for text in [
            "",
            "a",
            "a: b.yaml",
            "- b.yaml",
            "see b.yaml",
            "a.yaml\nb.yaml",
        ] {
            assert_eq!(stand_in(text), None, "{text}");
        }
    }
}
