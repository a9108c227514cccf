//! What another release would say of documents, and what it would make otherwise.
//!
//! The documents are compiled twice, by the release of today and by the one that is meant to come.
//! Reported is what is found by the second alone, and what differs between the two.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use crate::base::node::Node;
use crate::base::object::{Identity, Object};
use crate::base::sources::{FileId, Sources, Span};
use crate::base::wording;
use crate::catalogue::library::Library;
use crate::catalogue::profile::Profile;
use crate::catalogue::release::Release;
use crate::compile::{self, Compiled, Options};
use crate::diagnostic::rule::{self, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::input::Document;
use crate::session::Session;
use crate::workspace::{is_inference_set, is_rendered, is_workspace};

/// The workloads there are.
const WORKLOADS: [&str; 3] = ["Deployment", "StatefulSet", "Job"];

/// Compiles documents as [`compile::compile`] does, and adds what the release `target` finds
/// besides and makes otherwise. Its findings begin with its name, and none of them can be repaired
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
    for finding in &mut new {
        finding.fix = None;
        finding.hint = finding
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
    let marked = |finding: Diagnostic| Diagnostic {
        message: format!("target {target}: {}", finding.message),
        ..finding
    };
    session.diagnostics.extend(new.into_iter().map(marked));
    today
        .values()
        .map(|made| made.places.resource.file)
        .collect()
}

/// What a release makes of a Workspace, as far as it is compared.
struct Made {
    release: String,
    /// The model, as the Workspace names it.
    preset: Option<String>,
    runtime: Option<String>,
    node_count: u32,
    /// What its nodes are, in the plural, with the apiVersion.
    nodes: BTreeSet<String>,
    /// The kinds of what its pods belong to.
    workloads: BTreeSet<String>,
    places: Places,
}

/// Where differences are shown.
struct Places {
    resource: Span,
    instance_type: Span,
    preset: Span,
    work: Span,
}

fn pass(
    documents: Vec<Document>,
    options: &Options,
    library: &Library,
    session: &mut Session,
) -> BTreeMap<String, Made> {
    let mut all = BTreeMap::new();
    compile::check_each(documents, options, library, session, &mut |compiled| {
        all.insert(compiled.workspace.key(), made(&compiled));
    });
    all
}

fn made(compiled: &Compiled) -> Made {
    let Compiled {
        workspace,
        plan,
        objects,
        ..
    } = compiled;
    let spec = &workspace.spec;
    let tuned = spec
        .tuning
        .as_ref()
        .and_then(|tuning| tuning.preset.as_ref());
    let preset = spec
        .inference
        .as_ref()
        .and_then(|inference| inference.preset.as_ref())
        .or(tuned);
    let work = if spec.tuning.is_some() {
        "/tuning"
    } else {
        "/inference"
    };
    let identities = || objects.iter().map(Object::identity);
    let nodes = identities().filter(Identity::is_node_object);
    let workloads = identities().filter(|identity| WORKLOADS.contains(&identity.kind));
    Made {
        release: plan.release.clone(),
        preset: preset.map(|preset| preset.name.clone()),
        runtime: plan
            .inference
            .as_ref()
            .map(|inference| inference.runtime.clone()),
        node_count: plan.node_count,
        nodes: nodes
            .map(|node| format!("{}s of `{}`", node.kind, node.api_version))
            .collect(),
        workloads: workloads
            .map(|workload| format!("a {}", workload.kind))
            .collect(),
        places: Places {
            resource: workspace.span("/resource"),
            instance_type: workspace.span("/resource/instanceType"),
            preset: workspace.span(&format!("{work}/preset/name")),
            work: workspace.span(work),
        },
    }
}

/// Reports an apiVersion that will not be there for ever.
fn old_version(node: &Node, release: &Release) -> Option<Diagnostic> {
    if is_rendered(node) || !(is_workspace(node) || is_inference_set(node)) {
        return None;
    }
    let version = node.get("apiVersion").and_then(Node::as_str)?;
    let old = release.file.retired.api_versions.get(version)?;
    let message = format!(
        "`{version}` is on its way out since KAITO {} brought `{}`",
        old.since, old.instead
    );
    let finding = Diagnostic::new(&rule::OLD_API_VERSION, node.at("/apiVersion").span, message);
    Some(finding.hint(format!(
        "write `{}` as soon as release {} compiles the file",
        old.instead, release.name
    )))
}

fn differences(today: &Made, next: &Made, release: &Release) -> Vec<Diagnostic> {
    let (since, places) = (&release.file.since, &next.places);
    let mut found = Vec::new();
    let mut report =
        |rule: &'static Rule, place, message: String, since: Option<&String>, hint: &str| {
            let since =
                since.map_or_else(String::new, |version| format!(", since KAITO {version}"));
            found.push(Diagnostic::new(rule, place, message + &since).hint(hint));
        };
    if today.nodes != next.nodes && !today.nodes.is_empty() {
        let message = format!(
            "its nodes are {}, not {}",
            names(&next.nodes),
            names(&today.nodes)
        );
        let hint = "new nodes take the place of the old ones: see that there is room for both, or plan for a break";
        report(
            &rule::NEW_NODES,
            places.instance_type,
            message,
            since.node_objects.as_ref(),
            hint,
        );
    }
    if today.workloads != next.workloads {
        let message = format!(
            "its pods belong to {}, not to {}",
            names(&next.workloads),
            names(&today.workloads)
        );
        let hint = "delivery has to prune the old one, and both need the GPUs: plan for a break";
        report(
            &rule::NEW_WORKLOAD,
            places.work,
            message,
            since.workload.as_ref(),
            hint,
        );
    }
    if let (Some(before), Some(after)) = (&today.runtime, &next.runtime)
        && before != after
    {
        let message =
            format!("`{after}` serves the model, not `{before}`, and takes other requests");
        let hint = "the annotation `kaito.sh/runtime` chooses another one, where the model has it";
        report(
            &rule::NEW_RUNTIME,
            places.preset,
            message,
            since.runtime.as_ref(),
            hint,
        );
    }
    if today.node_count != next.node_count {
        let message = format!(
            "{}, not {}",
            wording::count(next.node_count as usize, "node"),
            today.node_count
        );
        let hint =
            "the annotation `render.kaito.sh/node-count` sets the number, whatever is estimated";
        report(
            &rule::NEW_NODE_COUNT,
            places.resource,
            message,
            since.sizing.as_ref(),
            hint,
        );
    }
    if let Some((old, new)) = next
        .preset
        .as_ref()
        .and_then(|old| Some((old, release.file.aliases.get(&old.to_lowercase())?)))
    {
        let message = format!("`{old}` is another name of `{new}`");
        let hint =
            "compare the two: a release may have a newer version of a model under its old name";
        report(&rule::OLD_NAME, places.preset, message, None, hint);
    }
    found
}

fn names(kinds: &BTreeSet<String>) -> String {
    if kinds.is_empty() {
        "none".to_owned()
    } else {
        wording::and(&kinds.iter().collect::<Vec<_>>())
    }
}

/// The findings that are not known yet: of another rule, at another place, or weightier. Notes say
/// what was chosen for today, and are left out.
fn only_new(found: Diagnostics, known: &[Diagnostic], sources: &Sources) -> Vec<Diagnostic> {
    // A file of the library may have been read twice.
    let key = |finding: &Diagnostic| {
        let place = finding
            .place
            .map(|span| (sources.name(span.file).to_owned(), span.start, span.end));
        let message = if place.is_none() {
            finding.message.clone()
        } else {
            String::new()
        };
        (finding.rule.id, place, message)
    };
    let mut heaviest = BTreeMap::new();
    for finding in known {
        let severity = heaviest.entry(key(finding)).or_insert(finding.severity);
        *severity = finding.severity.max(*severity);
    }
    let is_new = |finding: &Diagnostic| {
        heaviest
            .get(&key(finding))
            .is_none_or(|known| *known < finding.severity)
    };
    found
        .into_iter()
        .filter(|finding| finding.severity > Severity::Note && is_new(finding))
        .collect()
}
