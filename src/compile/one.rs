//! One Workspace through all stages: a pure function of the document and of what all Workspaces
//! of a run share.

use std::mem;
use std::sync::Arc;

use super::budget::{self, Budget, Cost};
use super::documents::version;
use super::kept::{self, Kept};
use super::objects::objects;
use super::releases::{Compiling, Releases};
use super::workloads::{self, Before};
use super::{CompiledWorkspace, Keep, Options, Outline};
use crate::assemble::{self, DocumentObjects, Selector};
use crate::base::node::{Data, Node};
use crate::base::pointer;
use crate::base::sources::{FileId, Sources, Span};
use crate::catalogue::profile::Profile;
use crate::catalogue::release::Release;
use crate::diagnostic::{Diagnostic, Diagnostics, Reported, rule};
use crate::input::config_map::ConfigMaps;
use crate::overlay::{Applied, Overlays, Tally};
use crate::plan::{self, Plan};
use crate::vocab::annotations::NODE_COUNT;
use crate::vocab::api::V1BETA1;
use crate::vocab::{Provisioner, WorkspaceApi};
use crate::workspace::{
    self, Draft, ReadRules, Reader, Replicas, Workspace, placeholders, scripts,
};

/// What all Workspaces of a run share. Nothing changes it while they are compiled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) options: &'a Options,
    pub(super) reader: &'a Reader,
    pub(super) releases: &'a Releases<'a>,
    pub(super) overlays: &'a Overlays,
    /// The profile as it was before, if it was another one, with its overlays.
    pub(super) before: Option<&'a (&'a Profile, Overlays)>,
    pub(super) config_maps: &'a ConfigMaps<'a>,
    pub(super) sources: &'a Sources,
    pub(super) keep: Keep,
}

impl<'a> Context<'a> {
    /// What a Workspace was compiled from before.
    fn before(&self, old: &'a Workspace, now: plan::Inputs<'a>) -> Before<'a> {
        let same = (now.profile, self.overlays);
        let (profile, overlays) = self.before.map_or(same, |(profile, all)| (*profile, all));
        Before {
            workspace: old,
            profile,
            overlays: overlays.at(&now.workspace.node, self.sources),
        }
    }
}

/// What came of one Workspace, with the facts that only the whole run can judge.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    pub(super) diagnostics: Diagnostics,
    /// What is wrong with overlays, or their objects: many Workspaces may say the same.
    pub(super) of_overlays: Diagnostics,
    /// What the overlays met.
    pub(super) tally: Tally,
    /// The apiVersion of the document and the release that was chosen for it, where the profile
    /// names none.
    pub(super) chosen: Option<(String, String)>,
    /// `namespace/name`, and where it stands.
    pub(super) name: Option<(String, Span)>,
    /// What it costs, and the place that asks for it; none if it has errors before its nodes are
    /// planned.
    pub(super) cost: Option<(Cost, Span)>,
    /// Its objects; none if it has errors.
    pub(super) made: Option<Made>,
}

/// What was made of a Workspace without errors.
#[derive(Debug)]
pub(super) struct Made {
    /// The file that it stands in.
    pub(super) file: FileId,
    /// Its objects; none for a set of no replicas, whose one Workspace is only checked.
    pub(super) objects: Option<DocumentObjects<Kept>>,
    /// The labels by which it selects nodes that are made for it.
    pub(super) selector: Option<Selector>,
    /// Whether its nodes are made as Machines.
    pub(super) has_machines: bool,
    /// Whether a NodePool of it asks for a fixed number of nodes.
    pub(super) has_static_pools: bool,
    pub(super) outline: Option<Outline>,
    pub(super) compiled: Option<CompiledWorkspace>,
}

/// Compiles a Workspace, and compares it with what it was `earlier`.
pub(super) fn workspace(node: Node, earlier: Option<&Node>, context: Context) -> Attempt {
    let mut attempt = Attempt::default();
    attempt.made = attempt.compile(node, None, earlier, context).ok();
    placeholders::drop_judgements(&mut attempt.diagnostics, 0);
    scripts::settle(&mut attempt.diagnostics, context.sources);
    attempt
}

/// Compiles a Workspace of an InferenceSet.
pub(super) fn replica(replica: &Replica, context: Context) -> Attempt {
    let mut attempt = Attempt::default();
    let node = replica.set.get(replica.ordinal);
    let least = Cost {
        nodes: 1,
        bytes: budget::size(&node),
    };
    let place = replica.set.place();
    attempt.cost = Some((least, place));
    attempt.made = attempt
        .compile(node, Some((&replica.written, place)), None, context)
        .ok();
    placeholders::drop_judgements(&mut attempt.diagnostics, 0);
    scripts::settle(&mut attempt.diagnostics, context.sources);
    if let Some(made) = attempt.made.as_mut().filter(|_| replica.only_checked) {
        made.objects = None;
    }
    attempt
}

/// A Workspace of an InferenceSet, before it is compiled.
#[derive(Debug)]
pub(super) struct Replica {
    set: Arc<Replicas>,
    ordinal: usize,
    /// The apiVersion of the InferenceSet.
    written: Arc<str>,
    /// Whether it is not part of the output: the set has no replicas, or a mistake.
    only_checked: bool,
}

/// The Workspaces of an InferenceSet, before they are made.
pub(super) struct Set {
    replicas: Arc<Replicas>,
    written: Arc<str>,
    only_checked: bool,
}

impl Set {
    pub(super) fn count(&self) -> usize {
        self.replicas.count()
    }

    /// Where their number is written.
    pub(super) fn place(&self) -> Span {
        self.replicas.place()
    }

    pub(super) fn all(self) -> impl Iterator<Item = Replica> {
        (0..self.count()).map(move |ordinal| Replica {
            set: self.replicas.clone(),
            ordinal,
            written: self.written.clone(),
            only_checked: self.only_checked,
        })
    }
}

/// Expands an InferenceSet, which was `earlier` something else.
pub(super) fn replicas(
    node: &Node,
    earlier: Option<&Node>,
    context: Context,
    diagnostics: &mut Diagnostics,
) -> Option<Set> {
    let compiling = context.releases.get_compiling(V1BETA1);
    let release = compiling.map(|compiling| compiling.release);
    let mark = diagnostics.mark();
    let sources = context.sources;
    let substitution = context.options.profile.substitution;
    let replicas = workspace::replicas(node, release, Some(sources), substitution, diagnostics);
    placeholders::drop_judgements(diagnostics, mark);
    scripts::settle(diagnostics, sources);
    let is_broken = diagnostics.failed_since(0);
    if let Some(earlier) = earlier {
        workspace::changes_of_set(earlier, node, &context.reader.key(node), diagnostics);
    }
    let has_none = node.at("/spec/replicas").node.data == Data::Number(0.into());
    if has_none {
        let message = "no Workspace is made of an InferenceSet with `replicas: 0`, and a sync \
                       that prunes removes those that it had";
        let place = node.at("/spec/replicas").span;
        diagnostics.report(
            Diagnostic::new(&rule::NO_REPLICAS, place, message)
                .hint("raise the number, or allow this rule if the models are to stop"),
        );
    }
    let only_checked = has_none || is_broken;
    Some(Set {
        replicas: Arc::new(replicas.ok()?),
        written: version(node).into(),
        only_checked,
    })
}

impl Attempt {
    /// `set` is the apiVersion of the InferenceSet that the Workspace was made of, if it was, and the
    /// place of its number of replicas.
    fn compile(
        &mut self,
        node: Node,
        set: Option<(&str, Span)>,
        earlier: Option<&Node>,
        context: Context,
    ) -> Result<Made, Reported> {
        let profile = &context.options.profile;
        let Compiling { release, templates } = match context.releases.compiling(&node) {
            Ok(compiling) => compiling,
            Err(diagnostic) => {
                let reported = self.diagnostics.fail(diagnostic);
                context
                    .reader
                    .check_any_version(node, &mut self.diagnostics)?;
                return Err(reported);
            }
        };
        if profile.release.is_none() {
            let version = set.map_or_else(|| version(&node), |(written, _)| written);
            self.chosen = Some((version.to_owned(), release.name.clone()));
        }
        let read_rules = read_rules(release, context);
        let api = read_rules.api;
        let bytes = budget::size(&node);
        let draft = context
            .reader
            .read(node, read_rules, &mut self.diagnostics)?;
        // Also of a Workspace with mistakes, so that a second one of its name is reported.
        self.name = draft.identity();
        let old = earlier.and_then(|earlier| self.compare(earlier, &draft, api, context));
        let inputs = plan::Inputs {
            workspace: draft.repaired(),
            config_maps: context.config_maps,
            release,
            profile,
            sources: context.sources,
        };
        if let Err(reported) = draft.whole() {
            plan::check(inputs, draft.unread(), 0, &mut self.diagnostics);
            return Err(reported);
        }
        let plan = plan::make(inputs, 0, &mut self.diagnostics)?;
        let asks = match set {
            Some((_, place)) => Asks::Set(place),
            None => Asks::Workspace(asks(inputs)),
        };
        self.pay(&plan, bytes, asks, context.options.max_nodes)?;
        let templates = templates?;
        let overlays = &context.overlays.at(&inputs.workspace.node, context.sources);
        let found = &mut self.of_overlays;
        let mut applied = objects(inputs, &plan, templates, overlays, found)?;
        self.tally = mem::take(&mut applied.tally);
        let made_now = &applied.objects;
        let unpinned = assemble::check_digests(made_now, inputs.workspace, profile);
        self.diagnostics.extend(unpinned);
        let changed = old.and_then(|old| {
            let before = context.before(&old, inputs);
            workloads::changed(&before, inputs, &applied, templates)
        });
        self.diagnostics.extend(changed);
        Ok(made(draft.into_whole()?, plan, applied, context))
    }

    /// Keeps what a Workspace of so many bytes costs, which is asked for at a place. More than a
    /// whole run may cost is an error.
    fn pay(&mut self, plan: &Plan, bytes: u64, asks: Asks, most: usize) -> Result<(), Reported> {
        // A Workspace that was written down is no copy.
        let (place, own) = match asks {
            Asks::Set(place) => (place, 0),
            Asks::Workspace(place) => (place, 1),
        };
        let count = usize::try_from(plan.node_count).unwrap_or(usize::MAX);
        let cost = Cost {
            nodes: count.max(1) - own,
            bytes: bytes.saturating_mul((plan.nodes.len().max(1) - own) as u64),
        };
        self.cost = Some((cost, place));
        Budget::new(most)
            .take(cost, place)
            .map_err(|excess| self.diagnostics.fail(excess))
    }

    /// Reports what of a Workspace may not differ from what it was, and gives that if it is taken.
    /// What was wrong before is not this run's concern.
    fn compare(
        &mut self,
        earlier: &Node,
        draft: &Draft,
        api: WorkspaceApi,
        context: Context,
    ) -> Option<Workspace> {
        let mut found = Diagnostics::default();
        let read = context.releases.reading(earlier).and_then(|release| {
            let read_rules = read_rules(release, context);
            let old = context.reader.read(earlier.clone(), read_rules, &mut found);
            old.ok()?.into_whole().ok()
        });
        let mark = self.diagnostics.mark();
        if let Some(old) = &read {
            workspace::changes(old, draft, api, &mut self.diagnostics);
        } else {
            let found = found.into_iter().collect();
            self.diagnostics.extend(workspace::not_compared(found));
        }
        read.filter(|_| !self.diagnostics.failed_since(mark))
    }
}

/// The place that asks for nodes.
#[derive(Clone, Copy, Debug)]
enum Asks {
    Set(Span),
    Workspace(Span),
}

/// The place that asks for the nodes of a Workspace.
fn asks(inputs: plan::Inputs) -> Span {
    let plan::Inputs {
        workspace, profile, ..
    } = inputs;
    let written = [
        pointer::to_annotation(NODE_COUNT),
        "/resource/count".to_owned(),
    ];
    let written = written
        .iter()
        .find_map(|pointer| workspace.node.find(pointer));
    let of_profile = format!("/nodeCounts/{}", pointer::escape(&workspace.key()));
    written
        .map(|found| found.span)
        .or_else(|| profile.span(&of_profile))
        .unwrap_or_else(|| workspace.span("/metadata/name"))
}

fn made(mut workspace: Workspace, plan: Plan, applied: Applied, context: Context) -> Made {
    let Context { keep, options, .. } = context;
    let Applied {
        mut objects,
        overlays,
        changes,
        of_workspace,
        ..
    } = applied;
    let title = format!("Workspace `{}`", workspace.key());
    let place = workspace.span("/resource/labelSelector/matchLabels");
    let selector = Selector::of(&plan, place, &title);
    let has_machines = plan.provisioner == Provisioner::Machine && !plan.nodes.is_empty();
    let outline = (keep == Keep::Outlines).then(|| Outline::of(&workspace, &plan, &objects));
    let span = workspace.span("/metadata/name");
    let compiled = (keep == Keep::Everything).then(|| objects.clone());
    let value = match keep {
        Keep::Everything => workspace.value.clone(),
        Keep::Nothing | Keep::Outlines | Keep::Manifests(_) | Keep::Objects => {
            mem::take(&mut workspace.value)
        }
    };
    // Last, because its annotation lists all the others.
    let root = options.delivery.as_deref();
    let profile = root.map(|root| options.profile.used(root, context.sources));
    let mut rendered = assemble::workspace(value, &plan, &objects, profile);
    for (field, key, value) in &of_workspace {
        rendered.mark(field, key, value);
    }
    if options.profile.substitution.is_none() {
        assemble::mark_for_flux(&mut rendered);
    }
    objects.push(rendered);
    let compiled = compiled.map(|objects| CompiledWorkspace {
        workspace,
        plan,
        objects,
        overlays,
        changes,
    });
    let has_static_pools = objects.iter().any(assemble::is_static_pool);
    let is_unchanged = options.unchanged.contains(&span.file);
    let finished = objects.into_iter().map(|object| {
        if is_unchanged {
            kept::unchanged(object, &options.namespace)
        } else {
            kept::finished(object, keep, &options.namespace)
        }
    });
    Made {
        file: span.file,
        objects: Some(DocumentObjects {
            span,
            title,
            objects: finished.collect(),
        }),
        selector,
        has_machines,
        has_static_pools,
        outline,
        compiled,
    }
}

/// How a release reads Workspaces of this profile.
fn read_rules<'a>(release: &'a Release, context: Context<'a>) -> ReadRules<'a> {
    let profile = &context.options.profile;
    let makes_nodes = profile.provisioner != Some(Provisioner::None);
    let default_instance_type = makes_nodes.then_some(release.file.default_instance_type.as_str());
    ReadRules {
        api: release.file.workspace_api,
        default_instance_type,
        release: Some(release),
        sources: Some(context.sources),
        substitution: profile.substitution,
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempt, Context};

    /// What Workspaces share can be used by many threads, and what comes of one can be handed from
    /// one thread to another.
    #[test]
    fn workspaces_can_be_compiled_by_many_threads() {
        fn is_shared<T: Sync>() {}
        fn is_handed_on<T: Send>() {}
        is_shared::<Context>();
        is_handed_on::<Attempt>();
    }
}
