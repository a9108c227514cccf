//! Documents of YAML, parsed when the program is built: `src/input/prepared.rs` reads them, and has
//! the form.

use std::io;

use granit_parser::{Event, Parser, ScalarStyle, StrInput, options};

/// The one document of a text.
///
/// # Errors
///
/// If it is no YAML, or has what the files of this project do without: tags, anchors, aliases, `<<`.
pub(crate) fn prepare(text: &str) -> io::Result<Vec<u8>> {
    let options = options! { emit_comments: false };
    let mut writer = Writer {
        parser: Parser::new_from_str_with_options(text, options),
        text,
        written: Vec::new(),
    };
    while !matches!(writer.next()?.0, Event::DocumentStart(..)) {}
    let (event, start, end) = writer.next()?;
    writer.node(event, start, end)?;
    while let Some(event) = writer.parser.next_event() {
        if matches!(event, Ok((Event::DocumentStart(..), _))) {
            return Err(io::Error::other("the file has to hold one document"));
        }
    }
    Ok(writer.written)
}

struct Writer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    text: &'a str,
    written: Vec<u8>,
}

/// An event, and where it begins and ends.
type Placed<'a> = (Event<'a>, usize, usize);

impl<'a> Writer<'a> {
    fn next(&mut self) -> io::Result<Placed<'a>> {
        let event = self.parser.next_event().transpose();
        let (event, span) = event
            .map_err(io::Error::other)?
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let start = span.start.byte_offset().unwrap_or_default();
        let end = span.end.byte_offset().unwrap_or(start);
        let length = self.text.len();
        let start = start.min(length);
        Ok((event, start, end.clamp(start, length)))
    }

    fn node(&mut self, event: Event, start: usize, end: usize) -> io::Result<()> {
        self.number(start);
        self.number(end - start);
        match event {
            Event::Scalar(value, style, 0, None) => {
                self.scalar(&value, style, &self.text[start..end]);
                Ok(())
            }
            Event::SequenceStart(_, 0, None) => self.children(b'l', &Event::SequenceEnd),
            Event::MappingStart(_, 0, None) => self.children(b'm', &Event::MappingEnd),
            other => Err(io::Error::other(format!("{other:?} at byte {start}"))),
        }
    }

    /// What is inside of a collection; of a mapping, keys and values in turn.
    fn children(&mut self, kind: u8, end: &Event) -> io::Result<()> {
        let outer = std::mem::take(&mut self.written);
        let mut count = 0;
        loop {
            let (event, start, stop) = self.next()?;
            if event == *end {
                break;
            }
            if kind == b'm' && matches!(&event, Event::Scalar(key, ..) if key == "<<") {
                return Err(io::Error::other(format!("`<<` at byte {start}")));
            }
            self.node(event, start, stop)?;
            count += 1;
        }
        let inner = std::mem::replace(&mut self.written, outer);
        self.written.push(kind);
        self.number(count);
        self.written.extend(inner);
        Ok(())
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, source: &str) {
        let is_plain = style == ScalarStyle::Plain;
        // The parser gives `~` where nothing stands, which means the same.
        let is_absent = source.is_empty() && value == "~";
        if is_plain && (source == value || is_absent) {
            self.written.push(b'p');
        } else if !is_plain && source.get(1..source.len().max(2) - 1) == Some(value) {
            self.written.push(b'q');
        } else {
            // A plain scalar of several lines is a string: it has blanks.
            self.written.push(b's');
            self.number(value.len());
            self.written.extend(value.as_bytes());
        }
    }

    /// Seven bits a byte, the lowest first; all bytes but the last have the eighth.
    fn number(&mut self, mut number: usize) {
        while number > 0x7f {
            self.written.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.written.push(number.to_le_bytes()[0]);
    }
}
