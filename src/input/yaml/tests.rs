//! Texts, and the trees and diagnostics that they become.

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
        let place = |diagnostic: &Diagnostic| diagnostic.place.map_or("", |span| self.slice(span));
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
    let read = read("é: 'ü'\r\nlist:\r\n- \"a\\tb\"\r\n- plain text # not this\r\nmap: {x: 1}\r\n");
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
