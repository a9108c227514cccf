//! Any text is compiled by every release without a panic, and what is found can be shown.
#![no_main]

use std::sync::LazyLock;

use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::compile::{Options, compile};
use kaito_render::input::{self, Document};
use kaito_render::report::policy::Policy;
use kaito_render::report::{Report, Strictness, human, json};
use kaito_render::session::Session;
use libfuzzer_sys::fuzz_target;

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::embedded);

fuzz_target!(|text: &str| {
    for release in LIBRARY.releases() {
        let mut session = Session::default();
        let file = session.sources.add("input.yaml", text);
        let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
        if nodes.is_empty() {
            return;
        }
        let documents = nodes
            .into_iter()
            .map(|node| Document { node, named: true })
            .collect();
        let profile = Profile {
            release: Some(release.to_owned()),
            ..Profile::default()
        };
        let namespace = "default".to_owned();
        let options = Options {
            namespace,
            profile,
            ..Options::default()
        };
        compile(documents, &options, &LIBRARY, &mut session);
        let report = Report::finish(session, &Policy::default(), Strictness::Errors);
        assert_eq!(
            human::document(&report, true).is_empty(),
            report.diagnostics().is_empty()
        );
        assert!(!json::document(&report).is_empty());
    }
});
