//! Workloads that a change of their Workspace or of the profile would change, which Kubernetes
//! refuses.

use super::objects::objects;
use crate::base::json::Json;
use crate::base::object::Object;
use crate::base::sources::Span;
use crate::base::wording;
use crate::catalogue::profile::{Jobs, Profile};
use crate::delivery;
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::expand::Templates;
use crate::overlay::{Applied, InDirectory};
use crate::plan;
use crate::vocab::kinds;
use crate::workspace::Workspace;

/// What a Workspace was compiled from before.
pub(super) struct Before<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) profile: &'a Profile,
    pub(super) overlays: InDirectory<'a>,
}

/// Reports the workload of a Workspace if what nobody can change of it is not what it was. What was
/// wrong before is not this run's concern.
pub(super) fn changed(
    before: &Before,
    inputs: plan::Inputs,
    applied: &Applied,
    templates: &Templates,
) -> Option<Diagnostic> {
    let is_compared = |object: &&Object| match object.identity().kind {
        kinds::JOB => inputs.profile.delivery.jobs != Jobs::Named,
        kind => kind == kinds::STATEFUL_SET,
    };
    let now = applied.objects.iter().find(is_compared)?;
    let earlier = plan::Inputs {
        workspace: before.workspace,
        profile: before.profile,
        ..inputs
    };
    let mut ignored = Diagnostics::default();
    let plan = plan::make(earlier, 0, &mut ignored).ok()?;
    let made = objects(earlier, &plan, templates, &before.overlays, &mut ignored).ok()?;
    let mut made = made.objects.iter();
    let old = made.find(|object| object.identity() == now.identity())?;
    if delivery::fixed_content(old) == delivery::fixed_content(now) {
        return None;
    }
    if now.identity().kind == kinds::JOB {
        return Some(job(now, before, inputs, applied));
    }
    Some(stateful_set(old, now, inputs, applied))
}

fn job(now: &Object, before: &Before, inputs: plan::Inputs, applied: &Applied) -> Diagnostic {
    let message = format!(
        "this changes the pods of the Job `{}`, which Kubernetes refuses",
        now.identity().name
    );
    let hint = "delete the Job before the next sync, give the Workspace another name, or set \
                `delivery: {jobs: named}` in the profile";
    let place = inputs.workspace.span("/tuning");
    let diagnostic = |place| Diagnostic::new(&rule::JOB_CHANGED, place, message).hint(hint);
    if before.workspace.value == inputs.workspace.value {
        // Then it is the profile that has changed.
        let of_overlay = place_of(&["template".to_owned()], now, applied);
        return diagnostic(of_overlay.unwrap_or(place));
    }
    diagnostic(place).also(before.workspace.span("/tuning"), "as it was")
}

fn stateful_set(old: &Object, now: &Object, inputs: plan::Inputs, applied: &Applied) -> Diagnostic {
    let identity = now.identity();
    let fields = changed_fields(&old.value, &now.value);
    let quoted: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
    let message = format!(
        "this changes {} of the StatefulSet `{}`, which Kubernetes refuses",
        wording::and(&quoted),
        identity.name
    );
    let place = place_of(&fields, now, applied);
    let place = place.unwrap_or_else(|| inputs.workspace.span("/metadata/name"));
    let namespace = identity.namespace.unwrap_or_default();
    let delete = format!(
        "kubectl delete statefulset {} -n {namespace}",
        identity.name
    );
    // With another selector the new StatefulSet would not take the pods over.
    let hint = if fields.iter().any(|field| field == "selector") {
        format!("run `{delete}` before the next sync: its pods are made anew")
    } else {
        format!("run `{delete} --cascade=orphan` before the next sync: its pods keep running")
    };
    Diagnostic::new(&rule::STATEFUL_SET_CHANGED, place, message).hint(hint)
}

/// The fields of `spec` that nobody can change, and that are not the same.
fn changed_fields(old: &Json, now: &Json) -> Vec<String> {
    let fixed = kinds::find(kinds::STATEFUL_SET).map(|kind| kind.fixed);
    let mut fields = Vec::new();
    for object in [old, now] {
        let Json::Map(spec) = &object["spec"] else {
            continue;
        };
        for (field, _) in spec {
            let is_fixed = fixed.is_some_and(|it| it.refuses(&format!("/spec/{field}")));
            let [before, after] = [old, now].map(|it| it["spec"][field.as_ref()].canonical());
            if is_fixed && before != after && !fields.contains(&field.to_string()) {
                fields.push(field.to_string());
            }
        }
    }
    fields
}

/// Where the last overlay stands that changes one of the fields.
fn place_of(fields: &[String], object: &Object, applied: &Applied) -> Option<Span> {
    let changes = applied.changes.iter().rev();
    let mut changes = changes.filter(|change| change.origin == object.origin);
    let writes = changes.find(|change| {
        let after = change.after.as_ref().unwrap_or(&Json::Null);
        let is_other =
            |field: &String| change.before["spec"][field.as_str()] != after["spec"][field.as_str()];
        fields.iter().any(is_other)
    });
    writes?.place
}
