//! What another release would say of documents, and what it would make otherwise.
//!
//! Uses `vocab`, `base`, `diagnostic`, `session`, `input`, `catalogue`, `workspace` and `compile`;
//! `cli` uses it.
//!
//! The documents are compiled twice, by the release of today and by the one that is meant to come.
//! Reports what only the second one reports, and what differs between the two.

use std::collections::BTreeMap;
use std::mem;

use crate::base::node::Node;
use crate::base::sources::{FileId, Sources};
use crate::base::wording;
use crate::catalogue::library::Library;
use crate::catalogue::profile::Profile;
use crate::catalogue::release::Release;
use crate::compile::{self, Keep, Options, Outline};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, rule};
use crate::input::Document;
use crate::session::Session;
use crate::vocab::annotations::{NODE_COUNT, RUNTIME};
use crate::workspace::{is_compiled, is_rendered};

/// Compiles documents as [`compile::compile`] does, and adds what the release `target` finds
/// in addition or differently. Its diagnostics begin with its name, and none of them can be repaired
/// without thinking: today's release compiles the same files.
///
/// Gives the files of the Workspaces that today's release could compile.
pub fn check(
    documents: &[Document],
    options: &Options,
    target: &str,
    library: &Library,
    session: &mut Session,
) -> Vec<FileId> {
    let today = pass(documents.to_vec(), options, library, session);
    let known = mem::take(&mut session.diagnostics);
    let profile = Profile {
        release: Some(target.to_owned()),
        ..options.profile.clone()
    };
    let next = pass(
        documents.to_vec(),
        &Options {
            profile,
            ..options.clone()
        },
        library,
        session,
    );
    let release = Release::load(library, target, session);
    let found = mem::replace(&mut session.diagnostics, known);
    let mut new = only_new(found, session.diagnostics.as_slice(), &session.sources);
    for diagnostic in &mut new {
        diagnostic.fix = None;
        diagnostic.hint = diagnostic
            .hint
            .take()
            .map(|hint| format!("with release {target}, {hint}"));
    }
    if let Ok(release) = &release {
        new.extend(
            documents
                .iter()
                .filter_map(|document| old_version(&document.node, release)),
        );
        let pairs = today
            .iter()
            .filter_map(|(key, today)| Some((today, next.get(key)?)));
        let pairs = pairs.filter(|(today, next)| today.release != next.release);
        new.extend(pairs.flat_map(|(today, next)| differences(today, next, release)));
    }
    let marked = |diagnostic: Diagnostic| Diagnostic {
        message: format!("target {target}: {}", diagnostic.message),
        ..diagnostic
    };
    session.diagnostics.extend(new.into_iter().map(marked));
    today
        .values()
        .map(|outline| outline.places.resource.file)
        .collect()
}

fn pass(
    documents: Vec<Document>,
    options: &Options,
    library: &Library,
    session: &mut Session,
) -> BTreeMap<String, Outline> {
    let compilation = compile::run(documents, options, library, Keep::Outlines, session);
    let outlines = compilation.outlines.into_iter();
    outlines
        .map(|outline| (outline.key.clone(), outline))
        .collect()
}

/// Reports an apiVersion that will not be there for ever.
fn old_version(node: &Node, release: &Release) -> Option<Diagnostic> {
    if is_rendered(node) || !is_compiled(node) {
        return None;
    }
    let version = node.get("apiVersion").and_then(Node::as_str)?;
    let old = release.file.retired.api_versions.get(version)?;
    let message = format!(
        "`{version}` is deprecated since KAITO {}: use `{}`",
        old.since, old.instead
    );
    let diagnostic = Diagnostic::new(&rule::OLD_API_VERSION, node.at("/apiVersion").span, message);
    Some(diagnostic.hint(format!(
        "change it to `{}` when release {} compiles the file",
        old.instead, release.name
    )))
}

/// Reports what the next release makes differently of a Workspace.
fn differences(today: &Outline, next: &Outline, release: &Release) -> Vec<Diagnostic> {
    let since = &release.file.since;
    let found = [
        (nodes(today, next), &since.node_objects),
        (workload(today, next), &since.workload),
        (runtime(today, next), &since.runtime),
        (node_count(today, next), &since.sizing),
        (alias(next, release), &None),
    ];
    let with_version = |(diagnostic, since): (Option<Diagnostic>, &Option<String>)| {
        let mut diagnostic = diagnostic?;
        if let Some(version) = since {
            diagnostic.message += &format!(", since KAITO {version}");
        }
        Some(diagnostic)
    };
    found.into_iter().filter_map(with_version).collect()
}

fn nodes(today: &Outline, next: &Outline) -> Option<Diagnostic> {
    if today.nodes == next.nodes || today.nodes.is_empty() {
        return None;
    }
    let (before, after) = (node_names(today), node_names(next));
    let message = format!("its nodes are {after} instead of {before}");
    let diagnostic = Diagnostic::new(&rule::NEW_NODES, next.places.instance_type, message);
    let hint = "the old nodes are replaced: provide capacity for both, or plan for downtime";
    Some(diagnostic.hint(hint))
}

fn workload(today: &Outline, next: &Outline) -> Option<Diagnostic> {
    if today.workloads == next.workloads {
        return None;
    }
    let (before, after) = (workload_names(today), workload_names(next));
    let message = format!("its workload is {after} instead of {before}");
    let diagnostic = Diagnostic::new(&rule::NEW_WORKLOAD, next.places.work, message);
    let hint = "prune the old workload; both need the GPUs, so plan for downtime";
    Some(diagnostic.hint(hint))
}

fn runtime(today: &Outline, next: &Outline) -> Option<Diagnostic> {
    let (before, after) = (today.runtime.as_ref()?, next.runtime.as_ref()?);
    if before == after {
        return None;
    }
    let message = format!("`{after}` serves the model instead of `{before}`, with a different API");
    let diagnostic = Diagnostic::new(&rule::NEW_RUNTIME, next.places.preset, message);
    let hint =
        format!("the annotation `{RUNTIME}` selects another runtime, if the model supports it");
    Some(diagnostic.hint(hint))
}

fn node_count(today: &Outline, next: &Outline) -> Option<Diagnostic> {
    if today.node_count == next.node_count {
        return None;
    }
    let after = wording::count(next.node_count as usize, "node");
    let message = format!("{after} instead of {}", today.node_count);
    let diagnostic = Diagnostic::new(&rule::NEW_NODE_COUNT, next.places.resource, message);
    let hint = format!("the annotation `{NODE_COUNT}` sets the number and overrides the estimate");
    Some(diagnostic.hint(hint))
}

/// A model that the next release has under another name.
fn alias(next: &Outline, release: &Release) -> Option<Diagnostic> {
    let old = next.preset.as_ref()?;
    let new = release.file.aliases.get(&old.to_lowercase())?;
    let message = format!("`{old}` is an alias of `{new}`");
    let diagnostic = Diagnostic::new(&rule::OLD_NAME, next.places.preset, message);
    let hint = "compare the two: the release may have a newer version of the model under the old \
                name";
    Some(diagnostic.hint(hint))
}

/// What the nodes of a Workspace are, in the plural.
fn node_names(outline: &Outline) -> String {
    let nodes = outline.nodes.iter();
    names(nodes.map(|(kind, version)| format!("{kind}s of `{version}`")))
}

/// What the pods of a Workspace belong to.
fn workload_names(outline: &Outline) -> String {
    names(outline.workloads.iter().map(|kind| format!("a {kind}")))
}

fn names(kinds: impl Iterator<Item = String>) -> String {
    let kinds: Vec<_> = kinds.collect();
    if kinds.is_empty() {
        "none".to_owned()
    } else {
        wording::and(&kinds)
    }
}

/// The diagnostics that are not known yet: of another rule, at another place, or more severe. Notes say
/// what was chosen for today, and are left out.
fn only_new(found: Diagnostics, known: &[Diagnostic], sources: &Sources) -> Vec<Diagnostic> {
    // A file of the library may have been read twice.
    let key = |diagnostic: &Diagnostic| {
        let place = diagnostic
            .place
            .map(|span| (sources.name(span.file).to_owned(), span.start, span.end));
        let message = if place.is_none() {
            diagnostic.message.clone()
        } else {
            String::new()
        };
        (diagnostic.rule.id, place, message)
    };
    let mut heaviest = BTreeMap::new();
    for diagnostic in known {
        let severity = heaviest
            .entry(key(diagnostic))
            .or_insert(diagnostic.severity);
        *severity = diagnostic.severity.max(*severity);
    }
    let is_new = |diagnostic: &Diagnostic| {
        heaviest
            .get(&key(diagnostic))
            .is_none_or(|known| *known < diagnostic.severity)
    };
    found
        .into_iter()
        .filter(|diagnostic| diagnostic.severity > Severity::Note && is_new(diagnostic))
        .collect()
}
