//! YAML and JSON texts become trees with places.

mod size;
mod syntax;
mod templates;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, StrInput, StructureStyle, Tag, options};

use super::scalar;
use crate::base::node::{Data, Entry, Node};
use crate::base::sources::{FileId, Sources, Span};
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::vocab::limits::DOCUMENT_ERRORS;
use size::{depth, fits};
use syntax::{Text, tab_error, too_deep};
use templates::Masked;

/// The most bytes of one document. The API server takes no larger request (`MaxRequestBodyBytes` of
/// Kubernetes).
const MAX_DOCUMENT: usize = 3 << 20;

/// The deepest nesting of mappings and lists, with what aliases stand for.
const MAX_DEPTH: usize = 100;

/// The most bytes that the values which anchors mark and aliases repeat may take in one document.
const MAX_COPIED: usize = 16 << 20;

/// Reads the documents of a text; JSON is read as the YAML that it is. Null documents are left out.
///
/// A document with an error is left out too, and the reading goes on behind it where that is
/// possible. A text that is no YAML before another program fills it in is read as if it was filled
/// in, and its values as they are written.
pub fn parse(sources: &Sources, file: FileId, diagnostics: &mut Diagnostics) -> Vec<Node> {
    let text = sources.text(file);
    let mark = diagnostics.mark();
    if !templates::hides_marks(text) {
        let nodes = read(text, None, file, diagnostics);
        if !breaks(diagnostics, mark) {
            return nodes;
        }
        let as_written = diagnostics.split_off(mark);
        if let Some(filled) = filled_in(text, file, diagnostics) {
            return filled;
        }
        diagnostics.extend(as_written);
        return nodes;
    }
    filled_in(text, file, diagnostics).unwrap_or_else(|| read(text, None, file, diagnostics))
}

/// Whether a text was found to be no YAML since a mark.
fn breaks(diagnostics: &Diagnostics, mark: usize) -> bool {
    let mut found = diagnostics.as_slice()[mark..].iter();
    found.any(|found| found.rule == &rule::SYNTAX)
}

/// The documents of a text that is YAML only once it is filled in; none if it is not even then.
fn filled_in(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Option<Vec<Node>> {
    let masked = Masked::of(text)?;
    let mark = diagnostics.mark();
    let nodes = read(text, Some(&masked), file, diagnostics);
    if breaks(diagnostics, mark) {
        drop(diagnostics.split_off(mark));
        return None;
    }
    if let Some(range) = masked.instruction {
        let written = Text { text, file };
        let place = written.span(Some(range.start), Some(range.end));
        let message = format!("the file is still a template: `{}`", written.slice(place));
        let diagnostic = Diagnostic::new(&rule::PLACEHOLDER, place, message);
        diagnostics
            .report(diagnostic.hint(
                "check what the template's own program makes of it, such as `helm template`",
            ));
    }
    Some(nodes)
}

fn read(
    text: &str,
    masked: Option<&Masked>,
    file: FileId,
    diagnostics: &mut Diagnostics,
) -> Vec<Node> {
    let options = options! {
        // The parser's own limits bound its stack; `within` counts both ways of nesting together.
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        // So that an unknown alias is our diagnostic, with its place, and the reading goes on.
        emit_unresolved_aliases: true,
        // The parser has them where another crate of the build turns that feature on.
        emit_comments: false,
    };
    let parsed = masked.map_or(text, |masked| masked.text.as_str());
    let parser = Parser::new_from_str_with_options(parsed, options);
    let anchors = BTreeMap::new();
    let mut reader = Reader {
        text: Text { text, file },
        masked,
        parser,
        start: 0,
        depth: 0,
        anchors,
        copied: 0,
        diagnostics,
    };
    reader.documents()
}

/// A document that can't be read on; what is wrong has been reported.
struct Broken;

struct Reader<'a> {
    text: Text<'a>,
    /// The text that is parsed instead, if any is.
    masked: Option<&'a Masked<'a>>,
    parser: Parser<'a, StrInput<'a>>,
    /// Where the document begins.
    start: u32,
    /// How many mappings and lists are open.
    depth: usize,
    /// The values that aliases stand for, by the number the parser gives their anchors.
    anchors: BTreeMap<usize, Node>,
    /// The bytes that were copied for anchors and aliases.
    copied: usize,
    diagnostics: &'a mut Diagnostics,
}

type Spanned<'a> = (Event<'a>, Span);

impl<'a> Reader<'a> {
    fn documents(&mut self) -> Vec<Node> {
        let (mut documents, mut broken) = (Vec::new(), 0);
        loop {
            match self.document() {
                Ok(Some(node)) if node.data == Data::Null => {}
                Ok(Some(node)) => documents.push(node),
                Ok(None) => return documents,
                Err(Broken) => {
                    broken += 1;
                    match self.parser.proceed_next_document() {
                        Ok(true) if broken < DOCUMENT_ERRORS => {}
                        _ => return documents,
                    }
                }
            }
        }
    }

    /// The next document; none at the end of the text.
    fn document(&mut self) -> Result<Option<Node>, Broken> {
        self.anchors.clear();
        self.copied = 0;
        self.depth = 0;
        self.start = loop {
            match self.next()? {
                None | Some((Event::StreamEnd, _)) => return Ok(None),
                Some((Event::DocumentStart(..), span)) => break span.start,
                Some(_) => {}
            }
        };
        let first = self.expect()?;
        let node = self.node(first)?;
        self.expect()?;
        Ok(Some(node))
    }

    fn node(&mut self, (event, span): Spanned<'a>) -> Result<Node, Broken> {
        let (anchor, data) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let written = match self.masked {
                    Some(masked) => masked.restore(&text),
                    None => Cow::Borrowed(text.as_ref()),
                };
                let data = self.scalar(&written, style, tag.as_deref(), span)?;
                (anchor, data)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "seq", span)?;
                (anchor, self.within(span, Self::list)?)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", span)?;
                (
                    anchor,
                    self.within(span, |reader| reader.map(style == StructureStyle::Block))?,
                )
            }
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::UnresolvedAlias(name) => return self.unknown_anchor(&name, span),
            _ => return self.fail(Diagnostic::new(&rule::SYNTAX, span, "a value is missing")),
        };
        let node = Node { span, data };
        if anchor > 0 {
            self.charge(&node, span)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Reads what is inside a mapping or list. The parser counts those in brackets and those by
    /// indentation apart.
    fn within(
        &mut self,
        span: Span,
        read: impl FnOnce(&mut Self) -> Result<Data, Broken>,
    ) -> Result<Data, Broken> {
        if self.depth == MAX_DEPTH {
            return self.fail(too_deep(span));
        }
        self.depth += 1;
        let data = read(self)?;
        self.depth -= 1;
        Ok(data)
    }

    fn list(&mut self) -> Result<Data, Broken> {
        let mut items = Vec::new();
        loop {
            match self.expect()? {
                (Event::SequenceEnd, _) => {
                    items.shrink_to_fit();
                    return Ok(Data::List(items));
                }
                item => items.push(self.node(item)?),
            }
        }
    }

    fn map(&mut self, is_block: bool) -> Result<Data, Broken> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged = Vec::new();
        let mut seen = BTreeMap::new();
        loop {
            let (event, key_span) = match self.expect()? {
                (Event::MappingEnd, _) => break,
                other => other,
            };
            // The parser lets some of these tabs pass.
            if is_block && let Some(tab) = self.text.tab_in_indent(key_span.start as usize) {
                return self.fail(tab_error(tab));
            }
            let is_plain = matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..));
            let key = self.key((event, key_span))?;
            let first = self.expect()?;
            let value = self.node(first)?;
            if key == "<<" && is_plain {
                merged.extend(self.merged(value)?);
            } else if let Some(first) = seen.insert(key.clone(), key_span) {
                // The first value stays: one of the two has to, so that the other rules have
                // something to read.
                self.duplicate(&key, first, key_span);
            } else {
                entries.push(Entry {
                    key,
                    key_span,
                    value,
                });
            }
        }
        // After all keys of the mapping: what is written there wins over what `<<` brings, wherever
        // `<<` stands.
        for entry in merged {
            if seen.insert(entry.key.clone(), entry.key_span).is_none() {
                entries.push(entry);
            }
        }
        // All documents of a run are in memory at once, and most mappings have few entries.
        entries.shrink_to_fit();
        Ok(Data::Map(entries))
    }

    fn duplicate(&mut self, key: &str, first: Span, second: Span) {
        let message = format!("the key `{key}` stands twice in this mapping");
        let diagnostic = Diagnostic::new(&rule::DUPLICATE_KEY, second, message);
        self.diagnostics.report_or_count(
            diagnostic
                .also(first, "the first one")
                .hint("remove one of the two"),
        );
    }

    /// The entries that `<<` brings in; those of earlier mappings come before those of later ones.
    fn merged(&mut self, value: Node) -> Result<Vec<Entry>, Broken> {
        let span = value.span;
        match value.data {
            Data::Map(entries) => return Ok(entries),
            Data::List(items) => {
                let maps: Option<Vec<_>> = items
                    .into_iter()
                    .map(|item| match item.data {
                        Data::Map(entries) => Some(entries),
                        _ => None,
                    })
                    .collect();
                if let Some(maps) = maps {
                    return Ok(maps.into_iter().flatten().collect());
                }
            }
            _ => {}
        }
        self.fail(Diagnostic::new(
            &rule::SYNTAX,
            span,
            "`<<` merges mappings, and this is none",
        ))
    }

    /// A key; `<<` for one that merges.
    fn key(&mut self, (event, span): Spanned<'a>) -> Result<String, Broken> {
        let is_merge =
            matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
        if is_merge {
            return Ok("<<".to_owned());
        }
        if let Some(key) = scalar::key(self.node((event, span))?.data) {
            return Ok(key);
        }
        let diagnostic = Diagnostic::new(
            &rule::SYNTAX,
            span,
            "a key has to be a text, not a list or mapping",
        );
        self.fail(diagnostic.hint("if this is a template, quote it: `\"{{ … }}\"`"))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Data, Broken> {
        let tag = match tag.map(|tag| (tag.core_suffix(), tag)) {
            None => None,
            Some((Some(core @ ("str" | "int" | "float" | "bool" | "null")), _)) => Some(core),
            Some((_, tag)) => return self.unknown_tag(tag, span),
        };
        if tag == Some("str") || (tag.is_none() && style != ScalarStyle::Plain) {
            return Ok(Data::String(text.to_owned()));
        }
        let Ok(data) = scalar::resolve(text) else {
            let message = format!("`{text}` can't stand in JSON, which is what Kubernetes stores");
            self.diagnostics.report(
                Diagnostic::new(&rule::NOT_A_NUMBER, span, message)
                    .hint("quote it if a text is meant"),
            );
            return Ok(Data::Null);
        };
        let fits = match tag {
            Some("int" | "float") => matches!(data, Data::Number(_)),
            Some("bool") => matches!(data, Data::Bool(_)),
            Some("null") => data == Data::Null,
            _ => true,
        };
        if !fits {
            let message = format!(
                "`{text}` is not of the type `!!{}`",
                tag.unwrap_or_default()
            );
            return self.fail(Diagnostic::new(&rule::SYNTAX, span, message));
        }
        if tag.is_none() && scalar::is_ambiguous(text, &data) {
            self.ambiguous(text, &data, span);
        }
        Ok(data)
    }

    fn ambiguous(&mut self, text: &str, data: &Data, span: Span) {
        let diagnostic = |meaning: &str| {
            let message =
                format!("`{text}` is {meaning} to kubectl, but not to every reader of YAML");
            Diagnostic::new(&rule::AMBIGUOUS_SCALAR, span, message)
        };
        let quoted = format!("\"{text}\"");
        self.diagnostics.report(match data {
            Data::Bool(value) => {
                let hint = format!("quote it: `{quoted}`, or write `{value}` if that is meant");
                diagnostic(&format!("`{value}`")).hint(hint)
            }
            Data::Number(value) => {
                let hint =
                    format!("quote it: `{quoted}`, or write `{value}` if the number is meant");
                diagnostic(&format!("the number {value}")).hint(hint)
            }
            _ => diagnostic("a text")
                .hint(format!("quote it: `{quoted}`"))
                .fix(span, quoted),
        });
    }

    fn collection_tag(
        &mut self,
        tag: Option<&Tag>,
        expected: &str,
        span: Span,
    ) -> Result<(), Broken> {
        match tag {
            Some(tag) if tag.core_suffix() != Some(expected) => self.unknown_tag(tag, span),
            _ => Ok(()),
        }
    }

    fn unknown_tag<T>(&mut self, tag: &Tag, span: Span) -> Result<T, Broken> {
        let message = format!("the tag `{}` means nothing to Kubernetes", tag.original());
        self.fail(Diagnostic::new(&rule::SYNTAX, span, message).hint("remove it"))
    }

    /// A copy of what an anchor marks, at the place of the alias.
    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node, Broken> {
        // Taken out and put back: `charge` borrows all of the reader. The value itself is complete
        // only after its anchor was kept, so an alias inside of it finds nothing.
        let Some(node) = self.anchors.remove(&anchor) else {
            let message = format!(
                "the alias `{}` stands inside of what it means",
                self.text.slice(span)
            );
            return self.fail(Diagnostic::new(&rule::SYNTAX, span, message));
        };
        self.charge(&node, span)?;
        if self.depth + depth(&node) > MAX_DEPTH {
            return self.fail(too_deep(span));
        }
        let data = node.data.clone();
        self.anchors.insert(anchor, node);
        Ok(Node { span, data })
    }

    /// Accounts for a copy of a value, and refuses it where a small text would become a large tree.
    fn charge(&mut self, node: &Node, span: Span) -> Result<(), Broken> {
        let mut left = MAX_COPIED - self.copied;
        if !fits(node, &mut left) {
            let message = format!(
                "anchors and aliases repeat more than {} MiB in this document",
                MAX_COPIED >> 20
            );
            return self.fail(
                Diagnostic::new(&rule::TOO_LARGE, span, message).hint("write out what is meant"),
            );
        }
        self.copied = MAX_COPIED - left;
        Ok(())
    }

    fn unknown_anchor<T>(&mut self, name: &str, span: Span) -> Result<T, Broken> {
        let message = format!("the alias `*{name}` has no anchor `&{name}` before it");
        self.fail(
            Diagnostic::new(&rule::SYNTAX, span, message).hint("quote it if the text is meant"),
        )
    }

    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Result<T, Broken> {
        self.diagnostics.report(diagnostic);
        Err(Broken)
    }

    /// The next event; none at the end of the text.
    fn next(&mut self) -> Result<Option<Spanned<'a>>, Broken> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                let span = self
                    .text
                    .span(span.start.byte_offset(), span.end.byte_offset());
                Ok(Some((event, span)))
            }
            Some(Err(error)) => {
                let diagnostic = self.text.syntax(&error);
                self.fail(diagnostic)
            }
        }
    }

    /// The next event, where the text can't be at its end.
    fn expect(&mut self) -> Result<Spanned<'a>, Broken> {
        if let Some((event, span)) = self.next()? {
            if span.start.saturating_sub(self.start) as usize > MAX_DOCUMENT {
                let message = format!(
                    "the document has more than {MAX_DOCUMENT} bytes, which no object may have"
                );
                let place = Span {
                    start: self.start,
                    end: self.start,
                    ..span
                };
                return self.fail(
                    Diagnostic::new(&rule::TOO_LARGE, place, message).hint("split the document"),
                );
            }
            return Ok((event, span));
        }
        let end = self.text.span(Some(self.text.text.len()), None);
        self.fail(Diagnostic::new(
            &rule::SYNTAX,
            end,
            "the text ends too early",
        ))
    }
}
