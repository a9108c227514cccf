//! YAML and JSON texts become trees with places.

use std::collections::BTreeMap;

use granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput, StructureStyle, Tag, options,
};

use super::scalar;
use crate::base::node::{Data, Entry, Node};
use crate::base::sources::{FileId, Sources, Span};
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::vocab::limits::DOCUMENT_ERRORS;

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
/// possible.
pub fn parse(sources: &Sources, file: FileId, diagnostics: &mut Diagnostics) -> Vec<Node> {
    let options = options! {
        // The parser's own limits bound its stack; `within` counts both ways of nesting together.
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        // So that an unknown alias is our diagnostic, with its place, and the reading goes on.
        emit_unresolved_aliases: true,
        // The parser has them where another crate of the build turns that feature on.
        emit_comments: false,
    };
    let text = sources.text(file);
    let parser = Parser::new_from_str_with_options(text, options);
    let anchors = BTreeMap::new();
    let mut reader = Reader {
        text,
        file,
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
    text: &'a str,
    file: FileId,
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
                (anchor, self.scalar(&text, style, tag.as_deref(), span)?)
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
                (Event::SequenceEnd, _) => return Ok(Data::List(items)),
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
            if is_block && let Some(tab) = self.tab_in_indent(key_span.start as usize) {
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
        Ok(Data::Map(entries))
    }

    fn duplicate(&mut self, key: &str, first: Span, second: Span) {
        let message = format!("the key `{key}` stands twice in this mapping");
        let diagnostic = Diagnostic::new(&rule::DUPLICATE_KEY, second, message);
        self.diagnostics.report(
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

    /// A key as kubectl writes it into JSON.
    fn key(&mut self, (event, span): Spanned<'a>) -> Result<String, Broken> {
        let is_merge =
            matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
        if is_merge {
            return Ok("<<".to_owned());
        }
        match self.node((event, span))?.data {
            Data::String(text) => Ok(text),
            Data::Bool(value) => Ok(value.to_string()),
            Data::Number(value) => Ok(value.to_string()),
            Data::Null => Ok("null".to_owned()),
            Data::List(_) | Data::Map(_) => {
                let diagnostic = Diagnostic::new(
                    &rule::SYNTAX,
                    span,
                    "a key has to be a text, not a list or mapping",
                );
                self.fail(diagnostic.hint("if this is a template, quote it: `\"{{ … }}\"`"))
            }
        }
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
                self.slice(span)
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

    fn slice(&self, span: Span) -> &'a str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
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
                let span = self.span(span.start.byte_offset(), span.end.byte_offset());
                Ok(Some((event, span)))
            }
            Some(Err(error)) => {
                let diagnostic = self.syntax(&error);
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
        let end = self.span(Some(self.text.len()), None);
        self.fail(Diagnostic::new(
            &rule::SYNTAX,
            end,
            "the text ends too early",
        ))
    }

    fn span(&self, start: Option<usize>, end: Option<usize>) -> Span {
        let start = start.unwrap_or_default().min(self.text.len());
        let end = end.unwrap_or(start).clamp(start, self.text.len());
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span {
            file: self.file,
            start: offset(start),
            end: offset(end),
        }
    }

    fn syntax(&self, error: &ScanError) -> Diagnostic {
        let start = error
            .marker()
            .byte_offset()
            .unwrap_or_default()
            .min(self.text.len());
        let width = self
            .text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        let span = self.span(Some(start), Some(start + width));
        // A tab is noticed where it stands, or at the end of the line before.
        let next_line = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |length| start + length + 1);
        if let Some(tab) = self
            .tab_in_indent(start)
            .or_else(|| self.tab_in_indent(next_line))
        {
            return tab_error(tab);
        }
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => too_deep(span),
            _ => Diagnostic::new(
                &rule::SYNTAX,
                span,
                format!("not valid YAML: {}", error.info()),
            ),
        }
    }

    /// The first tab among the blanks with which the line of an offset begins.
    fn tab_in_indent(&self, offset: usize) -> Option<Span> {
        let line = self.text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
        let indent = self.text[line..].find(|char| char != ' ' && char != '\t')?;
        let tab = line + self.text[line..line + indent].find('\t')?;
        Some(self.span(Some(tab), Some(tab + 1)))
    }
}

fn tab_error(tab: Span) -> Diagnostic {
    Diagnostic::new(&rule::SYNTAX, tab, "YAML can't be indented by a tab")
        .hint("indent with spaces")
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(
        &rule::TOO_LARGE,
        span,
        format!("mappings and lists are nested more than {MAX_DEPTH} deep"),
    )
}

/// How many mappings and lists are nested in a value, itself included.
fn depth(node: &Node) -> usize {
    match &node.data {
        Data::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Data::Map(entries) => {
            1 + entries
                .iter()
                .map(|entry| depth(&entry.value))
                .max()
                .unwrap_or(0)
        }
        _ => 0,
    }
}

/// Whether a value and all inside it are within a budget, which they use up.
fn fits(node: &Node, budget: &mut usize) -> bool {
    match &node.data {
        Data::List(items) => spend(budget, 0) && items.iter().all(|item| fits(item, budget)),
        Data::Map(entries) => {
            spend(budget, 0)
                && entries
                    .iter()
                    .all(|entry| spend(budget, entry.key.len()) && fits(&entry.value, budget))
        }
        Data::String(text) => spend(budget, text.len()),
        _ => spend(budget, 0),
    }
}

fn spend(budget: &mut usize, bytes: usize) -> bool {
    let left = budget.checked_sub(bytes + size_of::<Node>());
    *budget = left.unwrap_or(0);
    left.is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::parse;
    use crate::base::node::Node;
    use crate::base::sources::{Sources, Span};
    use crate::diagnostic::Diagnostic;
    use crate::diagnostic::Diagnostics;
    use crate::emit::Format;

    struct Read {
        sources: Sources,
        documents: Vec<Node>,
        diagnostics: Vec<Diagnostic>,
    }

    fn read(text: &str) -> Read {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let mut diagnostics = Diagnostics::default();
        let documents = parse(&sources, file, &mut diagnostics);
        let diagnostics = diagnostics.into_iter().collect();
        Read {
            sources,
            documents,
            diagnostics,
        }
    }

    impl Read {
        fn slice(&self, span: Span) -> &str {
            &self.sources.text(span.file)[span.start as usize..span.end as usize]
        }

        fn values(&self) -> Vec<Value> {
            self.documents.iter().map(Node::to_value).collect()
        }

        /// The rule, the message and the text at the place of each diagnostic.
        fn diagnostics(&self) -> Vec<(&str, &str, &str)> {
            let place =
                |diagnostic: &Diagnostic| diagnostic.place.map_or("", |span| self.slice(span));
            self.diagnostics
                .iter()
                .map(|diagnostic| (diagnostic.rule.id, &*diagnostic.message, place(diagnostic)))
                .collect()
        }
    }

    fn only(text: &str) -> (String, String, String) {
        let read = read(text);
        match read.diagnostics().as_slice() {
            [(rule, message, place)] => (
                (*rule).to_owned(),
                (*message).to_owned(),
                (*place).to_owned(),
            ),
            diagnostics => panic!("{text:?}: {diagnostics:?}"),
        }
    }

    #[test]
    fn every_key_and_value_has_its_bytes() {
        let read =
            read("é: 'ü'\r\nlist:\r\n- \"a\\tb\"\r\n- plain text # not this\r\nmap: {x: 1}\r\n");
        assert_eq!(read.diagnostics, []);
        let node = &read.documents[0];
        let slice = |pointer: &str| read.slice(node.find(pointer).unwrap().span).to_owned();
        assert_eq!(read.slice(node.entry("é").unwrap().key_span), "é");
        assert_eq!(slice("/é"), "'ü'");
        assert_eq!(slice("/list/0"), "\"a\\tb\"");
        assert_eq!(slice("/list/1"), "plain text");
        assert_eq!(slice("/map/x"), "1");
        assert_eq!(slice("/map"), "map");
    }

    #[test]
    fn a_text_may_hold_many_documents_and_json() {
        assert_eq!(
            read("a: 1\n---\n# nothing\n---\nb: 2\n...\n").values(),
            [json!({"a": 1}), json!({"b": 2})]
        );
        let text = "{\n\t\"a\": \"\\/\\ud83d\\ude00\",\n\t\"b\": [1, 2.5, null, true, \"yes\"]\n}";
        assert_eq!(
            read(text).values(),
            [json!({"a": "/😀", "b": [1, 2.5, null, true, "yes"]})]
        );
        assert_eq!(read("").values(), [] as [Value; 0]);
    }

    #[test]
    fn aliases_and_merges_are_written_out() {
        let text = "base: &b {x: 1, k: 2}\nmore: &m {k: 3, z: 4}\nall: {<<: [*b, *m], x: 9}\nsame: *b\nquoted: {\"<<\": 1}\n";
        let value = &read(text).values()[0];
        assert_eq!(value["all"], json!({"x": 9, "k": 2, "z": 4}));
        assert_eq!(value["same"], json!({"x": 1, "k": 2}));
        assert_eq!(value["quoted"], json!({"<<": 1}));
    }

    #[test]
    fn keys_and_tags_are_read_as_kubectl_reads_them() {
        let read = read("1: a\ntrue: b\n~: c\nd: !!str 010\ne: !!int \"7\"\nf: \"010\"\n");
        assert_eq!(
            read.values(),
            [json!({"1": "a", "true": "b", "null": "c", "d": "010", "e": 7, "f": "010"})]
        );
        assert_eq!(read.diagnostics(), []);
    }

    #[test]
    fn duplicate_keys_show_both() {
        let read = read("a: 1\nb: 2\na: 3\n");
        let [diagnostic] = read.diagnostics.as_slice() else {
            panic!("{:?}", read.diagnostics)
        };
        assert_eq!(
            (
                diagnostic.rule.id,
                diagnostic.place.unwrap().start,
                diagnostic.also[0].span.start
            ),
            ("KR004", 10, 0)
        );
        assert_eq!(only("true: 1\n\"true\": 2\n").0, "KR004");
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table, case by case")]
    fn broken_texts_are_reported_at_their_place() {
        for (text, rule, message, place) in [
            (
                "a:\n\tb: 1\n",
                "KR003",
                "YAML can't be indented by a tab",
                "\t",
            ),
            ("\ta: 1\n", "KR003", "YAML can't be indented by a tab", "\t"),
            (
                "a:\n \tb: 1\n",
                "KR003",
                "YAML can't be indented by a tab",
                "\t",
            ),
            (
                "a: 1\n\tb: 1\n",
                "KR003",
                "YAML can't be indented by a tab",
                "\t",
            ),
            (
                "a:\n  b: 1\n\tc: 2\n",
                "KR003",
                "YAML can't be indented by a tab",
                "\t",
            ),
            (
                "- x\n\t- y\n",
                "KR003",
                "YAML can't be indented by a tab",
                "\t",
            ),
            (
                "a: *nobody\n",
                "KR003",
                "the alias `*nobody` has no anchor `&nobody` before it",
                "*nobody",
            ),
            (
                "a: &a [*a]\n",
                "KR003",
                "the alias `*a` stands inside of what it means",
                "*a",
            ),
            (
                "? [a]\n: 1\n",
                "KR003",
                "a key has to be a text, not a list or mapping",
                "[",
            ),
            (
                "a: !!int x\n",
                "KR003",
                "`x` is not of the type `!!int`",
                "x",
            ),
            (
                "a: !vault x\n",
                "KR003",
                "the tag `!vault` means nothing to Kubernetes",
                "x",
            ),
            (
                "a: {<<: 1}\n",
                "KR003",
                "`<<` merges mappings, and this is none",
                "1",
            ),
            (
                "a: .inf\n",
                "KR008",
                "`.inf` can't stand in JSON, which is what Kubernetes stores",
                ".inf",
            ),
            (
                "a: on\n",
                "KR006",
                "`on` is `true` to kubectl, but not to every reader of YAML",
                "on",
            ),
            (
                "a: 0o7_7\n",
                "KR006",
                "`0o7_7` is the number 63 to kubectl, but not to every reader of YAML",
                "0o7_7",
            ),
        ] {
            assert_eq!(
                only(text),
                (rule.to_owned(), message.to_owned(), place.to_owned()),
                "{text}"
            );
        }
        for text in [
            "a: [1\n",
            "a: \"x\n",
            "a: b: c\n",
            "- a\nb: c\n",
            "a: |x\n",
            "%YAML 9.9\n---\na: 1\n",
            "a: \"\\q\"\n",
            "{",
        ] {
            assert_eq!(only(text).0, "KR003", "{text}");
        }
    }

    #[test]
    fn reading_goes_on_behind_a_broken_document() {
        let read = read("a: [\n---\nb: 1\n---\nc: *x\n---\nd: 2\n");
        assert_eq!(read.values(), [json!({"b": 1}), json!({"d": 2})]);
        assert_eq!(read.diagnostics.len(), 2, "{:?}", read.diagnostics);
    }

    #[test]
    fn bombs_are_refused() {
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let items = vec![format!("*a{}", level - 1); 9].join(", ");
            laughs += &format!("a{level}: &a{level} [{items}]\n");
        }
        assert_eq!(only(&laughs).0, "KR005");
        let long = format!(
            "a: &a {}\nb: [{}]\n",
            "x".repeat(1 << 20),
            "*a, ".repeat(99_000)
        );
        assert_eq!(only(&long).0, "KR005");
        let anchors: String = (0..90).map(|level| format!("&a{level} [")).collect();
        assert_eq!(
            only(&format!(
                "a: {anchors}{}{}",
                "x, ".repeat(100_000),
                "]".repeat(90)
            ))
            .0,
            "KR005"
        );
        assert_eq!(only(&"[".repeat(100_000)).0, "KR005");
        let nested: String = (0..20_000)
            .map(|depth| format!("{}a:\n", " ".repeat(depth.min(300))))
            .collect();
        assert_eq!(only(&nested).0, "KR005");
        assert_eq!(only(&format!("a: {}", "x".repeat(4 << 20))).0, "KR005");
        assert_eq!(
            read(&format!("a: [{}]", "b, ".repeat(500_000))).diagnostics,
            []
        );
    }

    #[test]
    fn nesting_counts_whatever_it_is_written_with() {
        let block = |depth: usize| {
            (0..depth)
                .map(|level| format!("{}a:\n", " ".repeat(level)))
                .collect::<String>()
        };
        let flow = |depth: usize| format!("{}{}\n", "[".repeat(depth), "]".repeat(depth));
        let mixed =
            |outer: usize, inner| format!("{}{}{}", block(outer), " ".repeat(outer), flow(inner));
        for text in [block(100), flow(100), mixed(50, 50)] {
            let value = &read(&text).values()[0];
            assert_eq!(
                &read(&Format::Yaml.document(&value.clone().into())).values()[0],
                value,
                "{text}"
            );
        }
        let aliased = |outer, inner| {
            format!(
                "a: &a {}b: {}*a{}\n",
                flow(inner),
                "[".repeat(outer),
                "]".repeat(outer)
            )
        };
        assert_eq!(read(&aliased(49, 50)).diagnostics, []);
        for text in [block(101), flow(101), mixed(50, 51), aliased(50, 50)] {
            assert_eq!(only(&text).0, "KR005", "{text}");
        }
        // Each level takes the one before for a part of itself.
        let levels: String = (1..40)
            .map(|level| format!("a{level}: &a{level} [[[*a{}]]]\n", level - 1))
            .collect();
        assert_eq!(only(&format!("a0: &a0 x\n{levels}")).0, "KR005");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn arbitrary_text_never_panics(text in "[-a-c \\n\\t:{}\\[\\],&*!|>'\"#%?0-9.é~<]{0,60}") {
            let read = read(&text);
            for diagnostic in &read.diagnostics {
                let span = diagnostic.place.unwrap();
                proptest::prop_assert!(read.sources.text(span.file).get(span.start as usize..span.end as usize).is_some());
            }
        }
    }
}
