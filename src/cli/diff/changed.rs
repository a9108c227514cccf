//! What differs between two sides is compiled twice, and what both have once.
//!
//! Of a file that both sides have with the same bytes, wherever it is, the side before is neither
//! parsed nor compiled. In a comparison its objects count, but are not compared. That holds as long as
//! all that they depend on is the same, too: the profile, the release and the ConfigMaps that they
//! name. What can't be told in this way is left to whoever compiles both sides whole.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use kaito_render::base::node::Node;
use kaito_render::base::object::Object;
use kaito_render::base::sources::FileId;
use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::{self, Profile};
use kaito_render::compile::{self, Options};
use kaito_render::input::{Disk, Document, FileTree, Kind, Known, Naming};
use kaito_render::report::reading::Reading;
use kaito_render::vocab::kinds;
use kaito_render::workspace;

use super::Sides;
use super::side::{self, Loaded};
use crate::cli::config::{Diff, Side};
use crate::cli::git::Revision;
use crate::cli::run::Run;

/// Compiles two sides; none if they can't be told apart by their files. The objects are worth
/// comparing only if no diagnostic is an error.
pub(super) fn sides(config: &Diff, library: &Library, run: &mut Run) -> Result<Option<Sides>> {
    let [before, after] = &config.sides;
    if !is_searched(before) || !is_searched(after) {
        return Ok(None);
    }
    // First the side after: where the other one is a revision, only what differs is asked of Git.
    let revision = side::revision(after)?;
    let Some(after) = side::load(after, revision.as_ref(), None, config, run)? else {
        return Ok(None);
    };
    let revision = side::revision(before)?;
    let naming = revision.as_ref().map_or(Naming::Sha256, Revision::naming);
    let (sources, diagnostics) = (&run.session.sources, &run.session.diagnostics);
    let known = Known::of(naming, &after.documents, sources, diagnostics);
    let Some(before) = side::load(before, revision.as_ref(), Some(&known), config, run)? else {
        return Ok(None);
    };
    // An overlay is for the Workspaces in its directory, which the contents of files do not say.
    let mut all = before.documents.iter().chain(&after.documents);
    if all.any(|document| profile::is_overlay(&document.node)) {
        return Ok(None);
    }
    let met = known.met();
    Ok(compiled(before, after, &met, config, library, run))
}

/// Whether nothing of a side was named but directories: what is named is more than what is found.
fn is_searched(side: &Side) -> bool {
    let is_directory = |path| matches!(Disk.kind(path), Ok(Kind::Directory));
    side.revision.is_some() || side.paths.iter().all(|path| is_directory(path))
}

/// Compiles two sides, of which the first one lacks the documents of the `met` files of the other.
fn compiled(
    before: Loaded,
    after: Loaded,
    met: &BTreeSet<FileId>,
    config: &Diff,
    library: &Library,
    run: &mut Run,
) -> Option<Sides> {
    let [before_side, after_side] = &config.sides;
    let is_met = |document: &&Document| met.contains(&document.node.span.file);
    // Whether overlays change anything is known only where they meet all Workspaces.
    let has_overlays = !after.profile.overlays.is_empty();
    let unchanged = if !has_overlays && is_same(&before.profile, &after.profile) {
        unchanged(&before.documents, &after.documents, met)
    } else {
        BTreeSet::new()
    };
    let mut documents = before.documents;
    documents.extend(after.documents.iter().filter(is_met).cloned());
    let documents = [documents, after.documents].map(side::compared);
    let [was, is] = &documents;
    let read = [
        Reading::of(was, &before.tally),
        Reading::of(is, &after.tally),
    ];
    let [mut was, is] = documents;
    // Other documents are part of both runs, because Workspaces may name them.
    was.retain(|Document { node, .. }| {
        !unchanged.contains(&node.span.file) || !workspace::is_compiled(node)
    });
    let options = Options {
        unchanged,
        ..side::options(after_side, config, after.profile, run)
    };
    let after = side::compile(is, &options, library, run);
    let options = side::options(before_side, config, before.profile, run);
    let before = side::compile(was, &options, library, run);
    let both = after.unchanged;
    let before = without(before.objects, &both, &config.cluster.namespace)?;
    Some(Sides {
        both,
        before,
        after: after.objects,
        read,
    })
}

fn is_same(one: &Profile, other: &Profile) -> bool {
    let value = |profile: &Profile| profile.document.as_ref().map(Node::to_value);
    one.release == other.release && value(one) == value(other)
}

/// The files that both sides have, but for those that name a ConfigMap of another file.
fn unchanged(before: &[Document], after: &[Document], met: &BTreeSet<FileId>) -> BTreeSet<FileId> {
    let is_met = |document: &&Document| met.contains(&document.node.span.file);
    let (same, different): (Vec<_>, Vec<_>) = after.iter().partition(is_met);
    let all = || before.iter().chain(after);
    if all().any(|document| workspace::is_rendered(&document.node)) {
        return BTreeSet::new();
    }
    let different = before.iter().chain(different);
    let config_maps: BTreeSet<_> = different
        .filter(|document| document.node.str_at("/kind") == Some(kinds::CONFIG_MAP))
        .filter_map(|document| document.node.str_at("/metadata/name"))
        .collect();
    let mut unchanged = met.clone();
    for Document { node, .. } in same {
        if compile::config_maps(node).any(|name| config_maps.contains(name)) {
            unchanged.remove(&node.span.file);
        }
    }
    unchanged
}

/// The objects of a side without those that both sides have. None if one of them is another one
/// there, or a Workspace, which no side may have twice.
fn without(objects: Vec<Object>, both: &[Object], namespace: &str) -> Option<Vec<Object>> {
    let keys = objects
        .iter()
        .map(|object| object.identity().key(namespace));
    let found: BTreeMap<_, _> = keys.zip(&objects).collect();
    let mut repeated = BTreeSet::new();
    for object in both {
        let key = object.identity().key(namespace);
        let Some(same) = found.get(&key) else {
            continue;
        };
        if same.value != object.value || object.identity().kind == kinds::WORKSPACE {
            return None;
        }
        repeated.insert(key);
    }
    let is_repeated: Vec<_> = objects
        .iter()
        .map(|object| repeated.contains(&object.identity().key(namespace)))
        .collect();
    let objects = objects.into_iter().zip(is_repeated);
    Some(
        objects
            .filter_map(|(object, is_repeated)| (!is_repeated).then_some(object))
            .collect(),
    )
}
