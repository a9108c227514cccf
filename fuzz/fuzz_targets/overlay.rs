//! Any text is taken as a patch of an overlay without a panic. A strategic merge patch that is
//! applied twice does what it does once, and an empty one does nothing.
#![no_main]

mod shared;

use std::sync::LazyLock;

use kaito_render::base::node::{Data, Node};
use kaito_render::base::object::Object;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::input;
use kaito_render::session::Session;
use libfuzzer_sys::fuzz_target;

/// A StatefulSet and a Job, with their Services and nodes.
const WORKSPACES: &str = "\
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: phi}}}
inference: {preset: {name: phi-4}}
---
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: tune}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: tune}}}
tuning:
  preset: {name: phi-4-mini-instruct}
  method: qlora
  input: {urls: [\"https://example.com/data.parquet\"]}
  output: {image: \"r.example.com/a/b:1\", imagePushSecret: push}
";

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::embedded);

fuzz_target!(init: {
    let unchanged = objects(&[]);
    assert!(!unchanged.is_empty());
    assert_eq!(unchanged, objects(&["{}"]));
}, |patch: &str| {
    let once = objects(&[patch]);
    if is_merge(patch) {
        assert_eq!(once, objects(&[patch, patch]));
    }
});

/// The objects of the Workspaces with some patches, one after the other; none of a Workspace that
/// can't be patched so.
fn objects(patches: &[&str]) -> Vec<Object> {
    let target = serde_json::json!({"kind": ".*"});
    let patches = patches
        .iter()
        .map(|patch| serde_json::json!({"target": target, "patch": patch}));
    let profile = serde_json::json!({
        "apiVersion": "render.kaito.sh/v1alpha1",
        "kind": "Profile",
        "overlays": [{"name": "fuzz", "patches": patches.collect::<Vec<_>>()}],
    });
    let mut session = Session::default();
    let file = session
        .sources
        .add("kaito-render.yaml", profile.to_string());
    let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
    // YAML takes less than JSON writes, such as U+007F.
    let profile = nodes.first();
    let Some(profile) = profile.and_then(|it| Profile::read(it, &mut session.diagnostics)) else {
        return Vec::new();
    };
    shared::run(WORKSPACES, profile, &LIBRARY, session)
}

/// Whether a text is a strategic merge patch.
fn is_merge(patch: &str) -> bool {
    let mut session = Session::default();
    let file = session.sources.add("patch.yaml", patch);
    let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
    let is_map = |node: &Node| matches!(node.data, Data::Map(_));
    nodes.iter().all(is_map)
}
