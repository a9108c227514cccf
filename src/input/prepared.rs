//! Documents that were parsed when the program was built: to parse the files that the binary
//! carries would be most of the time in which it compiles one Workspace.
//!
//! `build/prepare.rs` writes them. A value is its place as two numbers, offset and length in the
//! text, and behind these a letter:
//!
//! - `p`: a plain scalar, which is its place in the text
//! - `q`: a string that is its place in the text without the quotes
//! - `s`: another string: its length, and its bytes
//! - `l`: a list: the number of its items, and each
//! - `m`: a mapping: the number of its keys and values together, and each in turn
//!
//! Numbers have seven bits a byte, the lowest first; all bytes but the last have the eighth.

use super::scalar;
use crate::base::node::{Data, Entry, Node};
use crate::base::sources::{FileId, Span};

/// A document that was parsed when the program was built, and a reader of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared {
    /// What it was parsed to, as far as that was not read.
    pub(crate) bytes: &'static [u8],
    /// The text that was parsed.
    pub(crate) text: &'static str,
    /// What its places are of.
    pub(crate) file: FileId,
}

impl Prepared {
    /// The document; none if it is not of this form.
    pub(crate) fn read(mut self) -> Option<Node> {
        self.node()
    }

    /// The first entry of the mapping that the document is.
    pub(crate) fn first(mut self) -> Option<Entry> {
        let (_, _) = (self.number()?, self.number()?);
        let is_map = self.take(1)? == b"m" && self.number()? > 0;
        is_map.then(|| self.entry())?
    }

    fn node(&mut self) -> Option<Node> {
        let start = self.number()?;
        let end = start + self.number()?;
        let data = match self.take(1)? {
            b"p" => scalar::resolve(self.text.get(start..end)?).ok()?,
            b"q" => Data::String(self.text.get(start + 1..end.checked_sub(1)?)?.to_owned()),
            b"s" => {
                let length = self.number()?;
                Data::String(str::from_utf8(self.take(length)?).ok()?.to_owned())
            }
            b"l" => {
                let count = self.number()?;
                let mut items = Vec::with_capacity(count);
                for _ in 0..count {
                    items.push(self.node()?);
                }
                Data::List(items)
            }
            b"m" => {
                let count = self.number()? / 2;
                let mut entries = Vec::with_capacity(count);
                for _ in 0..count {
                    entries.push(self.entry()?);
                }
                Data::Map(entries)
            }
            _ => return None,
        };
        let span = Span {
            file: self.file,
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        };
        Some(Node { span, data })
    }

    fn entry(&mut self) -> Option<Entry> {
        let key = self.node()?;
        Some(Entry {
            key_span: key.span,
            key: scalar::key(key.data)?,
            value: self.node()?,
        })
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = usize::from(*self.take(1)?.first()?);
            number |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'static [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }
}
