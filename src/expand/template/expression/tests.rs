//! The engine is the reference: what we read ourselves means what it would make of it.

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use serde_json::{Value, json};

use super::super::Template;
use super::super::scope::Scope;
use super::super::work::Work;
use super::engine::{Compiled, Reader};
use super::evaluate::is_true;
use super::syntax::Term;
use crate::base::json::Json;
use crate::base::sources::{Sources, Span};
use crate::catalogue::library::Library;
use crate::diagnostic::Diagnostics;
use crate::input::parse;
use crate::plan::template_schema;

/// The value of an expression as the engine has it; none if it has none.
fn reference(text: &str, scope: &Scope) -> Option<Json> {
    let place = Span::whole(Sources::default().add("t.yaml", text));
    let value = Compiled::new(text).ok()?.value(scope.variables()).ok()?;
    let work = Work::default();
    Reader { place, work: &work }.json(&value).ok()
}

/// What stands in a scope: all kinds of values, under names that the expressions know.
fn scope() -> impl Strategy<Value = Scope> {
    let value = values();
    vec(value, NAMES.len()).prop_map(|values| {
        let entries = NAMES.into_iter().map(str::to_owned).zip(values);
        Scope::new("plan", Value::Object(entries.collect()).into())
    })
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn values() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-2.0..2.0).prop_map(Value::from),
        Just(json!(1.0)),
        "[ab1 $'\"\0é]{0,3}".prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 12, 3, |inner| {
        let entries = vec(
            (
                Just(NAMES.map(str::to_owned).to_vec()).prop_shuffle(),
                inner.clone(),
            ),
            0..3,
        );
        prop_oneof![
            vec(inner, 0..3).prop_map(Value::from),
            entries.prop_map(|entries| {
                let entries = entries
                    .into_iter()
                    .map(|(keys, value)| (keys[0].clone(), value));
                Value::Object(entries.collect())
            }),
        ]
    })
}

/// Expressions, of which some have no meaning.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => "plan\\.[a-d]",
        2 => "plan\\.[a-d](\\.[a-d]|\\['[a-d]'\\]|\\[[0-2]\\]){1,2}",
        1 => "(none|true|false|None|True|0|1|2|007|1_0|1\\.0|-1|'1'|\"a b\"|''|'\\$'|x|plan)",
        1 => "'[ab$ \"]{0,3}'",
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let sign = "( and | or | == | != | < | <= | > | >= | ~ |~|==|\\+| in )";
        let filter = "(\\| ?command|\\|items|\\|dictsort|\\|string| \\| default\\('x'\\)|\\|default\\(plan\\.b\\)|\\|join\\(' '\\)|\
                      \\|replace\\('a', 'b'\\)|\\|replace\\('', '-'\\)|\\|length|\\|join| is none| is not none| is defined|\\.a|\\[0\\])";
        prop_oneof![
            (two.clone(), sign).prop_map(|((left, right), sign)| format!("{left}{sign}{right}")),
            (two.clone(), sign).prop_map(|((left, right), sign)| format!("({left}){sign}({right})")),
            inner.clone().prop_map(|inner| format!("not {inner}")),
            (inner.clone(), filter).prop_map(|(inner, filter)| format!("{inner}{filter}")),
            (inner.clone(), filter).prop_map(|(inner, filter)| format!("({inner}){filter}")),
            (two.clone(), inner.clone()).prop_map(|((a, b), c)| format!("{a} if {b} else {c}")),
            two.clone().prop_map(|(a, b)| format!("{a} if {b}")),
            vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
            vec(inner.clone(), 0..3).prop_map(|items| format!("[{},]", items.join(","))),
            two.prop_map(|(a, b)| format!("{{'k': {a}, \"l\":\n {b}}}")),
        ]
    })
}

proptest::proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn what_we_read_ourselves_is_what_the_engine_makes_of_it(text in expressions(), scope in scope()) {
        let Some(term) = Term::parse(&text) else { return Ok(()) };
        let compiled = Compiled::new(&text);
        proptest::prop_assert!(compiled.is_ok(), "only we take it for an expression");
        let mut paths = std::collections::BTreeSet::new();
        term.add_paths(&mut paths);
        proptest::prop_assert_eq!(&paths, &compiled.unwrap().paths().collect(), "what it reads");
        if let Some(value) = term.value(&scope) {
            let expected = reference(&text, &scope).map(|value| serde_json::to_string(&value).unwrap());
            proptest::prop_assert_eq!(Some(serde_json::to_string(&*value).unwrap()), expected);
            let truth = Compiled::new(&text).unwrap().value(scope.variables()).unwrap().is_true();
            proptest::prop_assert_eq!(is_true(&value), truth);
        }
    }
}

/// The templates of the library don't need the engine.
#[test]
fn the_expressions_of_the_library_are_read_by_ourselves() {
    let library = Library::embedded();
    let schema = template_schema();
    let mut count = 0;
    for release in library.releases() {
        for name in library.names(&format!("templates/{release}/")) {
            let path = format!("templates/{release}/{name}.yaml");
            let text = &library.get(&path).unwrap().text;
            let mut sources = Sources::default();
            let file = sources.add(&path, text.clone());
            let mut diagnostics = Diagnostics::default();
            for node in parse(&sources, file, &mut diagnostics) {
                let template = Template::parse(node, &schema, &sources, &mut diagnostics);
                let template = format!("{:?}", template.unwrap());
                let unknown = template
                    .split("text: ")
                    .filter(|part| part.contains("term: None"));
                let unknown: Vec<_> = unknown.map(|part| part.split("term:").next()).collect();
                assert_eq!(unknown, [], "{path}");
                count += template.matches("term: Some").count();
            }
        }
    }
    assert!(count > 100, "{count}");
}
