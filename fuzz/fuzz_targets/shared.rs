//! What several targets do: a run, from a text to its output in every format.

use std::hint::black_box;
use std::path::Path;

use kaito_render::base::object::Object;
use kaito_render::base::shown::ForPeople;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::compile::{Options, compile};
use kaito_render::emit::{self, Format};
use kaito_render::input::{self, Document};
use kaito_render::report::policy::Policy;
use kaito_render::report::{Report, Strictness, concise, github, human, json, junit, sarif};
use kaito_render::session::Session;

/// Compiles a text for the cluster of a profile, by the presets and templates of a library.
pub fn run(text: &str, profile: Profile, library: &Library, mut session: Session) -> Vec<Object> {
    let file = session.sources.add("input.yaml", text);
    let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
    let documents = nodes.into_iter().map(|node| Document { node, named: true });
    let documents: Vec<_> = documents.collect();
    let sources = &session.sources;
    let policy = Policy::read(&profile, &documents, sources, &mut session.diagnostics);
    let options = Options {
        profile,
        allow_empty: true,
        ..Options::default()
    };
    let mut objects = compile(documents, &options, library, &mut session);
    emit::sort(&mut objects);
    black_box(Format::Yaml.stream(objects.iter().map(|object| &object.value)));
    show(&Report::finish(session, &policy, Strictness::Errors));
    objects
}

/// Writes a report in every format.
fn show(report: &Report) {
    let directory = Path::new("/");
    black_box(human::document(report, true));
    black_box(concise::document(report, directory, false));
    black_box(github::document(report, directory));
    black_box(sarif::document(report, directory, "input.yaml"));
    black_box(junit::document(report, directory, &[]));
    let is_empty = human::document(report, false).as_str().is_empty();
    assert_eq!(is_empty, report.diagnostics().is_empty());
    assert!(!json::document(report).is_empty());
}
