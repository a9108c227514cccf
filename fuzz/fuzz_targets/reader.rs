//! Any text is read without a panic, every place lies in it, and what could be read is the same when written and read
//! again.
#![no_main]

use kaito_render::base::node::{Data, Node};
use kaito_render::base::sources::{Sources, Span};
use kaito_render::diagnostic::Diagnostic;
use kaito_render::emit::Format;
use kaito_render::input;
use kaito_render::session::Session;
use libfuzzer_sys::fuzz_target;

/// Aliases make of a small text a document that is too large to be read again.
const READABLE: usize = 3 << 20;

fuzz_target!(|text: &str| {
    let mut session = Session::default();
    let file = session.sources.add("input.yaml", text);
    let documents = input::parse(&session.sources, file, &mut session.diagnostics);
    for diagnostic in &session.diagnostics {
        places_are_in_the_text(diagnostic, &session.sources);
    }
    for node in &documents {
        nodes_are_in_the_text(node, &session.sources);
        let value = node.to_value();
        let written = Format::Yaml.document(&value.clone().into());
        if written.len() < READABLE {
            let mut again = Session::default();
            let file = again.sources.add("written.yaml", &*written);
            let read = input::parse(&again.sources, file, &mut again.diagnostics);
            assert!(
                again.diagnostics.is_empty(),
                "{:?}\n{written}",
                again.diagnostics
            );
            let read: Vec<_> = read.iter().map(Node::to_value).collect();
            assert_eq!(read, [value], "{written}");
        }
    }
});

fn places_are_in_the_text(diagnostic: &Diagnostic, sources: &Sources) {
    let also = diagnostic.also.iter().map(|label| label.span);
    let fix = diagnostic.fix.as_ref().map(|fix| fix.span);
    diagnostic
        .place
        .into_iter()
        .chain(also)
        .chain(fix)
        .for_each(|span| is_in_the_text(span, sources));
}

fn nodes_are_in_the_text(node: &Node, sources: &Sources) {
    is_in_the_text(node.span, sources);
    match &node.data {
        Data::List(items) => items
            .iter()
            .for_each(|item| nodes_are_in_the_text(item, sources)),
        Data::Map(entries) => {
            for entry in entries {
                is_in_the_text(entry.key_span, sources);
                nodes_are_in_the_text(&entry.value, sources);
            }
        }
        _ => {}
    }
}

/// A place between two characters counts too: an excerpt of it can be shown.
fn is_in_the_text(span: Span, sources: &Sources) {
    let text = sources.text(span.file);
    assert!(
        text.get(span.start as usize..span.end as usize).is_some(),
        "{span:?} of {} bytes",
        text.len()
    );
}
