//! Any two texts are compared without a panic, and a text does not differ from itself. A line of `=====` parts the two.
#![no_main]

use std::collections::BTreeSet;
use std::hint::black_box;

use kaito_render::base::object::{Identity, Object};
use kaito_render::base::shown::ForPeople;
use kaito_render::diff::formats::{json_patch, markdown, terminal};
use kaito_render::diff::ignore::Ignore;
use kaito_render::diff::view::View;
use kaito_render::diff::{self, resources::InstanceGpus};
use kaito_render::input;
use kaito_render::session::Session;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some((before, after)) = text.split_once("\n=====\n") else {
        return;
    };
    let [before, after] = [before, after].map(objects);
    let forward = changes(&before, &after);
    assert_eq!(forward, changes(&after, &before));
    assert_eq!(changes(&after, &after), 0);
});

/// The objects of a text, as those of a directory with rendered output, where each has a name of its own.
fn objects(text: &str) -> Vec<Object> {
    let mut session = Session::default();
    let file = session.sources.add("objects.yaml", text);
    let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
    let mut known = BTreeSet::new();
    let objects = nodes.iter().map(|node| Object::new(node.to_value().into()));
    let objects = objects.filter(|object| {
        let Identity {
            api_version,
            kind,
            namespace,
            name,
        } = object.identity();
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        known.insert([group, kind, namespace.unwrap_or("."), name].map(str::to_owned))
    });
    objects.collect()
}

/// The number of objects that differ. The comparison is shown in every format.
fn changes(before: &[Object], after: &[Object]) -> usize {
    let comparison = diff::compare(before, after, &Ignore::new([]), &InstanceGpus::default());
    let mask = Session::default().sources.mask();
    let view = View::new(&comparison, &mask);
    black_box(terminal::render(&view, terminal::Detail::Full, true));
    black_box(json_patch::render(&view));
    let markdown = markdown::render(&view, markdown::BUDGET);
    assert!(markdown.as_str().len() <= markdown::BUDGET);
    let groups = comparison.groups.iter();
    groups.map(|group| group.objects.len()).sum()
}
