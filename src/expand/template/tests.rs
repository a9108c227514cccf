//! What templates make of a plan, and what is wrong with them.

use minijinja::Value as Variable;
use serde_json::{Value, json};

use super::{Scope, Template};
use crate::base::sources::{Sources, Span};
use crate::catalogue::library::Library;
use crate::catalogue::release::Release;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::input::parse;
use crate::plan::template_schema;
use crate::session::Session;

#[test]
fn the_templates_of_the_binary_are_what_is_parsed_with_every_check() {
    let (library, schema) = (Library::embedded(), template_schema());
    let mut session = Session::default();
    for name in library.releases() {
        let release = Release::load(&library, name, &mut session).unwrap();
        for file in release.template_files() {
            let document = release.prepared_template(&file, &mut session).unwrap();
            let prepared = Template::prepared(document);
            let node = document.read().unwrap();
            let (sources, diagnostics) = (&session.sources, &mut session.diagnostics);
            let parsed = Template::parse(node, &schema, sources, diagnostics).unwrap();
            let [prepared, parsed] = [prepared, parsed].map(|it| format!("{:?}", it.root()));
            assert!(prepared.starts_with("Some"), "{name}/{file}");
            assert_eq!(prepared, parsed, "{name}/{file}");
        }
    }
    assert!(session.diagnostics.is_empty());
}

fn schema() -> Value {
    json!({"properties": {"plan": {"type": "object", "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer"},
        "big": {"type": "integer"},
        "share": {"type": "number"},
        "on": {"type": "boolean"},
        "nothing": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "nodes": {"type": "array", "items": {"type": "object", "properties": {
            "name": {"type": "string"}, "ready": {"type": "boolean"},
        }}},
        "tuning": {"type": "object", "properties": {"dir": {"type": "string"}}},
        "flags": {"type": "object", "additionalProperties": {"type": "string"}},
        "anything": true,
    }}}})
}

fn plan() -> Value {
    json!({
        "name": "w: {a} # - *b\n'\"", "count": 2, "big": u64::MAX, "share": 0.5, "on": true, "nothing": null,
        "labels": {"b": "2", "a": "1"},
        "nodes": [{"name": "x", "ready": true}, {"name": "y", "ready": false}],
        "tuning": null,
        "flags": {"dtype": "auto", "trust": null, "odd": "a b'c"},
        "anything": {"deep": [1, null]},
    })
}

struct Run {
    sources: Sources,
    result: Result<Vec<Value>, Vec<Diagnostic>>,
}

fn rendered(template: &Template, scope: &Scope) -> Result<Vec<Value>, Diagnostic> {
    let objects = template.render(scope)?;
    Ok(objects
        .into_iter()
        .map(|object| Value::from(&object))
        .collect())
}

fn run(text: &str) -> Run {
    let mut sources = Sources::default();
    let file = sources.add("t.yaml", text);
    let mut diagnostics = Diagnostics::default();
    let documents = parse(&sources, file, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    let document = documents.into_iter().next().unwrap();
    let template = Template::parse(document, &schema(), &sources, &mut diagnostics);
    let scope = Scope::new("plan", plan().into());
    let result = match template {
        None => Err(diagnostics.into_iter().collect()),
        Some(template) => rendered(&template, &scope).map_err(|diagnostic| vec![diagnostic]),
    };
    Run { sources, result }
}

fn objects(text: &str) -> Vec<Value> {
    run(text)
        .result
        .unwrap_or_else(|diagnostics| panic!("{text}: {diagnostics:?}"))
}

fn object(text: &str) -> Value {
    let mut objects = objects(text);
    assert_eq!(objects.len(), 1, "{text}");
    objects.remove(0)
}

/// The rule, the message and the text at the place of each diagnostic.
fn diagnostics(text: &str) -> Vec<(String, String, String)> {
    let run = run(text);
    let slice =
        |span: Span| run.sources.text(span.file)[span.start as usize..span.end as usize].to_owned();
    let diagnostics = run.result.as_ref().expect_err(text);
    let diagnostic = |diagnostic: &Diagnostic| {
        (
            diagnostic.rule.id.to_owned(),
            diagnostic.message.clone(),
            diagnostic.place.map(slice).unwrap_or_default(),
        )
    };
    diagnostics.iter().map(diagnostic).collect()
}

#[test]
fn a_scalar_that_is_one_expression_has_its_type() {
    let text = "a: '{{ plan.count }}'\nb: '{{ plan.on }}'\nc: '{{ plan.share }}'\nd: '{{ plan.labels }}'\ne: '{{ plan.big }}'\nf: '{{ plan.count + 1 }}'\n";
    let expected =
        json!({"a": 2, "b": true, "c": 0.5, "d": {"b": "2", "a": "1"}, "e": u64::MAX, "f": 3});
    assert_eq!(object(text), expected);
    assert_eq!(object(text)["d"].to_string(), r#"{"b":"2","a":"1"}"#);
    assert_eq!(
        object("a: '{{ plan.anything }}'\n"),
        json!({"a": {"deep": [1]}})
    );
}

#[test]
fn a_value_can_not_break_out_of_its_place() {
    assert_eq!(
        object("a: '{{ plan.name }}'\nb: 'x-{{ plan.name }}'\n"),
        json!({"a": "w: {a} # - *b\n'\"", "b": "x-w: {a} # - *b\n'\""})
    );
}

#[test]
fn text_around_expressions_makes_a_text() {
    assert_eq!(
        object("a: 'n{{ plan.count }}/{{ plan.on }}'\n"),
        json!({"a": "n2/true"})
    );
    assert_eq!(object("a: \"{{ '{{' }} \"\n"), json!({"a": "{{ "}));
}

#[test]
fn none_drops_its_key_or_item_and_what_becomes_empty() {
    let text = "a: 1\nb: '{{ plan.nothing }}'\nc:\n  d:\n    - '{{ plan.nothing }}'\ne: {}\nf: []\ng: ['{{ plan.nothing }}', 2]\n";
    assert_eq!(object(text), json!({"a": 1, "e": {}, "f": [], "g": [2]}));
    assert_eq!(objects("a: '{{ plan.nothing }}'\n"), [] as [Value; 0]);
}

#[test]
fn if_keeps_or_drops_its_mapping() {
    let text = "a:\n  $if: plan.on\n  b: 1\nc:\n  $if: plan.tuning\n  d: '{{ plan.tuning.dir }}'\ne:\n- $if: not plan.on\n  f: 1\n- x\n";
    assert_eq!(object(text), json!({"a": {"b": 1}, "e": ["x"]}));
    assert_eq!(objects("$if: plan.count > 2\na: 1\n"), [] as [Value; 0]);
}

#[test]
fn for_repeats_its_mapping_and_if_decides_for_each() {
    let text = "a:\n- $for: node in plan.nodes\n  $if: node.ready\n  m: '{{ node.name }}-{{ plan.count }}'\n- last\n";
    assert_eq!(object(text), json!({"a": [{"m": "x-2"}, "last"]}));
    let many = objects(
        "$for: node in plan.nodes\nname: '{{ node.name }}'\nall:\n- $for: other in plan.nodes\n  is: '{{ other.name == node.name }}'\n",
    );
    assert_eq!(
        many,
        [
            json!({"name": "x", "all": [{"is": true}, {"is": false}]}),
            json!({"name": "y", "all": [{"is": false}, {"is": true}]}),
        ]
    );
    assert_eq!(
        object("a:\n- k: '{{ pair[0] }}'\n  $for: pair in plan.labels | items\n"),
        json!({"a": [{"k": "b"}, {"k": "a"}]})
    );
}

#[test]
fn value_puts_a_value_in_the_place_of_the_mapping() {
    let text = "a:\n- $for: node in plan.nodes\n  $value: node.name\n- $if: plan.on\n  $value: plan.count\n- $if: not plan.on\n  $value: plan.count\nb:\n  $if: plan.on\n  $value: plan.nothing\n";
    assert_eq!(object(text), json!({"a": ["x", "y", 2]}));
}

#[test]
fn merge_lays_entries_under_the_literal_ones() {
    let value = object(
        "a:\n  a: literal\n  c: 3\n  $merge: plan.labels\nb:\n  $merge: plan.tuning\n  x: 1\n",
    );
    assert_eq!(
        value.to_string(),
        r#"{"a":{"b":"2","a":"literal","c":3},"b":{"x":1}}"#
    );
}

#[test]
fn commands_are_quoted_where_a_shell_needs_it() {
    let text = "a: \"{{ ['run it', plan.flags, 'x', plan.nothing, plan.count] | command }}\"\nb: 'set -e; {{ [] | command }}'\n";
    let expected = r"'run it' --dtype=auto --trust --odd='a b'\''c' x 2";
    assert_eq!(object(text), json!({"a": expected, "b": "set -e; "}));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, case by case")]
fn malformed_templates_are_reported_at_their_lines() {
    for (text, message, place) in [
        (
            "a: '{{ plan.nmae }}'\n",
            "`plan` has no field `nmae`",
            " plan.nmae ",
        ),
        (
            "a: '{{ plan.name.x }}'\n",
            "`plan.name` has no field `x`",
            " plan.name.x ",
        ),
        ("a: '{{ pln.name }}'\n", "`pln` is not a name", " pln.name "),
        (
            "a:\n- $for: n in plan.nodes\n  b: '{{ n.nme }}'\n",
            "`n` has no field `nme`",
            " n.nme ",
        ),
        (
            "$if: plan.tunin\na: 1\n",
            "`plan` has no field `tunin`",
            "plan.tunin",
        ),
        ("a: '{{ plan.name'\n", "`{{` without `}}`", "{{ plan.name"),
        (
            "a: '{% if x %}'\n",
            "Jinja's statements and comments have no meaning here",
            "{% if x %}",
        ),
        (
            "'{{ plan.name }}': 1\n",
            "a key can't hold an expression",
            "'{{ plan.name }}'",
        ),
        (
            "$iff: plan.on\na: 1\n",
            "`$iff` is not a structural key",
            "$iff",
        ),
        ("$if: true\na: 1\n", "`$if` takes an expression", "true"),
        (
            "a:\n  $value: plan.name\n",
            "`$value` needs `$if` or `$for` beside it",
            "$value",
        ),
        (
            "a:\n  $if: plan.on\n  $value: plan.name\n  b: 1\n",
            "`$value` takes the place of the whole mapping",
            "$value",
        ),
        (
            "a:\n  $for: n in plan.nodes\n  b: 1\n",
            "`$for` makes many, and a key holds one",
            "$for",
        ),
        (
            "$for: plan.nodes\na: 1\n",
            "`$for` has the form `name in expression`",
            "plan.nodes",
        ),
        (
            "$for: plan in plan.nodes\na: 1\n",
            "`plan` has a meaning here already",
            "plan in plan.nodes",
        ),
        (
            "$for: a-b in plan.nodes\na: 1\n",
            "`a-b` is not a name",
            "a-b in plan.nodes",
        ),
        ("a:\n", "null has no meaning in a template", ""),
        ("- 1\n", "a template has to be a mapping", "-"),
    ] {
        let found = diagnostics(text);
        assert!(
            found.len() == 1 && found[0].1 == message,
            "{text}: {found:?}"
        );
        assert!(found[0].2 == place || place == "-", "{text}: {found:?}");
    }
    let syntax = diagnostics("a: 'x {{ plan.name + }} y'\n");
    assert!(
        syntax.len() == 1 && syntax[0].0 == "KR301" && syntax[0].1.contains("is no expression"),
        "{syntax:?}"
    );
}

#[test]
fn expressions_have_bounds() {
    let minus = |count: usize| format!("a: \"{{{{ {}1 }}}}\"\n", "- ".repeat(count));
    let long = |bytes: usize| format!("a: \"{{{{'{}'}}}}\"\n", "x".repeat(bytes - 2));
    for text in [minus(200), long(4_000)] {
        assert!(run(&text).result.is_ok(), "{text}");
    }
    for (text, why) in [
        (minus(201), "at most 200 operators"),
        (minus(900), "at most 200 operators"),
        (minus(23_000), "at most 4000 bytes"),
        (
            format!("a: \"{{{{ {}1 }}}}\"\n", "not ".repeat(201)),
            "operators",
        ),
        (
            format!("a: \"{{{{ plan{} }}}}\"\n", ".a".repeat(201)),
            "operators",
        ),
        (long(4_001), "at most 4000 bytes"),
    ] {
        let found = diagnostics(&text);
        assert!(
            found.len() == 1 && found[0].1.contains(why),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn no_template_makes_more_than_it_may() {
    let replaced = "'aaaaaaaa'".to_owned() + &"|replace('a', 'aaaaaaaa')".repeat(9);
    let many = "$for: i in [1] * 100000\n";
    let nested = format!("{many}a:\n- $for: j in [1] * 100000\n  b: '{{{{ j }}}}'\n");
    for text in [
        format!("a: \"{{{{ {replaced} }}}}\"\n"),
        "a: \"{{ 'x' * 1000000000 }}\"\n".to_owned(),
        "a: \"{{ ([1] * 1000000000) | list }}\"\n".to_owned(),
        "a: \"{{ [1] * 1000000000 }}\"\n".to_owned(),
        nested,
        format!("{many}a: {}\n", "x".repeat(10_000)),
    ] {
        let found = diagnostics(&text);
        assert_eq!(found.len(), 1, "{text}");
        let message = &found[0].1;
        let is_known = ["fuel", "256 MiB", "too large"]
            .iter()
            .any(|why| message.contains(why));
        assert!(is_known, "{text}: {message}");
    }
}

#[test]
fn everything_wrong_is_reported_at_once() {
    assert_eq!(
        diagnostics("a: '{{ plan.x }}'\nb:\n- '{{ plan.y }}'\n$mergee: plan.z\n").len(),
        3
    );
}

#[test]
fn values_that_do_not_fit_are_reported_when_rendering() {
    for (text, message, place) in [
        (
            "a: '{{ plan.anything.missing }}'\n",
            "this is undefined",
            " plan.anything.missing ",
        ),
        (
            "a: 'x-{{ plan.nothing }}'\n",
            "none can't stand in a text",
            " plan.nothing ",
        ),
        (
            "a: 'x-{{ plan.labels }}'\n",
            "map can't stand in a text",
            " plan.labels ",
        ),
        (
            "a:\n- $for: n in plan.count\n  b: 1\n",
            "number has no items",
            "n in plan.count",
        ),
        (
            "a:\n  $merge: plan.name\n  b: 1\n",
            "`$merge` takes a mapping, and this is none",
            "plan.name",
        ),
        (
            "a: '{{ plan.labels.zzz }}'\n",
            "this is undefined",
            " plan.labels.zzz ",
        ),
        (
            "a: '{{ [plan.labels.zzz, 1] }}'\n",
            "a part of this is undefined",
            " [plan.labels.zzz, 1] ",
        ),
        (
            "a: \"{{ {'k': plan.labels.zzz} }}\"\n",
            "a part of this is undefined",
            " {'k': plan.labels.zzz} ",
        ),
        (
            "a: '{{ 1e400 }}'\n",
            "this is no number that JSON has",
            " 1e400 ",
        ),
    ] {
        let found = diagnostics(text);
        let expected = ("KR303".to_owned(), message.to_owned(), place.to_owned());
        assert!(
            found.len() == 1
                && (found[0] == expected
                    || place.contains(found[0].2.as_str()) && found[0].1 == message),
            "{text}: {found:?}"
        );
    }
    assert_eq!(
        diagnostics("a: '{{ plan.count | nofilter }}'\n")[0].0,
        "KR303"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn arbitrary_scalars_never_panic(text in "[a-c{}%#'\"\\\\ .|$\\[\\]()0-9~é-]{0,40}") {
        let mut sources = Sources::default();
        let file = sources.add("t.yaml", serde_json::json!({"a": text, "$if": text, "$for": format!("x in {text}")}).to_string());
        let document = parse(&sources, file, &mut Diagnostics::default()).remove(0);
        let mut diagnostics = Diagnostics::default();
        if let Some(template) = Template::parse(document, &schema(), &sources, &mut diagnostics) {
            let _ = template.render(&Scope::new("plan", plan().into()));
        } else {
            proptest::prop_assert!(!diagnostics.is_empty());
        }
    }

    #[test]
    fn a_shell_reads_the_words_of_a_command_as_they_are(words in proptest::collection::vec("[^\0]{0,8}", 1..5)) {
        let line = super::command::command(&Variable::from(words.clone())).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a real shell decides")]
        let output = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\0' {line}")]).output().unwrap();
        let read: Vec<_> = output.stdout.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        proptest::prop_assert_eq!(&read[..read.len() - 1], &words[..]);
    }
}
