//! YAML in a string of a document, such as a file in a ConfigMap: its places are those of the file
//! that the document stands in.

use super::lines::{Lines, relocate};
use crate::base::node::Node;
use crate::base::sources::{Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input;

/// A string of a document.
#[derive(Clone, Copy, Debug)]
pub struct Embedded<'a> {
    /// The string, without quotes and indentation.
    pub text: &'a str,
    /// Where it stands in the file of its document.
    pub place: Span,
}

/// What a string holds as YAML.
#[derive(Debug)]
pub struct Parsed {
    /// The first document; none if there is none.
    pub node: Option<Node>,
    /// Why the string is no YAML, at its place.
    pub error: Option<Diagnostic>,
}

impl Embedded<'_> {
    /// All documents of the string, with places as [`Self::parse`] gives them.
    ///
    /// # Errors
    ///
    /// Why the string is no YAML, at its place.
    pub fn documents(&self, sources: &Sources) -> Result<Vec<Node>, Diagnostic> {
        let (mut own, mut found) = (Sources::default(), Diagnostics::default());
        let file = own.add("", self.text);
        let mut nodes = input::parse(&own, file, &mut found);
        let lines = lines(self, sources);
        let mut errors = found.into_iter().filter(Diagnostic::is_error);
        if let Some(error) = errors.next() {
            return Err(placed(error, &lines));
        }
        for node in &mut nodes {
            relocate(node, &|span| lines.place(span));
        }
        Ok(nodes)
    }

    /// Parses the string. What stands in a block scalar keeps its own places; of other strings the
    /// place is the string as a whole.
    #[must_use]
    pub fn parse(&self, sources: &Sources) -> Parsed {
        let (mut own, mut found) = (Sources::default(), Diagnostics::default());
        let file = own.add("", self.text);
        let node = input::parse(&own, file, &mut found).drain(..).next();
        let lines = lines(self, sources);
        let error = found.into_iter().find(Diagnostic::is_error);
        Parsed {
            node: node.map(|mut node| {
                relocate(&mut node, &|span| lines.place(span));
                node
            }),
            error: error.map(|error| placed(error, &lines)),
        }
    }
}

/// What is wrong with a string, at its place in the file.
fn placed(error: Diagnostic, lines: &Lines) -> Diagnostic {
    Diagnostic {
        place: error.place.map(|place| lines.place(place)),
        also: Vec::new(),
        fix: None,
        ..error
    }
}

/// Where the lines of a string stand in its file.
fn lines(embedded: &Embedded, sources: &Sources) -> Lines {
    let place = embedded.place;
    let text = sources.text(place.file);
    // The place of a block scalar may leave out the blank lines that it begins with.
    let blank = embedded.text.len() - embedded.text.trim_start_matches('\n').len();
    let starts = [0, blank].into_iter().find_map(|blank| {
        let first = line_start(text, place.start as usize, blank)?;
        starts(embedded.text, text.get(first..)?, first)
    });
    Lines {
        place,
        starts: starts.unwrap_or_default(),
    }
}

/// The beginning of the line that is so many before that of an offset.
fn line_start(text: &str, offset: usize, before: usize) -> Option<usize> {
    let mut lines = text.get(..offset)?.rmatch_indices('\n');
    let start = match lines.nth(before) {
        Some((at, _)) => at + 1,
        None => 0,
    };
    Some(start)
}

/// Where the lines of a block scalar begin: in its string, and in the file, whose text from the line
/// on with which it begins is `written`. None where it does not stand there letter for letter.
fn starts(text: &str, written: &str, offset: usize) -> Option<Vec<(u32, u32)>> {
    let mut in_file = offset;
    let mut in_text = 0;
    let mut starts = Vec::new();
    let mut lines = written.split('\n');
    for line in text.split_inclusive('\n') {
        let raw = lines.next()?;
        let content = line.trim_end_matches('\n');
        let indented = raw.strip_suffix('\r').unwrap_or(raw);
        // A line of spaces may be shorter than the indentation.
        let indent = match indented.strip_suffix(content) {
            Some(indent) if indent.bytes().all(|byte| byte == b' ') => indent.len(),
            _ => return None,
        };
        let at = u32::try_from(in_file + indent).ok()?;
        starts.push((u32::try_from(in_text).ok()?, at));
        in_file += raw.len() + 1;
        in_text += line.len();
    }
    // What ends too early is found behind the last line.
    if let (Some((start, at)), true) = (starts.last().copied(), text.ends_with('\n')) {
        let length = u32::try_from(in_text).ok()? - start;
        starts.push((start + length, at + length));
    }
    Some(starts)
}

#[cfg(test)]
mod tests {
    use super::Embedded;
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostics;
    use crate::input;

    /// What stands at the place of `b` in the text of `a`.
    fn at(text: &str) -> String {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text.to_owned());
        let node = input::parse(&sources, file, &mut Diagnostics::default()).remove(0);
        let scalar = node.get("a").unwrap();
        let embedded = Embedded {
            text: scalar.as_str().unwrap(),
            place: scalar.span,
        };
        let parsed = embedded.parse(&sources).node.unwrap();
        let place = parsed.entry("b").unwrap().value.span;
        let whole = sources.text(file);
        whole[place.start as usize..place.end as usize].to_owned()
    }

    #[test]
    fn block_scalars_keep_the_places_of_their_lines() {
        for text in [
            "a: |\n  é: 1\n  b: x y\n",
            "a: |2-\n   c: 1\n   b: x y",
            "a: |  # why\r\n  c:\r\n\r\n  b: x y\r\n",
            "a: |\n\n\n  b: x y\n",
            "a: &z |+\n    # c\n    b: \"x y\"\n\n",
        ] {
            assert_eq!(at(text).trim_matches('"'), "x y", "{text}");
        }
        for text in ["a: 'b: x'\n", "a: \"b: x\"\n"] {
            assert!(at(text).contains("b: x"), "{text}");
        }
    }
}
