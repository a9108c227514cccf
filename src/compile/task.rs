//! What a thread does at a time, and what comes of it.

use super::budget::{Budget, Cost};
use super::documents::{Source, SourceKind};
use super::one::{self, Attempt, Context, Replica};
use crate::base::node::Node;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// What a thread does at a time.
pub(super) enum Task<'a> {
    Workspace(Source<'a>),
    /// What is wrong with an InferenceSet itself. Its replicas follow.
    Set(Diagnostics),
    Replica(Replica),
    /// Too many replicas: nothing follows.
    Excess(Diagnostic),
    Rendered(Node),
}

impl Task<'_> {
    /// Whether a Workspace is compiled.
    pub(super) fn compiles(&self) -> bool {
        matches!(self, Self::Workspace(_) | Self::Replica(_))
    }
}

/// What came of a [`Task`].
pub(super) enum Done {
    Workspace(Attempt),
    Set(Diagnostics),
    Replica(Attempt),
    Rendered(Node),
    Excess(Diagnostic),
}

impl Done {
    /// What came of a task, if the run can afford it.
    pub(super) fn paid(self, budget: &mut Budget) -> Result<Self, Diagnostic> {
        if let Self::Workspace(attempt) | Self::Replica(attempt) = &self
            && let Some((cost, place)) = attempt.cost
        {
            budget.take(cost, place)?;
        }
        Ok(self)
    }
}

/// The tasks of a run. The replicas of a set are a task each, so that one large set takes all
/// cores. Each replica has at least one node, so that there are no more than the run may have.
pub(super) fn tasks<'a>(sources: Vec<Source<'a>>, context: Context) -> Vec<Task<'a>> {
    let mut tasks = Vec::with_capacity(sources.len());
    let mut budget = Budget::new(context.options.max_nodes);
    for source in sources {
        match source.kind {
            SourceKind::Workspace => tasks.push(Task::Workspace(source)),
            SourceKind::Rendered => tasks.push(Task::Rendered(source.node)),
            SourceKind::InferenceSet => {
                let Source { node, earlier, .. } = source;
                let mut diagnostics = Diagnostics::default();
                let replicas = one::replicas(&node, earlier, context, &mut diagnostics);
                tasks.push(Task::Set(diagnostics));
                let Some(replicas) = replicas else { continue };
                let cost = Cost::of_replicas(replicas.count(), &node);
                if let Err(excess) = budget.take(cost, replicas.place()) {
                    tasks.push(Task::Excess(excess));
                    break;
                }
                tasks.extend(replicas.all().map(Task::Replica));
            }
        }
    }
    tasks
}

/// Does a task, whatever other threads do.
pub(super) fn done(task: Task, context: Context) -> Done {
    match task {
        Task::Workspace(source) => {
            Done::Workspace(one::workspace(source.node, source.earlier, context))
        }
        Task::Set(diagnostics) => Done::Set(diagnostics),
        Task::Replica(replica) => Done::Replica(one::replica(&replica, context)),
        Task::Rendered(node) => Done::Rendered(node),
        Task::Excess(diagnostic) => Done::Excess(diagnostic),
    }
}
