//! Strings that look like something else, as the writer writes them and as this
//! program and `serde_yaml` read them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use kaito_render::base::json::Json;
use kaito_render::base::node::Node;
use kaito_render::emit::Format;
use kaito_render::input;
use kaito_render::session::Session;
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Strategy, any};
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::support::program::sample;

/// Strings that one reader or another has been seen to take for something else.
const FIXTURE: &str = include_str!("../../fixtures/yaml/hostile-strings.json");

/// What strings are put together from: everything that means something to YAML, to one of its
/// readers or to a terminal.
const PIECES: [&str; 63] = [
    " ",
    "  ",
    "\t",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "\n ",
    "\n\t",
    " \n",
    "\t\n",
    ":",
    ": ",
    ":\n",
    " #",
    "#",
    "-",
    "- ",
    "---",
    "...",
    "?",
    "? ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "{{ x }}",
    "&a",
    "*a",
    "!",
    "!!str ",
    "|",
    ">",
    "'",
    "\"",
    "%",
    "@",
    "`",
    "=",
    "<<",
    "~",
    "\\",
    "\\n",
    "_",
    "a",
    "Z",
    "0",
    "7",
    ".",
    "é",
    "日本",
    "😀",
    "\u{0}",
    "\u{7}",
    "\u{1b}[0m",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{200b}",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
];

const WORDS: [&str; 16] = [
    "y", "no", "on", "Off", "TRUE", "false", "Null", "None", "~", "<<", "=", ".inf", "-.Inf",
    ".nan", "NaN", "Infinity",
];

/// The strings of the fixture and a generated batch, the same in every run.
pub(super) static STRINGS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut strings: BTreeSet<String> = serde_json::from_str(FIXTURE).unwrap();
    assert!(strings.len() >= 200);
    // Longer than a key may be that is known by its colon alone.
    strings.extend(["k".repeat(1025), "é: ".repeat(500)]);
    let kinds = kinds();
    let mut runner = TestRunner::deterministic();
    let mut draw = |number: usize| {
        kinds[number % kinds.len()]
            .new_tree(&mut runner)
            .unwrap()
            .current()
    };
    strings.extend((0..sample(3000)).map(&mut draw));
    assert!(strings.len() >= sample(2500), "{}", strings.len());
    strings.into_iter().collect()
});

fn kinds() -> [BoxedStrategy<String>; 7] {
    let line = "[ \t]{0,3}[-#:>|a-z0-9 ]{0,8}[ \t]{0,2}";
    let around = |(before, word, after): (String, &str, String)| before + word + &after;
    [
        "[-+.]?[0-9][0-9_.:xXoObBeE+aFinZT-]{0,10}".boxed(),
        "[-+]?[.]?[0-9_:.eE]{1,8}[A-Za-z%]{0,2}".boxed(),
        ("[ _+-]{0,2}", select(&WORDS[..]), "[ _:0-9]{0,2}")
            .prop_map(around)
            .boxed(),
        vec(select(&PIECES[..]), 1..8)
            .prop_map(|pieces| pieces.concat())
            .boxed(),
        (vec(line, 2..5), select(&["", "\n", "\n\n"][..]))
            .prop_map(|(lines, end)| lines.join("\n") + end)
            .boxed(),
        any::<String>().boxed(),
        vec("[a-z:#'\" ]{0,12}", 1..40)
            .prop_map(|words| words.join(" "))
            .boxed(),
    ]
}

/// Objects that hold the strings wherever a string can stand.
pub(super) fn objects(strings: &[String]) -> Vec<Value> {
    let chunks = strings.chunks(100).enumerate();
    chunks
        .flat_map(|(number, some)| objects_with(&format!("h{number}"), some))
        .collect()
}

fn objects_with(name: &str, some: &[String]) -> [Value; 3] {
    let numbered = some
        .iter()
        .enumerate()
        .map(|(number, text)| (format!("n{number}"), json!(text)));
    let labels: Map<String, Value> = numbered.collect();
    let keyed: Map<String, Value> = some
        .iter()
        .map(|text| (text.clone(), json!(text)))
        .collect();
    let annotations: Map<String, Value> = labels.clone().into_iter().chain(keyed.clone()).collect();
    let nested: Vec<_> = some
        .iter()
        .map(|text| json!({text: {text: [text, [text]], "b": text}}))
        .collect();
    let metadata = json!({"name": name, "labels": labels, "annotations": annotations});
    [
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": keyed}),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "c", "args": some}]}}),
        json!({"apiVersion": "example.com/v1", "kind": "Free", "metadata": {"name": name, "annotations": {}}, "spec": {"list": nested}}),
    ]
}

/// Values as this program writes them.
pub(crate) fn written(format: Format, values: &[Value]) -> String {
    let values: Vec<Json> = values.iter().cloned().map(Json::from).collect();
    format.stream(&values)
}

#[test]
fn our_reader_and_serde_yaml_read_hostile_strings_as_they_are() {
    let objects = objects(&STRINGS);
    let text = written(Format::Yaml, &objects);
    assert_same(&objects, &read_by_us(&text).unwrap());
    let documents = serde_yaml::Deserializer::from_str(&text);
    assert_same(
        &objects,
        &documents
            .map(|document| Value::deserialize(document).unwrap())
            .collect::<Vec<_>>(),
    );
}

/// What we read, unless anything is found wrong or doubtful.
pub(super) fn read_by_us(text: &str) -> Result<Vec<Value>, Vec<&'static str>> {
    let mut session = Session::default();
    let file = session.sources.add("written.yaml", text);
    let documents = input::parse(&session.sources, file, &mut session.diagnostics);
    if session.diagnostics.is_empty() {
        return Ok(documents.iter().map(Node::to_value).collect());
    }
    Err(session
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.rule.id)
        .collect())
}

/// Compares lists of objects whatever their order, and shows the first difference alone.
pub(super) fn assert_same(written: &[Value], read: &[Value]) {
    let names = |objects: &[Value]| objects.iter().map(name).collect::<Vec<_>>();
    let sorted = |objects: &[Value]| {
        let mut objects = objects.to_vec();
        objects.sort_by_key(name);
        objects
    };
    let (written, read) = (sorted(written), sorted(read));
    assert_eq!(names(&written), names(&read));
    for (written, read) in written.iter().zip(&read) {
        assert!(
            written == read,
            "{}: {}",
            name(written),
            difference(written, read)
        );
    }
}

fn name(object: &Value) -> String {
    format!("{} {}", object["kind"], object["metadata"]["name"])
}

/// The first place where two values differ.
fn difference(written: &Value, read: &Value) -> String {
    let below = |key: &str, written: &Value| {
        let read = read
            .get(key)
            .or_else(|| read.get(key.parse::<usize>().ok()?));
        (Some(written) != read).then(|| {
            format!(
                "{key:?} {}",
                read.map_or_else(|| "is missing".to_owned(), |read| difference(written, read))
            )
        })
    };
    let found = match written {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| below(key, value)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| below(&index.to_string(), item)),
        _ => None,
    };
    found.unwrap_or_else(|| format!("was {written}, is read as {read}"))
}
