//! Jobs that a change of their Workspace would change, which Kubernetes refuses.

use super::objects::objects;
use crate::base::object::Object;
use crate::catalogue::profile::Jobs;
use crate::delivery;
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::expand::Templates;
use crate::overlay::InFolder;
use crate::plan;
use crate::vocab::kinds;
use crate::workspace::Workspace;

/// Reports the Jobs of a Workspace that are not what they were. What was wrong with the Workspace
/// before is not this run's concern.
pub(super) fn changed(
    old: &Workspace,
    inputs: plan::Inputs,
    now: &[Object],
    templates: &Templates,
    overlays: &InFolder,
) -> Option<Diagnostic> {
    if inputs.profile.delivery.jobs == Jobs::Named {
        return None;
    }
    let is_job = |object: &&Object| object.identity().kind == kinds::JOB;
    let now = now.iter().find(is_job)?;
    let earlier = plan::Inputs {
        workspace: old,
        ..inputs
    };
    let mut ignored = Diagnostics::default();
    let plan = plan::make(earlier, 0, &mut ignored).ok()?;
    let before = objects(earlier, &plan, templates, overlays, &mut ignored).ok()?;
    let before = before.objects.iter().find(is_job)?;
    let is_same = before.identity() != now.identity()
        || delivery::fixed_content(before) == delivery::fixed_content(now);
    if is_same {
        return None;
    }
    let message = format!(
        "this changes the pods of the Job `{}`, which Kubernetes refuses",
        now.identity().name
    );
    let place = inputs.workspace.span("/tuning");
    Some(
        Diagnostic::new(&rule::JOB_CHANGED, place, message)
            .also(old.span("/tuning"), "as it was")
            .hint(
                "delete the Job before the next sync, give the Workspace another name, or set \
                 `delivery: {jobs: named}` in the profile",
            ),
    )
}
