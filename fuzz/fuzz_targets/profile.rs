//! Any text is taken as a profile without a panic.
#![no_main]

mod shared;

use std::sync::LazyLock;

use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::input;
use kaito_render::session::Session;
use libfuzzer_sys::fuzz_target;

const WORKSPACES: &str = include_str!("workspaces.yaml");

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::embedded);

fuzz_target!(|text: &str| {
    let mut session = Session::default();
    let file = session.sources.add("kaito-render.yaml", text);
    let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
    let [node] = nodes.as_slice() else { return };
    let Some(profile) = Profile::read(node, &mut session.diagnostics) else {
        return;
    };
    shared::run(WORKSPACES, profile, &LIBRARY, session);
});
