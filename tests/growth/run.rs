//! What a run does with a text: everything, up to the output in every format.

use std::collections::BTreeMap;
use std::path::Path;

use kaito_render::base::shown::ForPeople;
use kaito_render::base::sources::Sources;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::compile::{Options, compile};
use kaito_render::diff;
use kaito_render::diff::formats::{json_patch, markdown, terminal};
use kaito_render::diff::ignore::Ignore;
use kaito_render::diff::view::View;
use kaito_render::emit::{self, Format};
use kaito_render::input::{self, Document, DocumentFilter, MemoryTree};
use kaito_render::report::policy::Policy;
use kaito_render::report::{Report, Strictness, concise, github, human, json, junit, sarif};
use kaito_render::session::Session;

/// Compiles a text that has the name of a file, and writes what comes of it in every format.
pub(crate) fn check(file: &str, text: &str, library: &Library, profile: &str) -> usize {
    let mut session = Session::default();
    let profile = read_profile(profile, &mut session);
    let tree = MemoryTree::new([(file, text)]);
    let documents = input::load(
        &tree,
        &[file.into()],
        DocumentFilter::Blocks,
        &mut session.sources,
        &mut session.diagnostics,
    );
    let documents = documents.unwrap();
    let policy = Policy::read(
        &profile,
        &documents,
        &session.sources,
        &mut session.diagnostics,
    );
    let mut objects = compile(documents, &options(profile), library, &mut session);
    emit::sort(&mut objects);
    let written = Format::Yaml.stream(objects.iter().map(|object| &object.value));
    let report = Report::finish(session, &policy, Strictness::Errors);
    written.len() + formats(&report)
}

fn options(profile: Profile) -> Options {
    Options {
        profile,
        allow_empty: true,
        ..Options::default()
    }
}

fn read_profile(text: &str, session: &mut Session) -> Profile {
    if text.is_empty() {
        return Profile::default();
    }
    let text = format!("apiVersion: render.kaito.sh/v1alpha1\nkind: Profile\n{text}");
    let file = session.sources.add("kaito-render.yaml", text);
    let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
    let profile = nodes
        .first()
        .and_then(|node| Profile::read(node, &mut session.diagnostics));
    profile.unwrap_or_default()
}

fn formats(report: &Report) -> usize {
    let directory = Path::new("/");
    human::document(report, true).as_str().len()
        + concise::document(report, directory, false).as_str().len()
        + github::document(report, directory).as_str().len()
        + json::document(report).len()
        + sarif::document(report, directory, "a.yaml").len()
        + junit::document(report, directory, &[]).len()
}

/// Compares two texts, and writes the result in every format.
pub(crate) fn compare(before: &str, after: &str) -> usize {
    let read = |text: &str| {
        let mut session = Session::default();
        let file = session.sources.add("a.yaml", text);
        let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
        let documents = nodes.into_iter().map(|node| Document { node, named: true });
        compile(
            documents.collect(),
            &options(Profile::default()),
            &Library::embedded(),
            &mut session,
        )
    };
    let (before, after) = (read(before), read(after));
    let comparison = diff::compare(&before, &after, &Ignore::new([]), &BTreeMap::default());
    let mask = Sources::default().mask();
    let view = View::new(&comparison, &mask);
    assert!(!view.is_empty());
    terminal::render(&view, terminal::Detail::Full, false)
        .as_str()
        .len()
        + markdown::render(&view, markdown::BUDGET).as_str().len()
        + json_patch::render(&view).len()
}
