//! Any text is taken as a template or preset of a library without a panic. Its first line is a comment that names the
//! file in whose place it stands.
#![no_main]

mod shared;

use std::sync::LazyLock;

use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::session::Session;
use libfuzzer_sys::fuzz_target;

const WORKSPACES: &str = include_str!("workspaces.yaml");

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::embedded);

fuzz_target!(|text: &str| {
    let Some((name, text)) = text
        .strip_prefix("# ")
        .and_then(|text| text.split_once('\n'))
    else {
        return;
    };
    let mut library = LIBRARY.clone();
    library.add_file(name.to_owned(), name.to_owned(), text.to_owned());
    shared::run(WORKSPACES, Profile::default(), &library, Session::default());
});
